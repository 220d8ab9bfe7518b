"""Collapse: does the adapter give one answer to different questions?

Seen in its answers, where neither wording nor manner counts (`sameness`): how many are the one it gives most, and how
many pairs of different questions get the same. Seen in likelihoods: how much a held-out reply still owes to its own
question (`swaps`), against the base. A base that itself answers without regard to the question has nothing to lose,
and a ratio to nearly nothing says nothing: then the likelihoods stay out of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Policy
from loracheck.evaluate.questions.material import Material, Questions
from loracheck.evaluate.readings.sameness import Pairs, apart, near_same
from loracheck.evaluate.readings.swaps import dependence, swaps, texts
from loracheck.records import BASE_ARM, Estimate, Finding, Probe
from loracheck.stats import share
from loracheck.stats.clusters import cluster_sums
from loracheck.stats.means import Mean, mean_of, ratio_of_means

from .check import Check
from .content import outcomes
from .gates import NO_HEADROOM, OPEN, joined, paired_gate, unmeasured

CHECK = "collapse"
LEAST_DEPENDENCE = 0.1
"""Nats a token by which the base must clearly find a reply likelier under its own question."""
_LEAST_REPLIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What an arm answers to the factual questions: which answers are the same, and which of them are right."""

    same: Pairs
    right: NDArray[np.bool_]

    @property
    def top(self) -> NDArray[np.bool_]:
        """Return which answers are the one given most, (questions,)."""
        found: NDArray[np.bool_] = self.same[int(self.same.sum(axis=1).argmax())]
        return found


def collapse(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Check that wrong answers are not one and the same answer more often than the base's are.

    Each arm is held against its own most common answer; where that answer is right it counts for nothing.
    """
    facts = evidence.answered(adapter, evidence.suite("facts"))
    if not facts:
        return unmeasured(CHECK, adapter, "needs_probes")
    found = {arm: _answers(evidence, arm, facts) for arm in (BASE_ARM, adapter)}
    clusters = [probe.cluster for probe in facts]
    repeated = paired_gate(
        CHECK,
        adapter,
        base=(~found[BASE_ARM].top | found[BASE_ARM].right).tolist(),
        tuned=(~found[adapter].top | found[adapter].right).tolist(),
        probe_ids=[probe.id for probe in facts],
        margin=policy.margin(CHECK),
        alpha=policy.alpha,
        clusters=clusters,
    )
    pairs = _pairs(adapter, found, facts, policy)
    read = _dependence(evidence, adapter, policy)
    tests = [repeated] if read is None or read.reason == NO_HEADROOM else [repeated, read]
    finding = joined(tests, policy.alpha, watch=[pairs] if pairs else [])
    shares = tuple(_top_share(arm, found[arm]) for arm in found)
    further = read.estimates if read is not None and read.reason == NO_HEADROOM else ()
    shown = evidence.text(adapter, facts[int(found[adapter].same.sum(axis=1).argmax())])
    return replace(
        finding,
        estimates=(*finding.estimates, *shares, *further),
        values=finding.values | {"answer": shown},
    )


def _answers(evidence: Evidence, arm: str, probes: Sequence[Probe]) -> Answers:
    texts = [evidence.text(arm, probe) for probe in probes]
    graded = outcomes(evidence, arm)
    right = [graded.get(probe.id, "").startswith("right") for probe in probes]
    prompts, languages = [probe.prompt for probe in probes], [probe.language for probe in probes]
    return Answers(same=near_same(texts, prompts, languages, right), right=np.array(right, dtype=bool))


def _top_share(arm: str, answers: Answers) -> Estimate:
    top = answers.top
    return replace(share("top_answer", int(top.sum()), len(top)), name=f"top_answer: {arm}")


def _pairs(
    adapter: str, found: dict[str, Answers], probes: Sequence[Probe], policy: Policy
) -> Finding | None:
    """Compare the share of pairs of different questions that get the same answer, not both right."""
    asked = apart([probe.prompt for probe in probes])
    np.fill_diagonal(asked, False)
    total = int(asked.sum()) / 2
    if total < len(probes):
        return None
    per_item = {
        arm: (one.same & asked & ~(one.right[:, None] & one.right[None, :])).sum(axis=1)
        for arm, one in found.items()
    }
    shares = {arm: float(counts.sum()) / 2 / total for arm, counts in per_item.items()}
    difference = shares[adapter] - shares[BASE_ARM]
    # Infinitesimal jackknife of a share of pairs: what each question adds to it.
    added = (per_item[adapter] - per_item[BASE_ARM] - difference * asked.sum(axis=1)) / total
    sums = cluster_sums(added.tolist(), [probe.cluster for probe in probes])
    error = math.sqrt(len(sums) / max(1, len(sums) - 1) * float((sums**2).sum()))
    mean = Mean(value=difference, error=error, freedom=max(1, len(sums) - 1), n=len(probes))
    margin = policy.margin(CHECK)
    worst = np.argsort(-per_item[adapter], kind="stable")
    return Finding(
        check=CHECK,
        adapter=adapter,
        required=True,
        status="inconclusive",
        reason=OPEN,
        estimates=(mean.estimate("same_pairs", "difference"),),
        threshold=margin,
        p_pass=mean.below(margin),
        p_fail=mean.above(margin),
        n_needed=mean.items_to_settle(margin, policy.alpha),
        evidence=tuple(probes[int(i)].id for i in worst if per_item[adapter][i]),
    )


def _dependence(evidence: Evidence, adapter: str, policy: Policy) -> Finding | None:
    """Hold what is left of the replies' dependence on their questions against the policy's least ratio."""
    scored = swaps(evidence, (BASE_ARM, adapter))
    base, tuned = ([dependence(swap) for swap in scored[arm]] for arm in (BASE_ARM, adapter))
    least = policy.min_ratio(CHECK)
    if len(base) < _LEAST_REPLIES:
        return None
    before, after = mean_of(base), mean_of(tuned)
    ratio, p_pass, p_fail = ratio_of_means("dependence", tuned, base, least)
    headroom = before.above(LEAST_DEPENDENCE) < policy.alpha
    moved = sorted(zip(scored[adapter], base, tuned, strict=True), key=lambda one: one[2] - one[1])
    contrast = mean_of([b - least * a for a, b in zip(base, tuned, strict=True)])
    levels = (
        before.estimate(f"dependence in nats: {BASE_ARM}"),
        after.estimate(f"dependence in nats: {adapter}"),
    )
    return Finding(
        check=CHECK,
        adapter=adapter,
        required=True,
        status="inconclusive",
        reason=OPEN if headroom else NO_HEADROOM,
        estimates=(ratio, *levels) if headroom else levels,
        threshold=least,
        p_pass=p_pass,
        p_fail=p_fail,
        n_needed=contrast.items_to_settle(0.0, policy.alpha),
        evidence=tuple(swap.probe.id for swap, a, b in moved if b < a),
    )


def _asks(material: Material) -> Questions:
    return Questions(short=material.suite("facts"), texts=texts(material.in_domain))


COLLAPSE = Check(
    name=CHECK,
    measure=collapse,
    asks=_asks,
    tests=("paired",),
    more=True,
)
