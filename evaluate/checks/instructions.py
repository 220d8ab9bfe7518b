"""Instructions: does the adapter keep to a form that it was told to keep to as often as the base does?

One sentence, JSON, capitals, at most so many characters: code tells whether a reply keeps to it. Some of these hold
by accident, so what the base's answers under other instructions would score is the chance level; a base that is not
clearly better follows no system prompt, and has nothing to lose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from loracheck import stats
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Policy
from loracheck.evaluate.questions.material import Material, Questions
from loracheck.grading.instructions import follows, instructions_of
from loracheck.probes import every_nth
from loracheck.records import BASE_ARM, Finding, Probe

from .check import Check
from .gates import NO_HEADROOM, joined, paired_gate, unmeasured

SYSTEM, OWN = "system", "instructions"
"""Beginnings of the suites: bundled ones, in a system prompt; the user's own, such as IFEval, in the user's turn."""
_EACH = 40
"""Bundled probes of each language that are asked."""
_OTHERS = 10
"""Answers to other instructions that each instruction is held against for its chance level."""


def instructions(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Check that instructions are followed as often as by the base: those bundled, and those of the user's own sets."""
    tests = [
        test
        for name, suite in (("difference", SYSTEM), ("own", OWN))
        if (test := _gate(name, evidence, adapter, policy, evidence.suite(suite)))
    ]
    if not tests:
        return unmeasured("instructions", adapter, "needs_probes")
    # Long public tasks may have no headroom within the limit of tokens; they then withhold no pass.
    able = [test for test in tests if test.reason != NO_HEADROOM] or tests[:1]
    finding = joined(able, policy.alpha, watch=[test for test in tests if test not in able])
    asked = evidence.answered(adapter, (*evidence.suite(SYSTEM), *evidence.suite(OWN)))
    unscored = sum(follows(probe, evidence.text(adapter, probe)) is None for probe in asked)
    return replace(finding, values=finding.values | {"unscored": unscored})


def _gate(
    name: str, evidence: Evidence, adapter: str, policy: Policy, probes: Sequence[Probe]
) -> Finding | None:
    asked = evidence.answered(adapter, probes)
    kept = {
        arm: [follows(probe, evidence.text(arm, probe)) for probe in asked] for arm in (BASE_ARM, adapter)
    }
    places = [i for i in range(len(asked)) if kept[BASE_ARM][i] is not None and kept[adapter][i] is not None]
    if not places:
        return None
    graded = [asked[i] for i in places]
    base, tuned = ([bool(kept[arm][i]) for i in places] for arm in (BASE_ARM, adapter))
    by_chance = chance(evidence, graded)
    finding = paired_gate(
        "instructions",
        adapter,
        base=base,
        tuned=tuned,
        probe_ids=[probe.id for probe in graded],
        margin=policy.margin("instructions"),
        alpha=policy.alpha,
        name=name,
        chance=by_chance,
    )
    lost = Counter(
        instructions_of(probe)[0][0] for probe, a, b in zip(graded, base, tuned, strict=True) if a and not b
    )
    return replace(
        finding,
        values=finding.values | {"chance": by_chance, "lost_by_instruction": dict(lost)},
    )


def follows_system_prompts(evidence: Evidence, alpha: float) -> bool | None:
    """Tell whether the base keeps to instructions more often than by chance; None where none was asked."""
    asked = evidence.answered(BASE_ARM, evidence.suite(SYSTEM))
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
    pool = material.suite(SYSTEM)
    languages = dict.fromkeys(probe.language for probe in pool)
    return Questions(
        open=(
            *(
                probe
                for language in languages
                for probe in every_nth([p for p in pool if p.language == language], _EACH)
            ),
            *material.suite(OWN),
        )
    )


INSTRUCTIONS = Check(
    name="instructions",
    measure=instructions,
    asks=_asks,
    tests=("paired",),
)
