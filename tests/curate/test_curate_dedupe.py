from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable

import pytest

from loracheck.curate.config import DedupeConfig
from loracheck.curate.duplicates.dedupe import Duplicate, Duplicates, find_duplicates
from loracheck.curate.duplicates.sketch import shingle_hashes
from loracheck.curate.fields import Fields

CONFIG = DedupeConfig()


def compared(*rows: tuple[str, ...], config: DedupeConfig = CONFIG) -> Duplicates:
    fields = [Fields(*row) if len(row) == 3 else Fields("", *row) for row in rows]
    return find_duplicates(fields, [0.0] * len(fields), config)


def duplicates(*rows: tuple[str, ...]) -> dict[int, Duplicate]:
    return compared(*rows).duplicates


def test_variants_of_width_form_case_and_space_are_exact_duplicates() -> None:
    first = ("ガイドの ABC は何？", "Guide なのだ。")
    variants = [
        ("ｶﾞｲﾄﾞのＡＢＣは何？", "Ｇｕｉｄｅなのだ。"),
        (unicodedata.normalize("NFD", first[0]), unicodedata.normalize("NFD", first[1])),
        ("ガイドの abc は何?", "GUIDE なのだ。"),
        ("  ガイドの\u3000ABC は何？\n", "Guide\tなのだ。"),
    ]
    found = duplicates(first, *variants)
    assert [(place, match.of, match.kind) for place, match in found.items()] == [
        (place, 0, "exact") for place in range(1, 5)
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
    assert en[1].kind == "near"


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
        ("西暦1990年の次の年は何年ですか？", "その次の年は西暦1991年になるはずなのだ。"),
        ("西暦1980年の次の年は何年ですか？", "その次の年は西暦1981年になるはずなのだ。"),
    ]
    assert duplicates(*pair) == {}
    monkeypatch.setattr("loracheck.curate.duplicates.dedupe.differing_slots", lambda one, other: None)
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


WORDS_JA = [
    a + b
    for a in "山川海空町駅道橋森店人物国数音歴料旅仕時"
    for b in "田中水火金土日月本目口手足耳石花草竹虫貝"
]
WORDS_EN = [
    a + b
    for a in ("riv", "mark", "gard", "sig", "copp", "plan")
    for b in ("er", "et", "en", "nal", "ost", "ir")
]
LETTERS = {"ja": "あいうえおかきくけこ山川人大小", "en": "abcdefghijklmnopqrstuvwxyz"}


def made_up(draw: random.Random, language: str) -> tuple[str, str]:
    if language == "ja":
        said = "。".join("は".join(draw.sample(WORDS_JA, 4)) + "を調べました" for _ in range(10))
        return f"{draw.choice(WORDS_JA)}と{draw.choice(WORDS_JA)}の違いを教えてください。", f"{said}。"
    said = ". ".join("The " + " ".join(draw.sample(WORDS_EN, 7)) for _ in range(7))
    return f"How do {draw.choice(WORDS_EN)} and {draw.choice(WORDS_EN)} differ in the end?", f"{said}."


def edited(draw: random.Random, text: str, share: float, language: str) -> str:
    letters = LETTERS[language]
    return "".join(draw.choice(letters) if draw.random() < share else character for character in text)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize(("share", "recall"), [(0.01, 0.98), (0.02, 0.98), (0.05, 0.95)])
def test_copies_with_typing_errors_are_found_and_nothing_else(
    language: str, share: float, recall: float
) -> None:
    draw = random.Random(5)
    originals = [made_up(draw, language) for _ in range(120)]
    copies = [(edited(draw, q, share, language), edited(draw, r, share, language)) for q, r in originals]
    found = duplicates(*originals, *copies)
    assert sum(found.get(120 + n) is not None and found[120 + n].of == n for n in range(120)) >= recall * 120
    assert all(match.of == place - 120 for place, match in found.items())


WRITTEN: dict[str, Callable[[str], str]] = {
    "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "upper case": str.upper,
    "spaced": lambda text: "  ".join(text),
}


@pytest.mark.parametrize("form", WRITTEN)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_written_form_of_a_row_is_the_row(language: str, form: str) -> None:
    draw = random.Random(1)
    row = made_up(draw, language)
    changed = (WRITTEN[form](row[0]), WRITTEN[form](row[1]))
    assert duplicates(row, changed)[1].kind == "exact"


NAMES = [("田中", "佐藤"), ("鈴木", "渡辺"), ("高橋", "伊藤"), ("中村", "小林")]
ENGLISH = [("Alice", "Robert"), ("Chandra", "Miguel"), ("Olga", "Henrik"), ("Fatima", "Yusuf")]


