"""Compare eval runs: curated against raw over seeds, and the same adapter asked on two days.

Only runs of the same base, template and probes are compared, probe by probe; anything else is refused by what
differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loracheck import jsonl
from loracheck.errors import UsageError
from loracheck.evaluate.asked import Asked, confirm, read_asked
from loracheck.records import Marker
from loracheck.records.comparison import ANSWERS, COMPARISON, PROBES, RunComparison
from loracheck.runs import MANIFEST, open_run

from .alignment import refuse_mismatch
from .arms import two_arms
from .changes import changed_settings
from .columns import Column, answers, compared_probes, side
from .conclusion import conclude
from .differences import ALPHA, differences_between
from .repetition import on_two_days, repeated, repetition


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """A comparison with the columns it rests on, for their answers."""

    found: RunComparison
    runs: Sequence[Asked]
    columns: Sequence[Column]


def compare(paths: Sequence[Path], first: Sequence[str] = (), second: Sequence[str] = ()) -> RunComparison:
    """Compare finished eval runs.

    Args:
        paths: The runs. Every training of an arm, in whichever run, is one seed of it.
        first: Patterns such as "raw*" of the names of the first arm's adapters, in any run; with the folder of the
            run before it, "monday/raw", in that run.
        second: Those of the second arm. Without patterns, two runs of one adapter are a repetition; runs that
            all hold the same two names compare these; two runs of one adapter each compare the two.

    Raises:
        RunError: runs that did not ask the same, an unfinished or altered one, or one whose answers give another
            verdict.
        UsageError: it is not clear what to compare.
    """
    return _compared(paths, first, second).found


def write_comparison(
    paths: Sequence[Path], out: Path, first: Sequence[str] = (), second: Sequence[str] = ()
) -> RunComparison:
    """Compare runs and keep the result in a run directory, with every answer for its page; see `compare`."""
    given = _compared(paths, first, second)
    config = {"runs": [str(path) for path in paths], "first": list(first), "second": list(second)}
    with open_run(out, "compare", config=config, inputs=[path / MANIFEST for path in paths]) as run:
        if not run.complete:
            probes = compared_probes(given.runs[0])
            jsonl.write(out / PROBES, probes)
            jsonl.write(out / ANSWERS, answers(given.runs[0], given.columns, probes))
            jsonl.write_one(out / COMPARISON, given.found)
    return given.found


def _compared(paths: Sequence[Path], first: Sequence[str], second: Sequence[str]) -> _Compared:
    _refuse_same_run(paths)
    runs = [read_asked(path) for path in paths]
    refuse_mismatch(runs)
    results = [confirm(run) for run in runs]
    markers, notes = _shared(runs)
    twice = repeated(runs) if not first and not second else []
    columns = on_two_days(runs, twice) if twice else two_arms(runs, first, second)
    by_run = {str(run.path): result for run, result in zip(runs, results, strict=True)}
    sides = tuple(side(label, those, by_run) for label, those in columns)
    differences = () if twice else differences_between(columns, markers)
    found = RunComparison(
        runs=tuple(map(str, paths)),
        # Columns take turns: one of the first, one of the second.
        first=tuple(seed for one in sides[::2] for seed in one.seeds),
        second=tuple(seed for one in sides[1::2] for seed in one.seeds),
        alpha=ALPHA,
        differences=differences,
        repetition=repetition(runs, twice, markers, results) if twice else None,
        notes=notes,
        sides=sides,
        conclusion=None if twice else conclude(sides[0], sides[1], differences),
        settings=changed_settings(*runs) if len(runs) == 2 else (),
        markers=markers,
    )
    return _Compared(found=found, runs=runs, columns=columns)


def _refuse_same_run(paths: Sequence[Path]) -> None:
    resolved = [path.resolve() for path in paths]
    if twice := next(
        (path for path, own in zip(paths, resolved, strict=True) if resolved.count(own) > 1), None
    ):
        raise UsageError(
            f"{twice} is given twice; a run cannot be compared with itself.", kind="arms_unclear"
        )


def _shared(runs: Sequence[Asked]) -> tuple[tuple[Marker, ...], tuple[str, ...]]:
    """Return the style that all runs look for, none where it differs, and notes on what they do not share."""
    notes: tuple[str, ...] = ()
    if any(not run.policy.same_limits(runs[0].policy) for run in runs[1:]):
        notes = ("policy_differs",)
    found = [run.evidence.markers for run in runs]
    forms = [sorted((marker.kind, marker.text) for marker in markers) for markers in found]
    if all(form == forms[0] for form in forms):
        return found[0], notes
    return (), ("style_differs", *notes)
