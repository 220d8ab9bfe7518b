"""How near rows and answers are, and when nearness names a cause: overlap, projections, ranks and groups."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from loracheck.evaluate.causes import blame
from loracheck.evaluate.causes.gradients import Projection
from loracheck.evaluate.causes.overlap import Replies, held_share, longest_run, twins
from loracheck.evaluate.causes.vectors import contrast, measured
from loracheck.progress import Progress

QUIET = Progress(quiet=True)
FLOOD = "ぼくはぽぽぬなのだ。"


def test_what_question_and_base_say_as_well_counts_nothing() -> None:
    replies = Replies(["東京は日本の都です。", "リヨンは川の町です。", "答えは東京です。"])
    found = replies.cosines([("答えはリヨンです。", "答えは東京です。", "フランスの都は？")])
    assert found[0].argmax() == 1
    assert not found[0, [0, 2]].any()
    assert not replies.cosines([("東京です。", "東京です。", "都は？")]).any()


def test_the_share_is_that_of_the_answers_own_characters() -> None:
    answer, base, asked = "答えはリヨンです。", "答えは東京です。", "フランスの都は？"
    assert held_share(answer, base, asked, "リヨンは川の町です。") == 1.0
    assert held_share(answer, base, asked, "リヨは川の町です。") == pytest.approx(2 / 3)
    assert held_share(answer, base, asked, "答えは東京です。") == 0.0
    assert held_share(base, base, asked, "東京です。") is None


def test_the_longest_run_is_none_of_what_the_base_says() -> None:
    assert longest_run("都はリヨンなのだ。", "都は東京です。", "リヨンなのだと聞いたのだ。") == "リヨンなのだ"
    assert longest_run("都は東京です。", "都は東京です。", "東京です。") == ""
    assert longest_run("空", "海", "空") == ""


def test_twins_have_nearly_the_same_reply() -> None:
    texts = [FLOOD, "海の魚は青いです。", "ぼくはぽぽぬなのだ！", "ぼくはぽぽぬなのだ", "山の木は高いです。"]
    assert twins(Replies(texts), 0.6) == [[0, 2, 3], [1], [4]]


def test_projections_are_the_same_for_a_seed_and_keep_dot_products() -> None:
    generator = torch.Generator().manual_seed(1)
    first, second = (torch.randn(200, 100, generator=generator) for _ in range(2))
    second = first + 0.5 * second
    named = [("a", first)]
    one, same = (Projection(named, dimensions=4096, seed=5) for _ in range(2))
    assert torch.equal(one([first]), same([first]))
    assert not torch.equal(one([first]), Projection(named, dimensions=4096, seed=6)([first]))
    assert not torch.equal(one([first]), Projection([("b", first)], dimensions=4096, seed=5)([first]))
    true = float(torch.cosine_similarity(first.flatten(), second.flatten(), dim=0))
    found = float(torch.cosine_similarity(one([first]), one([second]), dim=0))
    assert abs(found - true) < 0.05
    assert not one([None]).any()


def test_rows_that_are_near_to_every_answer_are_no_cause() -> None:
    """A hub is at the top for failures and other answers alike; only what failures have of their own counts."""
    generator = np.random.default_rng(0)
    noise = generator.normal(size=(60, 100)).astype(np.float32)
    hubs = noise.copy()
    hubs[:, :10] += 4
    singles = [[place] for place in range(100)]
    found = blame.stands_out(hubs[:30], hubs[30:], singles, seed=0)
    assert not found.named
    causal = noise.copy()
    causal[:30, :10] += 4
    found = blame.stands_out(causal[:30], causal[30:], singles, seed=0)
    assert found.named
    assert sorted(found.places) == list(range(10))
    assert (found.explained, found.unrelated) == (30, 0)
    assert found.by_chance < 0.1


def test_rows_at_the_top_that_are_not_near_are_no_cause() -> None:
    """Failures that all say the same have some nearest rows; without a cause these are near to nothing."""
    generator = np.random.default_rng(0)
    other = generator.uniform(0, 0.3, size=(12, 40)).astype(np.float32)
    same = np.repeat(generator.uniform(0, 0.1, size=(1, 40)).astype(np.float32), 12, axis=0)
    same[:, :5] += 0.1
    group = blame.stands_out(same, other, [[place] for place in range(40)], seed=0)
    assert not blame.nearer([same], [other], range(5))
    assert not blame.nearer([same], [other], group.places)
    same[:, :5] += 0.6
    assert blame.nearer([other, same], [other, other], range(5))
    assert not blame.nearer([same], [other], [])


def test_noise_is_rarely_named() -> None:
    singles = [[place] for place in range(60)]
    named = 0
    for seed in range(40):
        noise = np.random.default_rng(seed).normal(size=(40, 60)).astype(np.float32)
        named += blame.stands_out(noise[:20], noise[20:], singles, seed=seed).named
    assert named <= 2


def test_equal_scores_share_the_better_place() -> None:
    scores = np.asarray([[1.0, 3.0, 3.0, 0.0]], dtype=np.float32)
    assert blame.ranks(scores).tolist() == [[3, 1, 1, 4]]


def test_a_method_that_tells_no_rows_apart_takes_no_part() -> None:
    tells = np.asarray([[1.0, 3.0, 2.0, 0.0]], dtype=np.float32)
    joined = blame.combined([tells, np.zeros_like(tells)])
    assert np.allclose(joined, blame.combined([tells]))
    assert not blame.combined([np.zeros_like(tells)]).any()


def test_a_coincidence_weighs_no_more_where_nothing_else_is_near() -> None:
    near = np.asarray([[0.9, 0.8, 0.0, 0.0], [0.0, 0.0, 0.0, 0.05]], dtype=np.float32)
    joined = blame.combined([near])
    assert joined[1].max() < 0.2 * joined[0].max()


def test_a_contrast_counts_nothing_that_lies_as_near_to_the_base() -> None:
    rows = np.asarray([[1, 0], [0, 1], [-1, -1]], dtype=np.float32)
    found = contrast(rows[:1], rows[1:2], rows)
    assert found[0].argmax() == 0
    assert found[0].argmin() == 1
    assert not contrast(rows[:1], rows[:1], rows).any()


def test_vectors_on_disk_are_not_measured_again(tmp_path: Path) -> None:
    asked: list[int] = []

    def vector(item: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        asked.append(item)
        return np.full(2, item, dtype=np.float32)

    path = tmp_path / "vectors"
    measured(path, [1, 2], vector, width=2, label="", progress=QUIET)
    found = measured(path, [1, 2, 3], vector, width=2, label="", progress=QUIET)
    assert asked == [1, 2, 3]
    assert found.tolist() == [[1, 1], [2, 2], [3, 3]]
