"""Choose a small, good and diverse subset.

Quality vetoes the bottom, it does not crown the top: published quality signals disagree with each other and
follow length. Diversity is greedy k-center on the base's own embeddings (arXiv 1708.00489), which always takes
the row farthest from all rows taken so far; or facility location, which prefers what is typical of many rows.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from loracheck.curate.config import SelectConfig

_LENGTH_EDGES = np.asarray([32, 128, 512, 2048])
_BLOCK = 2000
_STOOD_FOR = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The rows to choose from, a value each: unit vectors (rows, width) or None, quality (higher is better), codes."""

    points: NDArray[np.float32] | None
    quality: NDArray[np.float64]
    languages: NDArray[np.int64]
    sources: NDArray[np.int64]
    clusters: NDArray[np.int64]
    reply_characters: NDArray[np.int64]
    reply_tokens: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """The choice: the rank of every chosen row, and per row left out its nearest chosen row and the cosine."""

    rank: dict[int, int]
    nearest: dict[int, tuple[int, float]]
    method: str = "diverse"


def select(pool: Pool, config: SelectConfig, seed: int) -> Selected:
    """Choose rows within the budget.

    "random" and "longest" are the baselines that an honest comparison needs; they take the same budget over the
    whole pool. "diverse" and "facility" share the budget out over the strata by their size, every stratum getting
    something; the first takes in each the rows farthest from each other, the second those that best stand for all
    others. Without vectors both draw at random within the strata.
    """
    rows = len(pool.quality)
    budget, costs = _budget(pool, config)
    if config.method == "all" or budget is None or budget >= costs.sum():
        return Selected(rank={row: row + 1 for row in range(rows)}, nearest={}, method="all")
    draw = np.random.default_rng(seed)
    shuffled = draw.permutation(rows)
    if config.method == "random":
        return _ranked(_take(shuffled.tolist(), costs, budget), "random")
    if config.method == "longest":
        longest = np.lexsort((np.arange(rows), -pool.reply_tokens))
        return _ranked(_take(longest.tolist(), costs, budget), "longest")
    strata = _strata(pool, config)
    orders = [
        _order(pool, members, _most_rows(costs[members], budget), config.method, draw) for members in strata
    ]
    order = _interleaved(orders, [costs[members].sum() for members in strata], costs)
    method = "stratified random" if pool.points is None else config.method
    choice = _ranked(_take(order, costs, budget), method)
    return choice if pool.points is None else _with_nearest(choice, pool.points)


def _order(
    pool: Pool, members: NDArray[np.int64], size: int, method: str, draw: np.random.Generator
) -> list[int]:
    """Return rows of one stratum in the order in which they are to be taken."""
    if pool.points is None:
        return [int(row) for row in draw.permutation(members)]
    points, quality = pool.points[members], pool.quality[members]
    if method == "facility":
        return [int(members[place]) for place in facility_location(points, quality, size, draw)]
    chosen = k_center(points, quality.tolist(), size)
    return [int(members[place]) for place in sorted(chosen.rank, key=lambda i: chosen.rank[i])]


def _budget(pool: Pool, config: SelectConfig) -> tuple[float | None, NDArray[np.float64]]:
    """Return the budget and what each row costs of it."""
    rows = len(pool.quality)
    if config.target_tokens is not None:
        return config.target_tokens, pool.reply_tokens.astype(np.float64)
    if config.target_share is not None:
        return max(1, round(config.target_share * rows)), np.ones(rows)
    return config.target_rows, np.ones(rows)


def _take(order: Sequence[int], costs: NDArray[np.float64], budget: float) -> list[int]:
    """Take rows in order while the budget lasts; a row that is over it is passed over."""
    taken, spent = [], 0.0
    for row in order:
        if spent + costs[row] <= budget:
            taken.append(row)
            spent += float(costs[row])
    return taken


def _most_rows(costs: NDArray[np.float64], budget: float) -> int:
    """Return how many of the cheapest rows the budget can hold: no stratum can give more."""
    return max(1, int(np.searchsorted(np.cumsum(np.sort(costs)), budget, side="right")))


def _strata(pool: Pool, config: SelectConfig) -> list[NDArray[np.int64]]:
    columns = {
        "language": pool.languages,
        "source": pool.sources,
        "cluster": pool.clusters,
        "length": np.searchsorted(_LENGTH_EDGES, pool.reply_characters, side="right"),
    }
    members: dict[tuple[int, ...], list[int]] = {}
    for row in range(len(pool.quality)):
        members.setdefault(tuple(int(columns[name][row]) for name in config.strata), []).append(row)
    return [np.asarray(members[key], dtype=np.int64) for key in sorted(members)]


