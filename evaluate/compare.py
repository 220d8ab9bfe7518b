"""Compare eval runs: curated against raw over seeds, and the same adapter asked on two days.

Only runs of the same base, template and probes are compared, probe by probe; anything else is refused by what
differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from loracheck import jsonl
from loracheck.comparison_records import (
    Label,
    RunComparison,
    Seed,
    SeededDifference,
)
from loracheck.errors import UsageError
from loracheck.records import Estimate, Marker
from loracheck.runs import MANIFEST, open_run
from loracheck.seeds import Contrast, contrast
from loracheck.stats import holm

from .alignment import Asked, read_asked, refuse_mismatch
from .measures import Measure, successes
from .repetition import repeated, repetition

COMPARISON = "compare.json"
ALPHA = 0.05


def compare(paths: Sequence[Path], first: Sequence[str] = (), second: Sequence[str] = ()) -> RunComparison:
    """Compare finished eval runs.

    Args:
        paths: The runs. Every training of an arm, in whichever run, is one seed of it.
        first: Patterns such as "raw*" of the names of the first arm's adapters, in any run.
        second: Those of the second arm. Without patterns, two runs of one adapter are a repetition; runs that
            all hold the same two names compare these; two runs of one adapter each compare the two.

    Raises:
        RunError: runs that did not ask the same, or an unfinished or altered one.
        UsageError: it is not clear what to compare.
    """
    runs = [read_asked(path) for path in paths]
    refuse_mismatch(runs)
    markers, notes = _markers(runs)
    twice = repeated(runs) if not first and not second else []
    if twice:
        return RunComparison(
            runs=tuple(map(str, paths)),
            first=tuple(_seed(runs[0], name) for name in twice),
            second=tuple(_seed(runs[1], name) for name in twice),
            alpha=ALPHA,
            repetition=repetition(runs[0], runs[1], twice, markers),
            notes=notes + (() if runs[0].policy.same_limits(runs[1].policy) else ("policy_differs",)),
        )
    arms = _chosen(runs, first, second)
    for arm in arms:
        _refuse_twins(arm)
    return RunComparison(
        runs=tuple(map(str, paths)),
        first=tuple(_seed(run, name) for run, name in arms[0]),
        second=tuple(_seed(run, name) for run, name in arms[1]),
        alpha=ALPHA,
        differences=_differences(arms, markers),
        notes=notes,
    )


def write_comparison(
    paths: Sequence[Path], out: Path, first: Sequence[str] = (), second: Sequence[str] = ()
) -> RunComparison:
    """Compare runs and keep the result in a run directory; see `compare`."""
    found = compare(paths, first, second)
    config = {"runs": [str(path) for path in paths], "first": list(first), "second": list(second)}
    with open_run(out, "compare", config=config, inputs=[path / MANIFEST for path in paths]) as run:
        if not run.complete:
            jsonl.write_one(out / COMPARISON, found)
    return found


def _markers(runs: Sequence[Asked]) -> tuple[tuple[Marker, ...], tuple[str, ...]]:
    """Return the style that all runs look for; none where they found different ones in their training data."""
    found = [run.evidence.markers for run in runs]
    forms = [sorted((marker.kind, marker.text) for marker in markers) for markers in found]
    if all(form == forms[0] for form in forms):
        return found[0], ()
    return (), ("style_differs",)


Trained = tuple[Asked, str]


def _chosen(
    runs: Sequence[Asked], first: Sequence[str], second: Sequence[str]
) -> tuple[list[Trained], list[Trained]]:
    names = [list(run.adapters()) for run in runs]
    if not first and not second:
        if all(sorted(held) == sorted(names[0]) for held in names) and len(names[0]) == 2:
            first, second = [names[0][0]], [names[0][1]]
        elif len(runs) == 2 and [len(held) for held in names] == [1, 1]:
            return [(runs[0], names[0][0])], [(runs[1], names[1][0])]
        else:
            raise UsageError(
                "it is not clear which adapters to compare: the runs hold "
                + "; ".join(
                    f"{run.path}: {', '.join(held) or 'none'}" for run, held in zip(runs, names, strict=True)
                ),
                hint="Name both arms, by patterns if need be: --first 'raw*' --second 'curated*'",
            )
    arms = tuple(
        [
            (run, name)
            for run, held in zip(runs, names, strict=True)
            for name in held
            if _matches(name, patterns)
        ]
        for patterns in (first, second)
    )
    for option, patterns, arm in (("--first", first, arms[0]), ("--second", second, arms[1])):
        if not arm:
            raise UsageError(
                f"{option} {' '.join(patterns) or '(left out)'}: no adapter of these runs has such a name.",
                hint=f"There are {', '.join(dict.fromkeys(name for held in names for name in held))}.",
            )
    return arms[0], arms[1]


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _refuse_twins(arm: Sequence[Trained]) -> None:
    """Refuse the same weights as two seeds: they would hide how much seeds differ."""
    seen: dict[str, Trained] = {}
    for run, name in arm:
        weights = run.adapters()[name].sha256
        if weights is not None and weights in seen:
            other, twin = seen[weights]
            raise UsageError(
                f"{name} in {run.path} has the weights of {twin} in {other.path}; the same training is no second seed.",
                hint="Leave one of them out, or train with another --seed.",
            )
        if weights is not None:
            seen[weights] = run, name


def _seed(run: Asked, name: str) -> Seed:
    return Seed(run=str(run.path), arm=name, sha256=run.adapters()[name].sha256)


def _differences(
    arms: tuple[list[Trained], list[Trained]], markers: Sequence[Marker]
) -> tuple[SeededDifference, ...]:
    measured = [[successes(run.evidence, name, markers) for run, name in arm] for arm in arms]
    shared = [m for m in measured[0][0] if all(m in found for arm in measured for found in arm)]
    clusters = {p.id: p.cluster or p.id for p in arms[0][0][0].evidence.probes}
    names = _label_of(arms[0]), _label_of(arms[1])
    if names[0] == names[1]:
        names = tuple(f"{arm[0][1]} ({arm[0][0].path.name})" for arm in arms)  # type: ignore[assignment]
    found: list[tuple[Measure, list[str], Contrast]] = []
    for measure in shared:
        ids = [
            i for i in measured[0][0][measure] if all(i in one[measure] for arm in measured for one in arm)
        ]
        rows = [[[one[measure][i] for i in ids] for one in arm] for arm in measured]
        if ids:
            found.append((measure, ids, contrast(names, rows[0], rows[1], [clusters[i] for i in ids])))
    tested = [place for place, (_, _, one) in enumerate(found) if one.p is not None]
    rejected = holm([found[place][2].p or 0.0 for place in tested], ALPHA)
    significant = {place for place, yes in zip(tested, rejected, strict=True) if yes}
    return tuple(
        _difference(measure, ids, one, place in significant)
        for place, (measure, ids, one) in enumerate(found)
    )


def _label_of(arm: Sequence[Trained]) -> str:
    return ", ".join(dict.fromkeys(name for _, name in arm))


def _difference(measure: Measure, ids: Sequence[str], found: Contrast, significant: bool) -> SeededDifference:
    label: Label = "no_difference"
    if found.seed_se is None:
        label = "noise_unknown"
    elif significant:
        label = "better" if found.value > 0 else "worse"
    order = sorted(zip(found.items, ids, strict=True), key=lambda pair: -abs(pair[0]))
    won, lost = ([i for by, i in order if sign * by > 0] for sign in (1, -1))
    return SeededDifference(
        check=measure[0],
        measure=measure[1],
        first=found.first,
        second=found.second,
        estimate=Estimate(
            name="difference",
            value=found.value if found.low is not None else None,
            ci_low=found.low,
            ci_high=found.high,
            n=len(ids),
            method="t over items and seeds"
            if found.seed_se is not None
            else "items alone; seed noise unknown",
            unit="difference",
        ),
        item_se=found.item_se,
        seed_se=found.seed_se,
        freedom=found.freedom,
        p=found.p,
        label=label,
        won=tuple(won),
        lost=tuple(lost),
        unchanged=len(ids) - len(won) - len(lost),
    )
