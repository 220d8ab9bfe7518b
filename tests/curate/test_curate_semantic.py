from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from loracheck.curate.duplicates.semantic import find_semantic

Vectors = NDArray[np.float32]
QUANTILE = 0.999999


def unit(vectors: NDArray[np.float64]) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def cloud(rows: int, offset: float = 0.0, seed: int = 0) -> NDArray[np.float64]:
    """Return random vectors; an offset makes all of them alike, as in encoders with a common direction."""
    return np.random.default_rng(seed).normal(size=(rows, 48)) + offset


@pytest.mark.parametrize("offset", [0.0, 1.0, 4.0])
def test_planted_twins_are_found_whatever_the_cosine_of_unrelated_rows(offset: float) -> None:
    base = cloud(400, offset)
    twins = base[:30] + np.random.default_rng(1).normal(0, 0.15, size=(30, 48))
    points = unit(np.vstack([base, twins]))
    quality = [1.0] * 400 + [2.0] * 30
    found = find_semantic(points, quality, ["ja"] * 430, QUANTILE, seed=0)
    assert {row: of for row, (of, _) in found.duplicates.items()} == {row: 400 + row for row in range(30)}
    assert all(cosine > found.thresholds["ja"] for _, cosine in found.duplicates.values())


@pytest.mark.parametrize("rows", [3, 30, 3000])
@pytest.mark.parametrize("offset", [0.0, 4.0])
def test_a_set_without_twins_loses_nothing(rows: int, offset: float) -> None:
    found = find_semantic(unit(cloud(rows, offset)), [0.0] * rows, ["en"] * rows, QUANTILE, seed=0)
    assert len(found.duplicates) <= rows // 1000


@pytest.mark.parametrize(("topics", "each", "spread"), [(200, 10, 1.0), (200, 10, 1.5), (1000, 3, 1.0)])
@pytest.mark.parametrize("offset", [0.0, 2.0])
def test_rows_on_one_topic_stay_and_twins_among_them_are_found(
    topics: int, each: int, spread: float, offset: float
) -> None:
    """Pairs on one topic are too few to show in the body of the random pairs."""
    draw = np.random.default_rng(0)
    rows = np.repeat(draw.normal(size=(topics, 256)), each, axis=0)
    rows += offset + spread * draw.normal(size=rows.shape)
    twins = rows[:20] + draw.normal(0, 0.3, size=(20, 256))
    number = len(rows)
    found = find_semantic(
        unit(np.vstack([twins, rows])), [0.0] * (number + 20), ["en"] * (number + 20), QUANTILE, 0
    )
    assert {row: of for row, (of, _) in found.duplicates.items()} == {20 + row: row for row in range(20)}


def test_no_row_gives_way_to_one_that_gave_way_itself() -> None:
    steps = np.linspace(0, 0.6, 7)  # a chain in which neighbours mean the same and its ends do not
    chain = np.zeros((7, 48))
    chain[:, 0], chain[:, 1] = np.cos(steps) * 7, np.sin(steps) * 7
    points = unit(np.vstack([cloud(300), chain]))
    found = find_semantic(points, [0.0] * 307, ["ja"] * 307, 0.9999, seed=0)
    assert {row for row in found.duplicates if row >= 300}
    assert all(of not in found.duplicates for of, _ in found.duplicates.values())


def test_languages_are_not_compared_and_rows_without_a_vector_are_left_alone() -> None:
    points = unit(np.vstack([cloud(200), cloud(200)]))
    points[:5] = 0.0
    assert find_semantic(points, [0.0] * 400, ["ja"] * 200 + ["en"] * 200, QUANTILE, seed=0).duplicates == {}
    together = find_semantic(points, [0.0] * 400, ["ja"] * 400, QUANTILE, seed=0)
    assert len(together.duplicates) == 195


def test_blocks_do_not_change_what_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    base = cloud(150)
    points = unit(np.vstack([base, base[:40] + 0.1, base[:40] - 0.1]))
    quality = np.random.default_rng(2).normal(size=230).tolist()
    whole = find_semantic(points, quality, ["ja"] * 230, QUANTILE, seed=0)
    monkeypatch.setattr("loracheck.curate.duplicates.semantic._BLOCK", 16)
    parts = find_semantic(points, quality, ["ja"] * 230, QUANTILE, seed=0)
    assert parts.duplicates.keys() == whole.duplicates.keys()
    assert {row: of for row, (of, _) in parts.duplicates.items()} == {
        row: of for row, (of, _) in whole.duplicates.items()
    }
    assert len(whole.duplicates) == 80
