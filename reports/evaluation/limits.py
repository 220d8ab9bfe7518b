"""What a verdict does not rest on: what was not checked, not decided, not answered, waived, and what n could tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Any

from loracheck import jsonl
from loracheck.evaluated import COMPLETIONS, PROBES
from loracheck.records import (
    Completion,
    EvaluationContext,
    EvaluationResult,
    Finding,
    Manifest,
    Probe,
)
from loracheck.reports import figures
from loracheck.reports.charts.intervals import Table
from loracheck.reports.parts import verdicts
from loracheck.reports.strings.frame import Both, both, same, text
from loracheck.words import WORDS
from loracheck.words.verdict import POST_HOC

POWER = 0.8
_TWO_SIDED = NormalDist().inv_cdf(0.975)
IDS_SHOWN = 200


def view(
    run: Path, manifest: Manifest, context: EvaluationContext, result: EvaluationResult
) -> dict[str, Any]:
    """Return the parts of the section; a part that has nothing to tell says so or is None."""
    findings = [finding for verdict in result.verdicts for finding in verdict.findings]
    adapters = [verdict.adapter for verdict in result.verdicts]
    left_out = [*context.dropped_probes, *context.watched_probes]
    return {
        "unmeasured": _grouped([one for one in findings if unmeasured(one)], adapters),
        "off": [verdicts.name(check) for check in _switched_off(manifest, findings)],
        "undecided": _grouped(
            [one for one in findings if one.status == "inconclusive" and not unmeasured(one)], adapters
        ),
        "informs": [
            verdicts.name(check)
            for check in dict.fromkeys(
                one.check for one in findings if one.status == "info" and not unmeasured(one)
            )
        ],
        "waivers": [
            {
                "name": verdicts.name(waiver.check),
                "adapter": verdict.adapter,
                "sentence": text(
                    "waiver_line", owner=waiver.owner, reason=waiver.reason, expires=waiver.expires
                ),
            }
            for verdict in result.verdicts
            for waiver in verdict.waived
        ],
        "answers": _answers(run, result.arms),
        "power": _power(result),
        "general": _general(context, result),
        "left_out": left_out[:IDS_SHOWN],
        "left_out_more": figures.whole(len(left_out) - IDS_SHOWN) if len(left_out) > IDS_SHOWN else None,
        "left_out_title": text("limits_left_out", n=figures.whole(len(left_out))),
    }


def unmeasured(finding: Finding) -> bool:
    """Tell whether a check gave neither a number nor a decision."""
    valued = any(one.value is not None for one in finding.estimates)
    return finding.status in ("info", "inconclusive") and not valued


def _grouped(findings: Iterable[Finding], adapters: Sequence[str]) -> list[dict[str, Any]]:
    """Return a line a check and sentence, with the adapters that it is about where it is not about all."""
    lines: dict[tuple[str, Both], list[Finding]] = {}
    for finding in findings:
        sentence = verdicts.sentence(finding)
        lines.setdefault((finding.check, sentence), []).append(finding)
    return [
        {
            "name": verdicts.name(check),
            "sentence": sentence,
            "status": found[0].status,
            "required": any(one.required for one in found),
            "adapters": "" if len(found) == len(adapters) else ", ".join(one.adapter for one in found),
        }
        for (check, sentence), found in lines.items()
    ]


def _switched_off(manifest: Manifest, findings: Sequence[Finding]) -> list[str]:
    """Return the checks of this version that the policy did not ask for."""
    policy = manifest.config.get("policy")
    gates = policy.get("gates") if isinstance(policy, dict) else None
    if not isinstance(gates, dict):
        return []
    found = {finding.check for finding in findings}
    return [name for name in gates if name in WORDS and name not in found]


def _answers(run: Path, arms: Sequence[str]) -> Table:
    """Count, of each arm, what was asked and how much of it cannot be graded or was cut."""
    asked = {probe.id for probe in jsonl.read(run / PROBES, Probe)}
    answered: dict[str, set[str]] = {arm: set() for arm in arms}
    cut, empty = dict.fromkeys(arms, 0), dict.fromkeys(arms, 0)
    for completion in jsonl.read(run / COMPLETIONS, Completion):
        if completion.arm not in answered:
            continue
        answered[completion.arm].add(completion.probe_id)
        cut[completion.arm] += completion.finish_reason == "length"
        empty[completion.arm] += not completion.text.strip()
    columns = ("col_arm", "answers_given", "answers_missing", "answers_empty", "answers_cut")
    return Table(
        head=tuple(text(column) for column in columns),
        rows=tuple(
            (
                same(arm),
                *(
                    same(figures.whole(n))
                    for n in (len(answered[arm]), len(asked - answered[arm]), empty[arm], cut[arm])
                ),
            )
            for arm in arms
        ),
    )


def _power(result: EvaluationResult) -> Table | None:
    """Return how far from its limit each required number has to lie to be told from it, by its interval's width.

    The distance is the sum of the quantiles of the error level and of the power in standard errors, which the
    95% interval gives (normal approximation).
    """
    rows = []
    for verdict in result.verdicts:
        reach = NormalDist().inv_cdf(1 - verdict.alpha) + NormalDist().inv_cdf(POWER)
        for finding in verdict.findings:
            first = finding.estimates[0] if finding.estimates else None
            if not finding.required or first is None or first.ci_low is None or first.ci_high is None:
                continue
            error = (first.ci_high - first.ci_low) / (2 * _TWO_SIDED)
            rows.append(
                (
                    verdicts.labelled(finding, several=len(result.verdicts) > 1),
                    same(figures.whole(first.n)),
                    figures.interval(first),
                    figures.amount(finding.threshold, first.unit),
                    figures.distance(reach * error, first.unit),
                )
            )
    columns = ("alarms_check", "col_n", "interval", "col_limit", "power_told")
    return Table(head=tuple(text(column) for column in columns), rows=tuple(rows)) if rows else None


def _general(context: EvaluationContext, result: EvaluationResult) -> list[Both]:
    """Return what holds for the whole verdict: adapters that nothing binds, missing data, cut answers, late limits."""
    found: list[Both] = []
    for arm in context.arms:
        flaws = (("unverified", not arm.verified), ("nonfinite", not arm.finite), ("inert", arm.inert))
        found += [text(f"limit_{flaw}", name=arm.name) for flaw, holds in flaws if holds and arm.path]
    if any(verdict.post_hoc for verdict in result.verdicts):
        found.append(both(POST_HOC.__getitem__))
    if context.training_data is None:
        found.append(text("limit_no_data"))
    if context.dropped_probes:
        found.append(text("limit_dropped", n=figures.whole(len(context.dropped_probes))))
    if context.watched_probes:
        found.append(text("limit_watched", n=figures.whole(len(context.watched_probes))))
    thinned = [suite for suite in context.suites if suite.asked is not None and suite.asked < suite.probes]
    found += [
        text(
            "limit_thinned",
            suite=suite.name,
            asked=figures.whole(suite.asked or 0),
            of=figures.whole(suite.probes),
        )
        for suite in thinned
    ]
    found.append(text("limit_greedy", n=context.max_new_tokens))
    if not result.false_alarms:
        found.append(text("limit_no_nulls"))
    return found
