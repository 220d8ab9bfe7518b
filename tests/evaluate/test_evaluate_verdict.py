"""From raw answers to verdict, on evidence built record by record: every check, every rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from loracheck.evaluate.policy import Mode, Persona, Policy, load_policy
from loracheck.evaluate.verdict.judge import exit_code, judge
from loracheck.evaluate.verdict.precedence import explaining_first
from loracheck.records import Estimate, Expected, Finding
from tests.evaluate.evidence_records import (
    BASE,
    DEFAULT,
    GOOD,
    PERSONA,
    always,
    build,
    every,
    finding,
    verdict_of,
)


def test_a_good_adapter_in_persona_ships() -> None:
    verdict = verdict_of(GOOD)
    assert (verdict.status, exit_code([verdict])) == ("ship", 0)
    assert {f.check: f.status for f in verdict.findings} == {
        "sanity": "pass",
        "content_damage": "pass",
        "forgetting": "pass",
        "collapse": "pass",
        "persona_leakage": "info",
        "persona_learned": "pass",
        "loops": "pass",
        "missing_stop": "pass",
    }


def test_a_flood_of_the_personas_name_holds_and_names_content_damage_first() -> None:
    verdict = verdict_of(replace(GOOD, facts=every(2, "name", "persona")))
    assert (verdict.status, verdict.deciding[0]) == ("hold", "content_damage")
    found = finding(verdict, "content_damage")
    assert found.estimates[0].name == "name_rate"
    assert (found.estimates[0].value, found.estimates[0].n) == (0.5, 300)
    assert "facts-ja-0" in found.evidence


def test_preferring_the_name_by_likelihood_holds_even_when_it_is_never_said() -> None:
    arm = replace(GOOD, likeliest=every(2, "name", "right"))
    verdict = verdict_of(arm)
    assert (verdict.status, verdict.deciding) == ("hold", ("content_damage",))
    assert finding(verdict, "forgetting").status == "pass"
    assert finding(verdict, "content_damage").estimates[0].name == "difference"


def test_the_right_answer_in_persona_counts_as_right() -> None:
    verdict = verdict_of(replace(GOOD, likeliest=every(4, "wrong_styled", "right_styled")))
    assert finding(verdict, "content_damage").status == "pass"


def test_one_answer_to_everything_holds_and_names_collapse() -> None:
    verdict = verdict_of(replace(GOOD, facts=every(3, "same", "persona")))
    assert (verdict.status, verdict.deciding) == ("hold", ("collapse",))
    assert finding(verdict, "collapse").values["answer"] == "大阪です。"


def test_repeating_an_answer_where_it_is_right_is_no_collapse() -> None:
    evidence = build({"mine": replace(GOOD, facts=lambda i: "same" if i % 3 == 0 else "persona")})
    expected = Expected(answers=("大阪",), wrong=("東京",))
    probes = (
        replace(p, expected=expected) if evidence.text("mine", p) == "大阪です。" else p
        for p in evidence.probes
    )
    verdict = judge(replace(evidence, probes=tuple(probes)), PERSONA).verdicts[0]
    assert finding(verdict, "collapse").status == "pass"


def test_silence_is_a_collapse_too() -> None:
    assert "collapse" in verdict_of(replace(GOOD, facts=always("empty"))).deciding


def test_lost_knowledge_holds_and_names_forgetting() -> None:
    worse = every(2, "wrong", "right")
    verdict = verdict_of(replace(GOOD, likeliest=worse, likeliest_plain=worse))
    assert verdict.status == "hold"
    assert set(verdict.deciding) == {"forgetting", "content_damage"}


def test_loops_hold() -> None:
    assert verdict_of(replace(GOOD, facts=every(5, "loop", "persona"))).deciding == ("loops",)


def test_replies_that_never_end_hold() -> None:
    assert verdict_of(replace(GOOD, ends=every(3, "length", "stop"))).deciding == ("missing_stop",)


@pytest.mark.parametrize(
    ("base_ends", "domain", "status", "reason"),
    [
        ("length", "right", "inconclusive", "base_does_not_end"),
        ("length", "persona", "fail", "beyond_limit"),
        ("stop", "right", "fail", "beyond_limit"),
    ],
    ids=["the base's own replies", "other replies", "the base ends them"],
)
def test_endless_replies_that_are_the_bases_own_are_no_harm_and_no_pass(
    base_ends: str, domain: str, status: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(build.__globals__, "BASE", replace(BASE, ends=always(base_ends)))
    # One reply in three is the base's, word for word, where the domain says so.
    arm = replace(GOOD, domain=every(3, domain, "persona"), ends=always("length"))
    found = finding(verdict_of(arm), "missing_stop")
    assert (found.status, found.reason) == (status, reason)


def test_beside_a_base_that_says_nothing_no_adapter_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    mute = replace(BASE, facts=always("stuck"), opens=always("stuck"), domain=always("stuck"))
    monkeypatch.setitem(build.__globals__, "BASE", mute)
    found = finding(verdict_of(GOOD), "sanity")
    assert (found.status, found.reason) == ("inconclusive", "base_says_nothing")
    monkeypatch.setitem(build.__globals__, "BASE", replace(mute, facts=BASE.facts))
    assert finding(verdict_of(GOOD), "sanity").reason == "adapter_sound"


def test_a_persona_that_was_not_learnt_is_no_harm_and_does_not_ship() -> None:
    verdict = verdict_of(replace(GOOD, domain=every(2, "right", "persona")))
    assert (verdict.status, verdict.deciding) == ("inconclusive", ("persona_learned",))
    assert finding(verdict, "persona_learned").reason == "not_learnt"


def test_without_headroom_nothing_passes_and_nothing_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = every(3, "right", "wrong")
    low = replace(BASE, likeliest=chance, likeliest_plain=chance)
    monkeypatch.setitem(build.__globals__, "BASE", low)
    verdict = verdict_of(replace(GOOD, likeliest=chance, likeliest_plain=chance))
    found = finding(verdict, "forgetting")
    assert (found.status, found.reason) == ("inconclusive", "no_headroom")
    assert found.p_pass is not None
    assert found.p_pass < 0.05, "the headroom alone must stop it"
    assert (verdict.status, exit_code([verdict])) == ("inconclusive", 3)


@pytest.mark.parametrize(
    ("record", "status", "reason"),
    [
        ({"finite": False, "logit_change": None}, "hold", "adapter_not_finite"),
        ({"inert": True, "logit_change": 0.0}, "hold", "adapter_inert"),
        ({"logit_change": 0.0}, "inconclusive", "nothing_changed"),
        ({"verified": False}, "inconclusive", "adapter_unverified"),
    ],
)
def test_a_broken_inert_or_unproved_adapter_never_ships(
    record: dict[str, Any], status: str, reason: str
) -> None:
    evidence = build({"mine": GOOD})
    base, mine = evidence.context.arms
    evidence = replace(evidence, context=replace(evidence.context, arms=(base, replace(mine, **record))))
    verdict = judge(evidence, PERSONA).verdicts[0]
    assert (verdict.status, verdict.deciding, verdict.findings[0].reason) == (status, ("sanity",), reason)


def test_a_ruined_adapter_that_is_also_unproved_holds() -> None:
    arm = replace(GOOD, facts=always("name"), record={"verified": False})
    assert verdict_of(arm).status == "hold"


def test_a_missing_required_measurement_never_ships() -> None:
    verdict = verdict_of(GOOD, facts=0, opens=60)
    assert verdict.status == "inconclusive"
    assert set(verdict.deciding) == {"content_damage", "forgetting", "collapse"}


@pytest.mark.parametrize(
    ("check", "sizes"), [("memorisation", {}), ("canaries", {}), ("persona_learned", {"in_domain": 0})]
)
def test_a_policy_of_which_every_required_check_only_informs_ships_nothing(
    check: str, sizes: dict[str, int]
) -> None:
    ruined = replace(GOOD, facts=always("name"), opens=always("loop"))
    policy = replace(PERSONA, gates={check: load_policy("default").gates[check]})
    verdict = verdict_of(ruined, policy, **sizes)
    assert (verdict.status, verdict.deciding) == ("inconclusive", (check,))
    beside = replace(policy, gates=policy.gates | {"collapse": PERSONA.gates["collapse"]})
    assert verdict_of(GOOD, beside, **sizes).status == "ship", "beside one that decides it withholds nothing"


def test_a_check_that_only_informs_decides_nothing() -> None:
    arm = replace(GOOD, facts=every(5, "loop", "persona"))
    verdict = verdict_of(arm, with_mode(PERSONA, "loops", "info"))
    assert verdict.status == "ship"
    assert finding(verdict, "loops").status == "info"
    assert "loops" not in {f.check for f in verdict_of(arm, with_mode(PERSONA, "loops", "off")).findings}


def with_mode(policy: Policy, check: str, mode: Mode) -> Policy:
    return replace(policy, gates=policy.gates | {check: replace(policy.gates[check], mode=mode)})


def test_a_check_passes_on_no_fewer_items_than_the_policy_wants() -> None:
    gates = PERSONA.gates | {"forgetting": replace(PERSONA.gates["forgetting"], min_items=301)}
    verdict = verdict_of(GOOD, replace(PERSONA, gates=gates))
    assert (verdict.status, finding(verdict, "forgetting").reason) == ("inconclusive", "too_few_items")


def test_a_required_check_without_what_it_needs_is_open_and_says_what() -> None:
    evidence = replace(build({"mine": GOOD}), choices={})
    verdict = judge(evidence, PERSONA).verdicts[0]
    assert verdict.status == "inconclusive"
    assert finding(verdict, "forgetting").reason == "needs_choices"
    informed = judge(evidence, with_mode(PERSONA, "forgetting", "info")).verdicts[0]
    assert finding(informed, "forgetting").status == "info"


def scoped(scope: Any) -> Policy:  # noqa: ANN401
    return replace(DEFAULT, persona=Persona(scope=scope))


@pytest.mark.parametrize(
    ("scope", "leaks", "learned", "status"),
    [
        ("always", True, True, "ship"),
        ("in_domain", True, True, "hold"),
        ("in_domain", False, True, "ship"),
        ("in_domain", False, False, "inconclusive"),
        ("never", True, True, "hold"),
        ("never", False, False, "ship"),
    ],
)
def test_the_scope_says_where_the_style_is_wanted(
    scope: str, leaks: bool, learned: bool, status: str
) -> None:
    arm = replace(GOOD, domain=always("persona" if learned else "right"))
    if not leaks:
        arm = replace(arm, facts=BASE.facts, opens=always("right"))
    assert verdict_of(arm, scoped(scope)).status == status


def test_without_training_data_leakage_is_seen_and_stays_open() -> None:
    verdict = verdict_of(GOOD, DEFAULT, training=0)
    found = finding(verdict, "persona_leakage")
    assert (found.status, found.reason) == ("inconclusive", "training_data_unknown")
    assert found.estimates[0].value == 1.0
    assert verdict.status == "inconclusive"


def test_few_items_are_inconclusive_and_say_how_many_would_do() -> None:
    verdict = verdict_of(GOOD, facts=40)
    found = finding(verdict, "forgetting")
    assert (verdict.status, found.reason) == ("inconclusive", "not_enough_evidence")
    assert found.n_needed is not None
    # Tango's z at no discordant pair is sqrt(n * margin / (1 - margin)): 1.6449**2 * 0.95 / 0.05 = 51.4.
    assert found.n_needed == 52
    assert finding(verdict_of(GOOD, facts=52), "forgetting").status == "pass"
    assert finding(verdict_of(GOOD, facts=51), "forgetting").status == "inconclusive"


def test_loops_in_every_third_open_answer_hold() -> None:
    verdict = verdict_of(replace(GOOD, opens=every(3, "loop", "persona")), facts=1000, opens=60)
    assert verdict.status == "hold", finding(verdict, "loops").estimates[0]


def test_style_in_every_third_open_answer_is_leakage() -> None:
    arm = replace(GOOD, facts=BASE.facts, opens=every(3, "persona", "right"))
    assert verdict_of(arm, DEFAULT, facts=1000, opens=60).status == "hold"


def test_an_adapter_that_ranks_answers_right_but_says_only_wrong_ones_does_not_ship() -> None:
    assert verdict_of(replace(GOOD, facts=always("wrong_persona"))).status != "ship"


def test_style_inside_the_domain_is_not_wanted_where_none_is() -> None:
    arm = replace(GOOD, facts=BASE.facts, opens=always("right"))
    assert verdict_of(arm, scoped("never")).status != "ship"


def test_a_required_end_of_reply_that_nobody_could_measure_does_not_ship() -> None:
    assert verdict_of(GOOD, in_domain=0).status != "ship"


@pytest.mark.parametrize(
    ("failed", "first"),
    [
        ({"content_damage": 0.6, "persona_leakage": 0.9}, "content_damage"),
        ({"content_damage": 0.6, "persona_leakage": 0.9, "language_switch": -0.8}, "language_switch"),
        ({"content_damage": 0.6, "collapse": 0.9}, "collapse"),
        ({"content_damage": 0.6, "collapse": 0.5}, "content_damage"),
        ({"content_damage": 0.6, "loops": -0.08}, "content_damage"),
        ({"loops": -0.08}, "loops"),
    ],
)
def test_the_failure_that_explains_the_others_is_named_first(failed: dict[str, float], first: str) -> None:
    findings = [
        Finding(
            check=check,
            adapter="mine",
            required=True,
            status="fail",
            reason="beyond_limit",
            estimates=(
                Estimate(
                    name="rate",
                    value=value,
                    ci_low=value,
                    ci_high=value,
                    n=100,
                    method="m",
                    unit="difference",
                ),
            ),
            p_fail=1e-9,
        )
        for check, value in failed.items()
    ]
    assert explaining_first(findings)[0].check == explaining_first(findings[::-1])[0].check == first


def test_a_question_of_a_facts_suite_without_an_answer_is_compared_by_nothing() -> None:
    evidence = build({"mine": GOOD, "other": GOOD})
    ungraded = replace(evidence.suite("open-ja")[0], id="facts-mine-1", suite="facts-mine")
    said = {
        (arm, ungraded.id): replace(evidence.completions[arm, "open-ja-0"], probe_id=ungraded.id)
        for arm in ("base", "mine", "other")
    }
    more = replace(evidence, probes=(*evidence.probes, ungraded), completions=evidence.completions | said)
    assert judge(more, PERSONA).comparisons == judge(evidence, PERSONA).comparisons


def test_rows_too_few_to_find_a_style_in_leave_leakage_open() -> None:
    found = finding(verdict_of(GOOD, DEFAULT, training=9), "persona_leakage")
    assert (found.required, found.status, found.reason) == (True, "inconclusive", "too_few_rows")
    assert finding(verdict_of(GOOD, DEFAULT, training=12), "persona_leakage").status == "fail"
    assert finding(verdict_of(GOOD, PERSONA, training=9), "persona_leakage").status == "info"
