"""The rows of one data file, one at a time: JSON lines, JSON arrays, CSV, TSV, Parquet and Arrow.

The content decides what a file is, not its name: Parquet and Arrow by their first bytes, JSON by its bracket, and
other text is a table if its first line is a header. Memory does not grow with the file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from loracheck.errors import DataError
from loracheck.loading.bytestreams import (
    HEAD_BYTES,
    UTF8_BOM,
    encoding_of,
    guess_encoding,
    open_bytes,
    recoded,
)
from loracheck.loading.columnar import ARROW, PARQUET, columnar_rows, refuse_twice
from loracheck.loading.jsonrows import MAX_LINE_BYTES, BadRow, Faults, OtherEncoding, json_array, json_lines

_JSON_SUFFIXES = {".json", ".jsonl", ".ndjson"}
_DELIMITERS = ",\t;|"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFile:
    """The rows of a file with their numbers, which are those of lines or of rows, from 1."""

    unit: Literal["line", "row"]
    rows: Iterator[tuple[int, Any]]


def open_rows(
    path: Path,
    *,
    columns: Collection[str] = (),
    encoding: str | None = None,
    announce: Callable[[str], None] | None = None,
    on_bad: Callable[[BadRow], None] | None = None,
) -> RowFile:
    """Find out what a file is, and read it as it is asked for.

    Args:
        path: The file.
        columns: Names that a header may hold; they tell the delimiter of a table.
        encoding: Encoding of a text file; None finds out.
        announce: Takes a sentence when the encoding is not UTF-8. Without it a file that is not marked as UTF-16
            must be UTF-8: nothing is guessed that nobody hears of.
        on_bad: Takes a row that cannot be read, and reading goes on; without it the row is an error.

    Raises:
        DataError: the file, or without on_bad a row, cannot be read. Raised as the rows are asked for.
    """
    with open_bytes(path) as stream:
        head = stream.read(HEAD_BYTES)
    if head.startswith((PARQUET, *ARROW)) and not _is_plain(path, head):
        raise DataError(
            f"{path}: Parquet or Arrow inside a compressed file.", kind="not_data", hint="Unpack it first."
        )
    if head.startswith((PARQUET, *ARROW)):
        return RowFile(unit="row", rows=columnar_rows(path, head, Faults(path=path, on_bad=on_bad)))
    marked = None if encoding else encoding_of(head)
    if marked and announce:
        announce(f"{path}: read as {marked}.")
    chosen = encoding or marked
    faults = Faults(
        path=path,
        on_bad=on_bad,
        guess=None if chosen else lambda: guess_encoding(path),
        may_guess=announce is not None,
    )
    text = _Text(path=path, encoding=chosen or "utf-8", faults=faults, columns=frozenset(columns))
    kind = text.kind()
    return RowFile(unit="row" if kind == "array" else "line", rows=_guessing(text, kind, announce))


def _is_plain(path: Path, head: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(4) == head[:4]


def _guessing(
    text: _Text, kind: Literal["lines", "array", "table"], announce: Callable[[str], None] | None
) -> Iterator[tuple[int, Any]]:
    """Yield rows as UTF-8 until the first byte that is not; in another encoding from there on.

    All that came before was ASCII, which is the same in either.
    """
    last = 0
    try:
        for number, row in text.rows(kind):
            yield number, row
            last = number
    except OtherEncoding as other:
        if announce:
            announce(f"{text.path}: not UTF-8; read as {other.encoding}, which fits the whole file.")
        faults = replace(text.faults, guess=None, known_to=max(last, text.faults.highest))
        again = replace(text, encoding=other.encoding, faults=faults)
        yield from ((number, row) for number, row in again.rows(kind) if number > last)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """A text file and how it is read."""

    path: Path
    encoding: str
    faults: Faults
    columns: frozenset[str]

    def kind(self) -> Literal["lines", "array", "table"]:
        """Tell the form by the first sign that is no white space."""
        first = self._head()[:1]
        if first == "[":
            return "array"
        named_json = _JSON_SUFFIXES & {suffix.casefold() for suffix in self.path.suffixes}
        return "lines" if first in ("", "{") or named_json else "table"

    def rows(self, kind: Literal["lines", "array", "table"]) -> Iterator[tuple[int, Any]]:
        """Yield the rows with their number."""
        delimiter = self._delimiter() if kind == "table" else ","
        with open_bytes(self.path) as stream:
            text = recoded(stream, self.encoding, self.path)
            if kind == "lines":
                yield from json_lines(text, self.faults)
            elif kind == "array":
                yield from json_array(text, self.faults)
            else:
                lines = _Lines(text, self.path)
                try:
                    yield from _table(lines, self.faults, delimiter)
                finally:
                    lines.let_go()

    def _head(self) -> str:
        with open_bytes(self.path) as stream:
            head = recoded(stream, self.encoding, self.path).read(HEAD_BYTES)
        return head.removeprefix(UTF8_BOM).decode("utf-8", "replace").lstrip()

    def _delimiter(self) -> str:
        """Return the delimiter that finds most known columns in the header, or else most columns."""
        header = self._head().splitlines()[0]

        def worth(delimiter: str) -> tuple[int, int]:
            names = next(csv.reader([header], delimiter=delimiter), [])
            return len(self.columns & set(names)), len(names)

        best = max(_DELIMITERS, key=worth)
        if worth(best)[1] < 2:
            raise DataError(
                f"{self.path}: it is neither JSON nor a table with a header.",
                kind="not_data",
                hint="Read are JSONL, JSON arrays, CSV, TSV, Parquet, Arrow and dataset folders, also packed.",
            )
        return best


def _table(lines: _Lines, faults: Faults, delimiter: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the records of a table by its header, numbered by the line they begin on."""
    csv.field_size_limit(MAX_LINE_BYTES)
    path = faults.path
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    header: list[str] = []
    ascii_before = True
    while True:
        lines.mark()
        try:
            cells = next(reader, None)
        except csv.Error as problem:
            faults.add(_csv_error(path, lines, str(problem)), lines.first, lines.text)
            if not header:
                raise DataError(
                    f"{path}: the header cannot be read: {problem}.", kind="broken_table"
                ) from None
            continue
        if cells is None:
            return
        try:
            "".join(cells).encode()
        except UnicodeEncodeError:
            raw = lines.text.encode("utf-8", "surrogateescape")
            faults.add_undecodable(lines.first, _first_undecodable(raw), raw, ascii_before=ascii_before)
            if not header:
                raise DataError(f"{path}: the header is not UTF-8.", kind="wrong_encoding") from None
            continue
        ascii_before = ascii_before and lines.text.isascii()
        if not header:
            header = _checked_header(cells, path)
        elif len(cells) == len(header):
            yield lines.first, dict(zip(header, cells, strict=True))
        elif cells:
            what = f"the row has {len(cells)} columns, the header {len(header)}"
            faults.add(_csv_error(path, lines, what), lines.first, lines.text)


