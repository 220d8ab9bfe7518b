"""What a base answered, kept across runs in the user's cache folder: every adapter is held against the same base.

An entry is a whole batch under everything its numbers depend on: the base's content, how it is held and where it
runs, the template's own tokens, the decoding, and every prompt of the batch, since other company means other
padding. So a run that finds its answers here writes the same bytes as one that asks for them. Values are JSON.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from loracheck import jsonl
from loracheck.cachefolder import cache_folder
from loracheck.contentcache import ContentCache
from loracheck.errors import EnvironmentFault

T = TypeVar("T")

ANSWERING = 4
"""Version of the code that answers; raised whenever the same question may be answered otherwise."""
_NAME = "answers.sqlite"


class _Batches(ContentCache[list[Any]]):
    def pack(self, value: list[Any]) -> bytes:
        return msgspec.json.encode(value)

    def unpack(self, body: bytes) -> list[Any] | None:
        try:
            return jsonl.decode(body, list[Any])
        except msgspec.MsgspecError:
            return None


class AnswerCache:
    """Batches of answers of one base, as it is loaded here.

    A cache that cannot be used is said once and done without: the answers are then computed.

    Args:
        base: Whatever tells this base, as it is loaded, from any other; must be JSON.
        announce: Where to say that the cache cannot be used.
        folder: Of the cache; the user's by default.
    """

    def __init__(
        self, base: Mapping[str, Any], announce: Callable[[str], None], folder: Path | None = None
    ) -> None:
        self._base = {"answering": ANSWERING, **base}
        self._announce = announce
        self._file: _Batches | None = None
        self.hits = 0
        with self._or_without():
            self._file = _Batches((folder or cache_folder()) / _NAME)

    def find(self, asked: Mapping[str, Any], contents: Sequence[object], record: type[T]) -> list[T] | None:
        """Return what was kept of a batch, one record for each of its contents; None when it is not known."""
        if self._file is None:
            return None
        key = self._key(asked, contents)
        with self._or_without():
            stored = self._file.get([key]).get(key)
            if stored is not None and len(stored) == len(contents):
                try:
                    values = [msgspec.convert(value, record) for value in stored]
                except msgspec.ValidationError:
                    return None
                self.hits += len(values)
                return values
        return None

    def keep(self, asked: Mapping[str, Any], contents: Sequence[object], values: Sequence[object]) -> None:
        """Keep a batch."""
        if self._file is not None:
            with self._or_without():
                self._file.put({self._key(asked, contents): msgspec.to_builtins(list(values))})

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    @contextmanager
    def _or_without(self) -> Iterator[None]:
        """Do without the cache from here on where its file cannot be used, and say why."""
        try:
            yield
        except EnvironmentFault as error:
            self._announce(f"the base's answers are not cached: {error.message}")
            self._file = None

    def _key(self, asked: Mapping[str, Any], contents: Sequence[object]) -> bytes:
        whole = {"base": self._base, "asked": asked, "contents": contents}
        return hashlib.sha256(msgspec.json.encode(whole, order="sorted")).digest()
