"""Instruction data in the shapes people keep it in, to examples; an error names file, line and field.

Read are JSONL, JSON arrays, CSV, TSV, Parquet and datasets on disk, compressed or not, of Alpaca rows
(instruction, input, output), ShareGPT conversations, OpenAI messages and prompt/completion pairs, and loracheck's
own rows.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from loracheck.errors import DataError, UsageError
from loracheck.records import Example, Message, Role, Source
from loracheck.rowfiles import is_dataset_folder, read_rows
from loracheck.text import language_of

_ROLES: dict[str, Role] = {
    "system": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "model": "assistant",
}
_KEPT = ("source", "licence", "license", "category")
Row = dict[str, Any]


def load_examples(paths: Sequence[Path]) -> list[Example]:
    """Read every row of the files, in order.

    Raises:
        UsageError: a file is missing or is a directory.
        DataError: a file is empty, is not JSON, or a row has unknown columns or a field of the wrong type.
    """
    examples = [e for place, path in enumerate(paths, start=1) for e in read_examples(path, place)]
    if not examples:
        names = ", ".join(str(path) for path in paths)
        raise DataError(f"{names}: no rows.", hint="Each line should be one JSON object.")
    return examples


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row that could not be read: where it stands, what is wrong, and its text, cut to 2,000 characters."""

    source: Source
    message: str
    raw: str


def read_examples(
    path: Path, place: int = 1, *, on_bad: Callable[[BadRow], None] | None = None
) -> Iterator[Example]:
    """Yield the examples of one file; see `load_examples`.

    Args:
        path: The file.
        place: Its place among several files, which keeps ids apart.
        on_bad: Takes a row that cannot be read, and reading goes on; without it the row is an error.
    """
    check_file(path)
    for line, raw in _items(path):
        try:
            row = _parse(raw, path, line) if isinstance(raw, bytes) else raw
            yield _example(row, path, line, f"{line}" if place == 1 else f"{place}.{line}")
        except DataError as error:
            if on_bad is None:
                raise
            text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else json.dumps(raw)
            source = Source(file=str(path), line=line)
            on_bad(BadRow(source=source, message=str(error).partition("\n")[0], raw=text[:2000]))


def check_file(path: Path) -> None:
    """Refuse a path that is no data file and no dataset on disk.

    Raises:
        UsageError: it is missing or another kind of folder; names the nearest file.
    """
    if path.is_dir() and not is_dataset_folder(path):
        raise UsageError(
            f"{path} is a directory, and neither a curate run nor a data set.", hint="Pass a data file."
        )
    if not path.exists():
        raise UsageError(f"{path}: there is no such file.", hint=_near(path))


