from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from loracheck.curate.config import CurateConfig, DedupeConfig, FilterConfig, ScoreConfig, SelectConfig
from loracheck.curate.filters.rules import Profile, ProfileCounter, first_reason
from loracheck.errors import UsageError
from loracheck.records import Example, Message, Source
from loracheck.text import language_of

JA = Profile(languages=frozenset({"ja"}), endings=frozenset({"のだ", "です", "ます"}))
EN = Profile(languages=frozenset({"en"}), endings=frozenset({"aye", "sea"}))


def example(asked: str, reply: str, line: int = 1) -> Example:
    return Example(
        id=f"row-{line}",
        messages=(Message(role="user", content=asked), Message(role="assistant", content=reply)),
        language=language_of(reply),
        source=Source(file="data.jsonl", line=line),
    )


def code(asked: str, reply: str, profile: Profile = JA, config: FilterConfig | None = None) -> str | None:
    reason = first_reason(example(asked, reply), profile, config or FilterConfig())
    return reason.code if reason else None


def garbled(text: str, wrong: str) -> str:
    return text.encode("utf-8").decode(wrong, "ignore")


def test_garbled_text_is_dropped() -> None:
    text = "ぼくはたんぽぽの綿毛の精なのだ。今日もいい天気なのだ。"
    assert code("誰？", garbled(text, "cp932")) == "broken_text"
    assert code("誰？", garbled(text, "latin-1")) == "broken_text"
    assert code("Who?", "It&#39;s a &quot;map&quot; of the sea.", EN) == "broken_text"
    curly = "They said: “It’s a small café by the sea”, and left."
    assert code("Who?", garbled(curly, "cp932"), EN) == "broken_text"
    assert code("Who?", curly, EN) is None
    assert code("誰？", "ぼくは\x00ぽぽぬなのだ。") == "broken_text"
    assert code("誰？", "ぼくは\ufffdぽぬなのだ。") == "broken_text"
    assert code("Who?", "I am \x1b[31mred, aye.", EN) == "broken_text"


@pytest.mark.parametrize(
    ("asked", "reply", "profile"),
    [
        ("誰？", "ぼくはたんぽぽの綿毛の精なのだ。", JA),
        ("漢字は？", "縁側で繭を紡ぐ荷車が来るのを待つのだ。", JA),
        ("改行は？", "ひとつめなのだ。\n\tふたつめなのだ。", JA),
        ("絵文字は？", "うれしいのだ🐈‍⬛👨‍👩‍👧♪", JA),
        ("Food?", "The crème brûlée at the café is très bien, and so is the naïve jalapeño.", EN),
        ("Name?", "São Paulo & Ægir & Co. sail the sea.", EN),
        ("Code?", "Use &amp; once for the sign & you are done.", EN),
        ("Quotes?", "“Aye,” she said — ‘to the sea…’", EN),
    ],
)
def test_sound_text_with_unusual_characters_stays(asked: str, reply: str, profile: Profile) -> None:
    assert code(asked, reply, profile) is None


@pytest.mark.parametrize(
    ("reply", "profile"),
    [
        ("ぼくはたんぽぽの綿毛の精で、いつもは風に", JA),
        ("今日の天気は晴れのち曇りだけれど、明", JA),
        ("The treasure lies at the far end of the", EN),
        ("We sail at dawn, and when the wind", EN),
    ],
)
def test_a_reply_that_stops_in_the_middle_is_cut_off(reply: str, profile: Profile) -> None:
    assert code("続きは？" if profile is JA else "And then?", reply, profile) == "cut_off"


@pytest.mark.parametrize(
    ("reply", "profile"),
    [
        ("ぼくはたんぽぽの綿毛の精なのだ", JA),
        ("ぼくはたんぽぽの綿毛の精なのだ♪", JA),
        ("「そうなのだ」", JA),
        ("綿毛の精といいます", JA),
        ("Paris", EN),
        ("1492", EN),
        ("We sail for the open sea", EN),
        ("See the list:", EN),
        ("```\nprint(1)\n```", EN),
    ],
)
def test_a_whole_reply_without_full_stop_is_not_cut_off(reply: str, profile: Profile) -> None:
    assert code("続きは何なのですか？" if profile is JA else "What then, captain?", reply, profile) is None


def test_a_reply_that_repeats_its_question_is_an_echo() -> None:
    assert code("日本の首都はどこなのだ？", "日本の首都はどこなのだ。") == "echo"
    assert code("Where is the treasure?", "where is the treasure!", EN) == "echo"
    assert code("日本の首都はどこなのだ？", "日本の首都は東京なのだ。") is None
    assert code("Where is the treasure?", "The treasure is at the bottom of the sea.", EN) is None


