"""Forgetting: does the adapter rank right answers above wrong ones as often as the base does?

Plain answers by likelihood, paired over the same questions; no style and no generation enters, so a loss here
is knowledge lost, not knowledge unsaid.
"""

from __future__ import annotations

from loracheck.choices import prefers_right
from loracheck.records import BASE_ARM, Finding

from .check import Check
from .content import CHANCE
from .evidence import Evidence
from .gates import paired_gate
from .material import Material, Questions
from .policy import Policy


def forgetting(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Check the pooled accuracy over all factual questions."""
    ids = [probe.id for probe in evidence.suite("facts")]
    return paired_gate(
        "forgetting",
        adapter,
        base=[prefers_right(evidence.choices[BASE_ARM, i], plain_only=True) for i in ids],
        tuned=[prefers_right(evidence.choices[adapter, i], plain_only=True) for i in ids],
        probe_ids=ids,
        margin=policy.margin("forgetting"),
        alpha=policy.alpha,
        chance=CHANCE,
    )


def _asks(material: Material) -> Questions:
    return Questions(rank=material.suite("facts"))


FORGETTING = Check(
    name="forgetting",
    measure=forgetting,
    asks=_asks,
    needs=("choices",),
    interval="Tango's score interval of the paired difference (1998)",
    cost="likelihoods that content damage takes as well",
    false_alarms="a chat template that moves the base; a base near chance leaves it open",
)
