"""JSON rows out of a stream of UTF-8 bytes: lines, or the items of an array, one at a time."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from loracheck.errors import DataError
from loracheck.loading.bytestreams import UTF8_BOM
from loracheck.records import Source

MAX_LINE_BYTES = 1_000_000
RAW_CHARACTERS = 2000
_CHUNK = 1 << 18
_NO_SPACE = re.compile(rb"[^ \t\r\n]")
_KEY = re.compile(rb'"[ \t\r\n]*:')
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["{}\[\]]', re.DOTALL)
_SCALAR = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[^\s,\]"]++', re.DOTALL)
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row that could not be read: where it stands, what is wrong and mends it, its text, cut to 2,000 characters."""

    source: Source
    message: str
    raw: str
    hint: str = ""


class OtherEncoding(Exception):
    """The file is not UTF-8 but most likely this."""

    def __init__(self, encoding: str) -> None:
        super().__init__(encoding)
        self.encoding = encoding


@dataclass(slots=True, kw_only=True)
class Faults:
    """What is done with the rows of one file that cannot be read.

    Attributes:
        on_bad: Takes such a row, and reading goes on; without it the row is an error.
        guess: Finds the encoding of a file that is not UTF-8; None while UTF-8 is what was asked for.
        may_guess: Whether a guess may be acted on, else it only goes into the hint.
        known_to: Rows up to this number were handed over before and are not again.
        highest: The highest number that was handed over.
    """

    path: Path
    on_bad: Callable[[BadRow], None] | None = None
    guess: Callable[[], str | None] | None = None
    may_guess: bool = False
    known_to: int = 0
    highest: int = field(default=0, init=False)
    _guessed: list[str | None] = field(default_factory=list, init=False)

    def add(self, error: DataError, number: int, raw: bytes | str) -> None:
        """Hand over a row, or raise its error."""
        if self.on_bad is None:
            raise error
        if number <= self.known_to:
            return
        self.highest = number
        text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
        text = text[:RAW_CHARACTERS].encode("utf-8", "replace").decode()
        source = Source(file=str(self.path), line=number)
        self.on_bad(BadRow(source=source, message=error.message, raw=text))

    def add_undecodable(self, number: int, byte: int, raw: bytes, *, ascii_before: bool) -> None:
        """Hand over a row that is not UTF-8, unless the whole file turns out to be of another encoding.

        Text that was read as UTF-8 before and was more than ASCII proves the encoding, so that only this row is
        broken.

        Raises:
            OtherEncoding: the file is to be read again.
        """
        if not self._guessed:
            self._guessed.append(self.guess() if self.guess and ascii_before else None)
        found = self._guessed[0]
        if found and self.may_guess:
            raise OtherEncoding(found)
        where, suffix = f"{self.path}, line {number}, byte {byte}", self.path.suffix
        if found:
            hint = (
                f"It reads as {found}: iconv -f {found.replace('_', '-')} -t utf-8 {self.path} > utf8{suffix}"
            )
        elif self.guess is None:
            hint = "Leave --encoding out, and the encoding is found, or name another."
        else:
            hint = (
                "The file is none of UTF-8, UTF-16, cp932 and EUC-JP throughout. Mend that line, or find out the "
                f"encoding and convert it: iconv -f ENCODING -t utf-8 {self.path} > utf8{suffix}"
            )
        self.add(DataError(f"{where}: not UTF-8.", kind="wrong_encoding", hint=hint), number, raw)


def json_lines(stream: io.BufferedReader, faults: Faults) -> Iterator[tuple[int, Any]]:
    """Yield the value of each line that is not blank, with the number of the line."""
    path, number, ascii_before = faults.path, 0, True
    while raw := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(raw) > MAX_LINE_BYTES:
            error = DataError(
                f"{path}, line {number}: over the limit of {MAX_LINE_BYTES:,} bytes a line.", kind="too_large"
            )
            faults.add(error, number, raw)
            _skip_line(stream, raw)
            continue
        if number == 1:
            raw = raw.removeprefix(UTF8_BOM)
        if not raw.strip():
            continue
        try:
            value = parse(raw)
        except UnicodeDecodeError as problem:
            faults.add_undecodable(number, problem.start, raw, ascii_before=ascii_before)
        except json.JSONDecodeError as problem:
            faults.add(_broken(path, number, problem, raw), number, raw)
        except (ValueError, RecursionError) as problem:
            faults.add(DataError(f"{path}, line {number}: {problem}", kind="bad_row"), number, raw)
        else:
            ascii_before = ascii_before and raw.isascii()
            yield number, value


def _skip_line(stream: io.BufferedReader, raw: bytes) -> None:
    while raw and not raw.endswith(b"\n"):
        raw = stream.readline(MAX_LINE_BYTES)


def _broken(path: Path, line: int, problem: json.JSONDecodeError, raw: bytes) -> DataError:
    what, length = problem.msg, len(raw.decode("utf-8", "replace").rstrip("\r\n"))
    column = problem.colno if problem.lineno == 1 else length + 1  # beyond the break: the line ends too early
    at_end = column >= length
    if at_end and what.startswith(("Invalid control character", "Unterminated string")):
        what = "a string that is not closed; the row seems cut off"
    if line == 1 and raw.strip() in (b"{", b"}"):
        hint = "One row a line is wanted, or an array of rows: [{...}, {...}]."
    elif not raw.endswith(b"\n"):
        hint = "The last line seems cut off: mend or remove it; nothing was written."
    else:
        hint = "Mend or remove that line; nothing was written."
    return DataError(
        f"{path}, line {line}, column {column}: broken JSON: {what}.", kind="broken_json", hint=hint
    )


