"""Typed reading and writing of JSON and JSONL; an error names file, line and field."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec

from loracheck.errors import DataError
from loracheck.regularfiles import refuse_irregular
from loracheck.settings.illtyped import misfit_at

T = TypeVar("T")


def to_builtins(value: Any) -> Any:  # noqa: ANN401 - JSON values have no narrower type
    """Turn records into plain dicts, lists and scalars."""
    return msgspec.to_builtins(value, str_keys=True)


def convert(value: Any, record: type[T], where: str) -> T:  # noqa: ANN401
    """Turn plain dicts, lists and scalars into a record; the inverse of `to_builtins`.

    Raises:
        DataError: they are not such a record; begins with where they stand.
    """
    with _naming(where, record):
        return msgspec.convert(value, record)


def encode(value: Any) -> bytes:  # noqa: ANN401
    """Encode one record as a single JSON line without its newline."""
    return msgspec.json.encode(value, enc_hook=_plain)


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Turn a number of numpy's into Python's: hours of answers are not to be lost for one in a record."""
    if type(value).__module__ == "numpy" and not getattr(value, "shape", True):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no JSON")


def decode(content: bytes | str | msgspec.Raw, kind: type[T]) -> T:
    """Decode one JSON value of a type.

    Raises:
        MsgspecError: it is none, whatever the reason: no UTF-8 or nesting without end, too.
    """
    return _decoded(msgspec.json.Decoder(kind), content)


def _decoded(decoder: msgspec.json.Decoder[T], content: bytes | str | msgspec.Raw) -> T:
    try:
        return decoder.decode(content)
    except UnicodeError:
        raise msgspec.DecodeError("it is not UTF-8") from None
    except RecursionError:
        raise msgspec.DecodeError("it is nested too deeply") from None


def parse(text: str | bytes) -> Any:  # noqa: ANN401
    """Read one JSON value of any type, with what only Python takes for JSON: NaN, and numbers of any length.

    Raises:
        ValueError: it is none, whatever the reason.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def read(path: Path, record: type[T]) -> Iterator[T]:
    """Yield the records of a JSONL file.

    Raises:
        DataError: it cannot be read, or a line is not JSON or not such a record; names file, line and field.
    """
    decoder = msgspec.json.Decoder(record)
    with _opened(path) as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                with _naming(f"{path}, line {number}", record):
                    found = _decoded(decoder, line)
                yield found


def read_if_there(path: Path, record: type[T]) -> Iterator[T]:
    """Yield the records of a JSONL file as `read` does; none where there is no such file."""
    if path.is_file():
        yield from read(path, record)


def read_one(path: Path, record: type[T]) -> T:
    """Read a JSON file that holds one record.

    Raises:
        DataError: the file cannot be read, is not JSON or not such a record.
    """
    with _opened(path) as file:
        return decode_named(file.read(), record, str(path))


def decode_named(content: bytes, record: type[T], where: str) -> T:
    """Decode one record.

    Raises:
        DataError: it is none; begins with where it stands.
    """
    with _naming(where, record):
        return decode(content, record)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file that was written before; that it is gone or no file is an error of the input."""
    refuse_irregular(path)
    try:
        file = path.open("rb")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}", kind="bad_record") from None
    with file:
        yield file


@contextmanager
def _naming(where: str, record: Any) -> Iterator[None]:  # noqa: ANN401 - a type of any form
    """Tell what does not fit with its place: bytes that are no JSON, a missing field, a list without end."""
    try:
        yield
    except (msgspec.MsgspecError, RecursionError) as error:
        raise DataError(misfit_at(where, error, record), kind="bad_record") from None


def write(path: Path, records: Iterable[Any]) -> None:
    """Write a JSONL file under a temporary name and rename it into place."""
    _replace(path, (encode(record) + b"\n" for record in records))


def write_one(path: Path, record: Any) -> None:  # noqa: ANN401
    """Write one record as indented JSON, atomically."""
    replace(path, msgspec.json.format(encode(record), indent=2) + b"\n")


def replace(path: Path, content: bytes) -> None:
    """Put content at path so that a reader sees the old file or the whole new one, never a part."""
    _replace(path, (content,))


def _replace(path: Path, parts: Iterable[bytes]) -> None:
    with replacing(path) as file:
        file.writelines(parts)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a new file that takes its place at path, whole and on disk, once the block ends without an error.

    Its temporary name is always the same, so that what a killed process left there is removed. The file is made
    anew and no link is followed, neither one under that name nor one at path: somebody else may have put it there.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder survive a power loss, where the system can do that."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class Appender:
    """Append records to a JSONL file as work goes on; a torn last line of an earlier run is dropped."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()
        content = path.read_bytes()
        if content and not content.endswith(b"\n"):
            os.truncate(path, content.rfind(b"\n") + 1)

    def append(self, records: Iterable[Any]) -> None:
        """Write the records and make them durable before returning."""
        with self.path.open("ab") as file:
            file.write(b"".join(encode(record) + b"\n" for record in records))
            file.flush()
            os.fsync(file.fileno())
