"""Everything a finished run says about one row."""

from __future__ import annotations

from pathlib import Path

from loracheck import jsonl
from loracheck.curated import DECISIONS, DROPPED, GROUPS, HELDOUT, KEPT, QUARANTINED
from loracheck.errors import UsageError
from loracheck.records import Example, Source
from loracheck.records.curation import Decision, DroppedRow, Explained, RowGroup
from loracheck.runs import read_run


def explain_row(run: Path, row: str) -> Explained:
    """Find a row by id or by file and line.

    Raises:
        UsageError: there is no such row.
        RunError: the run is not finished or was changed.
    """
    read_run(run, "curate")
    gone = [*_gone(run / DROPPED, row), *_gone(run / QUARANTINED, row)]
    example = gone[0].example if gone else _kept(run, row)
    name = gone[0].decision.example_id if gone else example.id if example else row
    decisions = [d for d in jsonl.read(run / DECISIONS, Decision) if name in (d.example_id, d.related)]
    own = next((d for d in decisions if d.example_id == name), gone[0].decision if gone else None)
    if own is None:
        raise UsageError(
            f"{run} has no row {row}.",
            kind="unknown_row",
            hint="Name an id, such as 17, or a file and line: data.jsonl:17",
        )
    related = _by_id(run, own.related) if own.related else None
    groups = (g for g in jsonl.read(run / GROUPS, RowGroup) if name in g.members)
    return Explained(
        decision=own,
        example=example,
        raw=gone[0].raw if gone else "",
        related=related,
        stands_for=tuple(d for d in decisions if d.related == name),
        groups=tuple(groups),
    )


def _gone(path: Path, row: str) -> list[DroppedRow]:
    return [
        line for line in jsonl.read(path, DroppedRow) if row in _names(line.decision.example_id, line.source)
    ][:1]


def _kept(run: Path, row: str) -> Example | None:
    for name in (KEPT, HELDOUT):
        for example in jsonl.read(run / name, Example):
            if row in _names(example.id, example.source):
                return example
    return None


def _by_id(run: Path, name: str) -> Example | None:
    gone = _gone(run / DROPPED, name)
    return gone[0].example if gone else _kept(run, name)


def _names(example_id: str, source: Source) -> tuple[str, ...]:
    """Return what a row may be called: its id, its number (the end of the id), its place in its file."""
    number = example_id.rpartition("-")[2]
    return example_id, number, f"{source.file}:{source.line}", f"{Path(source.file).name}:{source.line}"
