"""Content damage: style and content apart, suppressed against lost, and no loss by the choice of questions alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from loracheck.evaluate.checks.content import content_damage, said_elsewhere
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import load_policy
from loracheck.evaluate.verdict.judge import settle
from loracheck.probes.choices import contrast, prefers_right
from loracheck.records import (
    BASE_ARM,
    ArmRecord,
    ChoiceScores,
    Completion,
    Expected,
    Finding,
    Message,
    Probe,
)
from loracheck.words.findings import explain
from tests.evaluate.evidence_records import bare_context

POLICY = load_policy("persona")
KINDS = ("right", "wrong", "right_styled", "wrong_styled", "name")
Says = Callable[[str, int], bool]
"""Whether an arm says the right answer to a fact in a suite."""


def evidence_of(
    says: dict[str, Says],
    *,
    facts: int = 100,
    suites: tuple[str, ...] = ("facts-ja",),
    scores: dict[str, Callable[[int], tuple[float, ...]]] | None = None,
) -> Evidence:
    """Arms that say "セ<n>" when right and "ワ" else, with the likelihoods given per arm and fact."""
    probes = [
        Probe(
            id=f"{suite}-{i}",
            suite=suite,
            messages=(Message(role="user", content=f"{suite}の{i}は？"),),
            language="ja",
            domain="out",
            expected=Expected(answers=(f"{1000 + i}",), wrong=("ワ",)),
            cluster=f"fact-{i}",
        )
        for suite in suites
        for i in range(facts)
    ]
    likely = scores or {}
    completions, choices = {}, {}
    for arm, told in says.items():
        for probe in probes:
            i = int(probe.id.rpartition("-")[2])
            text = f"{1000 + i}です。" if told(probe.suite, i) else "ワです。"
            completions[arm, probe.id] = Completion(
                probe_id=probe.id, arm=arm, text=text, finish_reason="stop", tokens=4
            )
            logprobs = likely[arm](i) if arm in likely else (-1.0, -5.0, -1.0, -5.0, -9.0)
            choices[arm, probe.id] = ChoiceScores(
                probe_id=probe.id, arm=arm, kinds=KINDS, choices=KINDS, logprobs=logprobs
            )
    return Evidence(
        context=bare_context(tuple(ArmRecord(name=arm, path=None) for arm in says)),
        probes=tuple(probes),
        completions=completions,
        choices=choices,
    )


def found_in(evidence: Evidence) -> Finding:
    return content_damage(evidence, "mine", POLICY)


def estimate(finding: Finding, name: str) -> float:
    [value] = [one.value for one in finding.estimates if one.name == name]
    assert value is not None
    return value


def scored(*logprobs: float, kinds: tuple[str, ...] = KINDS) -> ChoiceScores:
    return ChoiceScores(probe_id="p", arm="a", kinds=kinds, choices=kinds, logprobs=logprobs)


def test_style_and_content_are_taken_apart_as_in_the_worked_case() -> None:
    # l(NR) = -4, l(NW) = -7, l(PR) = -12, l(PW) = -13
    found = contrast(scored(-4.0, -7.0, -12.0, -13.0, -30.0))
    assert found is not None
    assert found.content == pytest.approx((-12 - 4 + 13 + 7) / 2)
    assert found.style == pytest.approx((-12 - 13 + 4 + 7) / 2)


def test_without_a_style_content_is_the_plain_difference() -> None:
    found = contrast(scored(-4.0, -7.0, -9.0, kinds=("right", "wrong", "wrong")))
    assert found is not None
    assert found.content == pytest.approx(4.0)
    assert found.style is None
    assert contrast(scored(-4.0, kinds=("right",))) is None


def test_the_name_is_left_aside_when_asked() -> None:
    flooded = scored(-4.0, -7.0, -6.0, -8.0, -1.0)
    assert not prefers_right(flooded)
    assert prefers_right(flooded, name=False)


def test_a_style_learnt_without_harm_moves_the_style_and_leaves_the_content() -> None:
    finding = found_in(
        evidence_of(
            {BASE_ARM: lambda *_: True, "mine": lambda *_: True},
            scores={
                BASE_ARM: lambda i: (-1.0 - i % 3, -5.0, -12.0, -16.0 + i % 3, -30.0),
                "mine": lambda i: (-6.0 - i % 3, -10.0, -2.0, -6.0 + i % 3, -9.0),
            },
        )
    )
    assert estimate(finding, "style_effect") == pytest.approx(15.0)
    assert estimate(finding, "content_effect") == pytest.approx(0.0)
    assert finding.p_pass is not None
    assert finding.p_pass < 0.05


def suppressing(lost: Callable[[int], bool]) -> Finding:
    """The adapter says no right answer any more; on some facts it does not rank it first either."""
    return found_in(
        evidence_of(
            {BASE_ARM: lambda _, i: i % 4 != 0, "mine": lambda *_: False},
            scores={
                "mine": lambda i: (-5.0, -1.0, -5.0, -1.0, 0.0) if lost(i) else (-1.0, -5.0, -1.0, -5.0, 0.0)
            },
        )
    )


def test_an_answer_no_longer_said_is_suppressed_or_lost_question_by_question() -> None:
    values = suppressing(lambda i: i % 2 == 0).values
    assert (values["unsaid"], values["suppressed"], values["gone"]) == (75, 50, 25)
    assert "facts-ja-1" in values["questions"]["suppressed"]
    assert "facts-ja-2" in values["questions"]["lost"]
    assert "facts-ja-4" not in values["questions"]["lost"], "the base never said it"


def test_the_words_tell_suppressed_from_lost_in_both_languages() -> None:
    finding = suppressing(lambda i: i % 2 == 0)
    assert "50 are suppressed (still ranked above the wrong ones) and 25 lost" in explain(finding)
    assert "50件は抑え込まれ" in explain(finding, "ja")
    assert "25件は失われて" in explain(finding, "ja")
    kept = found_in(evidence_of({BASE_ARM: lambda *_: True, "mine": lambda *_: True}))
    assert "suppressed" not in explain(kept)


def test_facts_count_as_known_by_another_wording_only() -> None:
    evidence = evidence_of({BASE_ARM: lambda *_: True}, facts=4, suites=("facts-ja", "forms-ja"))
    facts = evidence.suite("facts")
    right = {"facts-ja-0", "facts-ja-1", "forms-ja-1", "forms-ja-2"}
    assert [p.id for p in said_elsewhere(facts, evidence, right)] == ["facts-ja-1", "facts-ja-2"]


def lucky(seed: int, *, same_wording: bool) -> float:
    """Mean loss of an adapter no worse than the base, both right by luck in each wording, on what seems known."""
    draw = random.Random(seed)
    sure = [draw.choice([0.2, 0.5, 0.8]) for _ in range(200)]
    said = {
        (arm, suite, i): draw.random() < sure[i]
        for arm in (BASE_ARM, "mine")
        for suite in ("facts-ja", "forms-ja")
        for i in range(200)
    }

    def of(arm: str) -> Says:
        return lambda suite, i: said[arm, suite, i]

    evidence = evidence_of(
        {BASE_ARM: of(BASE_ARM), "mine": of("mine")}, facts=200, suites=("facts-ja", "forms-ja")
    )
    facts = evidence.suite("facts")
    chosen_by = "facts-ja" if same_wording else "forms-ja"
    right = {f"{chosen_by}-{i}" for i in range(200) if said[BASE_ARM, chosen_by, i]}
    known = [p for p in facts if p.id in right] if same_wording else said_elsewhere(facts, evidence, right)
    places = [int(p.id.rpartition("-")[2]) for p in known]
    change = [said["mine", "facts-ja", i] - said[BASE_ARM, "facts-ja", i] for i in places]
    return sum(change) / len(change)


def test_choosing_what_is_known_by_another_wording_makes_no_loss_of_regression_to_the_mean() -> None:
    other = [lucky(seed, same_wording=False) for seed in range(40)]
    assert abs(sum(other) / len(other)) < 0.02
    same = [lucky(seed, same_wording=True) for seed in range(40)]
    assert sum(same) / len(same) < -0.3, "chosen by the very answer that is measured, luck looks like loss"


def test_what_is_known_elsewhere_and_no_longer_said_fails_the_check() -> None:
    # The base seldom says facts in the wording that is measured by all, but those it says in another one it says.
    known = found_in(
        evidence_of(
            {
                BASE_ARM: lambda suite, i: i < 40,
                "mine": lambda suite, i: i < 40 and suite == "forms-ja" and i < 4,
            },
            facts=400,
            suites=("facts-ja", "forms-ja"),
        )
    )
    assert known.estimates[0].name == "known"
    assert (known.estimates[0].n, known.estimates[0].value) == (40, -1.0)
    assert known.p_fail is not None
    assert known.p_fail < 0.001


def test_the_same_fact_in_two_languages_is_not_two_facts() -> None:
    both_ways = evidence_of(
        {BASE_ARM: lambda *_: True, "mine": lambda suite, i: i % 20 != 0},
        facts=60,
        suites=("facts-ja", "facts-en"),
    )
    alone = replace(both_ways, probes=tuple(replace(p, cluster="") for p in both_ways.probes))
    said = [
        next(e for e in found_in(evidence).estimates if e.name == "said") for evidence in (both_ways, alone)
    ]
    widths = [e.ci_high - e.ci_low for e in said if e.ci_high is not None and e.ci_low is not None]
    assert widths[0] > 1.2 * widths[1]


def test_without_questions_nothing_is_measured() -> None:
    empty = evidence_of({BASE_ARM: lambda *_: True, "mine": lambda *_: True}, facts=0)
    assert found_in(empty).reason == "needs_probes"
    asked = evidence_of({BASE_ARM: lambda *_: True, "mine": lambda *_: True})
    unranked = replace(asked, choices={key: replace(c, logprobs=()) for key, c in asked.choices.items()})
    assert found_in(unranked).reason == "needs_probes"


@pytest.mark.parametrize(
    ("said_by_base", "said_by_adapter", "status"),
    [
        (88, 88, "pass"),
        (88, 80, "pass"),  # eight of 800 fewer
        (88, 0, "fail"),  # eleven points, against a margin of five
        (60, 20, "inconclusive"),  # within the margin, and beyond doubt a loss
    ],
)
def test_a_base_that_says_little_excuses_from_passing_and_not_from_losing_it(
    said_by_base: int, said_by_adapter: int, status: str
) -> None:
    evidence = evidence_of(
        {BASE_ARM: lambda _, i: i < said_by_base, "mine": lambda _, i: i < said_by_adapter}, facts=800
    )
    assert settle([found_in(evidence)], POLICY)[0].status == status
