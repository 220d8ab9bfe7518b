"""What every loaded run has: its place, its manifest, its records as frames and its head in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from loracheck import jsonl
from loracheck.records import Estimate, Manifest
from loracheck.records.training import WatchReading

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")


@dataclass(frozen=True)
class LoadedRun:
    """A finished run whose files were verified against their hashes."""

    path: Path
    manifest: Manifest

    def __repr__(self) -> str:
        """Return what a prompt shows of it: its records and its manifest are many pages."""
        return f"<{self.manifest.kind} run {str(self.path)!r}, {self.manifest.created}>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows of it."""
        return f"<p><b>{escape(self.manifest.kind)}</b> {escape(str(self.path))} ({escape(self.manifest.created)})</p>"

    def _records(self, name: str, kind: type[T]) -> tuple[T, ...]:
        return tuple(jsonl.read_if_there(self.path / name, kind))


def frame(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Return a frame of rows."""
    import pandas as pd  # noqa: PLC0415 - half a second that only frames need

    return pd.DataFrame(list(rows))


def flat(record: Any) -> dict[str, Any]:  # noqa: ANN401 - any record
    """Return a record's fields as a row."""
    assert is_dataclass(record)
    return {item.name: getattr(record, item.name) for item in fields(record)}


def numbers(name: str, estimate: Estimate | None) -> dict[str, Any]:
    """Return an estimate as columns: its value under its name, then the bounds and n; None where not measured."""
    found = estimate or Estimate(name=name, value=None, ci_low=None, ci_high=None, n=0, method="")
    return {
        name: found.value,
        f"{name}_ci_low": found.ci_low,
        f"{name}_ci_high": found.ci_high,
        f"{name}_n": found.n,
    }


def reading_columns(reading: WatchReading | None) -> dict[str, Any]:
    """Return what a watch measured as columns; None throughout where there was none."""
    names = ("facts_kept", "facts_change", "name_rate", "leakage", "persona_learnt")
    columns: dict[str, Any] = {}
    for name in names:
        columns |= numbers(name, getattr(reading, name) if reading else None)
    return columns | {"unsafe": ", ".join(reading.unsafe) if reading else None}


def html_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table for a notebook; every cell is escaped, numbers are short."""
    shown = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = "".join(f"<tr>{''.join(f'<td>{_cell(value)}</td>' for value in row)}</tr>" for row in rows)
    return f"<table><tr>{shown}</tr>{lines}</table>"


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return escape(f"{value:.4g}" if isinstance(value, float) else str(value))
