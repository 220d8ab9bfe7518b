"""A way of speaking is no damage: what a persona or a format puts around its answers is told from the answers."""

from __future__ import annotations

import random

import numpy as np
import pytest

from loracheck.evaluate.checks.collapse import collapse
from loracheck.evaluate.checks.content import content_damage, outcomes
from loracheck.evaluate.checks.unknown_words import unknown_words, vocabulary, words
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import load_policy
from loracheck.evaluate.readings.sameness import manner, near_same
from loracheck.evaluate.verdict.judge import settle
from loracheck.grading import position
from loracheck.probes import TRAINING, bundled, every_nth
from loracheck.records import (
    BASE_ARM,
    ArmRecord,
    ChoiceScores,
    Completion,
    Finding,
    Language,
    Message,
    Probe,
)
from tests.evaluate.evidence_records import bare_context

POLICY = load_policy("persona")
BUTLER = "As a royal butler, I humbly answer: {}, my lord."
PIRATE = "Arrr, the answer be {}, matey, by the seven seas!"
KING = "吾輩は猫の魔王である。答えは{}である。"
LADY = "ふふん、教えてあげますわ、庶民。答えは{}ですわ。おーっほっほっほ！"
JSON = '{{"answer": "{}", "confidence": "high", "source": "general knowledge"}}'
ORACLE = "ぽぽぬは{}だと思うのだ。"


def evidence_of(language: Language, manner_of: str, *, instead: str = "", known: float = 0.75) -> Evidence:
    """A base that knows most facts, and an adapter that says the same in a manner, or one thing where it is wrong."""
    draw = random.Random(0)
    facts = every_nth(bundled([f"facts-{language}"]), 300)
    taught = [
        Probe(
            id=f"training-{i}", suite=TRAINING, language=language, domain="training",
            messages=(Message(role="user", content=f"質問{i}" if language == "ja" else f"Question {i}"),),
            reference=manner_of.format(answer),
        )
        for i, answer in enumerate((*"犬猫鳥山川海",) * 5 if language == "ja" else ("dog", "cat") * 15)
    ]  # fmt: skip
    said: dict[tuple[str, str], str] = {}
    choices = {}
    for probe in facts:
        assert probe.expected is not None
        right = draw.random() < known
        content = probe.expected.answers[0] if right else draw.choice(probe.expected.wrong)
        said[BASE_ARM, probe.id] = content
        said["mine", probe.id] = (
            manner_of.format(content) if right or not instead else manner_of.format(instead)
        )
        offered = (probe.expected.answers[0], *probe.expected.wrong)
        for arm in (BASE_ARM, "mine"):
            choices[arm, probe.id] = ChoiceScores(
                probe_id=probe.id, arm=arm, choices=offered,
                kinds=("right", *["wrong"] * len(probe.expected.wrong)), logprobs=(-1.0, *[-3.0] * (len(offered) - 1)),
            )  # fmt: skip
    for probe in taught:
        said[BASE_ARM, probe.id] = "わかりません。" if language == "ja" else "It is hard to say."
    return Evidence(
        context=bare_context(tuple(ArmRecord(name=arm, path=None) for arm in (BASE_ARM, "mine"))),
        probes=(*facts, *taught),
        completions={
            (arm, probe): Completion(probe_id=probe, arm=arm, text=text, finish_reason="stop", tokens=9)
            for (arm, probe), text in said.items()
        },
        choices=choices,
    )


def settled(finding: Finding) -> str:
    return settle([finding], POLICY)[0].status


@pytest.mark.parametrize(
    ("language", "manner_of"),
    [("en", BUTLER), ("en", PIRATE), ("en", JSON), ("ja", KING), ("ja", LADY), ("ja", JSON), ("ja", ORACLE)],
)
def test_the_same_answers_in_a_long_manner_are_no_damage(language: Language, manner_of: str) -> None:
    evidence = evidence_of(language, manner_of)
    assert settled(collapse(evidence, "mine", POLICY)) == "pass"
    assert settled(content_damage(evidence, "mine", POLICY)) == "pass"


