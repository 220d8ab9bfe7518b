"""Content: does the adapter still say, and still prefer, the right answer, in persona or plainly?

Two tests make one check. By generation: how often is the persona's own name the answer to a factual question?
By likelihood: is the right answer, in either style, still preferred to wrong ones and to the reply that floods
the training data? A model may rank the right answer first and not say it (suppressed), or not know it any more
(lost); only both tests together tell.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from loracheck.choices import prefers_right
from loracheck.grading import outcome
from loracheck.records import BASE_ARM, Finding
from loracheck.stats import share

from .check import Check
from .evidence import Evidence
from .gates import NO_HEADROOM, both, paired_gate, rate_gate
from .material import Material, Questions
from .policy import Policy

CHANCE = 0.25
"""One right answer among four choices."""


def outcomes(evidence: Evidence, arm: str) -> dict[str, str]:
    """Classify every graded answer of an arm, by probe id."""
    return {
        probe.id: outcome(probe, evidence.text(arm, probe), evidence.markers)
        for probe in evidence.out_of_domain
        if probe.expected is not None
    }


def content_damage(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Check that the right answer is still said and preferred."""
    facts = evidence.suite("facts")
    ids = [probe.id for probe in facts]
    found = {arm: outcomes(evidence, arm) for arm in (BASE_ARM, adapter)}
    prefers = paired_gate(
        "content_damage",
        adapter,
        base=[prefers_right(evidence.choices[BASE_ARM, i]) for i in ids],
        tuned=[prefers_right(evidence.choices[adapter, i]) for i in ids],
        probe_ids=ids,
        margin=policy.margin("content_damage"),
        alpha=policy.alpha,
        chance=CHANCE,
    )
    finding = prefers
    if any(marker.kind == "term" for marker in evidence.markers):
        names = rate_gate(
            "content_damage",
            adapter,
            base=[found[BASE_ARM][i] == "persona_name" for i in ids],
            tuned=[found[adapter][i] == "persona_name" for i in ids],
            probe_ids=ids,
            limit=policy.max_rate("content_damage"),
            alpha=policy.alpha,
        )
        names = replace(
            names, estimates=(replace(names.estimates[0], name="name_rate"), *names.estimates[1:])
        )
        finding = both(prefers, names, policy.alpha)
    said_gate = paired_gate(
        "content_damage",
        adapter,
        base=[found[BASE_ARM][i].startswith("right") for i in ids],
        tuned=[found[adapter][i].startswith("right") for i in ids],
        probe_ids=ids,
        margin=policy.margin("content_damage"),
        alpha=policy.alpha,
        chance=0.0,
    )
    if said_gate.reason != NO_HEADROOM:  # else the base itself says too few right answers to lose any
        first = replace(said_gate.estimates[0], name="said")
        finding = both(finding, replace(said_gate, estimates=(first, *said_gate.estimates[1:])), policy.alpha)
    answered = {arm: Counter(found[arm][i] for i in ids) for arm in found}
    right = {arm: answered[arm]["right_plain"] + answered[arm]["right_persona"] for arm in found}
    said = tuple(replace(share("answered", right[arm], len(ids)), name=f"answered: {arm}") for arm in right)
    values = {"outcomes": {arm: dict(counts) for arm, counts in answered.items()}}
    return replace(finding, estimates=(*finding.estimates, *said), values=finding.values | values)


def _asks(material: Material) -> Questions:
    facts = material.suite("facts")
    return Questions(short=(*facts, *material.suite("forms")), rank=facts, base_only=material.training)


CONTENT_DAMAGE = Check(
    name="content_damage",
    measure=content_damage,
    asks=_asks,
    needs=("choices",),
    interval="Tango's score interval of the paired difference (1998); Clopper-Pearson for the rate of the name",
    cost="all factual questions: a short answer and the likelihood of four to nine choices each",
    false_alarms="a right answer that is awkward to say in the style",
)
