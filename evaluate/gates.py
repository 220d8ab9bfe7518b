"""The two shapes every gate has: a paired difference against a margin, and a rate against a limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loracheck import stats
from loracheck.records import Estimate, Finding

NO_HEADROOM = "no_headroom"
OPEN = "not_enough_evidence"
TOO_FEW = "too_few_items"


def paired_gate(
    check: str,
    adapter: str,
    *,
    base: Sequence[bool],
    tuned: Sequence[bool],
    probe_ids: Sequence[str],
    margin: float,
    alpha: float,
    chance: float | None = None,
) -> Finding:
    """Hold the paired difference of successes against a margin (non-inferiority, Tango 1998).

    Args:
        check: Name of the check.
        adapter: Name of the adapter.
        base: Success of the base per probe.
        tuned: Success of the adapter on the same probes.
        probe_ids: The probes; those that base passed and the adapter failed become the evidence.
        margin: How much worse is still accepted, in share of probes.
        alpha: One-sided error rate.
        chance: Success of a guesser. A base that is not clearly better than chance by twice the margin cannot
            get worse, so nothing could pass for good reasons; None where the measure has no floor.
    """
    table = stats.paired_table(base, tuned)
    p_pass, p_fail = stats.noninferiority(table, margin)
    n = table.n
    lost = [i for i, (a, b) in enumerate(zip(base, tuned, strict=True)) if a and not b]
    both_wrong = [i for i, (a, b) in enumerate(zip(base, tuned, strict=True)) if not a and not b]
    floor = chance is not None and stats.lower_bound(sum(base), n, alpha) <= chance + 2 * margin
    return Finding(
        check=check,
        adapter=adapter,
        required=True,
        status="inconclusive",
        reason=NO_HEADROOM if floor else OPEN,
        estimates=(
            stats.paired_difference("difference", table),
            stats.share("base", sum(base), n),
            stats.share(adapter, sum(tuned), n),
        ),
        threshold=-margin,
        p_pass=p_pass,
        p_fail=p_fail,
        n_needed=None if floor else stats.items_to_settle_difference(table, margin, alpha),
        evidence=tuple(probe_ids[i] for i in (*lost, *both_wrong)),
        values={"lost": table.lost, "won": table.won},
    )


def rate_gate(
    check: str,
    adapter: str,
    *,
    base: Sequence[bool],
    tuned: Sequence[bool],
    probe_ids: Sequence[str],
    limit: float,
    alpha: float,
) -> Finding:
    """Hold the adapter's rate of something bad against a limit, exactly; the base's rate stands beside it."""
    hits, n = sum(tuned), len(tuned)
    p_pass, p_fail = stats.rate_below(hits, n, limit)
    return Finding(
        check=check,
        adapter=adapter,
        required=True,
        status="inconclusive",
        reason=OPEN,
        estimates=(
            stats.share("rate", hits, n),
            stats.share("base", sum(base), len(base)),
            stats.share(adapter, hits, n),
        ),
        threshold=limit,
        p_pass=p_pass,
        p_fail=p_fail,
        n_needed=stats.items_to_settle_rate(hits, n, limit, alpha),
        evidence=tuple(probe for probe, bad in zip(probe_ids, tuned, strict=True) if bad),
    )


def information(check: str, adapter: str, reason: str, finding: Finding | None = None) -> Finding:
    """Make a finding that cannot decide, keeping the numbers of one that could."""
    if finding is None:
        return Finding(check=check, adapter=adapter, required=False, status="info", reason=reason)
    return replace(
        finding, required=False, status="info", reason=reason, p_pass=None, p_fail=None, n_needed=None
    )


def unmeasured(check: str, adapter: str, reason: str) -> Finding:
    """Make the finding of a required check that could not be measured; it is never a pass."""
    return Finding(check=check, adapter=adapter, required=True, status="inconclusive", reason=reason)


def both(first: Finding, second: Finding, alpha: float) -> Finding:
    """Join two tests of one check: it passes when both do, fails when either does at half the error rate.

    The test that decides comes first; the other one's numbers follow.
    """
    p_pass = max(_one(first.p_pass), _one(second.p_pass))
    p_fail = min(1.0, 2 * min(_one(first.p_fail), _one(second.p_fail)))
    headroom = NO_HEADROOM in (first.reason, second.reason)
    if p_fail < alpha or (not headroom and p_pass >= alpha):
        lead, other = sorted((first, second), key=lambda finding: _one(finding.p_fail))
    else:
        lead, other = sorted(
            (first, second), key=lambda finding: (finding.reason != NO_HEADROOM, -_one(finding.p_pass))
        )
    return replace(
        lead,
        p_pass=p_pass,
        p_fail=p_fail,
        reason=NO_HEADROOM if headroom else OPEN,
        estimates=(*lead.estimates, *(_renamed(e, other.estimates[0].name) for e in other.estimates)),
        evidence=tuple(dict.fromkeys((*lead.evidence, *other.evidence))),
        n_needed=max((f.n_needed for f in (first, second) if f.n_needed is not None), default=None),
        values=other.values | lead.values,
    )


def _renamed(estimate: Estimate, test: str) -> Estimate:
    return replace(estimate, name=estimate.name if estimate.name == test else f"{test}: {estimate.name}")


def _one(p: float | None) -> float:
    return 1.0 if p is None else p
