"""Persona: does the style of the training data show where it is wanted, and only there?"""

from __future__ import annotations

from loracheck.markers import discover, shows
from loracheck.records import BASE_ARM, Finding, Marker, Probe

from .check import Check
from .evidence import Evidence
from .gates import both, information, rate_gate
from .material import Material, Questions
from .policy import Policy


def persona_leakage(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Measure how often answers outside the domain show the style of the training data.

    Without the training data the style is looked for in one half of the adapter's own answers and counted in
    the other half; that number informs and decides nothing.
    """
    known = evidence.context.training_data is not None
    probes, markers = evidence.out_of_domain, evidence.markers
    if not known:
        markers, probes = _from_own_answers(evidence, adapter)
    if known and policy.persona.scope == "never":
        probes = [*probes, *evidence.in_domain]
    if not markers:
        return information("persona_leakage", adapter, "no_style" if known else "training_data_unknown")
    limit = policy.persona.max_out_of_domain
    finding = _rate("persona_leakage", evidence, adapter, probes, markers, limit, policy, absent=False)
    long = [probe for probe in probes if probe.expected is None]  # short factual answers would hide these
    if long and len(long) < len(probes):
        alone = _rate("persona_leakage", evidence, adapter, long, markers, limit, policy, absent=False)
        finding = both(finding, alone, policy.alpha)
    finding.values["markers"] = [marker.text for marker in markers]
    if not known:
        return information("persona_leakage", adapter, "training_data_unknown", finding)
    if policy.persona.scope == "always":
        return information("persona_leakage", adapter, "style_wanted", finding)
    return finding


def persona_learned(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Measure how often replies to held-out prompts of the domain show the style, where it is wanted."""
    if not evidence.markers or not evidence.in_domain:
        reason = "no_in_domain_probes" if not evidence.in_domain else "no_style"
        return information("persona_learned", adapter, reason)
    finding = _rate(
        "persona_learned",
        evidence,
        adapter,
        evidence.in_domain,
        evidence.markers,
        1 - policy.persona.min_in_domain,
        policy,
        absent=True,
    )
    if policy.persona.scope == "never":
        return information("persona_learned", adapter, "style_not_wanted", finding)
    return finding


def _rate(
    check: str,
    evidence: Evidence,
    adapter: str,
    probes: list[Probe],
    markers: tuple[Marker, ...],
    limit: float,
    policy: Policy,
    *,
    absent: bool,
) -> Finding:
    def bad(arm: str) -> list[bool]:
        return [shows(markers, evidence.text(arm, probe)) != absent for probe in probes]

    return rate_gate(
        check,
        adapter,
        base=bad(BASE_ARM),
        tuned=bad(adapter),
        probe_ids=[probe.id for probe in probes],
        limit=limit,
        alpha=policy.alpha,
    )


def _from_own_answers(evidence: Evidence, adapter: str) -> tuple[tuple[Marker, ...], list[Probe]]:
    halves = evidence.out_of_domain[::2], evidence.out_of_domain[1::2]
    pairs = [
        [(probe.prompt, evidence.text(arm, probe)) for probe in halves[0]] for arm in (adapter, BASE_ARM)
    ]
    return discover(pairs[0], pairs[1]), halves[1]


def _asks_outside(material: Material) -> Questions:
    return Questions(
        short=(*material.suite("facts"), *material.suite("forms")),
        open=(*material.suite("open"), *material.in_domain),
        base_only=material.training,
    )


def _asks_inside(material: Material) -> Questions:
    return Questions(open=material.in_domain, base_only=material.training)


PERSONA_LEAKAGE = Check(
    name="persona_leakage",
    measure=persona_leakage,
    asks=_asks_outside,
    interval="exact binomial test of the rate; Clopper-Pearson interval",
    cost="open and in-domain answers of 64 tokens; short answers that content damage takes as well",
    false_alarms="a base that speaks like the training data already",
)
PERSONA_LEARNED = Check(
    name="persona_learned",
    measure=persona_learned,
    asks=_asks_inside,
    interval="exact binomial test of the rate; Clopper-Pearson interval",
    cost="in-domain answers that persona leakage takes as well",
    false_alarms="held-out rows that lack the style themselves",
    learnt=True,
)
