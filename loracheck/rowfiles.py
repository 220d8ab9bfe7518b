"""Data files in the containers people keep them in, row by row: a line of JSON, or a record with its number.

The content decides, not the name: Parquet and the compressions show themselves by their first bytes, a JSON array
by its bracket, a table of a Hugging Face dataset by its folder. Only CSV and TSV go by their suffix.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, cast

from loracheck.errors import DataError

MAX_LINE_BYTES = 1_000_000
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_COMPRESSED: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
_DELIMITERS = {".csv": ",", ".tsv": "\t"}


def is_dataset_folder(path: Path) -> bool:
    """Tell whether a folder was written by `Dataset.save_to_disk`."""
    return (path / "state.json").is_file() or (path / "dataset_dict.json").is_file()


def read_rows(path: Path) -> Iterator[tuple[int, bytes | dict[str, Any]]]:
    """Yield the rows of a file with their line or number: unparsed lines of JSON, or records.

    A JSON array comes as one line, whole.

    Raises:
        DataError: a line is too long, the compression is broken, or a table cannot be read.
    """
    try:
        if path.is_dir():
            yield from _dataset_rows(path)
            return
        with path.open("rb") as file:
            head = file.read(16)
        if head.startswith(b"PAR1"):
            yield from _parquet_rows(path)
            return
        opened = next((o for magic, o in _COMPRESSED.items() if head.startswith(magic)), None)
        with opened(path, "rb") if opened else path.open("rb") as stream:
            yield from _stream_rows(path, stream)
    except (EOFError, OSError, lzma.LZMAError, csv.Error) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DataError(f"{path}: it cannot be read: {error}.", hint="Is the file whole?") from None


def _stream_rows(path: Path, stream: IO[bytes]) -> Iterator[tuple[int, bytes | dict[str, Any]]]:
    suffixes = [suffix.casefold() for suffix in path.suffixes]
    if delimiter := next((_DELIMITERS[s] for s in suffixes if s in _DELIMITERS), None):
        yield from _csv_rows(path, stream, delimiter)
        return
    buffered = cast(io.BufferedReader, stream)  # every kind of file opened here can peek
    if buffered.peek(2)[:2] in _UTF16:
        with io.TextIOWrapper(buffered, encoding="utf-16") as text:
            yield from ((n, line.encode()) for n, line in enumerate(text, start=1) if line.strip())
        return
    if buffered.peek(64)[:64].removeprefix(_BOM).lstrip()[:1] == b"[":
        yield 1, buffered.read()
        return
    for number, raw in enumerate(buffered, start=1):
        if len(raw) > MAX_LINE_BYTES:
            raise DataError(
                f"{path}, line {number}: {len(raw):,} bytes, over the limit of {MAX_LINE_BYTES:,}."
            )
        if raw.strip().removeprefix(_BOM):
            yield number, raw


def _csv_rows(path: Path, stream: IO[bytes], delimiter: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the records of a table with a header; a record is numbered by the line it ends on."""
    csv.field_size_limit(MAX_LINE_BYTES)
    with io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
        reader = csv.DictReader(text, delimiter=delimiter, strict=True)
        try:
            for row in reader:
                if None in row or None in row.values():
                    raise DataError(
                        f"{path}, line {reader.line_num}: the row has other columns than the header.",
                        hint="Is a quotation mark missing?",
                    )
                yield reader.line_num, dict(row)
        except UnicodeDecodeError:
            raise DataError(
                f"{path}, after line {reader.line_num}: not UTF-8.",
                hint=f"If the file is Shift_JIS: iconv -f cp932 -t utf-8 {path} > utf8{path.suffix}",
            ) from None


def _parquet_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    import pyarrow as pa  # noqa: PLC0415 - heavy
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        number = 0
        for batch in pq.ParquetFile(path).iter_batches(batch_size=2000):
            for row in batch.to_pylist():
                number += 1
                yield number, row
    except pa.ArrowException as error:
        raise DataError(f"{path}: broken Parquet: {error}") from None


def _dataset_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    from datasets import DatasetDict, load_from_disk  # noqa: PLC0415 - heavy

    loaded = load_from_disk(str(path))
    parts = list(loaded.values()) if isinstance(loaded, DatasetDict) else [loaded]
    number = 0
    for part in parts:
        for row in part:
            number += 1
            yield number, dict(row)
