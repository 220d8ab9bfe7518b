"""Instruction data to examples: any container, any shape; an error names file, line and field."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loracheck import jsonl
from loracheck.errors import DataError
from loracheck.loading.jsonrows import RAW_CHARACTERS, BadRow
from loracheck.loading.rowfiles import open_rows
from loracheck.loading.shapes import (
    ShapeError,
    check_columns,
    column_names,
    messages_of,
    metadata_of,
    renamed,
    shape_of,
)
from loracheck.loading.sources import announce_left_out, resolve_source
from loracheck.records import Example, Source
from loracheck.text import language_of, normalise


def load_examples(paths: Sequence[Path]) -> list[Example]:
    """Read every row of the files, in order.

    Raises:
        UsageError: a file is missing, or a directory holds no data.
        DataError: a file is empty, is not JSON, or a row has unknown columns or a field of the wrong type.
    """
    examples = [e for place, path in enumerate(paths, start=1) for e in read_examples(path, place)]
    if not examples:
        names = ", ".join(str(path) for path in paths)
        raise DataError(f"{names}: no rows.", kind="no_rows", hint="Each line should be one JSON object.")
    return examples


def without_held_out(examples: Sequence[Example], heldout: Sequence[Example]) -> list[Example]:
    """Return the rows that ask no question of a held-out one: what was trained on measures nothing."""
    asked = {normalise(row.prompt) for row in heldout}
    return [row for row in examples if normalise(row.prompt) not in asked]


def read_examples(
    source: str | Path,
    place: int = 1,
    *,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    split: str | None = None,
    announce: Callable[[str], None] | None = None,
    on_bad: Callable[[BadRow], None] | None = None,
) -> Iterator[Example]:
    """Yield the examples of one input as they are asked for; memory does not grow with it.

    Args:
        source: A file, a folder, or a hub id; see `resolve_source`.
        place: Its place among several inputs, which keeps ids apart.
        columns: The data's column by loracheck's name: {"instruction": "質問", "output": "回答"}.
        encoding: Encoding of text files; None finds out.
        split: Split of a dataset.
        announce: Takes a sentence on what was found out: an encoding, files that are not read. Without it nothing
            is guessed.
        on_bad: Takes a row that cannot be read, and reading goes on; without it the row is an error.

    Raises:
        UsageError: a file or split is missing, or columns name no field.
        DataError: a file cannot be read; without on_bad also a row.
        EnvironmentFault: the hub cannot be reached.
    """
    check_columns(columns or {})
    found = resolve_source(source, split)
    if announce:
        announce_left_out(found, announce)
    for number, path in enumerate(found.files, start=1):
        prefix = _prefix(place, number)
        rows = open_rows(
            path, columns=column_names(columns), encoding=encoding, announce=announce, on_bad=on_bad
        )
        reader = _Reader(file=str(path), unit=rows.unit, prefix=prefix, columns=columns, on_bad=on_bad)
        yield from reader.examples(rows.rows)


def _prefix(place: int, number: int) -> str:
    """Return what keeps ids of a file apart from those of the others: nothing for the very first."""
    if number > 1:
        return f"{place}.{number}."
    return "" if place == 1 else f"{place}."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Turns the rows of one file into examples."""

    file: str
    unit: str
    prefix: str
    columns: Mapping[str, str] | None
    on_bad: Callable[[BadRow], None] | None

    def examples(self, rows: Iterator[tuple[int, Any]]) -> Iterator[Example]:
        """Yield an example a row."""
        for number, row in rows:
            try:
                example = self._example(row, number)
            except ShapeError as problem:
                if self.on_bad is None:
                    raise DataError(self._where(problem, number), kind="bad_row", hint=problem.hint) from None
                raw = json.dumps(row, ensure_ascii=False, default=str)[:RAW_CHARACTERS]
                raw = raw.encode("utf-8", "replace").decode()
                source = Source(file=self.file, line=number)
                self.on_bad(
                    BadRow(source=source, message=self._where(problem, number), raw=raw, hint=problem.hint)
                )
            else:
                yield example

    def _where(self, problem: ShapeError, number: int) -> str:
        field = f", field {problem.field}" if problem.field else ""
        return f"{self.file}, {self.unit} {number}{field}: {problem.message}"

    def _example(self, row: Any, number: int) -> Example:  # noqa: ANN401 - whatever the file holds
        if not isinstance(row, dict):
            raise ShapeError(f"a row is a JSON object, not {type(row).__name__}.")
        if self.columns:
            row = renamed(row, self.columns)
        shape = shape_of(row)
        messages = messages_of(row, shape)
        language = language_of(messages[-1].content)
        if _is_own(row):
            return Example(
                id=row["id"],
                messages=messages,
                language=language,
                source=Source(file=row["source"]["file"], line=row["source"]["line"]),
                metadata=_own_metadata(row.get("metadata")),
            )
        text = "\x1f".join([f"{m.role}\x1e{m.content}" for m in messages])
        digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]
        return Example(
            id=f"{digest}-{self.prefix}{number}",
            messages=messages,
            language=language,
            source=Source(file=self.file, line=number),
            metadata=metadata_of(row, shape),
        )


def _is_own(row: dict[str, Any]) -> bool:
    """Tell whether loracheck wrote the row, so that its id and source stand."""
    source, given = row.get("source"), row.get("id")
    return (
        isinstance(source, dict)
        and source.keys() == {"file", "line"}
        and isinstance(source["file"], str)
        and isinstance(source["line"], int)
        and isinstance(given, str)
        and bool(given)
    )


def _own_metadata(value: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the metadata of an own row: an object, or in Parquet its JSON."""
    if isinstance(value, str):
        try:
            value = jsonl.parse(value)
        except ValueError:
            return {}
    return dict(value) if isinstance(value, dict) else {}
