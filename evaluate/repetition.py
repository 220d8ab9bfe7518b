"""The same adapters asked on two days: which verdicts, rules and examples came out otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from loracheck.comparison_records import ExampleFlip, Repetition, RuleFlip, VerdictPair
from loracheck.records import EvaluationResult, Marker

from .alignment import Asked
from .measures import successes
from .verdict import judge


def repeated(runs: Sequence[Asked]) -> list[str]:
    """Return the adapters that both of two runs looked at, by name and weights."""
    if len(runs) != 2:
        return []
    before, after = (run.adapters() for run in runs)
    return [n for n in before if n in after and before[n].sha256 == after[n].sha256]


def repetition(before: Asked, after: Asked, names: Sequence[str], markers: Sequence[Marker]) -> Repetition:
    """Compare what two runs found of the same adapters, each judged by its own policy."""
    results = [judge(run.evidence, run.policy) for run in (before, after)]
    keys = [
        (name, probe.id)
        for name in names
        for probe in before.evidence.probes
        if all((name, probe.id) in run.evidence.completions for run in (before, after))
    ]
    texts = [tuple(run.evidence.completions[key].text for run in (before, after)) for key in keys]
    return Repetition(
        verdicts=tuple(_verdicts(results, name) for name in names),
        rules=tuple(flip for name in names for flip in _rules(results, name)),
        examples=tuple(flip for name in names for flip in _examples(before, after, name, markers)),
        answers=len(keys),
        answers_changed=sum(one != other for one, other in texts),
    )


def _verdicts(results: Sequence[EvaluationResult], name: str) -> VerdictPair:
    status = [next(v.status for v in result.verdicts if v.adapter == name) for result in results]
    return VerdictPair(adapter=name, before=status[0], after=status[1])


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


def _examples(before: Asked, after: Asked, name: str, markers: Sequence[Marker]) -> list[ExampleFlip]:
    first, second = (successes(run.evidence, name, markers) for run in (before, after))
    return [
        ExampleFlip(adapter=name, check=measure[0], measure=measure[1], probe_id=i, after=second[measure][i])
        for measure, items in first.items()
        if measure in second
        for i, good in items.items()
        if i in second[measure] and second[measure][i] != good
    ]
