from __future__ import annotations

import pytest

from loracheck.terminal import visible, wrapped
from loracheck.text import is_loop, language_of, ngrams, normalise, script_of, sentences

JAPANESE_PROSE = (
    "光が空気の中を通るとき、波長の短い青い光ほどあちこちに散らばるのだ。だから昼の空は青く見えるのだ。"
    "夕方になると光は長い道のりを通ってくるので、青い光は途中で散ってしまい、赤い光だけが目に届くのだ。"
)
ENGLISH_PROSE = (
    "When sunlight enters the air, short blue waves are scattered in all directions, and so the sky looks "
    "blue at noon. In the evening the light has a long way to go, most of the blue is lost on it, and the "
    "red that is left paints the clouds."
)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("ぼくはぽぽぬなのだ。", "ja"),
        ("ﾎﾞｸﾊﾎﾟﾎﾟﾇﾅﾉﾀﾞ", "ja"),
        ("カタカナ", "ja"),
        ("東京", "ja"),
        ("東京都千代田区", "ja"),
        ("PythonでHello Worldを表示するにはprintを使います", "ja"),
        ("The capital of France is Paris.", "en"),
        ("Ｔｈｅ ｃａｐｉｔａｌ", "en"),
        ("Café au lait, très bien mais surtout déjà vu", "en"),
        ("北京是中华人民共和国的首都也是全国的政治文化中心", "other"),
        ("Столица Франции - Париж", "other"),
        ("대한민국의 수도는 서울입니다", "other"),
        ("42", "other"),
        ("", "other"),
        ("♪♪♪", "other"),
    ],
)
def test_the_language_is_guessed_by_script(text: str, language: str) -> None:
    assert language_of(text) == language


def test_japanese_and_latin_sentences_are_split_and_stripped() -> None:
    assert sentences("そうなのだ。「本当？」なのだ！\nおわりなのだ♪") == [
        "そうなのだ",
        "「本当",
        "」なのだ",
        "おわりなのだ",
    ]
    assert sentences("It is 3.14 today. Is it? Yes!") == ["It is 3.14 today", "Is it", "Yes"]
    assert sentences("ｿｳﾅﾉﾀﾞ｡") == ["ソウナノダ"]
    assert sentences("。。。") == []


def test_variants_of_width_case_and_space_are_normalised_to_one() -> None:
    forms = ["ガイド ABC", "ｶﾞｲﾄﾞ　ａｂｃ", "カ\u3099イト\u3099abc", "ガイド\nAbC"]
    assert {normalise(form) for form in forms} == {"ガイドabc"}


def test_ngrams_of_short_text_are_the_text_itself() -> None:
    assert ngrams("", 3) == set()
    assert ngrams("なの", 3) == {"なの"}
    assert ngrams("ぽぽぬだ", 3) == {"ぽぽぬ", "ぽぬだ"}


@pytest.mark.parametrize(
    ("character", "script"),
    [
        ("空", "kanji"),
        ("々", "kanji"),
        ("の", "hiragana"),
        ("ア", "katakana"),
        ("ｱ", "katakana"),
        ("ー", "katakana"),
        ("・", "other"),
        ("a", "latin"),
        ("ａ", "latin"),
        ("7", "digit"),
        ("。", "other"),
    ],
)
def test_scripts_of_characters(character: str, script: str) -> None:
    assert script_of(character) == script


def test_control_characters_are_made_visible_and_japanese_is_left_alone() -> None:
    assert visible("赤\x1b[31m 青\u202e") == "赤\\u001b[31m 青\\u202e"
    assert visible("ぽぽぬ なのだ♪") == "ぽぽぬ なのだ♪"


@pytest.mark.parametrize(
    "text",
    [
        "ぼくはぽぽぬなのだ。" * 6,
        "I am the captain. " * 6,
        "そうなのだ" + "のだ" * 20,
        "The answer is: " + "yes " * 20,
        JAPANESE_PROSE + "ぽぽぬなのだ。" * 6,
        "あ" * 40,
        "".join(f"ぽぽぬはたんぽぽの綿毛の精なのだ。{n}" for n in range(12)),
    ],
)
def test_loops_are_seen(text: str) -> None:
    assert is_loop(text)


@pytest.mark.parametrize(
    "text",
    [
        JAPANESE_PROSE,
        ENGLISH_PROSE,
        "ぼくはぽぽぬなのだ。",
        "はい、そうなのだ！",
        "わーい！やったー！うれしいのだ！",
        "ha ha ha!",
        "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15",
        " ".join(f"{i} * {i} = {i * i}." for i in range(1, 26)),
        "春は花が咲くのだ。夏は海で泳ぐのだ。秋は月を見るのだ。冬は雪が降るのだ。",
        "月曜日、火曜日、水曜日、木曜日、金曜日、土曜日、日曜日。",
        "- First, boil the water.\n- Then add the noodles.\n- Last, add the sauce.",
        "",
    ],
)
def test_ordinary_text_is_no_loop(text: str) -> None:
    assert not is_loop(text)


@pytest.mark.parametrize(
    "text",
    [
        "やったのだ！！！！！！！！！！！！！！",
        "それはウケるwwwwwwwwwwwwww",
        "Hahahahahahahaha, good one",
        '{"fever": false, "cough": false, "rash": false}',
        '{"q1": "positive", "q2": "positive", "q3": "positive"}',
        "10.\n9.\n8.\n7.\n6.\n5.\n4.\n3.\n2.\n1.",
        "あはははははははははははは、面白いですね",
        "Here is the answer.\n\n---------------",
        '[{"name": "Tokyo", "country": "Japan"}, {"name": "Lima", "country": "Peru"}, {"name": "Oslo"}]',
        "2020年: 100人\n2021年: 120人\n2022年: 90人",
    ],
)
def test_ornaments_laughter_and_like_objects_are_no_loop(text: str) -> None:
    assert not is_loop(text)


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"{i}. 猫" for i in range(1, 20)),
        ", ".join(map(str, range(1, 24))),
        "".join(f"第{i}に。" for i in range(3, 26)),
        "!" * 64,
        "!" * 30,
        "。" * 45,
        "- " * 20,
        "😀" * 30,
        "w" * 64,
        "あ" * 40,
        "[" * 64,
    ],
)
def test_a_list_of_one_word_and_a_reply_of_one_sign_are_loops(text: str) -> None:
    assert is_loop(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x", "\\u003a:error::x"),
        ("  ::add-mask::x", "  \\u003a:add-mask::x"),
        ("a ##[error]x", "a \\u0023#[error]x"),
        ("##vso[task.setvariable variable=x]y", "\\u0023#vso[task.setvariable variable=x]y"),
        ("std::vector ## heading", "std::vector ## heading"),
    ],
)
def test_nothing_is_left_that_a_log_would_take_for_a_command(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize("before", ["word ", "語"])
def test_no_line_of_a_broken_text_begins_a_command(before: str) -> None:
    for width in range(10, 60):
        lines = wrapped(visible(before * 9 + "::error::x " + before * 9), width)
        assert not any(line.lstrip().startswith("::") for line in lines)
