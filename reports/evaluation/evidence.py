"""Every probe with what each arm answered, worst first, as the data behind the list of the page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loracheck import jsonl
from loracheck.evaluated import CHOICES, COMPLETIONS, PROBES
from loracheck.records import BASE_ARM, ChoiceScores, Completion, EvaluationResult, Probe
from loracheck.reports.parts import verdicts
from loracheck.reports.parts.listing import languages, probe_list, probe_row, suites
from loracheck.reports.strings.frame import Both, same, text
from loracheck.words.answers import OUTCOMES

RIGHT = ("right_plain", "right_persona")


def view(
    run: Path, result: EvaluationResult, behind: Mapping[str, list[dict[str, Any]]] | None = None
) -> dict[str, Any]:
    """Return the list of the page.

    Args:
        run: The eval run.
        result: Its result.
        behind: By probe id, the training rows that a causes run found behind a failure.
    """
    probes = list(jsonl.read(run / PROBES, Probe))
    answers: dict[tuple[str, str], list[Completion]] = {}
    for completion in jsonl.read(run / COMPLETIONS, Completion):
        answers.setdefault((completion.probe_id, completion.arm), []).append(completion)
    choices = {(row.probe_id, row.arm): row for row in jsonl.read_if_there(run / CHOICES, ChoiceScores)}
    sets = evidence_sets(result)
    rank = _rank(result)
    rows = (
        _row(probe, result, answers, choices, [ids for _, ids in sets])
        | {"causes": (behind or {}).get(probe.id, [])}
        for probe in sorted(probes, key=lambda probe: rank(probe.id))
    )
    filters = {
        "suite": suites(probes),
        "language": languages(probe.language for probe in probes),
        "check": [(str(index), label) for index, (label, _) in enumerate(sets)],
        "outcome": [(name, text(f"outcome_{name}")) for name in ("lost", "gained", "changed", *OUTCOMES)],
        "arm": [(arm, same(arm)) for arm in result.arms],
        "against": [(arm, same(arm)) for arm in result.arms],
    }
    return probe_list(rows, result.arms, result.markers, filters, file=COMPLETIONS, held="rows_held")


def evidence_sets(result: EvaluationResult) -> list[tuple[Both, frozenset[str]]]:
    """Return the named sets of probes: each check's evidence, and what one adapter won over another."""
    checks: dict[str, set[str]] = {}
    for verdict in result.verdicts:
        for finding in verdict.findings:
            if finding.evidence:
                checks.setdefault(finding.check, set()).update(finding.evidence)
    sets = [(verdicts.name(check), frozenset(ids)) for check, ids in checks.items()]
    for given in result.comparisons:
        for better, other, ids in (
            (given.second, given.first, given.won),
            (given.first, given.second, given.lost),
        ):
            if ids:
                sets.append((text("set_won", second=better, first=other), frozenset(ids)))
    return sets


def _row(
    probe: Probe,
    result: EvaluationResult,
    answers: dict[tuple[str, str], list[Completion]],
    choices: dict[tuple[str, str], ChoiceScores],
    sets: list[frozenset[str]],
) -> dict[str, Any]:
    scored = [choices.get((probe.id, arm)) for arm in result.arms]
    given = [sorted(answers.get((probe.id, arm), []), key=lambda answer: answer.seed) for arm in result.arms]
    return probe_row(
        probe,
        sets=[str(index) for index, ids in enumerate(sets) if probe.id in ids],
        outcomes=[result.outcomes.get(arm, {}).get(probe.id) for arm in result.arms],
        answers=[
            [[one.text, one.finish_reason, one.tokens, one.seed] for one in replies] for replies in given
        ],
        said=[replies[0].text if replies else None for replies in given],
    ) | {
        "choices": [
            sorted(zip(row.choices, row.logprobs, row.kinds, strict=True), key=lambda one: -one[1])
            if row
            else None
            for row in scored
        ]
        if any(scored)
        else None
    }


def _rank(result: EvaluationResult) -> Any:  # noqa: ANN401 - a key function of mixed tuples
    """Return the sort key of a probe: lost against the base, then wrong, then named as evidence, then the rest."""
    adapters = [arm for arm in result.arms if arm != BASE_ARM]
    named: dict[str, int] = {}
    for verdict in result.verdicts:
        for finding in verdict.findings:
            for place, probe_id in enumerate(finding.evidence):
                named[probe_id] = min(place, named.get(probe_id, place))

    def key(probe_id: str) -> tuple[int, int, int]:
        outcomes = [result.outcomes.get(arm, {}).get(probe_id) for arm in adapters]
        wrong = sum(outcome is not None and outcome not in RIGHT for outcome in outcomes)
        lost = wrong > 0 and result.outcomes.get(BASE_ARM, {}).get(probe_id) in RIGHT
        group = 0 if lost else 1 if wrong else 2 if probe_id in named else 3
        return group, -wrong, named.get(probe_id, len(named))

    return key
