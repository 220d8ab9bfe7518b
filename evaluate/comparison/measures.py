"""What an arm does well on, item by item: the measures that compare one run with another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from loracheck.evaluate.checks.content import outcomes
from loracheck.evaluate.evidence import Evidence
from loracheck.probes.choices import prefers_right
from loracheck.records import Marker
from loracheck.style.markers import shows
from loracheck.text import is_loop, letters

Measure = tuple[str, str]
"""Check and measure."""


def successes(evidence: Evidence, arm: str, markers: Sequence[Marker]) -> dict[Measure, dict[str, bool]]:
    """Return, by measure, on which of the probes that an arm answered it does well."""
    said = {probe.id for probe in evidence.probes if (arm, probe.id) in evidence.completions}
    facts = [probe for probe in evidence.suite("facts") if probe.id in said]
    outside = [probe for probe in evidence.out_of_domain if probe.id in said]
    inside = [probe for probe in evidence.in_domain if probe.id in said]
    text = {probe.id: evidence.text(arm, probe) for probe in (*outside, *inside)}
    graded = outcomes(evidence, arm) if all(p.id in said for p in evidence.out_of_domain) else {}
    common = Counter(letters(text[probe.id]) for probe in facts).most_common(1)
    ranked = {p.id: evidence.choices[arm, p.id] for p in facts if (arm, p.id) in evidence.choices}
    ends = inside or [probe for probe in outside if probe.suite.startswith("open")]
    found: dict[Measure, dict[str, bool]] = {
        ("content_damage", "said"): {p.id: graded[p.id].startswith("right") for p in facts if p.id in graded},
        ("content_damage", "preferred"): {i: prefers_right(scores) for i, scores in ranked.items()},
        ("forgetting", "preferred_plainly"): {
            i: prefers_right(scores, plain_only=True) for i, scores in ranked.items()
        },
        ("collapse", "not_the_same_answer"): {
            p.id: letters(text[p.id]) != common[0][0] or graded.get(p.id, "").startswith("right")
            for p in facts
        },
        ("loops", "no_loop"): {p.id: not is_loop(text[p.id]) for p in outside},
        ("missing_stop", "stopped"): {
            p.id: evidence.completions[arm, p.id].finish_reason == "stop" for p in ends
        },
    }
    if markers:
        found["persona_leakage", "no_style_outside"] = {p.id: not shows(markers, text[p.id]) for p in outside}
        found["persona_learned", "style_inside"] = {p.id: shows(markers, text[p.id]) for p in inside}
    return {measure: items for measure, items in found.items() if items}