def _checked_header(cells: list[str], path: Path) -> list[str]:
    names = [name.strip() for name in cells]
    refuse_twice(names, path)
    return names


def _csv_error(path: Path, lines: _Lines, what: str) -> DataError:
    where = f"line {lines.first}" if lines.first == lines.last else f"lines {lines.first} to {lines.last}"
    return DataError(f"{path}, {where}: {what}.", kind="broken_table", hint="Is a quotation mark missing?")


def _first_undecodable(raw: bytes) -> int:
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return error.start
    return 0


class _Lines(Iterator[str]):
    """The lines of a table as the csv module takes them; remembers those of the record being read."""

    def __init__(self, stream: io.BufferedReader, path: Path) -> None:
        self._stream = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
        self._path = path
        self._record: list[str] = []
        self.last = 0

    def let_go(self) -> None:
        """Leave the stream to whoever opened it."""
        self._stream.detach()

    def mark(self) -> None:
        """Begin a record."""
        self._record = []

    @property
    def first(self) -> int:
        """The line on which the record begins, from 1."""
        return self.last - len(self._record) + 1

    @property
    def text(self) -> str:
        """The record as it stands in the file."""
        return "".join(self._record)

    def __next__(self) -> str:
        line = self._stream.readline(MAX_LINE_BYTES + 1)
        if not line:
            raise StopIteration
        self.last += 1
        self._record.append(line)
        if len(line) > MAX_LINE_BYTES:
            raise DataError(
                f"{self._path}, line {self.last}: over the limit of {MAX_LINE_BYTES:,} characters a line.",
                kind="too_large",
            )
        return line
