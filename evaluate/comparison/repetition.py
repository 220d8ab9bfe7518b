"""The same adapters asked on two days: which verdicts, rules and examples came out otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from loracheck.evaluate.asked import Asked
from loracheck.records import BASE_ARM, EvaluationResult, Marker
from loracheck.records.comparison import ExampleFlip, MeasureFlips, Repetition, RuleFlip, VerdictPair

from .columns import Column, names_of
from .measures import successes


def repeated(runs: Sequence[Asked]) -> list[str]:
    """Return the adapters that both of two runs looked at, by name and weights."""
    if len(runs) != 2:
        return []
    before, after = (run.adapters() for run in runs)
    return [n for n in before if n in after and before[n].sha256 == after[n].sha256]


def on_two_days(runs: Sequence[Asked], names: Sequence[str]) -> list[Column]:
    """Return two columns for each adapter: what it was on one day, and on the other."""
    days = names_of(runs)
    return [(f"{name} ({day})", [(run, name)]) for name in names for run, day in zip(runs, days, strict=True)]


def repetition(
    runs: Sequence[Asked],
    names: Sequence[str],
    markers: Sequence[Marker],
    results: Sequence[EvaluationResult],
) -> Repetition:
    """Compare what two runs found of the same adapters; `results` are their verdicts, each by its own policy."""
    before, after = runs
    answers, changed = _answers(before, after, names)
    found = [_examples(before, after, name, markers) for name in names]
    of_base, base_changed = _answers(before, after, [BASE_ARM])
    return Repetition(
        verdicts=tuple(_verdicts(results, name) for name in names),
        rules=tuple(flip for name in names for flip in _rules(results, name)),
        examples=tuple(flip for flips, _ in found for flip in flips),
        measures=tuple(count for _, counts in found for count in counts),
        answers=answers,
        answers_changed=changed,
        base_answers=of_base,
        base_answers_changed=base_changed,
    )


def _answers(before: Asked, after: Asked, names: Sequence[str]) -> tuple[int, int]:
    """Return how many answers of some arms both runs have, and how many of them differ in their text."""
    keys = [
        (name, probe.id)
        for name in names
        for probe in before.evidence.probes
        if all((name, probe.id) in run.evidence.completions for run in (before, after))
    ]
    texts = [tuple(run.evidence.completions[key].text for run in (before, after)) for key in keys]
    return len(keys), sum(one != other for one, other in texts)


def _verdicts(results: Sequence[EvaluationResult], name: str) -> VerdictPair:
    first, second = (next(v for v in result.verdicts if v.adapter == name) for result in results)
    return VerdictPair(
        adapter=name,
        before=first.status,
        after=second.status,
        deciding_before=first.deciding,
        deciding_after=second.deciding,
    )


def _rules(results: Sequence[EvaluationResult], name: str) -> list[RuleFlip]:
    first, second = (
        {f.check: f for v in result.verdicts if v.adapter == name for f in v.findings} for result in results
    )
    flips = []
    for check in dict.fromkeys((*first, *second)):
        a, b = first.get(check), second.get(check)
        if a is None or b is None or (a.status, a.reason) != (b.status, b.reason):
            flips.append(
                RuleFlip(
                    adapter=name,
                    check=check,
                    before=a.status if a else None,
                    after=b.status if b else None,
                    reason_before=a.reason if a else None,
                    reason_after=b.reason if b else None,
                )
            )
    return flips


def _examples(
    before: Asked, after: Asked, name: str, markers: Sequence[Marker]
) -> tuple[list[ExampleFlip], list[MeasureFlips]]:
    """Return the probes that one adapter did well on in one run only, and their counts by measure."""
    first, second = (successes(run.evidence, name, markers) for run in (before, after))
    flips: list[ExampleFlip] = []
    counts: list[MeasureFlips] = []
    for (check, measure), items in first.items():
        later = second.get((check, measure), {})
        pairs = {i: (good, later[i]) for i, good in items.items() if i in later}
        turned = {i: now for i, (good, now) in pairs.items() if good != now}
        flips += [
            ExampleFlip(adapter=name, check=check, measure=measure, probe_id=i, after=now)
            for i, now in turned.items()
        ]
        if pairs:
            counts.append(
                MeasureFlips(
                    adapter=name,
                    check=check,
                    measure=measure,
                    n=len(pairs),
                    before=sum(good for good, _ in pairs.values()),
                    after=sum(now for _, now in pairs.values()),
                    won=sum(turned.values()),
                    lost=len(turned) - sum(turned.values()),
                )
            )
    return flips, counts
