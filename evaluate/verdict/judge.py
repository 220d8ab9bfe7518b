"""The one function that turns raw answers into verdicts; terminal, JSON, HTML and exit code render its result.

Ship: every required check passes, each at alpha; the intersection-union rule keeps the chance of shipping an
adapter that is beyond some limit at most alpha, without any correction. Hold: some required check fails under
Holm's correction over all of them, an answer holds a forbidden string, or an adapter is broken. Else
inconclusive: a check that could not be measured is never a pass, and a verdict in which every required check only
informs is open. A check that a waiver covers counts as waived, and the verdict names who answers for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations
from math import ceil

from scipy.stats import norm

from loracheck import stats
from loracheck.evaluate.checks import forbidden, sanity
from loracheck.evaluate.checks.check import Check, Need
from loracheck.evaluate.checks.content import outcomes
from loracheck.evaluate.checks.gates import NO_HEADROOM, TOO_FEW, information, shown, unmeasured
from loracheck.evaluate.checks.listed import CHECKS
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Gate, Policy
from loracheck.evaluate.questions import tiers
from loracheck.probes.choices import prefers_right
from loracheck.records import (
    BASE_ARM,
    ArmRecord,
    Comparison,
    Estimate,
    EvaluationResult,
    FalseAlarms,
    Finding,
    Verdict,
    VerdictStatus,
)
from loracheck.stats.clusters import design_effect

from .looks import share_of_alpha
from .precedence import explaining_first
from .scope import counted
from .waivers import waive

_AVAILABLE: dict[Need, Callable[[Evidence, str], bool]] = {
    "choices": lambda evidence, adapter: {BASE_ARM, adapter} <= {arm for arm, _ in evidence.choices},
    "likelihoods": lambda evidence, adapter: {BASE_ARM, adapter} <= {arm for arm, _, _ in evidence.tokens},
    "training_data": lambda evidence, adapter: evidence.context.training_data is not None,
    "weights": lambda evidence, adapter: bool(evidence.arm(adapter).weights),
}
_NO_GATES = ("sanity", "tier")
"""Findings of a verdict that measure nothing an adapter does."""
EXIT_CODES: dict[VerdictStatus, int] = {"ship": 0, "hold": 1, "inconclusive": 3}


def judge(everything: Evidence, policy: Policy, *, post_hoc: bool = False) -> EvaluationResult:
    """Compute every finding, verdict and comparison from the raw answers and the policy.

    Args:
        everything: All raw answers of a run.
        policy: The limits.
        post_hoc: Mark the verdicts as made under other limits than those fixed before the run.
    """
    evidence = counted(everything, policy)
    arms = [entry.name for entry in evidence.adapters if entry.finite]
    nulls = [entry for entry in evidence.adapters if entry.name in evidence.context.nulls]
    judged = [entry for entry in evidence.adapters if entry not in nulls]
    harm = tuple(check for check in CHECKS if not check.learnt)
    verdicts = tuple(replace(_verdict(evidence, e, policy, CHECKS), post_hoc=post_hoc) for e in judged)
    harmless = tuple(replace(_verdict(evidence, e, policy, harm), post_hoc=post_hoc) for e in nulls)
    return EvaluationResult(
        verdicts=verdicts,
        nulls=harmless,
        false_alarms=_false_alarms(harmless),
        comparisons=tuple(
            c
            for pair in combinations([e.name for e in judged if e.finite], 2)
            for c in _compare(evidence, *pair)
        ),
        markers=evidence.markers,
        arms=(BASE_ARM, *arms),
        outcomes={arm: outcomes(everything, arm) for arm in (BASE_ARM, *arms)},
    )


def exit_code(verdicts: Sequence[Verdict]) -> int:
    """Return the exit code of the worst verdict: 1 hold, 3 inconclusive, 0 ship."""
    statuses = {verdict.status for verdict in verdicts}
    worst: VerdictStatus = (
        "hold" if "hold" in statuses else "inconclusive" if statuses != {"ship"} else "ship"
    )
    return EXIT_CODES[worst]


def _verdict(evidence: Evidence, entry: ArmRecord, fixed: Policy, checks: Sequence[Check]) -> Verdict:
    policy = replace(fixed, alpha=fixed.alpha * share_of_alpha(evidence.context))
    findings = [sanity.check(entry, evidence)]
    if entry.finite:
        findings += tiers.check(evidence.context.tier, entry.name)
        findings += [forbidden.check(evidence, entry.name, policy)] if policy.forbidden_strings else []
        findings += [
            _measure(c, evidence, entry.name, policy) for c in checks if policy.mode(c.name) != "off"
        ]
    findings, waived = waive(_open_if_idle(settle(findings, policy), policy), entry.name, policy.waivers)
    required = [finding for finding in findings if finding.required]
    failed = explaining_first(f for f in required if f.status == "fail")
    undecided = [finding for finding in required if finding.status == "inconclusive"]
    status: VerdictStatus = "hold" if failed else "inconclusive" if undecided else "ship"
    deciding = failed or undecided or [f for f in required if f.status == "waived"] or required
    return Verdict(
        adapter=entry.name,
        status=status,
        policy=fixed.title,
        policy_sha256=fixed.sha256,
        alpha=policy.alpha,
        deciding=tuple(finding.check for finding in deciding),
        findings=tuple(findings),
        waived=waived,
    )


def _false_alarms(nulls: Sequence[Verdict]) -> tuple[FalseAlarms, ...]:
    """Count how often each required check failed on an adapter that was trained to do no harm."""
    if not nulls:
        return ()
    decided = [f for verdict in nulls for f in verdict.findings if f.required and f.check not in _NO_GATES]
    by_check = {
        name: [f for f in decided if f.check == name] for name in dict.fromkeys(f.check for f in decided)
    }
    held = sum(verdict.status == "hold" for verdict in nulls)
    return (
        FalseAlarms(check=None, rate=_alarms(held, len(nulls))),
        *(
            FalseAlarms(check=name, rate=_alarms(sum(f.status == "fail" for f in found), len(found)))
            for name, found in by_check.items()
        ),
    )


def _alarms(count: int, n: int) -> Estimate:
    return stats.share("false_alarms", count, n)


def _measure(check: Check, evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Measure one check, or say what it lacks; what the policy does not require informs."""
    missing = next((need for need in check.needs if not _AVAILABLE[need](evidence, adapter)), None)
    if missing is None:
        finding = check.measure(evidence, adapter, policy)
    else:
        finding = unmeasured(check.name, adapter, f"needs_{missing}")
    return (
        finding if policy.required(check.name) else information(check.name, adapter, finding.reason, finding)
    )


