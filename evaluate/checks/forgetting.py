"""Forgetting: does the adapter rank right answers, and read neutral text, as well as the base does?

Plain answers by likelihood, paired over the same questions; no style and no generation enters, so a loss here is
knowledge lost, not knowledge unsaid. Paragraphs of neutral text are the more sensitive measure: their likelihood per
byte, as tokenisers cut languages differently.
"""

from __future__ import annotations

from dataclasses import replace

from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Policy
from loracheck.evaluate.questions.material import Material, Questions
from loracheck.probes.choices import guessing, prefers_right
from loracheck.records import BASE_ARM, Finding, ScoredText, TokenScores

from .check import Check
from .gates import joined, mean_gate, paired_gate, unmeasured

CHECK = "forgetting"
NEUTRAL = "neutral"
_KIND = "reference"
_LEAST_PARAGRAPHS = 30


def forgetting(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Check the pooled accuracy over all factual questions, and the loss on neutral text where it was scored."""
    probes = evidence.ranked(adapter, [p for p in evidence.suite("facts") if p.expected is not None])
    if not probes:
        return unmeasured(CHECK, adapter, "needs_probes")
    ranks = paired_gate(
        CHECK,
        adapter,
        base=[prefers_right(evidence.choices[BASE_ARM, p.id], plain_only=True) for p in probes],
        tuned=[prefers_right(evidence.choices[adapter, p.id], plain_only=True) for p in probes],
        probe_ids=[probe.id for probe in probes],
        margin=policy.margin(CHECK),
        alpha=policy.alpha,
        chance=guessing(probes),
        clusters=[probe.cluster for probe in probes],
    )
    reads = _neutral(evidence, adapter, policy)
    return ranks if reads is None else joined((ranks, reads), policy.alpha)


def loss_per_byte(scores: TokenScores) -> float | None:
    """Return the negative log-likelihood in nats per byte (UTF-8) of the scored text; None of an empty one."""
    length = len("".join(scores.tokens).encode("utf-8", "surrogatepass"))
    return -sum(scores.logprobs) / length if length else None


def _neutral(evidence: Evidence, adapter: str, policy: Policy) -> Finding | None:
    probes = evidence.suite(NEUTRAL)
    scored = [
        (probe, before, after)
        for probe in probes
        if (before := _loss(evidence, BASE_ARM, probe.id)) is not None
        and (after := _loss(evidence, adapter, probe.id)) is not None
    ]
    if len(scored) < _LEAST_PARAGRAPHS:
        return None
    finding = mean_gate(
        CHECK,
        adapter,
        name="neutral_text",
        base=[before for _, before, _ in scored],
        tuned=[after for _, _, after in scored],
        probe_ids=[probe.id for probe, _, _ in scored],
        margin=policy.margin_nats(CHECK),
        alpha=policy.alpha,
        clusters=[probe.cluster for probe, _, _ in scored],
    )
    return replace(finding, values=finding.values | {"paragraphs": len(scored)})


def _loss(evidence: Evidence, arm: str, probe_id: str) -> float | None:
    scores = evidence.tokens.get((arm, probe_id, _KIND))
    return None if scores is None else loss_per_byte(scores)


def _asks(material: Material) -> Questions:
    paragraphs = [probe for probe in material.suite(NEUTRAL) if probe.reference and not probe.messages]
    return Questions(
        rank=material.suite("facts"),
        texts=tuple(ScoredText(probe=p, text=p.reference or "", kind=_KIND) for p in paragraphs),
    )


FORGETTING = Check(
    name=CHECK,
    measure=forgetting,
    asks=_asks,
    needs=("choices",),
    tests=("paired",),
)