def test_siblings_that_differ_in_names_stay_and_are_listed_as_a_family() -> None:
    ja = [
        (
            f"{a}さんと{b}さんの関係を教えてください。二人は同じ学校に通っています。",
            f"{a}さんは先生で、{b}さんは生徒です。二人は毎日図書館で会い、{a}さんが宿題を見ています。",
        )
        for a, b in NAMES
    ]
    en = [
        (
            f"How do {a} and {b} know each other? Both go to the same school.",
            f"{a} teaches and {b} learns. They meet in the library, where {a} looks after the homework.",
        )
        for a, b in ENGLISH
    ]
    found = compared(*ja, *en)
    assert found.duplicates == {}
    families = [group for group in found.groups if group.kind == "template_family"]
    assert sorted(len(group.members) for group in families) == [4, 4]
    assert all("…" in group.shared for group in families)
    assert "田中" not in families[0].shared


def test_a_family_over_its_share_gives_rows_up_and_says_for_which() -> None:
    rows = [
        (
            f"りんごが{n}個とみかんが{n + 3}個あります。お皿にきれいに並べて友だちと分けます。合わせて何個ですか。",
            f"一つずつ順に数えていけば、二つを足すと{2 * n + 3}個になります。",
        )
        for n in range(20)
    ]
    found = compared(*rows, config=DedupeConfig(family_share=0.25))
    assert found.duplicates == {}
    assert len(found.over_family_cap) == 15
    assert set(found.over_family_cap.values()) == {0}
    assert compared(*rows, config=DedupeConfig(family_share=1.0)).over_family_cap == {}


def kinds(*rows: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
    return {group.kind: group.members for group in compared(*rows).groups}


def test_rows_that_share_a_field_only_are_groups_and_stay() -> None:
    passage = "地球は太陽のまわりを一年かけて回り、自転しながら季節の変化をもたらしている惑星である。水が豊富にある。"
    rows = [
        (passage, "地球が太陽を回るのにかかる時間は？", "一年です。"),
        (passage, "地球には何が豊富にありますか？", "水が豊富にあります。"),
        ("", "日本でいちばん高い山は？", "富士山です。"),
        ("", "日本でいちばん高い山は？", "高いのは北岳ではないかと思います。"),
        ("", "好きな色は何ですか？", "まったくわかりません。"),
        ("", "明日の天気はどうなりますか？", "まったくわかりません。"),
    ]
    assert duplicates(*rows) == {}
    assert kinds(*rows) == {"same_passage": (0, 1), "conflict": (2, 3), "same_reply": (4, 5)}


def test_short_rows_of_distinct_text_never_fall_together() -> None:
    replies = ["はい", "いいえ", "ok", "no", "うん", "へえ", "1", "2", "x", "あ"]
    assert duplicates(*((reply, other) for reply in replies for other in replies)) == {}


def test_the_best_row_of_a_star_stays() -> None:
    draw = random.Random(2)
    asked, said = made_up(draw, "ja")
    rows = [Fields("", asked, edited(draw, said, 0.01, "ja")) for _ in range(4)]
    found = find_duplicates(rows, [0.0, 1.0, 5.0, 2.0], CONFIG).duplicates
    assert {place: match.of for place, match in found.items()} == {0: 2, 1: 2, 3: 2}


def test_a_chain_of_edits_is_no_cluster() -> None:
    draw = random.Random(4)
    asked, said = made_up(draw, "en")
    rows = [Fields("", asked, said)]
    for _ in range(12):
        rows.append(Fields("", asked, edited(draw, rows[-1].reply, 0.06, "en")))
    found = find_duplicates(rows, [0.0] * 13, CONFIG).duplicates
    assert found
    assert all(match.of not in found for match in found.values())
    assert all(min(match.similarities) >= CONFIG.near_duplicate for match in found.values())
    assert len(found) < 12


def test_other_thresholds_drop_more_and_fewer() -> None:
    draw = random.Random(6)
    originals = [made_up(draw, "en") for _ in range(40)]
    copies = [(q, edited(draw, r, 0.02 + 0.01 * (n % 12), "en")) for n, (q, r) in enumerate(originals)]
    curve = compared(*originals, *copies).curve
    assert list(curve.dropped) == sorted(curve.dropped, reverse=True)
    assert curve.dropped[0] > curve.dropped[-1] > 0
    at = curve.thresholds.index(CONFIG.near_duplicate)
    assert curve.dropped[at] == len(compared(*originals, *copies).duplicates)


def test_shingles_never_reach_into_the_next_text() -> None:
    texts = ["abcdefg", "はい", "", "xy", "abcdefg", "こんにちは"]
    hashes, starts = shingle_hashes(texts)
    assert starts.tolist() == [0, 3, 3, 3, 3, 6, 7]
    assert hashes[0:3].tolist() == hashes[3:6].tolist()
    assert len(set(hashes.tolist())) == 4
