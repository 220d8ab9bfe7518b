"""Which adapters of which runs are compared: the two arms, each with all its trainings."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from loracheck.errors import UsageError
from loracheck.evaluate.asked import Asked

from .columns import Column, Trained, names_of


def two_arms(runs: Sequence[Asked], first: Sequence[str], second: Sequence[str]) -> list[Column]:
    """Return two columns, each with every training of one arm as its seeds.

    Args:
        runs: What was asked, by run.
        first: Patterns of the first arm's adapters; see `pipeline.compare`.
        second: Those of the second arm.

    Raises:
        UsageError: it is not clear which adapters are meant, or one stands in both arms or twice in one.
    """
    arms = _chosen(runs, first, second)
    for arm in arms:
        _refuse_twins(arm)
    _refuse_overlap(arms)
    return list(zip(_labels(arms), arms, strict=True))


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


def _labels(arms: Sequence[Sequence[Trained]]) -> list[str]:
    """Return the names of the arms; with their runs where both have the same."""
    names = [_label_of(arm) for arm in arms]
    if names[0] != names[1]:
        return names
    folders = names_of([arm[0][0] for arm in arms])
    return [f"{name} ({folder})" for name, folder in zip(names, folders, strict=True)]


def _label_of(arm: Sequence[Trained]) -> str:
    return ", ".join(dict.fromkeys(name for _, name in arm))