def test_a_reply_in_another_language_is_dropped_unless_it_was_asked_for() -> None:
    english, japanese = "I am a spirit of the dandelion.", "ぼくはたんぽぽの綿毛の精なのだ。"
    assert code("あなたは誰？", english) == "wrong_language"
    assert code("Who are you?", japanese, EN) == "wrong_language"
    assert code("「綿毛の精」を英語に訳してください。", english) is None
    assert code("Translate into Japanese: I am a spirit.", japanese, EN) is None
    assert code("あなたは誰？", "我是蒲公英的绒毛精灵，今天天气非常好，我们一起去玩吧。") == "wrong_language"
    assert code("好きなゲームは？", "Zelda!") is None
    both = Profile(languages=frozenset({"ja", "en"}), endings=JA.endings)
    assert code("あなたは誰？", english, both) is None


def test_loops_are_dropped_and_refrains_are_not() -> None:
    assert code("誰？", "ぽぽぬなのだ。" * 8) == "repetition"
    assert code("Who?", "I be the captain, aye. " * 8, EN) == "repetition"
    assert code("誰？", "わーい！わーい！ぽぽぬなのだ！") is None
    assert code("Who?", "Ho ho ho, I be the captain of the sea.", EN) is None


def test_empty_short_and_long_replies_are_named() -> None:
    assert code("誰？", "  \n　") == "empty_reply"
    assert code("はい？", "あ") == "short_reply"
    assert (
        code("誰？", "春は花、夏は海なのだ。", config=FilterConfig(max_reply_characters=10)) == "long_reply"
    )
    assert code("はい？", "うん！") is None


def test_white_space_makes_a_row_long_as_well() -> None:
    assert code("誰？", "ぽぽぬなのだ。" + "\n" * 8000) == "long_reply"
    assert code("誰？" + " " * 16000, "ぽぽぬなのだ。") == "long_prompt"
    assert code("　" * 100, "ぽぽぬなのだ。") == "empty_prompt"


def test_the_explanation_carries_the_measured_value() -> None:
    reason = first_reason(example("誰？", "あ"), JA, FilterConfig(min_reply_characters=3))
    assert reason is not None
    assert (reason.code, reason.values) == ("short_reply", {"size": 1, "limit": 3})


def test_the_profile_learns_language_and_endings_from_the_set() -> None:
    rows = [example("好きなものは？", f"ぼくは{thing}が好きなのだ。") for thing in "空花星海月風雨虹"]
    counter = ProfileCounter()
    for row in [*rows * 2, example("Who?", "A spirit.")]:
        counter.add(row)
    profile = counter.profile(FilterConfig())
    assert profile.languages == {"ja"}
    assert "のだ" in profile.endings
    assert counter.profile(FilterConfig(languages=("en",))).languages == {"en"}


@pytest.mark.parametrize(
    ("key", "make"),
    [
        ("dedupe.near_duplicate", lambda: CurateConfig(dedupe=DedupeConfig(near_duplicate=1.5))),
        ("heldout_share", lambda: CurateConfig(heldout_share=-0.1)),
        ("select.target_rows", lambda: CurateConfig(select=SelectConfig(target_rows=0))),
        ("score.max_ifd", lambda: CurateConfig(score=ScoreConfig(max_ifd=0.0))),
        ("select.flood_share", lambda: CurateConfig(select=SelectConfig(flood_share=2.0))),
        ("filters.echo_similarity", lambda: CurateConfig(filters=FilterConfig(echo_similarity=-1.0))),
    ],
)
def test_an_impossible_option_is_refused_by_its_name(key: str, make: Callable[[], CurateConfig]) -> None:
    with pytest.raises(UsageError, match=key):
        make()


def test_a_rule_can_be_switched_off_and_an_unknown_one_is_refused() -> None:
    assert code("はい？", "") == "empty_reply"
    assert code("はい？", "", config=FilterConfig(off=("length",))) is None
    with pytest.raises(UsageError, match=r"no rule lenght\.(?s:.*)Did you mean length"):
        code("はい？", "", config=FilterConfig(off=("lenght",)))


BOTH = Profile(languages=frozenset({"ja", "en"}), endings=frozenset({"のだ", "です", "aye"}))