def parse(raw: bytes) -> Any:  # noqa: ANN401 - JSON
    """Parse one JSON value.

    Raises:
        UnicodeDecodeError: the bytes are not UTF-8.
        json.JSONDecodeError: it is not JSON; names the place.
        ValueError: an object has one key twice.
        RecursionError: it is nested too deeply.
    """
    try:
        value = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _parse_with_place(raw)
    keys = _keys(value)
    if raw.count(b":") == keys or len(_KEY.findall(raw)) == keys:
        return value
    return _parse_with_place(raw)


def _keys(value: Any) -> int:  # noqa: ANN401
    """Count the keys of all objects in a value."""
    if isinstance(value, dict):
        return len(value) + sum(_keys(item) for item in value.values() if isinstance(item, dict | list))
    if isinstance(value, list):
        return sum(_keys(item) for item in value if isinstance(item, dict | list))
    return 0


def _parse_with_place(raw: bytes) -> Any:  # noqa: ANN401
    return json.loads(raw.decode("utf-8"), object_pairs_hook=_no_repeats)


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise ValueError("a key stands twice in one row; two readers would train on different text")
    return row


def json_array(stream: io.BufferedReader, faults: Faults) -> Iterator[tuple[int, Any]]:
    """Yield the items of an array with their number from 1.

    A break in the array ends the reading, as nobody can say where the next row begins.
    """
    window = _Window(stream)
    window.next_sign()
    window.advance(1)  # the opening bracket
    number, ascii_before = 0, True
    while window.next_sign() != b"]":
        raw = window.item()
        number += 1
        try:
            value = parse(raw)
        except UnicodeDecodeError as problem:
            faults.add_undecodable(number, problem.start, raw, ascii_before=ascii_before)
        except json.JSONDecodeError as problem:
            _stop(faults, window.place(problem.lineno, problem.colno), problem.msg, number, raw)
        except (ValueError, RecursionError) as problem:
            faults.add(DataError(f"{faults.path}, row {number}: {problem}", kind="bad_row"), number, raw)
        else:
            ascii_before = ascii_before and raw.isascii()
            yield number, value
        window.advance(len(raw))
        sign = window.next_sign()
        if sign not in (b",", b"]"):
            what = "Expecting ',' delimiter" if sign else "the array is not closed"
            _stop(faults, window.place(), what, number + 1, window.rest())
        window.advance(sign == b",")
    window.advance(1)
    if window.next_sign():
        _stop(faults, window.place(), "Extra data", number + 1, window.rest())


def _stop(faults: Faults, place: tuple[int, int], what: str, number: int, raw: bytes) -> None:
    if len(raw) > MAX_LINE_BYTES:
        what = f"{what}, or a row over the limit of {MAX_LINE_BYTES:,} bytes"
    error = DataError(
        f"{faults.path}, line {place[0]}, column {place[1]}: broken JSON: {what}.",
        kind="broken_json",
        hint="Mend the file there; rows of a broken array cannot be told apart. Nothing was written.",
    )
    if faults.on_bad is not None:
        faults.add(error, number, raw)
    raise error


class _Window:
    """The part of a stream that is looked at; the place in it moves forward only."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream
        self._data = stream.read(_CHUNK).removeprefix(UTF8_BOM)
        self._at = 0
        self._counted, self._line, self._column = 0, 1, 1  # line and column at the counted offset

    def next_sign(self) -> bytes:
        """Move over white space; returns the byte there, empty at the end of the file."""
        while True:
            rest = _NO_SPACE.search(self._data, self._at)
            if rest:
                self._at = rest.start()
                return rest.group()
            self._at = len(self._data)
            if not self._more():
                return b""

    def item(self) -> bytes:
        """Return the item that begins here, or what there is of it at the end of the file or the limit."""
        while (end := self._closing()) is None:
            if len(self._data) - self._at > MAX_LINE_BYTES or not self._more():
                return self._data[self._at :]
        return self._data[self._at : end]

    def advance(self, count: int) -> None:
        """Move forward."""
        self._at += count

    def rest(self) -> bytes:
        """Return what was read and not yet looked at."""
        return self._data[self._at :]

    def place(self, line: int = 1, column: int = 1) -> tuple[int, int]:
        """Return line and column in the file, from 1, of a line and column counted from here."""
        self._count()
        return self._line + line - 1, column + (self._column - 1 if line == 1 else 0)

    def _more(self) -> bool:
        self._count()
        chunk = self._stream.read(_CHUNK)
        self._data = self._data[self._at :] + chunk
        self._at = self._counted = 0
        return bool(chunk)

    def _count(self) -> None:
        passed = self._data[self._counted : self._at]
        if breaks := passed.count(b"\n"):
            self._line += breaks
            self._column = 1
            passed = passed[passed.rfind(b"\n") + 1 :]
        self._column += len(passed.decode("utf-8", "ignore"))
        self._counted = self._at

    def _closing(self) -> int | None:
        """Return where the item that begins here ends, None when that is beyond what was read."""
        if self._data[self._at : self._at + 1] not in (b"{", b"["):
            found = _SCALAR.match(self._data, self._at)
            return found.end() if found and found.end() < len(self._data) else None
        depth = 0
        for token in _STRING_OR_BRACKET.finditer(self._data, self._at):
            sign = token.group()
            if sign in (b"{", b"["):
                depth += 1
            elif sign in (b"}", b"]"):
                depth -= 1
                if not depth:
                    return token.end()
            elif sign == b'"':  # a string that goes on beyond what was read
                return None
        return None
