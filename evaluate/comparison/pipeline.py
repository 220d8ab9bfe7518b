"""Compare eval runs: curated against raw over seeds, and the same adapter asked on two days.

Only runs of the same base, template and probes are compared, probe by probe; anything else is refused by what
differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from loracheck import jsonl
from loracheck.errors import UsageError
from loracheck.evaluate.asked import Asked, confirm, read_asked
from loracheck.evaluate.verdict.scope import counted
from loracheck.records import BASE_ARM, Estimate, Marker
from loracheck.records.comparison import (
    ANSWERS,
    COMPARISON,
    PROBES,
    Label,
    RunComparison,
    SeededDifference,
)
from loracheck.runs import MANIFEST, open_run
from loracheck.stats import holm
from loracheck.stats.seeds import Contrast, contrast

from .alignment import refuse_mismatch
from .changes import changed_settings
from .columns import Trained, answers, compared_probes, limit, seed_of, side
from .conclusion import conclude
from .measures import Measure, successes
from .repetition import repeated, repetition

ALPHA = 0.05
Column = tuple[str, list[Trained]]


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
    markers, notes = _markers(runs)
    if any(not run.policy.same_limits(runs[0].policy) for run in runs[1:]):
        notes = (*notes, "policy_differs")
    results = {str(run.path): confirm(run) for run in runs}
    settings = changed_settings(*runs) if len(runs) == 2 else ()
    twice = repeated(runs) if not first and not second else []
    if twice:
        days = _names_of(runs)
        columns: list[Column] = [
            (f"{name} ({day})", [(run, name)]) for name in twice for run, day in zip(runs, days, strict=True)
        ]
        found = RunComparison(
            runs=tuple(map(str, paths)),
            first=tuple(seed_of((runs[0], name)) for name in twice),
            second=tuple(seed_of((runs[1], name)) for name in twice),
            alpha=ALPHA,
            repetition=repetition(runs[0], runs[1], twice, markers, list(results.values())),
            notes=notes,
            sides=tuple(side(label, those, results) for label, those in columns),
            settings=settings,
            markers=markers,
        )
        return _Compared(found=found, runs=runs, columns=columns)
    arms = _chosen(runs, first, second)
    for arm in arms:
        _refuse_twins(arm)
    _refuse_overlap(arms)
    columns = list(zip(_labels(arms), arms, strict=True))
    differences = _differences(columns, markers)
    sides = [side(label, those, results) for label, those in columns]
    found = RunComparison(
        runs=tuple(map(str, paths)),
        first=sides[0].seeds,
        second=sides[1].seeds,
        alpha=ALPHA,
        differences=differences,
        notes=notes,
        sides=tuple(sides),
        conclusion=conclude(sides[0], sides[1], differences),
        settings=settings,
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


def _names_of(runs: Sequence[Asked]) -> list[str]:
    """Return the names of the runs' folders, or their whole paths where these do not tell them apart."""
    names = [run.path.resolve().name for run in runs]
    return names if len(set(names)) == len(names) else [str(run.path) for run in runs]


def _markers(runs: Sequence[Asked]) -> tuple[tuple[Marker, ...], tuple[str, ...]]:
    """Return the style that all runs look for; none where they found different ones in their training data."""
    found = [run.evidence.markers for run in runs]
    forms = [sorted((marker.kind, marker.text) for marker in markers) for markers in found]
    if all(form == forms[0] for form in forms):
        return found[0], ()
    return (), ("style_differs",)


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
                kind="arms_unclear",
                hint="Name both arms, by patterns if need be: --first 'raw*' --second 'curated*'",
            )
    arms = tuple(
        [
            (run, name)
            for run, held in zip(runs, names, strict=True)
            for name in held
            if _matches(f"{run.path.resolve().name}/{name}", patterns) or _matches(name, patterns)
        ]
        for patterns in (first, second)
    )
    for option, patterns, arm in (("--first", first, arms[0]), ("--second", second, arms[1])):
        if not arm:
            raise UsageError(
                f"{option} {' '.join(patterns) or '(left out)'}: no adapter of these runs has such a name.",
                kind="unknown_arm",
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
                kind="same_training",
                hint="Leave one of them out, or train with another --seed.",
            )
        if weights is not None:
            seen[weights] = run, name


def _refuse_overlap(arms: Sequence[Sequence[Trained]]) -> None:
    """Refuse an adapter that is in both arms."""
    places = [{(str(run.path), name) for run, name in arm} for arm in arms]
    for path, name in sorted(places[0] & places[1]):
        raise UsageError(
            f"{name} in {path} is in both arms.",
            kind="arms_unclear",
            hint="With the folder of a run before it, a name is taken in that run alone: "
            f"--first {Path(path).name}/{name}",
        )


def _differences(columns: Sequence[Column], markers: Sequence[Marker]) -> tuple[SeededDifference, ...]:
    arms = [arm for _, arm in columns]
    evidence = {id(run): counted(run.evidence, run.policy) for arm in arms for run, _ in arm}
    measured = [[successes(evidence[id(run)], name, markers) for run, name in arm] for arm in arms]
    one_run, policy = arms[0][0][0], arms[1][0][0].policy
    base = successes(evidence[id(one_run)], BASE_ARM, markers)
    shared = [m for m in measured[0][0] if all(m in found for arm in measured for found in arm)]
    clusters = {p.id: p.cluster or p.id for p in one_run.evidence.probes}
    found: list[tuple[Measure, list[str], Contrast]] = []
    for measure in shared:
        ids = [
            i for i in measured[0][0][measure] if all(i in one[measure] for arm in measured for one in arm)
        ]
        rows = [[[one[measure][i] for i in ids] for one in arm] for arm in measured]
        if ids:
            names = columns[0][0], columns[1][0]
            found.append((measure, ids, contrast(names, rows[0], rows[1], [clusters[i] for i in ids])))
    tested = [place for place, (_, _, one) in enumerate(found) if one.p is not None]
    rejected = holm([found[place][2].p or 0.0 for place in tested], ALPHA)
    significant = {place for place, yes in zip(tested, rejected, strict=True) if yes}
    differences = []
    for place, (measure, ids, one) in enumerate(found):
        of_base = [base[measure][i] for i in ids if i in base.get(measure, {})]
        share = sum(of_base) / len(of_base) if of_base else None
        lowest = None if share is None else limit(measure, policy, share)
        difference = _difference(measure, ids, one, place in significant)
        shares = [tuple(sum(one[measure][i] for i in ids) / len(ids) for one in arm) for arm in measured]
        differences.append(
            replace(
                difference,
                required=lowest is not None and policy.required(measure[0]),
                base=share,
                limit=lowest,
                first_shares=shares[0],
                second_shares=shares[1],
            )
        )
    return tuple(differences)


def _labels(arms: Sequence[Sequence[Trained]]) -> list[str]:
    """Return the names of the arms; with their runs where both have the same."""
    names = [_label_of(arm) for arm in arms]
    if names[0] != names[1]:
        return names
    folders = _names_of([arm[0][0] for arm in arms])
    return [f"{name} ({folder})" for name, folder in zip(names, folders, strict=True)]


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
