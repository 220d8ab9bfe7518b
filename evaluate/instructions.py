"""Instructions: does the adapter keep to a form that the system prompt asks for as often as the base does?

One sentence, JSON, capitals, at most so many characters: code tells whether a reply keeps to it. Some of these hold
by accident, so what the base's answers under other instructions would score is the chance level; a base that is not
clearly better follows no system prompt, and has nothing to lose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from loracheck import stats
from loracheck.instructions import follows, instructions_of
from loracheck.probes import every_nth
from loracheck.records import BASE_ARM, Finding, Probe

from .check import Check
from .evidence import Evidence
from .gates import paired_gate, unmeasured
from .material import Material, Questions
from .policy import Policy

_EACH = 40
"""Probes of each language that are asked."""
_OTHERS = 10
"""Answers to other instructions that each instruction is held against for its chance level."""


def instructions(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Check that instructions of the system prompt are followed as often as by the base."""
    asked = evidence.answered(adapter, evidence.suite("system"))
    kept = {
        arm: [follows(probe, evidence.text(arm, probe)) for probe in asked] for arm in (BASE_ARM, adapter)
    }
    graded = [i for i, grade in enumerate(kept[BASE_ARM]) if grade is not None]
    if not graded:
        return unmeasured("instructions", adapter, "needs_probes")
    probes = [asked[i] for i in graded]
    base, tuned = ([bool(kept[arm][i]) for i in graded] for arm in (BASE_ARM, adapter))
    by_chance = chance(evidence, probes)
    finding = paired_gate(
        "instructions",
        adapter,
        base=base,
        tuned=tuned,
        probe_ids=[probe.id for probe in probes],
        margin=policy.margin("instructions"),
        alpha=policy.alpha,
        chance=by_chance,
    )
    lost = Counter(
        instructions_of(probe)[0][0] for probe, a, b in zip(probes, base, tuned, strict=True) if a and not b
    )
    values = {"chance": by_chance, "lost_by_instruction": dict(lost), "unscored": len(asked) - len(graded)}
    return replace(finding, values=finding.values | values)


def follows_system_prompts(evidence: Evidence, alpha: float) -> bool | None:
    """Tell whether the base keeps to instructions more often than by chance; None where none was asked."""
    asked = [probe for probe in evidence.suite("system") if (BASE_ARM, probe.id) in evidence.completions]
    grades = {probe.id: follows(probe, evidence.text(BASE_ARM, probe)) for probe in asked}
    graded = [probe for probe in asked if grades[probe.id] is not None]
    if not graded:
        return None
    kept = sum(bool(grades[probe.id]) for probe in graded)
    return stats.lower_bound(kept, len(graded), alpha) > chance(evidence, graded)


def chance(evidence: Evidence, probes: Sequence[Probe]) -> float:
    """Return how often the base's answers keep to instructions that they were not given."""
    names = {probe.id: {name for name, _ in instructions_of(probe)} for probe in probes}
    kept: list[bool] = []
    for probe in probes:
        others = [
            other
            for other in probes
            if other.language == probe.language and not names[other.id] & names[probe.id]
        ]
        kept += [bool(follows(probe, evidence.text(BASE_ARM, other))) for other in every_nth(others, _OTHERS)]
    return sum(kept) / len(kept) if kept else 0.0


def _asks(material: Material) -> Questions:
    pool = material.suite("system")
    languages = dict.fromkeys(probe.language for probe in pool)
    return Questions(
        open=tuple(
            probe
            for language in languages
            for probe in every_nth([p for p in pool if p.language == language], _EACH)
        )
    )


INSTRUCTIONS = Check(
    name="instructions",
    measure=instructions,
    asks=_asks,
    interval="Tango's score interval of the paired difference (1998); the kinds of instruction are taken as they are",
    cost="80 answers of 64 tokens (5.1k tokens)",
    false_alarms="instructions that a reply in character breaks by its very style; a base that follows few of them",
)
