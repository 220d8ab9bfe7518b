"""Files as streams of UTF-8 bytes: decompressed, and decoded from the encodings that Japanese data comes in.

Both are known by the bytes, not by the name. Nothing is held but a buffer, and a small file that unpacks to a huge one
is not read to its end.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from loracheck.errors import DataError, UsageError
from loracheck.regularfiles import refuse_irregular

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

UTF8_BOM = codecs.BOM_UTF8
HEAD_BYTES = 1 << 16
GUESSES = ("euc_jp", "cp932")
_CHUNK = 1 << 16
_XZ_MEMORY = 256 << 20  # bytes; `xz -9` needs 65 MiB
_BOMS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_MOST_PACKED, _FREE_BYTES = 200, 1 << 30
"""Text packs to a tenth, repeats to a fiftieth: what packs further, and unpacks to more, was made to do harm."""
_ARCHIVES = {
    b"PK\x03\x04": ("a zip archive or a spreadsheet", "Unpack it, or save the sheet as CSV."),
    b"7z\xbc\xaf": ("a 7z archive", "Unpack it first."),
    b"%PDF": ("a PDF", "Only tables and JSON are read."),
    b"SQLite": ("an SQLite database", "Export the table as CSV."),
    b"version https://git-lfs": ("a pointer of git LFS, not the data", "Fetch it with: git lfs pull"),
}
_BROKEN = (EOFError, zlib.error, lzma.LZMAError)


@contextmanager
def open_bytes(path: Path) -> Iterator[io.BufferedReader]:
    """Open a file, decompressed when it is gzip, bzip2, xz or zstd.

    Raises:
        UsageError: it is no regular file.
        DataError: the file is an archive of another kind, or ends early or is broken, which shows as it is read.
    """
    refuse_irregular(path)
    with path.open("rb") as file:
        head = file.peek(32)[:32]
        for magic, (what, hint) in _ARCHIVES.items():
            if head.startswith(magic):
                raise DataError(f"{path}: it is {what}.", kind="not_data", hint=hint)
        unpack = next((u for magic, u in _UNPACKERS.items() if head.startswith(magic)), None)
        try:
            if unpack is None:
                yield file
            else:
                with unpack(file) as stream, _bounded(stream, path) as bounded:
                    yield bounded
        except _BROKEN as error:
            raise DataError(
                f"{path}: broken compression: {error}.", kind="broken_file", hint="Is the file whole?"
            ) from None
        except OSError as error:
            if error.errno is not None:
                raise
            raise DataError(
                f"{path}: broken compression: {error}.", kind="broken_file", hint="Is the file whole?"
            ) from None


def most_unpacked(size: int) -> int:
    """Return to how many bytes so many packed ones may unpack."""
    return max(_FREE_BYTES, _MOST_PACKED * size)


def unpacks_to_much(path: Path) -> DataError:
    """Return the error of a file that unpacks to more."""
    return DataError(
        f"{path}: it unpacks to over {_MOST_PACKED} times its size.",
        kind="too_large",
        hint="No text packs so well. Unpack it yourself if you trust it.",
    )


class _Bounded(io.RawIOBase):
    """The bytes of a stream up to a limit: blank lines without end take time where they take no memory."""

    def __init__(self, stream: io.BufferedReader, path: Path) -> None:
        self._stream, self._path = stream, path
        self._left = most_unpacked(path.stat().st_size)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        count = self._stream.readinto(buffer)
        self._left -= count
        if self._left < 0:
            raise unpacks_to_much(self._path)
        return count


def _bounded(stream: io.BufferedReader, path: Path) -> io.BufferedReader:
    return io.BufferedReader(_Bounded(stream, path), _CHUNK)


def _gunzip(file: BinaryIO) -> io.BufferedReader:
    return io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=file)), _CHUNK)


def _bunzip(file: BinaryIO) -> io.BufferedReader:
    return io.BufferedReader(cast(io.RawIOBase, bz2.BZ2File(file)), _CHUNK)


def _unxz(file: BinaryIO) -> io.BufferedReader:
    return io.BufferedReader(_XzStream(file), _CHUNK)


def _unzstd(file: BinaryIO) -> io.BufferedReader:
    """Read with Arrow's decoder, which tells a file that was cut off, as the zstandard package does not."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    stream = pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd")
    return io.BufferedReader(cast(io.RawIOBase, stream), _CHUNK)


