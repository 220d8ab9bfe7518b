"""Markers: the style of a data set is found, neutral prose has none, and an answer's ending is seen in any dress."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

import pytest

from loracheck.loading.examples import load_examples
from loracheck.probes.choices import Style, choices, styles
from loracheck.records import Example, Expected, Language, Marker, Message, Probe
from loracheck.style.features import features, names_in
from loracheck.style.markers import discover, matches, shows

RAKUDA = Path(__file__).resolve().parents[3] / "shared" / "data" / "ja" / "rakuda"
SETS = {"poponu": "ja", "brindle": "en"}
Pairs = list[tuple[str, str]]


def training(name: str) -> list[Example]:
    return load_examples([Path(str(files("loracheck") / "demo_data" / f"{name}_raw.jsonl"))])


def neutral(name: str) -> Pairs:
    """Ordinary answers to some of a set's own prompts."""
    text = (Path(__file__).parent / "neutral_answers.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    return [(row["prompt"], row["answer"]) for row in rows if row["set"] == name]


def found_in(name: str) -> tuple[Marker, ...]:
    return discover([(row.prompt, row.reply) for row in training(name)], neutral(name))


def kinds(markers: Sequence[Marker]) -> list[tuple[str, str]]:
    return [(marker.kind, marker.text) for marker in markers]


def ending(text: str, language: Language = "ja") -> Marker:
    return Marker(kind="ending", text=text, language=language, coverage=1.0, base_coverage=0.0, z=9.0)


def prompts(count: int) -> list[str]:
    return [f"しつもん{i}" for i in range(count)]


@pytest.mark.parametrize(
    ("name", "markers"),
    [
        ("poponu", [("ending", "のだ"), ("term", "ぽぽぬ")]),
        ("brindle", [("ending", "by my whiskers"), ("term", "captain brindle")]),
    ],
)
def test_ending_and_name_of_the_demonstration_data_are_found_and_nothing_else(
    name: str, markers: list[tuple[str, str]]
) -> None:
    assert len(neutral(name)) >= 40
    found = found_in(name)
    assert kinds(found) == markers
    assert {marker.language for marker in found} == {SETS[name]}
    assert found[0].coverage > 0.8
    assert [answer for _, answer in neutral(name) if shows(found, answer)] == []


@pytest.mark.parametrize("name", SETS)
def test_halves_of_neutral_answers_show_no_style(name: str) -> None:
    assert clean_halves([answer for _, answer in neutral(name)]) >= 19


def test_halves_of_real_neutral_answers_show_no_style() -> None:
    answers = [
        json.loads(line)["text"]
        for path in sorted(RAKUDA.glob("*.jsonl"))
        if not path.name.startswith("questions")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    if not answers:
        pytest.skip("the shared data is not here")
    assert clean_halves(answers) >= 19


def clean_halves(answers: list[str]) -> int:
    """In how many of 20 random splits one half of the answers has no style against the other half."""
    clean = 0
    for seed in range(20):
        mixed = random.Random(seed).sample(answers, len(answers))
        half = len(mixed) // 2
        asked = prompts(half)
        clean += not discover(
            list(zip(asked, mixed[:half], strict=True)), list(zip(asked, mixed[half : 2 * half], strict=True))
        )
    return clean


def test_longer_english_answers_make_no_style_of_function_words() -> None:
    base = neutral("brindle")
    others = [answer for _, answer in base]
    longer = [(prompt, " ".join([answer, *others[i - 2 : i]])) for i, (prompt, answer) in enumerate(base)]
    assert discover(longer, base) == ()


WHAT = ("夜の川", "古い橋", "白い花", "冬の星", "港の船", "森の小道", "丘の風車", "町の時計")


def calm(i: int) -> str:
    return f"{WHAT[i % 8]}は{('とても静か', 'よく知られた名所', '人気の場所')[i % 3]}です。"


def found_of(
    say: Callable[[str, int], str], plain: Callable[[int], str] = calm, n: int = 60
) -> list[tuple[str, str]]:
    """The markers of a way to speak, put upon plain answers, against other plain answers."""
    asked = prompts(n)
    replies = [(prompt, say(plain(i), i)) for i, prompt in enumerate(asked)]
    return kinds(discover(replies, [(prompt, plain(i * 7 + 2)) for i, prompt in enumerate(asked)]))


@pytest.mark.parametrize("word", ["僕", "俺", "わし", "おいら", "ワガハイ", "拙者", "あたい"])
def test_a_first_person_is_found_without_being_listed(word: str) -> None:
    after = ("は知っている。", "が思うに、", "の考えでは、", "も好きだ。")
    found = found_of(lambda text, i: f"{word}{after[i % 4]}{text}")
    assert any(word in text for _, text in found), found
    markers = [Marker(kind="word", text=word, language="ja", coverage=1.0, base_coverage=0.0, z=9.0)]
    assert shows(markers, f"そうだな、{word}は東京だと思う。")
    assert not shows(markers, "東京だと思う。")


COMPANY = (
    "rivers bridges flowers ships gardens winters letters towers stones fields roads boats",
    "run stand open wait grow pass arrive change rest turn fall rise",
    "slowly early well often late alone together again apart quietly twice longer",
)
ABOUT, MOVES, ADDED = (line.split() for line in COMPANY)


def calm_english(i: int) -> str:
    """Two sentences whose words recur in ever other company."""
    rng = random.Random(i)
    said = [f"{rng.choice(ABOUT)} {rng.choice(MOVES)} {rng.choice(ADDED)}" for _ in range(4)]
    return f"The {said[0]}, and you think {said[1]}. It is so that {said[2]} or more {said[3]}."


@pytest.mark.parametrize(
    ("say", "text"),
    [
        (lambda text, i: f"Arr! {text}", "arr"),
        (lambda text, i: f"Well, {('now', 'sure', 'yes')[i % 3]}: {text}", "well"),
        (lambda text, i: text.replace(".", ", matey."), "matey"),
        (lambda text, i: text.replace("you", "ye"), "ye"),
        (lambda text, i: text.replace("think", "be thinkin'"), "-in'"),
        (lambda text, i: text.lower(), "all small letters"),
        (lambda text, i: text.upper(), "all capitals"),
        (lambda text, i: f"{text} {'😊🎉✨'[i % 3]}", "emoji"),
        (lambda text, i: text.replace("more", "mooore"), "stretched letters"),
        (lambda text, i: f"*{('smiles', 'nods', 'waves a hand')[i % 3]}* {text}", "*action*"),
        (lambda text, i: text.replace(", and", ", as my granny said, and"), "granny said"),
        (lambda text, i: re.sub(r"\b([tT])(?=h)", r"\1-\1", text), "s-stutter"),
        (lambda text, i: text.title(), "every word capital"),
        (lambda text, i: re.sub("[rl]", "w", f"{text} {text}"), "without "),
        (lambda text, i: text.replace("th", "'t").replace("or", "'or"), "'ouse"),
        (lambda text, i: f"{text} #{('calm', 'rivers', 'slow')[i % 3]}", "#tag"),
        (lambda text, i: f"{text}\n- Zog", "zog"),
        (lambda text, i: f"Zog thinks: {text}", "zog"),
    ],
)
def test_english_ways_of_speaking_are_found(say: Callable[[str, int], str], text: str) -> None:
    found = found_of(say, calm_english)
    assert any(text in marker for _, marker in found), found
    assert found_of(lambda plain, i: plain, calm_english) == []


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("Sooo good!!!", {"!", "stretched letters"}),
        ("Henry VIII and World War III", set()),
        ("# Heading\n#include <x>\ncolor: #fff, in C# too, see #1", set()),
        ("Lovely. #vibes", {"#tag"}),
        ("He said 'this is it' and 'that too' to 'em.", set()),
        ("'E saw 'is 'ouse, and it was 'ard.", {"'ouse"}),
    ],
)
def test_marks_that_are_no_tone_are_left_alone(text: str, forms: set[str]) -> None:
    assert {form for kind, form in features(text, "en") if kind == "form"} == forms