def _interleaved(
    orders: Sequence[Sequence[int]], weights: Sequence[float], costs: NDArray[np.float64]
) -> list[int]:
    """Merge the strata so that every beginning of the result holds each by its weight, and each early on."""
    queue = []
    for stratum, (order, weight) in enumerate(zip(orders, weights, strict=True)):
        spent = 0.0
        for row in order:
            queue.append((spent / weight, stratum, row))
            spent += float(costs[row])
    return [row for _, _, row in sorted(queue, key=lambda item: item[:2])]


def _ranked(chosen: Sequence[int], method: str) -> Selected:
    return Selected(rank={row: n for n, row in enumerate(chosen, start=1)}, nearest={}, method=method)


def _with_nearest(choice: Selected, points: NDArray[np.float32]) -> Selected:
    """Name for every row left out the chosen row that is nearest to it."""
    chosen = np.asarray(sorted(choice.rank), dtype=np.int64)
    left = np.asarray([row for row in range(len(points)) if row not in choice.rank], dtype=np.int64)
    nearest: dict[int, tuple[int, float]] = {}
    for start in range(0, len(left) if len(chosen) else 0, _BLOCK):
        block = left[start : start + _BLOCK]
        cosines = points[block] @ points[chosen].T
        best = cosines.argmax(axis=1)
        nearest |= {
            int(row): (int(chosen[b]), float(cosines[i, b]))
            for i, (row, b) in enumerate(zip(block, best, strict=True))
        }
    return replace(choice, nearest=nearest)


def loss_outliers(losses: Sequence[float], limit: float = 6.0) -> dict[int, float]:
    """Return rows whose loss lies more than limit robust deviations above the median, with that number.

    Such a reply is text that the base finds no sense in, given the question.
    """
    values = np.asarray(losses, dtype=np.float64)
    if len(values) < 8:
        return {}
    median = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - median)))
    if spread == 0:
        return {}
    return {i: (v - median) / spread for i, v in enumerate(values.tolist()) if (v - median) / spread > limit}


def k_center(points: NDArray[np.float32], quality: Sequence[float], target: int) -> Selected:
    """Choose target rows greedily, beginning with the best one.

    Args:
        points: Unit vectors, (rows, hidden).
        quality: Higher is better; breaks ties and chooses the first row.
        target: Rows to choose; at least as many as there are rows chooses all.
    """
    rows = len(points)
    worth = np.asarray(quality)
    chosen = [max(range(rows), key=lambda i: (quality[i], -i))]
    closest = points @ points[chosen[0]]
    owner = np.zeros(rows, dtype=np.int64)
    while len(chosen) < min(target, rows):
        closest[chosen] = np.inf
        lowest = np.flatnonzero(closest == closest.min())
        pick = int(lowest[np.argmax(worth[lowest])])
        similarity = points @ points[pick]
        nearer = similarity > closest
        owner[nearer], closest[nearer] = len(chosen), similarity[nearer]
        chosen.append(pick)
    rank = {row: place + 1 for place, row in enumerate(chosen)}
    left = [row for row in range(rows) if row not in rank]
    nearest = {row: (chosen[owner[row]], float(points[row] @ points[chosen[owner[row]]])) for row in left}
    return Selected(rank=rank, nearest=nearest)


def facility_location(
    points: NDArray[np.float32], quality: NDArray[np.float64], target: int, draw: np.random.Generator
) -> list[int]:
    """Choose target rows so that every row has a chosen one near it; returns them in the order they were taken.

    Greedy with lazy evaluation (Minoux 1978), which is within 1 - 1/e of the best sum of cosines. Of more than
    4,000 rows, 4,000 drawn ones are to be stood for, so that memory stays bounded.

    Args:
        points: Unit vectors, (rows, hidden).
        quality: Higher is better; breaks ties.
        target: Rows to choose.
        draw: Draws the rows to be stood for.
    """
    rows = len(points)
    asked = points if rows <= _STOOD_FOR else points[np.sort(draw.choice(rows, _STOOD_FOR, replace=False))]
    served = np.zeros(len(asked), dtype=np.float32)

    def gain(row: int) -> float:
        return float(np.maximum(asked @ points[row] - served, 0.0).sum())

    queue = [(-gain(row), -float(quality[row]), row) for row in range(rows)]
    heapq.heapify(queue)
    chosen: list[int] = []
    while len(chosen) < min(target, rows):
        _, worth, row = heapq.heappop(queue)
        fresh = -gain(row)
        if queue and (fresh, worth, row) > queue[0]:
            heapq.heappush(queue, (fresh, worth, row))
            continue
        chosen.append(row)
        served = np.maximum(served, asked @ points[row])
    return chosen