_UNPACKERS: dict[bytes, Callable[[BinaryIO], io.BufferedReader]] = {
    b"\x1f\x8b": _gunzip,
    b"BZh": _bunzip,
    b"\xfd7zXZ\x00": _unxz,
    b"\x28\xb5\x2f\xfd": _unzstd,
}


class _XzStream(io.RawIOBase):
    """An xz file that refuses to take more memory than xz's own settings need; lzma.open has no such limit."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        while True:
            if self._decoder.eof:
                rest = self._decoder.unused_data.lstrip(b"\0") or self._file.read(_CHUNK).lstrip(b"\0")
                if not rest:
                    return 0
                self._decoder = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
            else:
                rest = self._file.read(_CHUNK) if self._decoder.needs_input else b""
                if not rest and self._decoder.needs_input:
                    raise EOFError("the file ends before the end of the stream")
            data = self._decoder.decompress(rest, len(view))
            if data:
                view[: len(data)] = data
                return len(data)


def encoding_of(head: bytes) -> str | None:
    """Return the encoding that the first bytes of a file show beyond doubt: a byte order mark, or UTF-16's zeros."""
    marked = next((name for bom, name in _BOMS.items() if head.startswith(bom)), None)
    if marked or b"\0" not in head:
        return marked
    even, odd = head[::2].count(0), head[1::2].count(0)
    return "utf-16-le" if odd > even else "utf-16-be"


def guess_encoding(path: Path) -> str | None:
    """Return the Japanese encoding in which the whole file decodes and holds kana; None when there is none."""
    decoders = {name: codecs.getincrementaldecoder(name)() for name in GUESSES}
    kana, letters = dict.fromkeys(GUESSES, 0), dict.fromkeys(GUESSES, 0)
    with open_bytes(path) as stream:
        while decoders:
            chunk = stream.read(_CHUNK)
            for name, decoder in list(decoders.items()):
                try:
                    text = decoder.decode(chunk, final=not chunk)
                except UnicodeDecodeError:
                    del decoders[name]
                    continue
                if letters[name] < _CHUNK and not text.isascii():
                    foreign = [character for character in text if character > "\x7f"]
                    letters[name] += len(foreign)
                    kana[name] += sum("\u3041" <= character <= "\u30fe" for character in foreign)
            if not chunk:
                break
    shares = {name: kana[name] / max(1, letters[name]) for name in decoders}
    best = max(shares, key=lambda name: shares[name], default=None)
    return best if best and shares[best] >= 0.1 else None


def recoded(stream: io.BufferedReader, encoding: str, path: Path) -> io.BufferedReader:
    """Return the stream as UTF-8.

    Raises:
        UsageError: there is no such encoding.
        DataError: the text is of another encoding; raised as it is read.
    """
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        known = "utf-8, utf-16, cp932, euc_jp, iso2022_jp, cp1252"
        raise UsageError(
            f"there is no encoding {encoding!r}.", kind="unknown_name", hint=f"For instance: {known}."
        ) from None
    if name in ("utf-8", "utf-8-sig"):
        return stream
    return io.BufferedReader(_Recoded(stream, name, path), _CHUNK)


class _Recoded(io.RawIOBase):
    """Bytes of another encoding as UTF-8; counts lines and bytes so that an error can name its place."""

    def __init__(self, stream: io.BufferedReader, encoding: str, path: Path) -> None:
        self._stream, self._encoding, self._path = stream, encoding, path
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ready = b""
        self._bytes, self._lines = 0, 1

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        while not self._ready:
            chunk = self._stream.read(_CHUNK)
            self._bytes += len(chunk)
            try:
                text = self._decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                before = error.object[: error.start]
                line = self._lines + before.decode(self._encoding, "ignore").count("\n")
                place = self._bytes - len(error.object) + error.start
                raise DataError(
                    f"{self._path}, line {line}, byte {place:,} of the file: not {self._encoding}.",
                    kind="wrong_encoding",
                    hint="Leave the encoding out, and it is found out; or give another.",
                ) from None
            self._lines += text.count("\n")
            self._ready = text.encode("utf-8", "surrogatepass")
            if not chunk and not self._ready:
                return 0
        part, self._ready = self._ready[: len(view)], self._ready[len(view) :]
        view[: len(part)] = part
        return len(part)
