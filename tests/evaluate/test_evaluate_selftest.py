"""What the selftest expects: met by working detectors, and not met once one of them sees nothing, or everything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loracheck.demo.selftest import GATES, HARMLESS, RUINED, expectations
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.verdict.judge import judge
from tests.evaluate.evidence_records import DEFAULT, GOOD, always, build, every

POLICY = replace(DEFAULT, gates={check: gate for check, gate in DEFAULT.gates.items() if check in GATES})


def evidence() -> Evidence:
    """A ruined adapter that gives the character's name for two of three facts, and one that changed nothing."""
    plain = replace(GOOD, facts=every(5, "wrong", "right"), opens=always("right"), domain=always("right"))
    ruined = replace(GOOD, facts=every(3, "persona", "name"), likeliest=every(3, "right", "name"))
    made = build({RUINED: ruined, HARMLESS: plain}, facts=60, opens=30, in_domain=0)
    return replace(made, context=replace(made.context, nulls=(HARMLESS,)))


def unmet() -> set[tuple[str, str]]:
    found = expectations("ja", judge(evidence(), POLICY))
    assert len(found) == 5
    return {(one.adapter, one.expected) for one in found if not one.met}


def test_working_detectors_meet_every_expectation() -> None:
    assert unmet() == set()


def test_a_detector_of_style_that_sees_nothing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loracheck.evaluate.readings.style.Style.shown", lambda *_: False)
    assert (RUINED, "fails persona_leakage") in unmet()


def test_a_detector_of_damage_that_sees_nothing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loracheck.evaluate.checks.content.outcome", lambda *_: "right_plain")
    monkeypatch.setattr("loracheck.evaluate.checks.content.prefers_right", lambda *_, **__: True)
    assert (RUINED, "fails content_damage") in unmet()


def test_a_tool_that_holds_everything_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loracheck.evaluate.checks.gates.stats.noninferiority", lambda *_: (1.0, 0.0))
    assert (HARMLESS, "is not held") in unmet()


def test_a_harmless_adapter_that_does_nothing_at_all_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    made = evidence()
    arms = tuple(replace(arm, logit_change=0.0) if arm.name == HARMLESS else arm for arm in made.context.arms)
    idle = replace(made, context=replace(made.context, arms=arms))
    found = expectations("ja", judge(idle, POLICY))
    assert [one.expected for one in found if not one.met] == ["is sound"]
