from __future__ import annotations

import numpy as np
import pytest

from loracheck.curate.config import SelectConfig
from loracheck.curate.duplicates.flood import find_flood
from loracheck.curate.fields import Fields
from loracheck.curate.selection.split import hold_out
from loracheck.curate.selection.subset import Pool, facility_location, k_center, loss_outliers, select

CONFIG = SelectConfig()


def rows(*pairs: tuple[str, str]) -> list[Fields]:
    return [Fields("", asked, reply) for asked, reply in pairs]


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
    found = find_flood(rows(*diverse("なのだ"), *flooded), CONFIG)
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


def test_facility_location_takes_what_stands_for_many_and_not_what_lies_apart() -> None:
    points = unit(0, 2, 4, 6, 8, 120, 122, 124, 240)
    draw = np.random.default_rng(0)
    assert facility_location(points, np.zeros(9), 2, draw) == [2, 6]
    assert 8 in k_center(points, [0.0] * 9, 3).rank
    assert 8 not in facility_location(points, np.zeros(9), 2, draw)


def test_facility_location_is_the_greedy_choice() -> None:
    draw = np.random.default_rng(3)
    points = draw.normal(size=(80, 6)).astype(np.float32)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    cosines, served = points @ points.T, np.zeros(80)
    greedy: list[int] = []
    for _ in range(20):
        sums = np.maximum(cosines, served[:, None]).sum(axis=0)
        sums[greedy] = -np.inf
        greedy.append(int(sums.argmax()))
        served = np.maximum(served, cosines[:, greedy[-1]])
    assert facility_location(points, np.zeros(80), 20, draw) == greedy


def test_quality_breaks_ties_and_begins() -> None:
    points = unit(0, 90, 90, 0)
    choice = k_center(points, [0.0, 0.1, 0.2, 0.9], 2)
    assert choice.rank == {3: 1, 2: 2}


@pytest.mark.parametrize("target", [4, 5, 99])
def test_a_target_of_all_rows_or_more_takes_every_row(target: int) -> None:
    choice = k_center(unit(0, 10, 20, 20), [0.0] * 4, target)
    assert set(choice.rank) == {0, 1, 2, 3}
    assert choice.nearest == {}


def one_cluster(rows: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.zeros(rows, dtype=np.int64)


def test_the_held_out_rows_depend_on_the_seed_alone() -> None:
    many = one_cluster(100)
    assert hold_out(many, [], 0.1, 7) == hold_out(many, [], 0.1, 7)
    assert hold_out(many, [], 0.1, 7) != hold_out(many, [], 0.1, 8)
    assert len(hold_out(many, [], 0.1, 7)) == 10
    assert hold_out(many, [], 0.0, 7) == set()
    assert len(hold_out(one_cluster(12), [], 0.01, 7)) == 1
    assert hold_out(one_cluster(5), [], 0.01, 7) == set()
    assert len(hold_out(one_cluster(3), [], 1.0, 7)) == 2
    assert hold_out(one_cluster(1), [], 1.0, 7) == hold_out(one_cluster(0), [], 0.5, 7) == set()


@pytest.mark.parametrize("seed", range(5))
def test_tied_rows_stay_together_and_every_cluster_gives_its_share(seed: int) -> None:
    clusters = np.repeat(np.arange(4), 50)
    tied = [[0, 1, 2], [2, 3], [60, 160], [199, 198]]
    held = hold_out(clusters, tied, 0.2, seed)
    assert 38 <= len(held) <= 40
    assert all(len({member in held for member in group}) == 1 for group in tied)
    assert all(6 <= sum(1 for row in held if clusters[row] == label) <= 14 for label in range(4))


def pool(rows: int = 60, points: bool = True) -> Pool:
    draw = np.random.default_rng(3)
    vectors = draw.normal(size=(rows, 4)).astype(np.float32)
    characters = draw.integers(5, 3000, size=rows)
    return Pool(
        points=vectors / np.linalg.norm(vectors, axis=1, keepdims=True) if points else None,
        quality=draw.normal(size=rows),
        languages=np.asarray([row % 10 == 0 for row in range(rows)], dtype=np.int64),
        sources=np.zeros(rows, dtype=np.int64),
        clusters=np.arange(rows) % 5,
        reply_characters=characters,
        reply_tokens=characters // 3,
    )


@pytest.mark.parametrize("method", ["diverse", "facility", "random", "longest"])
@pytest.mark.parametrize("points", [True, False])
def test_every_method_keeps_to_its_budget_and_repeats_itself(method: str, points: bool) -> None:
    given = pool(points=points)
    by_rows = SelectConfig(method=method, target_rows=13)  # type: ignore[arg-type]
    by_tokens = SelectConfig(method=method, target_tokens=4000)  # type: ignore[arg-type]
    assert len(select(given, by_rows, 1).rank) == 13
    chosen = select(given, by_tokens, 1)
    spent = sum(int(given.reply_tokens[row]) for row in chosen.rank)
    assert 3000 < spent <= 4000
    assert select(given, by_tokens, 1) == chosen
    assert sorted(chosen.rank.values()) == list(range(1, len(chosen.rank) + 1))
    assert len(select(given, SelectConfig(method=method, target_share=0.5), 1).rank) == 30  # type: ignore[arg-type]


def test_the_longest_are_the_longest_and_a_small_language_is_represented() -> None:
    given = pool()
    longest = select(given, SelectConfig(method="longest", target_rows=5), 0)
    assert set(longest.rank) == set(np.argsort(-given.reply_tokens, kind="stable")[:5].tolist())
    diverse = select(given, SelectConfig(target_rows=12, strata=("language",)), 0)
    assert any(given.languages[row] == 1 for row in diverse.rank)
    assert sum(given.languages[row] == 0 for row in diverse.rank) >= 9
    assert set(diverse.nearest) == set(range(60)) - set(diverse.rank)


def test_a_budget_that_holds_all_takes_all() -> None:
    assert len(select(pool(), SelectConfig(target_rows=60), 0).rank) == 60
    assert len(select(pool(), SelectConfig(method="all", target_rows=3), 0).rank) == 60


def test_only_a_far_outlier_of_the_loss_is_named() -> None:
    losses = [2.0, 2.1, 1.9, 2.2, 1.8, 2.05, 1.95, 2.15, 9.0]
    assert list(loss_outliers(losses)) == [8]
    assert loss_outliers(losses[:8]) == {}
    assert loss_outliers([1.0] * 20) == {}
    assert loss_outliers([1.0, 9.0]) == {}
