"""What two arms differ by: each measure over probes and seeds, and which differences are no chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loracheck.evaluate.verdict.scope import counted
from loracheck.records import BASE_ARM, Estimate, Marker
from loracheck.records.comparison import Label, SeededDifference
from loracheck.stats import holm
from loracheck.stats.seeds import Contrast, contrast
from loracheck.words.comparison import ITEMS_ALONE, ITEMS_AND_SEEDS

from .columns import Column, limit
from .measures import Measure, successes

ALPHA = 0.05
"""Of Holm's procedure over the measures of a comparison."""


def differences_between(columns: Sequence[Column], markers: Sequence[Marker]) -> tuple[SeededDifference, ...]:
    """Return what the trainings of two columns differ by, for every measure that all of them have."""
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
            method=(ITEMS_ALONE if found.seed_se is None else ITEMS_AND_SEEDS)["en"],
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