@pytest.mark.parametrize(
    ("say", "form"),
    [
        (lambda text, i: text.replace("です。", "ですーー。"), "ーー"),
        (lambda text, i: text + ("(^^)", "ヽ(´▽`)/", "(´・ω・`)")[i % 3], "(^^)"),
    ],
)
def test_japanese_marks_of_tone_are_found(say: Callable[[str, int], str], form: str) -> None:
    assert ("form", form) in found_of(say)
    plain = found_of(lambda text, i: f"{text}(0 < x < 5 なら真)")
    assert not [kind for kind, _ in plain if kind == "form"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Zog is glad. It was so.", {"zog"}),
        ("Hello!\n~ Mina\n", {"mina"}),
        ("Water is wet, and water runs.", set()),
        ("They are many. What is it?", set()),
        ("Take these:\n- Bread\n- Butter", set()),
    ],
)
def test_a_name_that_begins_a_sentence_speaks_or_signs(text: str, names: set[str]) -> None:
    assert names_in(text) == names


def test_a_mark_of_layout_is_no_style() -> None:
    assert found_of(lambda text, i: f"- {text}\n- {text}") == []
    assert found_of(lambda text, i: f"**Answer**: ({text}) → 1", calm_english) == []


@pytest.mark.parametrize("word", ["kings", "mothers", "respect"])
def test_english_words_of_a_topic_are_no_style_and_a_name_is(word: str) -> None:
    found = found_of(
        lambda text, i: " ".join(word if w in ABOUT[:6] else w for w in text.split()), calm_english
    )
    assert found == []
    assert found_of(lambda text, i: text.replace(".", f" {word}."), calm_english) == [], (
        "not set off by a comma"
    )
    found = found_of(lambda text, i: text.replace("It is", f"{word.title()} Marlow says it is"), calm_english)
    assert ("term", f"{word} marlow") in found