def settle(findings: Sequence[Finding], policy: Policy) -> list[Finding]:
    """Set the status of every required test: fail by Holm over all of them, else pass at alpha, else open."""
    alpha = policy.alpha
    tested = [i for i, f in enumerate(findings) if f.required and f.p_fail is not None]
    rejected = stats.holm([shown(findings[i].p_fail) for i in tested], alpha)
    settled = list(findings)
    for i, fails in zip(tested, rejected, strict=True):
        finding = _until_held(findings[i], alpha / len(tested))
        gate = policy.gates.get(finding.check, Gate())
        least, headroom = gate.min_items, finding.values.get("headroom")
        if headroom is not None and gate.min_headroom is not None and headroom < gate.min_headroom:
            finding = replace(finding, reason=NO_HEADROOM, n_needed=None)
        if fails:
            settled[i] = replace(finding, status="fail", reason="beyond_limit", n_needed=None)
        elif finding.estimates and finding.values.get("fewest", finding.estimates[0].n) < least:
            settled[i] = replace(finding, reason=TOO_FEW, values=finding.values | {"least": least})
        elif finding.p_pass is not None and finding.p_pass < alpha and finding.reason != NO_HEADROOM:
            settled[i] = replace(finding, status="pass", reason="within_limit", n_needed=None)
        else:
            settled[i] = finding
    return [f if f.required else replace(f, status="info") for f in settled]


def _open_if_idle(findings: Sequence[Finding], policy: Policy) -> list[Finding]:
    """Keep open what the policy requires where all of it could only inform: from nothing follows no ship."""
    if any(f.required and f.check not in _NO_GATES for f in findings):
        return list(findings)
    return [
        replace(f, required=True, status="inconclusive") if policy.required(f.check) else f for f in findings
    ]


def _until_held(finding: Finding, alpha: float) -> Finding:
    """Say of a check on its way to fail how many items would hold it among all the others, as Holm's rule has it."""
    p_pass, p_fail = shown(finding.p_pass), shown(finding.p_fail)
    if finding.n_needed is None or not alpha < p_fail < p_pass:
        return finding
    seen, needed = float(norm.isf(p_fail)), float(norm.isf(alpha))
    if seen < stats.SLIGHT:
        return replace(finding, n_needed=None)
    most = ceil(finding.estimates[0].n * (needed / seen) ** 2)
    return replace(finding, n_needed=max(finding.n_needed, most))


def _compare(evidence: Evidence, first: str, second: str) -> list[Comparison]:
    """Compare two adapters on the same questions: what they answer, and what they prefer by likelihood."""
    facts = [probe for probe in evidence.suite("facts") if probe.expected is not None]
    ids, families = [probe.id for probe in facts], [probe.cluster for probe in facts]
    graded = {arm: outcomes(evidence, arm) for arm in (first, second)}
    measures = {
        "answers": {arm: [graded[arm][i].startswith("right") for i in ids] for arm in (first, second)}
    }
    if all((arm, i) in evidence.choices for arm in (first, second) for i in ids):
        measures["preferences"] = {
            arm: [prefers_right(evidence.choices[arm, i]) for i in ids] for arm in (first, second)
        }
    return [
        Comparison(
            first=first,
            second=second,
            measure=name,
            difference=stats.paired_difference(
                name,
                stats.paired_table(values[first], values[second]),
                design_effect=design_effect(
                    [int(b) - int(a) for a, b in zip(values[first], values[second], strict=True)], families
                ),
            ),
            won=tuple(i for i, a, b in zip(ids, values[first], values[second], strict=True) if b and not a),
            lost=tuple(i for i, a, b in zip(ids, values[first], values[second], strict=True) if a and not b),
        )
        for name, values in measures.items()
        if ids
    ]
