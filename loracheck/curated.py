"""What a curate run hands on to the stages after it: the rows that it kept, and those that it held out."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from loracheck.runs import is_run, read_run

KEPT, HELDOUT = "kept.jsonl", "heldout.jsonl"
DROPPED, QUARANTINED, DECISIONS = "dropped.jsonl", "quarantined.jsonl", "decisions.jsonl"
GROUPS, SCORES = "groups.jsonl", "scores.parquet"
SYNTHESIZED = "rows.jsonl"
"""The rows of a synthesize run, to be curated."""


class GivenRows(NamedTuple):
    """The files of the rows to train on, and of those held out; None where there are none."""

    training: Path
    heldout: Path | None


def given_rows(data: Path) -> GivenRows:
    """Return the files of rows of what is given: of a curate run those that it kept and held out, else itself.

    The files of a run are verified here, all of them; so this is asked once.

    Raises:
        RunError: a run of another kind, one that is not finished, or one that was changed.
    """
    if not is_run(data):
        return GivenRows(data, None)
    read_run(data, "curate")
    heldout = data / HELDOUT
    return GivenRows(data / KEPT, heldout if heldout.stat().st_size else None)
