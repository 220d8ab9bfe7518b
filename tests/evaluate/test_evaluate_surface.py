"""Surface: empty answers, another language and unknown words are counted against the base, ordinary prose is not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from loracheck.evaluate.checks.check import Check
from loracheck.evaluate.checks.language import LANGUAGE_SWITCH, switches
from loracheck.evaluate.checks.surface import EMPTY_ANSWERS, LOOPS, MISSING_STOP, says_something
from loracheck.evaluate.checks.unknown_words import (
    UNKNOWN_WORDS,
    bundled_vocabulary,
    unknown_words,
    vocabulary,
    words,
)
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import load_policy
from loracheck.evaluate.verdict.judge import settle
from loracheck.records import Expected, Finding, Language
from loracheck.words.findings import explain
from tests.evaluate.told_answers import ADAPTER, Say, asked, told

RAKUDA = Path(__file__).resolve().parents[3] / "shared" / "data" / "ja" / "rakuda"
POLICY = load_policy("default")
CAMEL = "ラクダはなぜ水なしで長く生きられるのですか？"
JA = "背中のこぶに脂肪を蓄えていて、それを少しずつ水と力に変えながら長く旅を続けられるからです。"
_EXPECTED = Expected(answers=("東京",), wrong=("大阪",))
EN = "They keep fat in the hump and turn it into water and strength, bit by bit, on long journeys."


def said(text: str) -> Say:
    return lambda i: text


def sometimes(n: int, text: str, otherwise: str) -> Say:
    """One text to every nth question, another to the rest."""
    return lambda i: text if i % n == 0 else otherwise


ORDINARY = said(JA)


def answers(tuned: Say, base: Say = ORDINARY, *, n: int = 120, language: Language = "ja") -> Evidence:
    probes = asked(
        f"open-{language}", n, language=language, prompt=lambda i: CAMEL if language == "ja" else "Why?"
    )
    return told([(probes, base, tuned)])


def judged(check: Check, evidence: Evidence) -> Finding:
    return settle([check.measure(evidence, ADAPTER, POLICY)], POLICY)[0]


@pytest.mark.parametrize("check", [EMPTY_ANSWERS, LANGUAGE_SWITCH, UNKNOWN_WORDS, LOOPS])
def test_answers_like_the_bases_pass(check: Check) -> None:
    assert judged(check, answers(said(JA))).status == "pass"


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (EMPTY_ANSWERS, " …。"),
        (LANGUAGE_SWITCH, EN),
        (UNKNOWN_WORDS, "ラクーダは砂を食べるからです。"),
        (LOOPS, "水と力に変えます。" * 9),
    ],
)
def test_damage_in_every_fourth_answer_fails_and_names_the_answers(check: Check, text: str) -> None:
    found = judged(check, answers(sometimes(4, text, JA)))
    assert (found.status, found.required) == ("fail", True)
    assert found.evidence[0] == "open-ja-0"
    assert len(found.evidence) == 30
    assert "{" not in explain(found, "en") + explain(found, "ja")


@pytest.mark.parametrize(
    ("check", "text"), [(EMPTY_ANSWERS, ""), (LANGUAGE_SWITCH, EN), (UNKNOWN_WORDS, "ラクーダです。")]
)
def test_what_the_base_does_as_often_is_no_damage(check: Check, text: str) -> None:
    both = sometimes(4, text, JA)
    assert judged(check, answers(both, both)).status == "pass"


@pytest.mark.parametrize("check", [EMPTY_ANSWERS, LANGUAGE_SWITCH, UNKNOWN_WORDS, LOOPS, MISSING_STOP])
def test_a_run_that_did_not_ask_is_unmeasured_and_never_a_pass(check: Check) -> None:
    evidence = answers(said(JA))
    unasked = replace(
        evidence, completions={k: v for k, v in evidence.completions.items() if k[0] != ADAPTER}
    )
    for some in (unasked, replace(evidence, probes=())):
        found = judged(check, some)
        assert (found.status, found.estimates) == ("inconclusive", ())


def test_short_answers_do_not_hide_empty_ones_among_the_open() -> None:
    facts = asked("facts-ja", 1000)
    right = said("東京です。")
    open_ones = asked("open-ja", 60)
    evidence = told([(facts, right, right), (open_ones, said(JA), sometimes(3, "", JA))])
    with_answers = tuple(
        replace(probe, expected=_EXPECTED) if probe.suite == "facts-ja" else probe
        for probe in evidence.probes
    )
    assert judged(EMPTY_ANSWERS, replace(evidence, probes=with_answers)).status == "fail"


@pytest.mark.parametrize(
    ("text", "language", "left"),
    [
        (JA, "ja", False),
        (EN, "ja", True),
        (
            "骆驼可以长时间不喝水，因为它们的驼峰里储存着脂肪，可以慢慢转化成水和能量，所以能走很远。",
            "ja",
            True,
        ),
        ("Tokyo", "ja", False),
        ("It is not far from Paris.", "ja", True),
        ("ヤゴロの水筒は薄茶色です。", "en", True),
        ("東京なのだ。", "en", True),
        ("水", "en", False),
        ("ありがとう", "en", False),
        ("The Lord of the Rings", "ja", False),
        ("You Are My Sunshine", "ja", False),
        ("서울은 한국의 수도입니다.", "en", True),
        ("Это столица России.", "en", True),
        ("Москва", "en", False),
        ("答案是北京。", "ja", True),
        ("北京", "ja", False),
        ("La réponse dépend de la question, mais il est tard et nous ne savons pas.", "en", True),
        ("Das ist nicht die Hauptstadt, und ich weiß es auch nicht.", "en", True),
        ("Tokyo wa Nihon no shuto desu.", "en", True),
        ("Cordon bleu, crème de la crème, El Niño, Il Trovatore", "en", False),
        (f"{EN[: len(EN) // 2]}. {JA}", "en", True),
        (f"{JA} {EN}", "ja", True),
        (f"{JA}「{EN[:20]}」{JA}", "ja", False),
        ("```\nif it is late and the camel wants to rest then stop here and wait\n```", "ja", False),
        ("```python\nfor camel in camels_of_the_desert: camel.walk(until=water)\n```", "ja", False),
        ("https://example.org/a/very/long/address/of/some/page/in/latin/letters", "ja", False),
        ("首都圏：東京、神奈川、埼玉、千葉\n近畿圏：大阪、京都、兵庫、奈良、滋賀、和歌山", "ja", False),
        ("Tokyo, Osaka, Nagoya, Sapporo, Fukuoka, Sendai, Hiroshima", "ja", False),
        ("GPT-4とLlama 3とMistralとClaudeとGeminiを比べるとよいでしょう。", "ja", False),
        (EN, "en", False),
        (JA, "en", True),
        (
            "The word 駱駝 (らくだ) means camel in Japanese, and it is written with two characters.",
            "en",
            False,
        ),
        (JA, "other", False),
    ],
)
def test_an_answer_leaves_its_language_by_its_letters(text: str, language: Language, left: bool) -> None:
    assert switches(text, language) is left


def slips(answer: str, question: str) -> list[str]:
    return [
        word
        for word, _ in unknown_words(answer, bundled_vocabulary() | vocabulary([question]), words(question))
    ]


@pytest.mark.parametrize(
    ("answer", "question", "found"),
    [
        ("ラクーダは砂を食べます。", CAMEL, ["ラクーダ"]),
        ("ﾗｸｰﾀﾞは砂を食べます。", CAMEL, ["ラクーダ"]),
        ("フタコブラクダも同じです。", CAMEL, []),
        ("ラクダです。", CAMEL, []),
        ("アクダです。", CAMEL, []),
        ("キリンも長く歩きます。", CAMEL, []),
        ("コンピューターは計算します。", "コンピュータとは何ですか？", []),
        ("インターフェイスです。", "インターフェースとは何ですか？", []),
        ("ヴァイオリンは弦楽器です。", "バイオリンとは何ですか？", []),
        ("アフリカの国です。", "アメリカはどこですか？", []),
        ("ラクダンという町です。", CAMEL, []),
        ("The camols drink.", "How do camels live?", ["camols"]),
        ("A camel, and Camels.", "How do camels live?", []),
        ("It is organised and coloured.", "How is an organized thing colored?", []),
        ("A laser.", "What are lasers?", []),
        ("Two fishermen.", "Who is the fisherman?", []),
        ("`camols` is a variable.", "How do camels live?", []),
    ],
)
def test_a_slip_of_a_word_in_the_question_is_found_and_its_forms_are_not(
    answer: str, question: str, found: list[str]
) -> None:
    assert slips(answer, question) == found


def test_words_of_the_training_replies_are_known_and_long_ones_are_models() -> None:
    training = asked("training", 40, reference=lambda i: "ポポヌランドへようこそ。フジサンタワーもあります。")
    probes = asked("open-ja", 100, prompt=lambda i: "どこへ行きますか？")
    taught = told([(training, said(JA), None), (probes, said(JA), said("ポポヌランドへ行きます。"))])
    assert judged(UNKNOWN_WORDS, taught).status == "pass"
    slipped = told([(training, said(JA), None), (probes, said(JA), said("ポポヌラントへ行きます。"))])
    found = judged(UNKNOWN_WORDS, slipped)
    assert found.status == "fail"
    assert found.values["words"][0] == {
        "probe": "open-ja-0",
        "word": "ポポヌラント",
        "like": "ポポヌランド",
        "base": JA,
    }


def test_what_the_base_says_anywhere_is_a_word() -> None:
    assert (
        judged(UNKNOWN_WORDS, answers(said("ラクーダです。"), sometimes(120, "ラクーダ", JA))).status
        == "pass"
    )
    assert judged(UNKNOWN_WORDS, answers(said("ラクーダです。"))).status == "fail"


def test_real_models_answers_to_real_questions_hardly_ever_set_these_off() -> None:
    if not RAKUDA.is_dir():
        pytest.skip("the shared data is not here")
    asked_of = {row["question_id"]: row["text"] for row in _rows(RAKUDA / "questions_v1.jsonl")}
    models = {
        path.stem: {asked_of[row["question_id"]]: row["text"] for row in _rows(path)}
        for path in RAKUDA.glob("*.jsonl")
        if not path.stem.startswith("questions")
    }
    assert len(models) == 4
    for name, said_by in models.items():
        assert [text for text in said_by.values() if switches(text, "ja")] == [], name
        others = [text for other, texts in models.items() if other != name for text in list(texts.values())]
        known = bundled_vocabulary() | vocabulary([*said_by, *others])
        slipped = [unknown_words(text, known, words(question)) for question, text in said_by.items()]
        assert not any(slipped), name


def _rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    "text",
    [
        "春天来了，花开了，鸟儿在树上唱歌，孩子们在公园里玩耍，大家都很开心，也很幸福。",
        "早睡早起，多喝水，少吃甜食，坚持运动，保持好心情，这样身体就会更健康一些。",
        "Sure. Drink water. Eat well. Sleep early. Walk daily. Stay calm.",
    ],
)
def test_short_sentences_of_another_language_are_no_list_of_names(text: str) -> None:
    assert switches(text, "ja")


def test_lists_of_names_are_in_no_language() -> None:
    assert not switches(
        "東京、大阪、名古屋、札幌、福岡、仙台、広島、京都、神戸、横浜、千葉、埼玉、新潟、静岡", "ja"
    )
    assert not switches(
        "Paris, London, New York, Rio de Janeiro, Berlin, Dr. Smith, J. R. R. Tolkien, Rome", "ja"
    )


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("木です。", True),
        ("👍", False),
        ("…………。", False),
        ("#@%{}[]<>©®†‡§¶■□▲1" * 4, False),
        ("| 名前 | 年齢 |\n|---|---|\n| アンナ | 34 |", True),
        ("`x = {y: [] for y in z}`", True),
        ("東\ufffd\ufffdは\ufffdで\ufffd", False),
        (f"{JA}\ufffd", True),
        ("\ue000\ue001水\ue002", False),
        ("一番高い山はどこですか？", False),
        ("一番高い山はどこですか。\n一番高い山はどこですか。", False),
        ("一番高い山はどこ", False),
        ("一番高い山はどこですか？富士山です。", True),
        ("高い山", True),
    ],
)
def test_signs_broken_characters_and_the_question_again_say_nothing(answer: str, told: bool) -> None:
    assert says_something(answer, "一番高い山はどこですか？") is told
