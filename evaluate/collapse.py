"""Collapse: does the adapter give one answer to different questions?"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from loracheck.grading import is_right
from loracheck.records import BASE_ARM, Finding, Probe
from loracheck.text import letters

from .check import Check
from .evidence import Evidence
from .gates import paired_gate
from .material import Material, Questions
from .policy import Policy


def collapse(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Check that wrong answers are not one and the same answer more often than the base's are.

    Each arm is held against its own most common answer; where that answer is right it counts for nothing.
    """
    facts = evidence.suite("facts")
    common = {arm: _common(evidence, arm, facts) for arm in (BASE_ARM, adapter)}
    finding = paired_gate(
        "collapse",
        adapter,
        base=[not _repeats(evidence, BASE_ARM, probe, common[BASE_ARM]) for probe in facts],
        tuned=[not _repeats(evidence, adapter, probe, common[adapter]) for probe in facts],
        probe_ids=[probe.id for probe in facts],
        margin=policy.margin("collapse"),
        alpha=policy.alpha,
    )
    shown = next(
        (evidence.text(adapter, p) for p in facts if letters(evidence.text(adapter, p)) == common[adapter]),
        "",
    )
    return replace(finding, values=finding.values | {"answer": shown})


def _common(evidence: Evidence, arm: str, probes: list[Probe]) -> str:
    counts = Counter(letters(evidence.text(arm, probe)) for probe in probes)
    return max(counts, key=lambda form: (counts[form], form), default="")


def _repeats(evidence: Evidence, arm: str, probe: Probe, common: str) -> bool:
    text = evidence.text(arm, probe)
    right = probe.expected is not None and is_right(text, probe.expected)
    return letters(text) == common and not right


def _asks(material: Material) -> Questions:
    return Questions(short=material.suite("facts"))


COLLAPSE = Check(
    name="collapse",
    measure=collapse,
    asks=_asks,
    interval="Tango's score interval of the paired difference (1998)",
    cost="short answers that content damage takes as well",
    false_alarms="questions with one common wrong answer",
)
