"""The shapes that gates have: a paired difference of shares or of means against a margin, a rate against a limit.

Several tests of one check are joined by `joined`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from scipy.stats import norm

from loracheck import stats
from loracheck.records import Estimate, Finding
from loracheck.stats.clusters import design_effect
from loracheck.stats.means import Unit, mean_of

NO_HEADROOM = "no_headroom"
OPEN = "not_enough_evidence"
TOO_FEW = "too_few_items"
NOT_LEARNT = "not_learnt"


def paired_gate(
    check: str,
    adapter: str,
    *,
    base: Sequence[bool],
    tuned: Sequence[bool],
    probe_ids: Sequence[str],
    margin: float,
    alpha: float,
    name: str = "difference",
    chance: float | None = None,
    clusters: Sequence[str] | None = None,
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
        name: Name of the deciding estimate, adapter minus base.
        chance: Success of a guesser. A base that is not clearly better than chance by twice the margin cannot
            get worse, so nothing could pass for good reasons; None where the measure has no floor.
        clusters: The family of each probe, whose members are not independent; None where all stand alone.
    """
    table = stats.paired_table(base, tuned)
    n = table.n
    spread = _spread([int(b) - int(a) for a, b in zip(base, tuned, strict=True)], clusters)
    of_base, of_tuned = _spread(base, clusters), _spread(tuned, clusters)
    p_pass, p_fail = stats.noninferiority(table, margin, spread)
    lost = [i for i, (a, b) in enumerate(zip(base, tuned, strict=True)) if a and not b]
    both_wrong = [i for i, (a, b) in enumerate(zip(base, tuned, strict=True)) if not a and not b]
    headroom = None if chance is None else stats.lower_bound(sum(base), n, alpha, of_base) - chance
    floor = headroom is not None and headroom <= 2 * margin
    return Finding(
        check=check,
        adapter=adapter,
        required=True,
        status="inconclusive",
        reason=NO_HEADROOM if floor else OPEN,
        estimates=(
            stats.paired_difference(name, table, design_effect=spread),
            stats.share("base", sum(base), n, design_effect=of_base),
            stats.share(adapter, sum(tuned), n, design_effect=of_tuned),
        ),
        threshold=-margin,
        p_pass=p_pass,
        p_fail=p_fail,
        n_needed=None if floor else stats.items_to_settle_difference(table, margin, alpha, spread),
        evidence=tuple(probe_ids[i] for i in (*lost, *both_wrong)),
        values={"lost": table.lost, "won": table.won} | ({} if headroom is None else {"headroom": headroom}),
    )


def _spread(outcomes: Sequence[float], clusters: Sequence[str] | None) -> float:
    return 1.0 if clusters is None else design_effect(outcomes, clusters)


def mean_gate(
    check: str,
    adapter: str,
    *,
    name: str,
    base: Sequence[float],
    tuned: Sequence[float],
    probe_ids: Sequence[str],
    margin: float,
    alpha: float,
    unit: Unit = "nats",
    clusters: Sequence[str] | None = None,
) -> Finding:
    """Hold the paired mean increase of something bad, a loss for instance, against a margin by a t test.

    Args:
        check: Name of the check.
        adapter: Name of the adapter.
        name: Name of the deciding estimate, tuned minus base.
        base: The measure of the base per probe; the higher the worse.
        tuned: That of the adapter on the same probes.
        probe_ids: The probes; those that got worse become the evidence.
        margin: How much higher is still accepted, in the unit of the measure.
        alpha: One-sided error rate.
        unit: Unit of the difference.
        clusters: The family of each probe, whose members are not independent; None where all stand alone.
    """
    increases = [b - a for a, b in zip(base, tuned, strict=True)]
    mean = mean_of(increases, clusters)
    worst = sorted(range(len(increases)), key=lambda i: -increases[i])
    return Finding(
        check=check,
        adapter=adapter,
        required=True,
        status="inconclusive",
        reason=OPEN,
        estimates=(
            mean.estimate(name, unit),
            mean_of(base, clusters).estimate("base", unit),
            mean_of(tuned, clusters).estimate(adapter, unit),
        ),
        threshold=margin,
        p_pass=mean.below(margin),
        p_fail=mean.above(margin),
        n_needed=mean.items_to_settle(margin, alpha),
        evidence=tuple(probe_ids[i] for i in worst if increases[i] > 0),
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
    name: str = "rate",
    clusters: Sequence[str] | None = None,
) -> Finding:
    """Hold the adapter's rate of something bad against a limit, exactly; the base's rate stands beside it."""
    hits, n = sum(tuned), len(tuned)
    spread = _spread(tuned, clusters)
    p_pass, p_fail = stats.rate_below(hits, n, limit, spread)
    return Finding(
        check=check,
        adapter=adapter,
        required=True,
        status="inconclusive",
        reason=OPEN,
        estimates=(
            stats.share(name, hits, n, design_effect=spread),
            stats.share("base", sum(base), len(base), design_effect=_spread(base, clusters)),
            stats.share(adapter, hits, n, design_effect=spread),
        ),
        threshold=limit,
        p_pass=p_pass,
        p_fail=p_fail,
        n_needed=stats.items_to_settle_rate(hits, n, limit, alpha, spread),
        evidence=tuple(probe for probe, bad in zip(probe_ids, tuned, strict=True) if bad),
    )


