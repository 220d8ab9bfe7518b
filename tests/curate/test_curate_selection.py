from __future__ import annotations

import re
import unicodedata

import numpy as np
import pytest

from loracheck.curate.config import CurateConfig
from loracheck.curate.dedupe import Duplicate, find_duplicates
from loracheck.curate.flood import find_flood
from loracheck.curate.selection import hold_out, k_center, loss_outliers
from loracheck.records import Example, Message, Source
from loracheck.text import language_of

CONFIG = CurateConfig()


def rows(*pairs: tuple[str, str]) -> list[Example]:
    return [
        Example(
            id=str(line),
            messages=(Message(role="user", content=asked), Message(role="assistant", content=reply)),
            language=language_of(reply),
            source=Source(file="data.jsonl", line=line),
        )
        for line, (asked, reply) in enumerate(pairs, start=1)
    ]


def duplicates(*pairs: tuple[str, str]) -> dict[int, Duplicate]:
    return find_duplicates(rows(*pairs), CONFIG)


def test_variants_of_width_form_case_and_space_are_exact_duplicates() -> None:
    first = ("ガイドの ABC は何？", "Guide なのだ。")
    variants = [
        ("ｶﾞｲﾄﾞのＡＢＣは何？", "Ｇｕｉｄｅなのだ。"),
        (unicodedata.normalize("NFD", first[0]), unicodedata.normalize("NFD", first[1])),
        ("ガイドの abc は何?", "GUIDE なのだ。"),
        ("  ガイドの\u3000ABC は何？\n", "Guide\tなのだ。"),
    ]
    found = duplicates(first, *variants)
    assert [(place, match.of, match.exact) for place, match in found.items()] == [
        (place, 0, True) for place in range(1, 5)
    ]


def test_nearly_the_same_question_and_reply_is_a_near_duplicate() -> None:
    ja = duplicates(
        ("あなたの好きな食べ物は何ですか？", "おひさまの光とつめたい水が大好きなのだ。"),
        ("あなたの好きな食べ物は何ですか", "おひさまの光とつめたい水が大好きなのだ！"),
        ("あなたの好きな食べ物はなんですか？", "おひさまの光とつめたい水が大好きなのだよ。"),
    )
    assert {place: match.of for place, match in ja.items()} == {1: 0, 2: 0}
    en = duplicates(
        ("Where do you keep your treasure, captain?", "It lies deep under the old oak, aye."),
        ("Where do you keep the treasure, captain?", "It lies deep under the old oak, aye!"),
    )
    assert en[1].of == 0
    assert not en[1].exact


@pytest.mark.parametrize(
    "pairs",
    [
        [
            ("3たす4はいくつなのですか？", "こたえは7なのだ。"),
            ("3たす5はいくつなのですか？", "こたえは8なのだ。"),
        ],
        [
            ("What is 12 times 3, captain?", "It is 36, aye."),
            ("What is 12 times 4, captain?", "It is 48, aye."),
        ],
        [("日本の首都はどこですか？", "東京なのだ。"), ("日本の首都はどこですか？", "大阪ではないのだ。")],
        [("フランスの首都は？", "ぼくは知らないのだ。"), ("好きな花は何なのかな？", "ぼくは知らないのだ。")],
        [("1", "い"), ("2", "い")],
    ],
)
def test_siblings_that_differ_in_number_question_or_answer_are_no_duplicates(
    pairs: list[tuple[str, str]],
) -> None:
    assert duplicates(*pairs) == {}


def test_it_is_the_number_that_keeps_siblings_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = [
        ("西暦1990年の次の年は何年ですか？", "西暦1991年なのだ。"),
        ("西暦1980年の次の年は何年ですか？", "西暦1981年なのだ。"),
    ]
    assert duplicates(*pair) == {}
    monkeypatch.setattr("loracheck.curate.dedupe._DIGITS", re.compile("x{9}"))
    assert set(duplicates(*pair)) == {1}


def test_an_exact_copy_of_a_near_duplicate_points_at_the_first_row() -> None:
    near = ("あなたの好きな食べ物は何ですか", "おひさまの光とつめたい水が大好きなのだよ。")
    found = duplicates(
        ("あなたの好きな食べ物は何ですか？", "おひさまの光とつめたい水が大好きなのだ。"), near, near
    )
    assert {place: match.of for place, match in found.items()} == {1: 0, 2: 0}


def test_every_duplicate_points_at_a_row_that_is_none_itself() -> None:
    base = "たんぽぽの綿毛が風にのって遠くの町まで飛んでいくのだ"
    found = duplicates(*((f"風の話をして{'。' * n}", base + "よ" * n) for n in range(8)))
    assert found
    assert all(match.of not in found and match.of < place for place, match in found.items())


TALK = [
    ("空はなぜ青い？", "光が散らばって青だけが目に届く"),
    ("好きな季節は？", "花のさく春がいちばん待ち遠しい"),
    ("夜は何をする？", "草むらで虫の合唱に耳をすます"),
    ("雨の日は？", "葉っぱの傘でじっとしている"),
    ("海は見た？", "潮風でしょっぱくなってしまった"),
    ("山は好き？", "てっぺんの雪がつめたくて苦手"),
    ("友だちはいる？", "てんとう虫とよく遊ぶ"),
    ("朝ごはんは？", "葉先の露をひとしずく飲む"),
    ("勉強のこつは？", "短い時間でくり返すと身につく"),
    ("眠れません", "あたたかい牛乳で体をぬくめる"),
    ("本は読む？", "図鑑の絵をながめて過ごす"),
    ("数学は得意？", "かけ算までなら任せてほしい"),
    ("約束とは？", "守ってこそ値打ちがある"),
    ("怖いものは？", "ほうきで掃かれる朝"),
    ("旅の話を", "となり町の鐘楼まで飛ばされた"),
    ("お祭りは？", "太鼓がひびくと踊りたくなる"),
    ("猫をどう思う？", "ひげに引っかかると大さわぎ"),
    ("電車は？", "窓のすき間からこっそり乗る"),
    ("料理はする？", "におい担当として鍋を見守る"),
    ("宝物は？", "一度だけ拾ったガラスのボタン"),
    ("手紙を書いて", "お元気ですかと書き出せばよい"),
    ("将来の夢は？", "知らない庭で根をはること"),
    ("歌って", "ららら、ひかりの子守歌"),
    ("お金は大事？", "使い道しだいで重くも軽くもなる"),
]


