"""What a curate run hands on to the stages after it: the rows that it kept, and those that it held out."""

from __future__ import annotations

from pathlib import Path

from loracheck.runs import is_run, read_run

KEPT, HELDOUT = "kept.jsonl", "heldout.jsonl"
DROPPED, QUARANTINED, DECISIONS = "dropped.jsonl", "quarantined.jsonl", "decisions.jsonl"
GROUPS, SCORES = "groups.jsonl", "scores.parquet"
SYNTHESIZED = "rows.jsonl"
"""The rows of a synthesize run, to be curated."""


def training_rows(data: Path) -> Path:
    """Return the file of the rows to train on: of a curate run those that it kept, else what is given.

    Raises:
        RunError: a run of another kind, one that is not finished, or one that was changed.
    """
    if not is_run(data):
        return data
    read_run(data, "curate")
    return data / KEPT


def heldout_rows(data: Path) -> Path | None:
    """Return the file of the rows that a curate run held out; None where it held none out, or there is no run.

    Raises:
        RunError: a run of another kind, one that is not finished, or one that was changed.
    """
    if not is_run(data):
        return None
    read_run(data, "curate")
    file = data / HELDOUT
    return file if file.stat().st_size else None