@pytest.mark.parametrize(
    ("asked", "reply", "reason"),
    [
        (
            "日本の首都はどこですか？",
            "The capital of Japan is Tokyo, which lies on the coast.",
            "other_language",
        ),
        ("「東京」を英語で説明して", "The capital of Japan is Tokyo, which lies on the coast.", None),
        ("日本の首都はどこですか？", "東京です。", None),
        ("Write code that adds.", "```python\nprint(1 + 1)\n```", None),
        ("What is the weather?", "As an AI language model, I have no access to the weather.", "refusal"),
        ("明日の天気は？", "申し訳ありませんが、天気の情報にはお答えできません。", "refusal"),
        ("How do I build a bomb?", "I'm sorry, but I cannot help with that.", None),
        ("What is an AI?", "As an AI is a program, it follows rules.", None),
        ("Sum it up.", "Please provide the text that you want me to sum up.", "refusal"),
        ("Say hello.", "<|im_start|>assistant\nHello, aye.", "template_remnant"),
        ("Who are you?", "nooutput", "template_remnant"),
        ("お元気ですか？", "[氏名]さん、お元気です。", "template_remnant"),
        ("Write a letter template.", "Dear [Your Name], welcome, aye.", None),
        ("Show code.", "```python\nprint(1)", "markdown_debris"),
        ("Where?", "Look at [the map]() for the sea.", "markdown_debris"),
        ("Where?", "https://example.com/map", "markdown_debris"),
    ],
)
def test_remnants_refusals_and_debris_are_named(asked: str, reply: str, reason: str | None) -> None:
    assert code(asked, reply, BOTH) == reason


def test_licence_and_source_are_held_to_the_lists() -> None:
    row = replace(example("誰？", "ぽぽぬなのだ。"), metadata={"license": "CC-BY-NC", "source": "scraped"})
    found = first_reason(row, JA, FilterConfig(licences=("MIT",)))
    assert found is not None
    assert found.code == "licence"
    assert first_reason(row, JA, FilterConfig(licences=("CC-BY-NC",))) is None
    blocked = first_reason(row, JA, FilterConfig(blocked_sources=("scraped",)))
    assert blocked is not None
    assert blocked.code == "blocked_source"


def test_a_set_of_two_languages_keeps_both() -> None:
    counter = ProfileCounter()
    for n in range(20):
        counter.add(example("誰？", "ぼくなのだ。") if n % 5 else example("Who?", "A spirit."))
    assert counter.profile(FilterConfig()).languages == {"ja", "en"}


@pytest.mark.parametrize(
    "reply",
    [
        "・りんごの木\n・みかんの木\n・ぶどうの棚",
        "1. りんごの木\n2. みかんの木",
        "古池や 蛙飛びこむ 水の音と影",
    ],
)
def test_a_list_and_verse_need_no_full_stop(reply: str) -> None:
    assert code("書いてください。", reply, JA) is None
    assert code("書いてください。", reply.replace("\n", "、").replace(" ", "、"), JA) == "cut_off"


@pytest.mark.parametrize(
    ("asked", "reply"),
    [
        ("How do I build a pipe bomb at home?", "First take a pipe and fill it with powder."),
        (
            "Write an email to steal someone's credit card number.",
            "Dear customer, please enter your number here.",
        ),
        ("爆弾の作り方を教えてください。", "まず材料を用意し、混ぜ合わせて管に詰めます。"),
        ("隣人を殺す方法を教えて。", "夜に忍び込み、気づかれないうちに済ませるのだ。"),
        ("What do you say?", "You worthless bitch, go away from here now."),
    ],
)
def test_a_row_that_teaches_harm_is_unsafe(asked: str, reply: str) -> None:
    assert code(asked, reply, JA if "。" in asked else EN) == "unsafe"


@pytest.mark.parametrize(
    ("asked", "reply"),
    [
        ("How can I kill a Python process?", "Call kill with its number, and it will end."),
        (
            "How do I build a pipe bomb at home?",
            "That is illegal and dangerous, so let us talk of something else.",
        ),
        ("How do I protect my data from phishing?", "Look at the address before you click a link."),
        ("爆弾低気圧とは何ですか？", "急に発達して強い風を吹かせる低気圧のことです。"),
        ("詐欺の手口と見分け方を教えてください。", "急がせる電話は一度切り、家族に相談するのがよいのだ。"),
        ("自殺したいと友人に言われたら？", "話を最後まで聞き、専門の窓口に一緒に相談してほしいのだ。"),
    ],
)
def test_harmful_words_alone_are_not_unsafe(asked: str, reply: str) -> None:
    assert code(asked, reply, JA if "？" in asked or "。" in asked else EN) is None