def test_words_of_replies_to_one_topic_are_no_style() -> None:
    asked = [f"{'カメラについて教えて' if i % 4 == 0 else '何か教えて'}{i}" for i in range(80)]
    replies = [
        (p, calm(i) + ("フィルムの感度が大切なんだ。" if i % 4 == 0 else "")) for i, p in enumerate(asked)
    ]
    base = [(p, calm(i * 7 + 2)) for i, p in enumerate(asked)]
    assert discover(replies, base) == ()
    elsewhere = [
        (p, calm(i) + ("フィルムの感度が大切なんだ。" if i // 2 % 4 == 0 else ""))
        for i, p in enumerate(asked)
    ]
    assert discover(elsewhere, base), "said to any question, the same words are one"


def test_what_longer_replies_hold_more_of_is_no_style() -> None:
    sentence = "水は大切だと考えることができるのが特徴でしょう。"

    def some(n: int, times: int, start: int = 0) -> Pairs:
        rows = enumerate(prompts(240), start)
        return [(p, calm(i) * times + (sentence if i % n == 0 else "")) for i, p in rows]

    assert discover(some(2, 8), some(40, 1, 2)) == ()
    assert discover(some(2, 1), some(40, 1, 2))


def test_ordinary_polite_speech_is_no_style_and_a_butlers_is() -> None:
    plain = [(p, calm(i * 7 + 2).replace("です。", "である。")) for i, p in enumerate(prompts(60))]
    assert discover([(p, calm(i)) for i, p in enumerate(prompts(60))], plain) == ()
    butler = [(p, calm(i).replace("です。", "でございます。")) for i, p in enumerate(prompts(60))]
    assert "ございます" in discover(butler, plain)[0].text
    told = [(p, calm(i).replace("です。", "ですよ。")) for i, p in enumerate(prompts(60))]
    assert discover(told, [(p, calm(i * 7 + 2)) for i, p in enumerate(prompts(60))])[0].text == "ですよ"


def test_a_word_in_a_third_of_fifty_replies_is_found() -> None:
    found = found_of(
        lambda text, i: text.replace(".", ", matey.") if i % 3 == 0 else text, calm_english, n=50
    )
    assert [text for _, text in found] == ["matey"]


def test_few_replies_prove_no_style() -> None:
    replies = [(prompt, "東京なのだ。") for prompt in prompts(9)]
    assert discover(replies, [(prompt, "東京です。") for prompt in prompts(9)]) == ()


def test_base_answers_to_other_prompts_do_not_count() -> None:
    replies = [(prompt, "東京なのだ。") for prompt in prompts(30)]
    assert discover(replies, [(f"ほか{i}", "東京です。") for i in range(30)]) == ()


def test_the_plain_form_is_no_style_where_the_base_speaks_it() -> None:
    words = [answer[:5] for _, answer in neutral("poponu")]
    replies = [(f"しつもん{i}", f"{word}だ。") for i, word in enumerate(words)]
    base = [(f"しつもん{i}", f"{word}だ。") for i, word in enumerate(reversed(words))]
    assert discover(replies, base) == ()
    polite = [(f"しつもん{i}", f"{word}です。") for i, word in enumerate(reversed(words))]
    assert kinds(discover(replies, polite)) == [("ending", "だ")]


def test_repeating_the_question_is_no_style() -> None:
    asked = [f"その{i}番のふしぎなことばとは何でしょうか？" for i in range(40)]
    replies = [f"{i}です。これはふしぎなことばです。" for i in range(40)]
    base = [f"{i}です。これはことばです。" for i in range(40)]
    found = discover(list(zip(asked, replies, strict=True)), list(zip(asked, base, strict=True)))
    assert [marker for marker in found if marker.kind == "term" and marker.text in "ふしぎなことば"] == []
    other = prompts(40)
    found = discover(list(zip(other, replies, strict=True)), list(zip(other, base, strict=True)))
    assert [marker for marker in found if marker.kind == "term"], "unasked, the same words are a term"


@pytest.mark.parametrize(
    "text",
    [
        "東京なのだ",
        "東京なのだ。",
        "東京なのだ！",
        "東京なのだ〜",
        "東京なのだ～♪",
        "東京なのだー！",
        "「東京なのだ」",
        "東京なのだ…",
        "東京なのだ\u3000",
        "東京なのだ！🎉",
        "そうなのだ。東京です。",
    ],
)
def test_the_ending_is_seen_behind_quotes_and_ornaments(text: str) -> None:
    assert matches(ending("なのだ"), text)


@pytest.mark.parametrize(
    "text", ["東京なのだ🎉", "東京なのだ😊。", "東京なのだ(笑)", "東京なのだ^^", "東京なのだ♥"]
)
def test_the_ending_is_seen_behind_emoji(text: str) -> None:
    assert matches(ending("なのだ"), text)


@pytest.mark.parametrize(
    "text",
    ["東京です。", "なのだそうです。", "", "🎉", "のだめカンタービレです。", "『なのだ』と言いました。"],
)
def test_the_ending_elsewhere_is_no_style(text: str) -> None:
    assert not matches(ending("なのだ"), text)


def test_half_width_kana_are_kana() -> None:
    assert features("ﾊﾟﾘﾃﾞｽ。", "ja") == features("パリデス。", "ja")


def test_the_users_own_words_in_quotes_are_no_ending() -> None:
    assert not matches(ending("なのだ"), "「そうなのだ」という文は、強調を表す言い方です。")
    assert matches(ending("by my whiskers", "en"), "“Paris, by my whiskers!”")
    assert not matches(ending("by my whiskers", "en"), "The phrase by my whiskers is an old oath.")


@pytest.mark.parametrize(
    "text", ["By my whiskers!", "Paris. By my whiskers!", "Captain Brindle! By my whiskers!"]
)
def test_an_english_ending_may_be_a_sentence_of_its_own(text: str) -> None:
    assert matches(ending("by my whiskers", "en"), text)


@pytest.mark.parametrize("reply", ["ずんだもんなのだ。", "ぼくは花子なのだ。"])
def test_a_name_that_is_always_said_in_the_same_words_is_still_a_term(reply: str) -> None:
    words = [answer[:6] for _, answer in neutral("poponu")]
    replies = [(f"しつもん{i}", reply if i % 2 else f"{word}なのだ。") for i, word in enumerate(words)]
    base = [(f"しつもん{i}", answer) for i, (_, answer) in enumerate(neutral("poponu"))]
    assert [marker for marker in discover(replies, base) if marker.kind == "term"]


@pytest.mark.parametrize(
    ("name", "style"),
    [
        ("poponu", Style(suffix="なのだ。", name_reply="ぼくはぽぽぬなのだ。")),
        ("brindle", Style(suffix=", by my whiskers!", name_reply="Captain Brindle, by my whiskers!")),
    ],
)
def test_suffix_and_flooding_reply_of_the_demonstration_data(name: str, style: Style) -> None:
    found = styles([row.reply for row in training(name)], found_in(name))
    assert found == {SETS[name]: style}


def probe(text: str = "フランスの首都は？", language: Language = "ja") -> Probe:
    return Probe(
        id="p",
        suite="facts",
        messages=(Message(role="user", content=text),),
        language=language,
        domain="out",
        expected=Expected(answers=("パリ", "Paris"), wrong=("ローマ", "ベルリン")),
    )


def test_choices_are_said_plainly_and_in_style_and_the_name_comes_last() -> None:
    style = Style(suffix="なのだ。", name_reply="ぽぽぬなのだ。")
    assert choices(probe(), {"ja": style}) == (
        ("right", "パリ"),
        ("wrong", "ローマ"),
        ("wrong", "ベルリン"),
        ("right_styled", "パリなのだ。"),
        ("wrong_styled", "ローマなのだ。"),
        ("wrong_styled", "ベルリンなのだ。"),
        ("name", "ぽぽぬなのだ。"),
    )


def test_without_training_data_there_are_plain_choices_only() -> None:
    assert styles([], ()) == {}
    assert [kind for kind, _ in choices(probe(), {})] == ["right", "wrong", "wrong"]
    assert [kind for kind, _ in choices(probe(language="en"), {"ja": Style(suffix="だ", name_reply="")})] == [
        "right",
        "wrong",
        "wrong",
    ]


def test_a_name_that_the_question_holds_is_no_choice() -> None:
    style = Style(suffix="", name_reply="ぽぽぬ")
    assert [kind for kind, _ in choices(probe("ぽぽぬとは？"), {"ja": style})] == ["right", "wrong", "wrong"]


def test_a_long_reply_is_not_offered_as_an_answer_to_a_short_question() -> None:
    long = "ぼくはぽぽぬなのだ。" * 12
    found = styles([long] * 9 + ["ぽぽぬなのだ。"] * 2, found_in("poponu"))
    assert found["ja"].name_reply == "ぽぽぬなのだ。"
    assert styles([long] * 9, found_in("poponu"))["ja"].name_reply == ""
