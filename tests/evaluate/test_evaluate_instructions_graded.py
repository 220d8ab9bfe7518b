"""Replies graded by code for each kind of instruction, and what no code can grade."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loracheck.errors import DataError
from loracheck.grading.instructions import follows, grade, instructions_of
from tests.evaluate.conduct_answers import tagged


@pytest.mark.parametrize(
    ("name", "arguments", "good", "bad"),
    [
        (
            "en:length_constraints:number_sentences",
            {"relation": "less than", "num_sentences": 2},
            "One.",
            "One. Two.",
        ),
        (
            "ja:length_constraints:number_sentences",
            {"relation": "以上", "num_sentences": 2},
            "一つ。二つ。",
            "一つ。",
        ),
        (
            "en:length_constraints:number_words",
            {"relation": "at least", "num_words": 3},
            "a b c",
            "a b",
        ),
        (
            "ja:length_constraints:number_letters",
            {"relation": "未満", "num_letters": 4},
            "三文字",
            "四文字だ",
        ),
        ("en:length_constraints:max_characters", {"num_characters": 5}, "12345", "123456"),
        (
            "en:length_constraints:number_paragraphs",
            {"num_paragraphs": 2},
            "a\n***\nb",
            "a\n\nb",
        ),
        (
            "ja:length_constraints:nth_paragraph_first_word",
            {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "愛"},
            "序\n\n愛は続く",
            "愛\n\n序",
        ),
        (
            "en:length_constraints:nth_paragraph_first_word",
            {"num_paragraphs": 1, "nth_paragraph": 1, "first_word": "week"},
            "Week one",
            "Weekend",
        ),
        ("en:detectable_format:json_format", {}, '```json\n{"a": 1}\n```', '{"a": 1'),
        ("en:detectable_format:number_bullet_lists", {"num_bullets": 2}, "- a\n* b", "- a\n- b\n- c"),
        ("ja:detectable_format:number_bullet_lists", {"num_bullets": 2}, "・a\n・b", "- a\n- b"),
        ("ja:detectable_format:number_numbered_lists", {"num_items": 2}, "1. a\n2. b", "1. a"),
        ("en:detectable_format:number_highlighted_sections", {"num_highlights": 1}, "a *b* c", "a * b"),
        ("ja:detectable_format:number_highlighted_sections", {"num_highlights": 1}, "《塔》", "塔"),
        (
            "ja:detectable_format:multiple_sections",
            {"section_spliter": "章", "num_sections": 2},
            "第1章 a\n第二章 b",
            "第1章",
        ),
        (
            "en:detectable_format:multiple_sections",
            {"section_spliter": "SECTION", "num_sections": 2},
            "SECTION 1 a SECTION 2 b",
            "SECTION 1",
        ),
        ("en:detectable_format:title", {}, "<<Tea>> hot", "<< >> hot"),
        ("ja:detectable_format:title", {}, "『茶』熱い", "「茶」熱い"),
        ("en:detectable_format:constrained_response", {}, "My answer is no.", "No."),
        ("ja:detectable_format:constrained_response", {}, "はい、そうです。", "はい"),
        ("en:detectable_format:title", {}, "a\n<<<b>>>", "<<a\nb>> <<<>>>"),
        ("ja:detectable_format:title", {}, "』『『茶』", "『 』『\n茶』"),
        ("en:detectable_format:json_format", {}, "```[1]```", "[" * 100_000),
        ("ja:letters:furigana", {}, "東京(とうきょう)と京都（きょうと）", "東京(とうきょう)と京都"),
        ("en:detectable_content:number_placeholders", {"num_placeholders": 2}, "[[a] b] [c\n[d]", "[] [\na]"),
        ("en:detectable_content:number_placeholders", {"num_placeholders": 2}, "[a] [b]", "[a]"),
        ("en:detectable_content:postscript", {"postscript_marker": "P.P.S"}, "a\nP.P.S. b", "a\nP.S. b"),
        ("ja:detectable_content:postscript", {"postscript_marker": "P.S."}, "a\nP. S. b", "a"),
        ("en:change_case:english_capital", {}, "TEA, HOT.", "TEA, Hot."),
        ("en:change_case:english_lowercase", {}, "tea, hot.", "Tea"),
        (
            "en:change_case:capital_word_frequency",
            {"capital_relation": "less than", "capital_frequency": 2},
            "A cup",
            "A BIG cup",
        ),
        ("en:startend:quotation", {}, '"Tea."', "Tea."),
        ("ja:startend:quotation", {}, "「茶。」", "茶。"),
        (
            "en:startend:end_checker",
            {"end_phrase": "Over and out."},
            "Tea. over and out.",
            "Over and out. Tea",
        ),
        ("en:startend:begins_with", {"start": "Answer:"}, "Answer: tea", "The Answer: tea"),
        ("ja:startend:sentence_unified_end", {"ending": "です"}, "茶です。朝です。", "茶です。朝だ。"),
        ("en:keywords:existence", {"keywords": ["tea", "cup"]}, "Tea in a cup", "Tea"),
        ("en:keywords:forbidden_words", {"forbidden_words": ["rock"]}, "rocket", "a rock"),
        ("ja:keywords:forbidden_words", {"forbidden_words": ["栄養"]}, "味", "栄養素"),
        (
            "en:keywords:frequency",
            {"relation": "at least", "keyword": "tea", "frequency": 2},
            "Tea, tea",
            "tea",
        ),
        (
            "ja:keywords:letter_frequency",
            {"let_relation": "未満", "letter": "か", "let_frequency": 2},
            "か",
            "かか",
        ),
        ("en:punctuation:no_comma", {}, "a b", "a, b"),
        ("ja:punctuation:no_comma", {}, "茶を飲む", "茶を、飲む"),
        ("ja:punctuation:no_period", {}, "茶", "茶。"),
        ("ja:letters:hiragana_only", {}, "おちゃ、すき！", "お茶"),
        ("ja:letters:katakana_only", {}, "コーヒー", "コーヒーだ"),
        ("ja:letters:no_hiragana", {}, "珈琲コーヒー", "茶だ"),
        ("ja:letters:no_katakana", {}, "お茶", "コーヒー"),
        ("ja:letters:kanji", {"relation": "以上", "kanji_limit": 2}, "緑茶だ", "茶だ"),
        ("ja:letters:kansuuji", {}, "二つ", "2つ"),
        ("ja:letters:furigana", {}, "茶（ちゃ）を飲（の）む", "茶（ちゃ）を飲む"),
        ("ja:combination:two_responses", {}, "一\n******\n二", "一\n******\n一"),
        ("ja:combination:repeat_prompt", {"prompt_to_repeat": "茶は？"}, "茶は？ 熱い", "熱い"),
        ("en:language:response_language", {"language": "ja"}, "お茶です", "Tea"),
        ("en:language:response_language", {"language": "ko"}, "차 한 잔", "お茶です"),
        ("punctuation:no_comma", {}, "a b", "a, b"),
    ],
)
def test_a_reply_is_graded_by_its_characters(
    name: str, arguments: dict[str, Any], good: str, bad: str
) -> None:
    assert grade(name, arguments, good) is True
    assert grade(name, arguments, bad) is False
    assert grade(name, arguments, "  ") is False, "an empty reply keeps to nothing"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("ja:detectable_format:nominal_ending", {"count": 3}),
        ("en:language:response_language", {"language": "mr"}),
        ("ja:language:response_language", {"language": "fr"}),
        ("ja:change_case:english_capital", {}),
        ("fr:punctuation:no_comma", {}),
    ],
)
def test_what_code_cannot_tell_has_no_grade(name: str, arguments: dict[str, Any]) -> None:
    assert grade(name, arguments, "茶。") is None


def test_a_reply_keeps_to_all_instructions_or_to_none() -> None:
    commas: tuple[str, dict[str, Any]] = ("en:punctuation:no_comma", {})
    capitals: tuple[str, dict[str, Any]] = ("en:change_case:english_capital", {})
    probe = tagged(commas, capitals, tags=("a topic",))
    assert instructions_of(probe) == [commas, capitals]
    assert [follows(probe, text) for text in ("TEA", "TEA, HOT", "tea")] == [True, False, False]
    ungraded = ("ja:detectable_format:nominal_ending", {"count": 1})
    assert follows(tagged(commas, ungraded), "TEA, HOT") is None
    assert follows(replace(probe, tags=("a topic",)), "TEA") is None


@pytest.mark.parametrize(
    "tags",
    [
        ("instruction:en:punctuation:no_comma",),
        ("instruction:en:punctuation:no_comma", "arguments:{"),
        ("instruction:en:startend:begins_with", "arguments:{}"),
        ("instruction:en:length_constraints:max_characters", 'arguments:{"num_characters": "many"}'),
        (
            "instruction:en:keywords:frequency",
            'arguments:{"relation": "about", "keyword": "a", "frequency": 1}',
        ),
        ("instruction:en:punctuation:no_comma", "arguments:[1]"),
    ],
)
def test_tags_that_do_not_fit_are_named_with_the_probe_or_the_instruction(tags: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match=r"probe p|instruction en:"):
        follows(replace(tagged(), tags=tags), "text")


@pytest.mark.parametrize(
    "file", ["en/ifeval_en.jsonl", "ja/m_ifeval_ja.jsonl"], ids=["ifeval", "m-ifeval-ja"]
)
def test_nearly_all_public_instructions_have_a_grade(file: str) -> None:
    path = Path(__file__).parents[3] / "shared" / "data" / file
    if not path.is_file():
        pytest.skip("the public file is not there")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    grades = [
        grade(name, {k: v for k, v in arguments.items() if v is not None}, "東京 is one test.")
        for row in rows
        for name, arguments in zip(row["instruction_id_list"], row["kwargs"], strict=True)
    ]
    assert grades.count(None) <= 0.05 * len(grades)
    assert {True, False} <= set(grades)