def _items(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield the unparsed lines of a JSONL file, or the items of a JSON array or a table."""
    for number, row in read_rows(path):
        if isinstance(row, bytes) and row.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"[" and number == 1:
            yield from enumerate(_parse(row, path, 1), start=1)
        else:
            yield number, row


def _parse(raw: bytes, path: Path, line: int) -> Any:  # noqa: ANN401 - JSON
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}, line {line}, byte {error.start}: not UTF-8.",
            hint=f"If the file is Shift_JIS: iconv -f cp932 -t utf-8 {path} > utf8.jsonl",
        ) from None
    try:
        return json.loads(text, object_pairs_hook=_no_repeats)
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path}, line {_line_of(error, raw, line)}, column {error.colno}: broken JSON: {error.msg}.",
            hint="Mend or remove that line; nothing was written.",
        ) from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}, line {line}: {error}") from None


def _line_of(error: json.JSONDecodeError, raw: bytes, line: int) -> int:
    """Return the line of a parse error: of a whole file its own count, of a single row the row's line."""
    return error.lineno if raw.rstrip().count(b"\n") else line


def _no_repeats(pairs: list[tuple[str, Any]]) -> Row:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise ValueError("a key stands twice in one row; two readers would train on different text")
    return row


def _example(row: Any, path: Path, line: int, place: str) -> Example:  # noqa: ANN401
    where = f"{path}, line {line}"
    if not isinstance(row, dict):
        raise DataError(f"{where}: a row is a JSON object, not {type(row).__name__}.")
    convert = next((shape for column, shape in _SHAPES if column <= row.keys()), None)
    if convert is None:
        raise DataError(
            f"{where}: unknown columns: {', '.join(sorted(row)) or 'none'}.", hint=_columns_hint(row)
        )
    messages = tuple(convert(row, where))
    if len(messages) < 2 or messages[-1].role != "assistant":
        raise DataError(f"{where}: a conversation needs a question and ends with the assistant's reply.")
    digest = hashlib.sha256(
        "\x1f".join(f"{m.role}\x1e{m.content}" for m in messages).encode("utf-8", "replace")
    )
    source = row.get("source")
    given = row.get("id") if isinstance(source, dict) and source.keys() == {"file", "line"} else None
    return Example(
        id=str(given) if given else f"{digest.hexdigest()[:8]}-{place}",
        messages=messages,
        language=language_of(messages[-1].content),
        source=Source(**row["source"]) if given else Source(file=str(path), line=line),
        metadata=_metadata(row) if not given else dict(row.get("metadata") or {}),
    )


def _metadata(row: Row) -> dict[str, Any]:
    """Keep what says where a row is from, and the passage that was given with its question."""
    kept = {name: row[name] for name in _KEPT if isinstance(row.get(name), str) and row[name]}
    passage = next(
        (row[name] for name in ("input", "context") if "instruction" in row and row.get(name)), None
    )
    return {**kept, "context": passage} if passage else kept


def _messages(row: Row, where: str) -> Iterator[Message]:
    yield from _turns(row, "messages", where)


def _sharegpt(row: Row, where: str) -> Iterator[Message]:
    yield from _turns(row, "conversations", where)


def _turns(row: Row, field: str, where: str) -> Iterator[Message]:
    turns = row[field]
    if not isinstance(turns, list):
        raise DataError(f"{where}, field {field}: a list of turns is wanted, not {type(turns).__name__}.")
    for number, turn in enumerate(turns):
        at = f"{field}[{number}]"
        if not isinstance(turn, dict):
            raise DataError(f"{where}, field {at}: an object is wanted, not {type(turn).__name__}.")
        name = turn.get("role", turn.get("from"))
        if name not in _ROLES:
            raise DataError(f"{where}, field {at}: role {name!r} is none of {', '.join(_ROLES)}.")
        content = "content" if "content" in turn else "value"
        yield Message(role=_ROLES[str(name)], content=_text(turn, content, where, f"{at}."))


def _alpaca(row: Row, where: str) -> Iterator[Message]:
    instruction, given = _text(row, "instruction", where), ""
    for column in ("input", "context"):
        given = given or (_text(row, column, where) if row.get(column) is not None else "")
    yield Message(role="user", content=f"{instruction}\n{given}" if given else instruction)
    yield Message(role="assistant", content=_text(row, "output" if "output" in row else "response", where))


def _pair(row: Row, where: str) -> Iterator[Message]:
    for role, column in (("user", "prompt"), ("assistant", "completion")):
        if isinstance(row[column], list):
            yield from _turns(row, column, where)
        else:
            yield Message(role=cast(Role, role), content=_text(row, column, where).strip())


def _text(row: Row, column: str, where: str, prefix: str = "") -> str:
    value = row.get(column)
    if not isinstance(value, str):
        raise DataError(f"{where}, field {prefix}{column}: text is wanted, not {type(value).__name__}.")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise DataError(
            f"{where}, field {prefix}{column}: half of a surrogate pair, which no file can store."
        )
    return value


_SHAPES: tuple[tuple[set[str], Callable[[Row, str], Iterator[Message]]], ...] = (
    ({"messages"}, _messages),
    ({"conversations"}, _sharegpt),
    ({"instruction", "output"}, _alpaca),
    ({"instruction", "response"}, _alpaca),
    ({"prompt", "completion"}, _pair),
)


def _columns_hint(row: Row) -> str:
    known = sorted(set().union(*(columns for columns, _ in _SHAPES)) | {"input"})
    near = {
        name: found[0] for name in row if (found := difflib.get_close_matches(name.casefold(), known, n=1))
    }
    renames = ", ".join(f"{name} -> {match}" for name, match in near.items() if name != match)
    shapes = "messages; conversations; instruction, output (input); prompt, completion"
    return f"Known shapes: {shapes}." + (f" Did you mean {renames}?" if renames else "")


def _near(path: Path) -> str:
    siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    found = difflib.get_close_matches(path.name, siblings, n=1)
    return f"Did you mean {path.parent / found[0]}?" if found else ""
