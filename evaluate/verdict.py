"""The one function that turns raw answers into verdicts; terminal, JSON, HTML and exit code render its result.

Ship: every required check passes, each at alpha; the intersection-union rule keeps the chance of shipping an
adapter that is beyond some limit at most alpha, without any correction. Hold: some required check fails under
Holm's correction over all of them, or an adapter is broken. Else inconclusive: a check that could not be
measured is never a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations

from loracheck import stats
from loracheck.choices import prefers_right
from loracheck.records import (
    BASE_ARM,
    ArmRecord,
    Comparison,
    EvaluationResult,
    Finding,
    Verdict,
    VerdictStatus,
)

from . import sanity
from .collapse import collapse
from .content import content_damage, outcomes
from .evidence import Evidence
from .forgetting import forgetting
from .gates import NO_HEADROOM
from .leakage import persona_leakage, persona_learned
from .policy import Policy
from .surface import loops, missing_stop

CHECKS: dict[str, Callable[[Evidence, str, Policy], Finding]] = {
    "content_damage": content_damage,
    "forgetting": forgetting,
    "collapse": collapse,
    "persona_leakage": persona_leakage,
    "persona_learned": persona_learned,
    "loops": loops,
    "missing_stop": missing_stop,
}
EXIT_CODES: dict[VerdictStatus, int] = {"ship": 0, "hold": 1, "inconclusive": 3}


def judge(evidence: Evidence, policy: Policy) -> EvaluationResult:
    """Compute every finding, verdict and comparison from the raw answers and the policy."""
    arms = [entry.name for entry in evidence.adapters if entry.finite]
    return EvaluationResult(
        verdicts=tuple(_verdict(evidence, entry, policy) for entry in evidence.adapters),
        comparisons=tuple(c for pair in combinations(arms, 2) for c in _compare(evidence, *pair)),
        markers=evidence.markers,
        arms=(BASE_ARM, *arms),
        outcomes={arm: outcomes(evidence, arm) for arm in (BASE_ARM, *arms)},
    )


def exit_code(verdicts: Sequence[Verdict]) -> int:
    """Return the exit code of the worst verdict: 1 hold, 3 inconclusive, 0 ship."""
    statuses = {verdict.status for verdict in verdicts}
    worst: VerdictStatus = (
        "hold" if "hold" in statuses else "inconclusive" if statuses != {"ship"} else "ship"
    )
    return EXIT_CODES[worst]


def _verdict(evidence: Evidence, entry: ArmRecord, policy: Policy) -> Verdict:
    findings = [sanity.check(entry)]
    if entry.finite:
        modes = {name: getattr(policy, name, "required") for name in CHECKS}
        findings += [
            check(evidence, entry.name, policy) for name, check in CHECKS.items() if modes[name] != "off"
        ]
    findings = settle(findings, policy.alpha)
    required = [finding for finding in findings if finding.required]
    failed = sorted((f for f in required if f.status == "fail"), key=lambda f: (f.p_fail or 0.0, -_excess(f)))
    undecided = [finding for finding in required if finding.status == "inconclusive"]
    status: VerdictStatus = "hold" if failed else "inconclusive" if undecided else "ship"
    deciding = failed or undecided or required
    return Verdict(
        adapter=entry.name,
        status=status,
        policy=policy.name,
        policy_sha256=policy.sha256,
        alpha=policy.alpha,
        deciding=tuple(finding.check for finding in deciding),
        findings=tuple(findings),
    )


def settle(findings: Sequence[Finding], alpha: float) -> list[Finding]:
    """Set the status of every required test: fail by Holm over all of them, else pass at alpha, else open."""
    tested = [i for i, f in enumerate(findings) if f.required and f.p_fail is not None]
    rejected = stats.holm([findings[i].p_fail or 0.0 for i in tested], alpha)
    settled = list(findings)
    for i, fails in zip(tested, rejected, strict=True):
        finding = findings[i]
        if fails:
            settled[i] = replace(finding, status="fail", reason="beyond_limit", n_needed=None)
        elif finding.p_pass is not None and finding.p_pass < alpha and finding.reason != NO_HEADROOM:
            settled[i] = replace(finding, status="pass", reason="within_limit", n_needed=None)
    return [f if f.required else replace(f, status="info") for f in settled]


def _excess(finding: Finding) -> float:
    """Return how far the deciding number lies beyond its limit."""
    value = finding.estimates[0].value if finding.estimates else None
    return abs(value - finding.threshold) if value is not None and finding.threshold is not None else 1.0


def _compare(evidence: Evidence, first: str, second: str) -> list[Comparison]:
    """Compare two adapters on the same questions: what they answer, and what they prefer by likelihood."""
    ids = [probe.id for probe in evidence.suite("facts")]
    graded = {arm: outcomes(evidence, arm) for arm in (first, second)}
    measures = {
        "answers": {arm: [graded[arm][i].startswith("right") for i in ids] for arm in (first, second)},
        "preferences": {
            arm: [prefers_right(evidence.choices[arm, i]) for i in ids] for arm in (first, second)
        },
    }
    return [
        Comparison(
            first=first,
            second=second,
            measure=name,
            difference=stats.paired_difference(name, stats.paired_table(values[first], values[second])),
            won=tuple(i for i, a, b in zip(ids, values[first], values[second], strict=True) if b and not a),
            lost=tuple(i for i, a, b in zip(ids, values[first], values[second], strict=True) if a and not b),
        )
        for name, values in measures.items()
        if ids
    ]