def excess_gate(
    check: str,
    adapter: str,
    *,
    base: Sequence[bool],
    tuned: Sequence[bool],
    probe_ids: Sequence[str],
    limit: float,
    alpha: float,
    clusters: Sequence[str] | None = None,
) -> Finding:
    """Hold the adapter's rate of something bad against a limit; where the base shows it too, the excess over it."""
    if not any(base):
        return rate_gate(
            check,
            adapter,
            base=base,
            tuned=tuned,
            probe_ids=probe_ids,
            limit=limit,
            alpha=alpha,
            clusters=clusters,
        )
    return paired_gate(
        check,
        adapter,
        base=[not shown for shown in base],
        tuned=[not shown for shown in tuned],
        probe_ids=probe_ids,
        margin=limit,
        alpha=alpha,
        clusters=clusters,
    )


def harmless(finding: Finding, alpha: float, reason: str = NOT_LEARNT) -> Finding:
    """Let a test pass or stay open and never fail: what it misses is no harm that the adapter has done."""
    missed = finding.p_fail is not None and finding.p_fail < alpha
    told = replace(finding, reason=reason, n_needed=None) if missed else finding
    return replace(told, p_fail=1.0)


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


def joined(tests: Sequence[Finding], alpha: float, *, watch: Sequence[Finding] = ()) -> Finding:
    """Join tests of one check: it passes when all do, fails when any does at its part of the error rate.

    The test that decides comes first; the others' numbers follow.

    Args:
        tests: What must all pass.
        alpha: One-sided error rate of the joined check.
        watch: Tests on too few items to ask a pass of: they may fail the check, and withhold no pass.
    """
    every = (*tests, *watch)
    p_pass = max(shown(test.p_pass) for test in tests)
    p_fail = min(1.0, len(every) * min(shown(test.p_fail) for test in every))
    headroom = any(test.reason == NO_HEADROOM for test in tests)
    if p_fail < alpha:
        ranked = sorted(every, key=lambda test: shown(test.p_fail))
    elif not headroom and any(_fails(test) for test in tests):
        ranked = [*sorted(tests, key=lambda test: shown(test.p_fail)), *watch]
    else:
        ranked = [
            *sorted(tests, key=lambda test: (test.reason != NO_HEADROOM, -shown(test.p_pass))),
            *watch,
        ]
    lead, *others = ranked
    values: dict[str, object] = {}
    for test in reversed(ranked):
        values |= test.values
    values.pop("headroom", None)
    values["fewest"] = min(test.values.get("fewest", test.estimates[0].n) for test in tests)
    if spare := [test.values["headroom"] for test in tests if "headroom" in test.values]:
        values["headroom"] = min(spare)
    return replace(
        lead,
        p_pass=p_pass,
        p_fail=p_fail,
        reason=NO_HEADROOM if headroom else NOT_LEARNT if lead.reason == NOT_LEARNT else OPEN,
        estimates=(
            *lead.estimates,
            *(_renamed(e, test.estimates[0].name) for test in others for e in test.estimates),
        ),
        evidence=tuple(dict.fromkeys(probe for test in ranked for probe in test.evidence)),
        n_needed=_items_to_settle(lead, tests, watch, alpha),
        values=values,
    )


def _items_to_settle(
    lead: Finding, tests: Sequence[Finding], watch: Sequence[Finding], alpha: float
) -> int | None:
    """Return how many items of the lead's kind settle the joined check if all rates stay as they are.

    A test on its way to fail settles it alone, at its part of the error rate. Else every one has to pass, and one
    that cannot leaves it open for ever. Tests may count different items, so all are asked for the same growth.
    """
    every = (*tests, *watch)
    needed = float(norm.isf(alpha / len(every)))
    growths = [
        max(1.0, (needed / float(norm.isf(shown(test.p_fail)))) ** 2)
        for test in every
        if _fails(test) and test.n_needed is not None
    ]
    if not any(_fails(test) or test.n_needed is None for test in tests):
        growths.append(
            max(test.n_needed / test.estimates[0].n for test in tests if test.n_needed is not None)
        )
    return math.ceil(min(growths) * lead.estimates[0].n - 1e-9) if growths else None


def _fails(test: Finding) -> bool:
    """Tell whether a test is on its way to fail rather than to pass."""
    return shown(test.p_fail) < shown(test.p_pass)


def _renamed(estimate: Estimate, test: str) -> Estimate:
    told = estimate.name == test or ": " in estimate.name  # of what it is a share
    return estimate if told else replace(estimate, name=f"{test}: {estimate.name}")


def shown(p: float | None) -> float:
    """Return a p-value, 1 where there is none: what could not be computed shows nothing."""
    return p if p is not None and math.isfinite(p) else 1.0


def excused(test: Finding, alpha: float) -> bool:
    """Tell whether a base that knows too little to lose much excuses a test from having to pass.

    It excuses none from failing, and none of a loss that is shown all the same and not shown to be small.
    """
    lost, won = (int(test.values[name]) for name in ("lost", "won"))
    small = shown(test.p_pass) < alpha or not stats.loss_shown(lost, won, alpha)
    return test.reason == NO_HEADROOM and small
