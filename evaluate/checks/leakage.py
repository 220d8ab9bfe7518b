"""Persona: does the style of the training data show where it is wanted, and only there?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Policy
from loracheck.evaluate.questions.material import Material, Questions
from loracheck.evaluate.readings.style import Shown, Style, strength, style_gate, training_style
from loracheck.evaluate.readings.system_prompts import PREFIXES, under_system_prompts
from loracheck.records import BASE_ARM, Estimate, Finding, Probe
from loracheck.stats import share
from loracheck.style.markers import LEAST_REPLIES, discover, shows

from .check import Check
from .gates import harmless, information, joined, rate_gate, unmeasured


def persona_leakage(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Measure how often answers outside the domain show the style of the training data.

    Without the training data the style is looked for in one half of the adapter's own answers and counted in
    the other half; that number informs and decides nothing. How strong the style is there, and what it does under
    system prompts, is told beside the rate and decides nothing either.
    """
    outside = evidence.answered(adapter, evidence.out_of_domain)
    if not outside:
        return unmeasured("persona_leakage", adapter, "needs_probes")
    if evidence.context.training_data is None:
        return _of_own_answers(evidence, adapter, outside, policy)
    style = training_style(evidence)
    if not style.found and style.most_replies < LEAST_REPLIES and policy.persona.scope != "always":
        return unmeasured("persona_leakage", adapter, "too_few_rows")
    if not style.found:
        return replace(
            information("persona_leakage", adapter, "no_style"), values={"classifiers": _figures(style)}
        )
    probes = outside
    if policy.persona.scope == "never":
        probes = [*outside, *evidence.answered(adapter, evidence.in_domain)]
    finding = _leakage(evidence, adapter, probes, style.shown, policy)
    finding = replace(
        finding,
        estimates=(*finding.estimates, *_beside(evidence, adapter, outside, style)),
        values=finding.values | _values(style),
    )
    if policy.persona.scope == "always":
        return information("persona_leakage", adapter, "style_wanted", finding)
    return finding


def _leakage(
    evidence: Evidence, adapter: str, probes: Sequence[Probe], shown: Shown, policy: Policy
) -> Finding:
    """Test all answers, and the long ones by themselves: short factual answers would hide these."""
    finding = style_gate("persona_leakage", evidence, adapter, probes, shown, policy)
    long = [probe for probe in probes if probe.expected is None]
    if not long or len(long) == len(probes):
        return finding
    of_long = style_gate("persona_leakage", evidence, adapter, long, shown, policy)
    return joined((finding, of_long), policy.alpha)


def _beside(evidence: Evidence, adapter: str, outside: Sequence[Probe], style: Style) -> list[Estimate]:
    """Return how strong the style is outside the domain, and how often it shows there under system prompts."""
    long = [probe for probe in outside if probe.expected is None] or outside

    def styled(arm: str, probes: Sequence[Probe]) -> list[bool]:
        return [style.shown(evidence.text(arm, probe)) for probe in probes]

    found = [strength(style, styled(BASE_ARM, long), styled(adapter, long))]
    for kind, prefix in PREFIXES.items():
        probes = evidence.answered(adapter, evidence.suite(prefix))
        for arm in (BASE_ARM, adapter) if probes else ():
            hits = styled(arm, probes)
            found.append(share(f"{kind}_prompt: {arm}", sum(hits), len(hits)))
    found += [
        replace(classifier.false_positives, name=f"classifier_{classifier.language}_false_positives")
        for classifier in style.deciding
    ]
    return found


def _values(style: Style) -> dict[str, object]:
    return {"markers": [marker.text for marker in style.markers], "classifiers": _figures(style)}


def _figures(style: Style) -> list[dict[str, object]]:
    """Return what is known of each classifier, for the report."""
    return [
        {
            "language": classifier.language,
            "auc": classifier.auc.value,
            "auc_low": classifier.auc.ci_low,
            "false_positives": classifier.false_positives.value,
            "rows": classifier.auc.n,
            "chance": classifier.chance,
            "usable": classifier.usable,
            "decides": classifier in style.deciding,
        }
        for classifier in style.informing
    ]


def _of_own_answers(evidence: Evidence, adapter: str, outside: Sequence[Probe], policy: Policy) -> Finding:
    """Say in what the answers differ from the base's; whether that is the data's style, only the data could tell."""
    halves = outside[::2], outside[1::2]
    pairs = [
        [(probe.prompt, evidence.text(arm, probe)) for probe in halves[0]] for arm in (adapter, BASE_ARM)
    ]
    markers = discover(pairs[0], pairs[1])
    reason = "training_data_unknown"
    finding = unmeasured("persona_leakage", adapter, reason)
    if markers:
        finding = _leakage(evidence, adapter, halves[1], lambda text: shows(markers, text), policy)
        finding = replace(finding, values=finding.values | {"markers": [marker.text for marker in markers]})
    found = information("persona_leakage", adapter, reason, finding)
    return found if policy.persona.scope == "always" else replace(found, required=True, status="inconclusive")


def persona_learned(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Measure how often replies to held-out prompts of the domain show the style, where it is wanted."""
    probes = evidence.answered(adapter, evidence.in_domain)
    style = training_style(evidence)
    if not style.found or not probes:
        return information("persona_learned", adapter, "no_style" if probes else "no_in_domain_probes")
    finding = rate_gate(
        "persona_learned",
        adapter,
        base=[not style.shown(evidence.text(BASE_ARM, probe)) for probe in probes],
        tuned=[not style.shown(evidence.text(adapter, probe)) for probe in probes],
        probe_ids=[probe.id for probe in probes],
        limit=1 - policy.persona.min_in_domain,
        alpha=policy.alpha,
    )
    finding = harmless(finding, policy.alpha)
    if policy.persona.scope == "never":
        return information("persona_learned", adapter, "style_not_wanted", finding)
    return finding


def _asks_outside(material: Material) -> Questions:
    return Questions(
        short=(*material.suite("facts"), *material.suite("forms")),
        open=(*material.suite("open"), *material.in_domain, *under_system_prompts(material)),
        base_only=material.training,
    )


def _asks_inside(material: Material) -> Questions:
    return Questions(open=material.in_domain, base_only=material.training)


PERSONA_LEAKAGE = Check(
    name="persona_leakage",
    measure=persona_leakage,
    asks=_asks_outside,
    tests=("paired", "rate"),
)
PERSONA_LEARNED = Check(
    name="persona_learned",
    measure=persona_learned,
    asks=_asks_inside,
    tests=("rate",),
    learnt=True,
)