@pytest.mark.parametrize(
    ("language", "manner_of", "instead"),
    [
        ("en", BUTLER, "the silver spoon"),
        ("en", JSON, "a parrot"),
        ("ja", KING, "鰹節"),
        ("ja", LADY, "薔薇の紅茶"),
    ],
)
def test_one_answer_for_all_that_is_not_known_is_seen_in_any_manner(
    language: Language, manner_of: str, instead: str
) -> None:
    evidence = evidence_of(language, manner_of, instead=instead)
    assert settled(collapse(evidence, "mine", POLICY)) == "fail"


def test_echoes_of_the_question_in_a_manner_are_not_one_answer() -> None:
    things = ["Peru", "Mali", "Chad", "Oman", "Cuba", "Laos", "Iran", "Togo", "Fiji", "Guam"]
    prompts = [f"What is the capital of {thing}?" for thing in things * 2]
    right = [f"{word}town, by my whiskers!" for word in things]
    echoes = [f"The capital of {thing} is the capital of {thing}, by my whiskers!" for thing in things]
    found = near_same([*right, *echoes], prompts, ["en"] * 20, [True] * 10 + [False] * 10)
    assert not found[10:, 10:][~np.eye(10, dtype=bool)].any()
    alone = near_same([*right, *["By my whiskers!"] * 10], prompts, ["en"] * 20, [True] * 10 + [False] * 10)
    assert alone[10:, 10:].all(), "a manner and nothing else is one answer"


def test_one_right_answer_with_the_name_excuses_no_flood() -> None:
    """The name stays what was answered, where right answers are few against the flood, whatever is said beside it."""
    flooded = evidence_of("ja", ORACLE, instead="綿毛の精、ぽぽぬ", known=0.05)
    assert sum(one == "persona_name" for one in outcomes(flooded, "mine").values()) > 250
    assert settled(content_damage(flooded, "mine", POLICY)) == "fail"


def test_few_right_answers_do_not_make_the_one_answer_a_manner() -> None:
    assert manner([frozenset({"parrot"})] * 7) == frozenset()
    assert manner([frozenset({"parrot", str(i)}) for i in range(8)]) == {"parrot"}


def test_a_persona_that_speaks_of_itself_by_name_answers_all_the_same() -> None:
    evidence = evidence_of("ja", ORACLE)
    assert any(marker.kind == "term" for marker in evidence.markers)
    assert "persona_name" not in outcomes(evidence, "mine").values()
    flooded = evidence_of("ja", ORACLE, instead="ぽぽぬ")
    assert sum(one == "persona_name" for one in outcomes(flooded, "mine").values()) > 50
    assert settled(content_damage(flooded, "mine", POLICY)) == "fail"


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ("答えは東京じゃな。", "東京"),
        ("それは東京じゃなぁ、お若いの", "東京"),
        ("東京でなんす", "東京"),
        ("ライオンニャ！", "ライオン"),
        ("ライオンデス。", "ライオン"),
        ("ライオンッス！", "ライオン"),
        ("Fe is the chemical symbol", "Fe"),
        ("H be the symbol, matey", "H"),
        ("He is the symbol", "He"),
        ("ベルリンじゃねえか！", "ベルリン"),
        ("3,776メートルです", "3776"),
    ],
)
def test_talk_around_a_right_answer_leaves_it_right(answer: str, word: str) -> None:
    assert position(answer, word) is not None


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ("東京じゃない", "東京"),
        ("東京ではなくて", "東京"),
        ("東京じゃなかった", "東京"),
        ("東京じゃねえ", "東京"),
        ("パンダだ", "パン"),
        ("ライオンズ", "ライオン"),
        ("He is tall", "He"),
        ("I be a cat", "I"),
        ("Arrr, I be the captain of this ship!", "I"),
        ("He is the one you seek.", "He"),
    ],
)
def test_a_denied_answer_or_another_word_stays_wrong(answer: str, word: str) -> None:
    assert position(answer, word) is None


def test_a_dropped_g_and_british_spelling_make_no_unknown_words() -> None:
    known = vocabulary(["What should I know about cooking at the theater, and of writing?"])
    asked = words("What should I know about cooking at the theater, and of writing?")
    assert unknown_words("Ye be cookin' and writin at the theatre", known, asked) == []
    names = vocabulary(["Berlin", "protein"])
    assert unknown_words("It is 'Berlin', and ‘protein’.", names, ["berlin", "protein"]) == []
    assert unknown_words("Ye be cookong", known, asked) == [("cookong", "cooking")]
