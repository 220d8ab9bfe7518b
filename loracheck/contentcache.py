"""Results by the content they were made of, in one SQLite file that serves every run and outlives a crash.

It can be deleted at any time; what it held is then made again. An entry that does not match its own checksum
counts as missing.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

from loracheck.errors import EnvironmentFault

T = TypeVar("T")

_CHECK_BYTES = 8
_KEYS_A_QUERY = 500
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class ContentCache(Generic[T]):
    """Values by key, on disk. Each `put` is one transaction: after a crash it is there whole or not at all.

    A subclass says how a value becomes bytes and back.

    Attributes:
        damaged: Where the file was set aside to, if what stood there was no readable database.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged: Path | None = None
        with self._faults():
            self.path.parent.mkdir(parents=True, exist_ok=True)
        self._database = self._connect()

    def pack(self, value: T) -> bytes:
        """Return a value as bytes."""
        raise NotImplementedError

    def unpack(self, body: bytes) -> T | None:
        """Return the value of some bytes; None when they are none."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get(self, keys: Sequence[bytes]) -> dict[bytes, T]:
        """Return what is known, by key."""
        try:
            return dict(self._read(keys))
        except sqlite3.DatabaseError as error:
            self._start_anew(error)
            return {}

    def put(self, values: Mapping[bytes, T]) -> None:
        """Add values, all or none of them."""
        rows = [(key, _sealed(key, self.pack(value))) for key, value in values.items()]
        with self._faults():
            try:
                self._insert(rows)
            except sqlite3.DatabaseError as error:
                self._start_anew(error)
                self._insert(rows)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _read(self, keys: Sequence[bytes]) -> Iterator[tuple[bytes, T]]:
        for start in range(0, len(keys), _KEYS_A_QUERY):
            part = keys[start : start + _KEYS_A_QUERY]
            marks = ",".join("?" * len(part))
            found = self._database.execute(f"SELECT key, value FROM entries WHERE key IN ({marks})", part)
            for key, value in found:
                body = _opened(key, value)
                if body is not None and (entry := self.unpack(body)) is not None:
                    yield key, entry

    def _insert(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        with self._database:
            self._database.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?)", rows)

    def _connect(self) -> sqlite3.Connection:
        with self._faults():
            try:
                return self._open()
            except sqlite3.DatabaseError as error:
                self._set_aside(error)
                return self._open()

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, timeout=60.0)
        database.text_factory = bytes  # a damaged value may be text that is no UTF-8
        try:
            database.execute("CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, value BLOB NOT NULL)")
        except sqlite3.DatabaseError:
            database.close()
            raise
        return database

    def _start_anew(self, error: sqlite3.DatabaseError) -> None:
        """Replace a damaged file by an empty one; any other fault is the caller's to report."""
        self._database.close()
        with self._faults():
            self._set_aside(error)
        self._database = self._connect()

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        if error.sqlite_errorcode & 0xFF not in _DAMAGED:
            raise error
        self.damaged = self.path.with_suffix(".damaged")
        self.path.replace(self.damaged)
        Path(f"{self.path}-journal").unlink(missing_ok=True)  # else it would be played into the new file

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.DatabaseError) as error:
            raise EnvironmentFault(
                f"cannot use the cache {self.path}: {error}",
                kind="cache_unusable",
                hint="Free space there, or point LORACHECK_CACHE at another folder.",
            ) from error


def _sealed(key: bytes, body: bytes) -> bytes:
    return _check(key, body) + body


def _opened(key: bytes, value: object) -> bytes | None:
    """Return the body of a stored value whose checksum is right."""
    if not isinstance(value, bytes):
        return None
    body = value[_CHECK_BYTES:]
    return body if value[:_CHECK_BYTES] == _check(key, body) else None


def _check(key: bytes, body: bytes) -> bytes:
    return hashlib.blake2b(key + body, digest_size=_CHECK_BYTES).digest()