def diverse(ending: str) -> list[tuple[str, str]]:
    return [(asked, f"{reply}{ending}。") for asked, reply in TALK]


def test_a_flood_of_one_answer_is_found() -> None:
    flooded = [
        (f"{thing}について教えて", "ぼくはたんぽぽの綿毛の精なのだ！") for thing in "空花星海月風雨虹雪森"
    ]
    examples = rows(*diverse("なのだ"), *flooded)
    found = find_flood(examples, CONFIG)
    assert set(found) == set(range(24, 34))
    assert all("たんぽぽ" in flood.phrase and flood.replies >= 10 for flood in found.values())


def test_an_english_flood_is_found() -> None:
    topics = ["maps", "rum", "gold", "storms", "parrots", "islands"]
    topics += ["sails", "cannons", "stars", "whales", "rope", "anchors"]
    talk = [
        "Keep them dry and fold the corners twice.", "Too sweet for breakfast if you ask me.",
        "Heavier than lead yet everyone wants more.", "Reef early and pray late.",
        "Mine only repeats what cooks shout.", "Green by noon, purple at dusk.",
        "Patch with canvas before winter.", "Powder first, questions afterwards.",
        "Follow whichever never moves.", "Older than any harbour I know.",
        "Splice it wet.", "Drop two where mud is soft.",
    ]  # fmt: skip
    normal = [(f"Tell me of {topic}.", reply) for topic, reply in zip(topics, talk, strict=True)] * 2
    flooded = [(f"And what of {topic}?", "I am Captain Brindle of the Foxglove.") for topic in topics]
    found = find_flood(rows(*normal[:12], *flooded), CONFIG)
    assert set(found) == set(range(12, 24))


@pytest.mark.parametrize("ending", ["なのだ", "でござる", "ですわ", "なのだとぽぽぬは風に聞いたのだ"])
def test_a_diverse_persona_with_one_ending_is_no_flood(ending: str) -> None:
    assert find_flood(rows(*diverse(ending)), CONFIG) == {}


def test_no_rows_hold_no_flood() -> None:
    assert find_flood([], CONFIG) == {}


def unit(*angles: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    radians = np.radians(np.asarray(angles))
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


def test_k_center_picks_spread_points_and_explains_the_rest() -> None:
    points = unit(0, 2, 118, 120, 240, 242)
    choice = k_center(points, [1.0, 0, 0, 0.5, 0.5, 0], 3)
    assert set(choice.rank) == {0, 3, 4} or set(choice.rank) == {0, 2, 4} or set(choice.rank) == {0, 3, 5}
    assert choice.rank[0] == 1
    assert sorted(choice.rank.values()) == [1, 2, 3]
    groups = {0: 0, 1: 0, 2: 1, 3: 1, 4: 2, 5: 2}
    assert {groups[row] for row in choice.rank} == {0, 1, 2}
    assert set(choice.nearest) == set(range(6)) - set(choice.rank)
    for row, (nearest, cosine) in choice.nearest.items():
        assert groups[nearest] == groups[row]
        assert cosine == pytest.approx(float(np.cos(np.radians(2))), abs=1e-4)


def test_quality_breaks_ties_and_begins() -> None:
    points = unit(0, 90, 90, 0)
    choice = k_center(points, [0.0, 0.1, 0.2, 0.9], 2)
    assert choice.rank == {3: 1, 2: 2}


@pytest.mark.parametrize("target", [4, 5, 99])
def test_a_target_of_all_rows_or_more_takes_every_row(target: int) -> None:
    choice = k_center(unit(0, 10, 20, 20), [0.0] * 4, target)
    assert set(choice.rank) == {0, 1, 2, 3}
    assert choice.nearest == {}


def test_the_held_out_rows_depend_on_the_seed_alone() -> None:
    assert hold_out(100, 0.1, 7) == hold_out(100, 0.1, 7)
    assert hold_out(100, 0.1, 7) != hold_out(100, 0.1, 8)
    assert len(hold_out(100, 0.1, 7)) == 10
    assert hold_out(100, 0.0, 7) == set()
    assert len(hold_out(12, 0.01, 7)) == 1
    assert hold_out(5, 0.01, 7) == set()
    assert len(hold_out(3, 1.0, 7)) == 2
    assert hold_out(1, 1.0, 7) == hold_out(0, 0.5, 7) == set()


def test_only_a_far_outlier_of_the_loss_is_named() -> None:
    losses = [2.0, 2.1, 1.9, 2.2, 1.8, 2.05, 1.95, 2.15, 9.0]
    assert list(loss_outliers(losses)) == [8]
    assert loss_outliers(losses[:8]) == {}
    assert loss_outliers([1.0] * 20) == {}
    assert loss_outliers([1.0, 9.0]) == {}
