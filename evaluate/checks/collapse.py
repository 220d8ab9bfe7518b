"""Collapse: does the adapter give one answer to different questions?

Seen in its answers, where neither wording nor manner counts (`sameness`): how many are the one it gives most, how many
pairs of different questions get the same, and how many open answers are given to several questions, which never happens
to one that was written for its question. Seen in likelihoods: how much a held-out reply still owes to its own
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
from loracheck.probes import TRAINING
from loracheck.records import BASE_ARM, Estimate, Finding, Probe
from loracheck.stats import share
from loracheck.stats.clusters import cluster_sums
from loracheck.stats.means import Mean, mean_of, ratio_of_means
from loracheck.style.markers import shows
from loracheck.text import is_loop

from .check import Check
from .content import outcomes
from .gates import NO_HEADROOM, OPEN, joined, paired_gate, unmeasured

CHECK = "collapse"
LEAST_DEPENDENCE = 0.1
"""Nats a token by which the base must clearly find a reply likelier under its own question."""
_LEAST_REPLIES = 20
_STOCK, _LEAST_STOCK = 0.05, 3
"""An answer that 5% of the questions get, and three at least, is a stock answer: as much as the bundled policies accept
of anything. At 3% the five replies of a good persona that say no more than "Ahoy!" left it open."""
_MOSTLY = 0.5
_ONE_TAUGHT = 0.5
"""Share of the training replies from which on one answer is what they teach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What an arm answers to factual and open questions: which answers are the same, right, stock or in style.

    Attributes:
        same: Which factual answers are the same.
        right: Which of them are right.
        stock: Which open answers are stock answers; what is empty or runs in a loop is none, and counted elsewhere.
        styled: Which answers, factual ones first, show the style of the training data.
    """

    same: Pairs
    right: NDArray[np.bool_]
    stock: NDArray[np.bool_]
    styled: NDArray[np.bool_]

    @property
    def wrong_stock(self) -> NDArray[np.bool_]:
        """Return which factual answers are wrong stock answers, (questions,)."""
        return _stock(self.same) & ~self.right

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
    opens = evidence.answered(adapter, evidence.open_questions)
    found = {arm: _answers(evidence, arm, facts, opens) for arm in (BASE_ARM, adapter)}
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
    if opens:
        tests.append(_open_answers(adapter, found, opens, policy))
    finding = joined(tests, policy.alpha, watch=[pairs] if pairs else [])
    shares = tuple(_top_share(arm, found[arm]) for arm in found)
    further = read.estimates if read is not None and read.reason == NO_HEADROOM else ()
    shown = evidence.text(adapter, facts[int(found[adapter].same.sum(axis=1).argmax())])
    return replace(
        finding,
        estimates=(*finding.estimates, *shares, *further),
        values=finding.values | {"answer": shown} | _explains(evidence, adapter, found, repeated),
    )


def _answers(evidence: Evidence, arm: str, facts: Sequence[Probe], opens: Sequence[Probe]) -> Answers:
    probes, n = [*facts, *opens], len(facts)
    texts = [evidence.text(arm, probe) for probe in probes]
    graded = outcomes(evidence, arm)
    right = [graded.get(probe.id, "").startswith("right") for probe in facts] + [False] * len(opens)
    prompts, languages = [probe.prompt for probe in probes], [probe.language for probe in probes]
    same = near_same(texts, prompts, languages, right)
    told = np.array([any(c.isalnum() for c in text) and not is_loop(text) for text in texts[n:]], dtype=bool)
    return Answers(
        same=same[:n, :n],
        right=np.array(right[:n], dtype=bool),
        stock=_stock(same[n:, n:] & told) & told,
        styled=np.array([shows(evidence.markers, text) for text in texts], dtype=bool),
    )


def _stock(same: Pairs) -> NDArray[np.bool_]:
    """Return which answers many questions get."""
    stock: NDArray[np.bool_] = same.sum(axis=1) >= max(_LEAST_STOCK, math.ceil(_STOCK * len(same)))
    return stock


def _open_answers(adapter: str, found: dict[str, Answers], opens: Sequence[Probe], policy: Policy) -> Finding:
    """Hold the share of open answers that are given to several questions against the margin."""
    return paired_gate(
        CHECK,
        adapter,
        base=(~found[BASE_ARM].stock).tolist(),
        tuned=(~found[adapter].stock).tolist(),
        probe_ids=[probe.id for probe in opens],
        margin=policy.margin(CHECK),
        alpha=policy.alpha,
        name="open_stock",
        clusters=[probe.cluster for probe in opens],
    )


def _explains(
    evidence: Evidence, adapter: str, found: dict[str, Answers], repeated: Finding
) -> dict[str, object]:
    """Tell what share of the answers is stock, and whether it is the persona's style that stands in their place.

    Then damage to content or leakage explains more, unless one answer is nearly all that is given, or is what the
    training data taught.
    """
    taught = [probe.reference or "" for probe in evidence.suite(TRAINING)]
    none = [""] * len(taught)
    same = near_same(taught, none, none, [False] * len(taught)) if taught else np.zeros((1, 1))
    one_taught = int(same.sum(axis=1).max()) > _ONE_TAUGHT * len(taught) > 0
    mine, base = (np.concatenate([found[arm].wrong_stock, found[arm].stock]) for arm in (adapter, BASE_ARM))
    styled = found[adapter].styled[mine]
    of_persona = bool(len(styled)) and float(styled.mean()) > _MOSTLY and not one_taught
    top = repeated.estimates[0].value or 0.0
    return {
        "of_persona": of_persona,
        "explains": -top if of_persona else float(mine.mean()) - float(base.mean()),
    }


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
    return Questions(
        short=material.suite("facts"), open=material.suite("open"), texts=texts(material.in_domain)
    )


COLLAPSE = Check(
    name=CHECK,
    measure=collapse,
    asks=_asks,
    tests=("paired",),
    # Not the open questions: stock answers are rare, and base and adapter seldom differ in them.
    groups=lambda asked: {"": asked.short},
    more=True,
)
