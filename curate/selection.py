"""Choose a small, good and diverse subset, and hold out a part of the same pool.

Quality vetoes the bottom, it does not crown the top: published quality signals disagree with each other and
follow length. Diversity is greedy k-center on the base's own embeddings (arXiv 1708.00489), which always takes
the row farthest from all rows taken so far.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """The choice: the rank of every chosen row, and per row left out its nearest chosen row and the cosine."""

    rank: dict[int, int]
    nearest: dict[int, tuple[int, float]]


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


def hold_out(count: int, share: float, seed: int) -> set[int]:
    """Draw the rows to hold out; at least one of ten or more, never all."""
    size = min(round(count * share) or int(share > 0 and count >= 10), max(0, count - 1))
    return set(random.Random(seed).sample(range(count), size))


def k_center(points: NDArray[np.float32], quality: Sequence[float], target: int) -> Selected:
    """Choose target rows greedily, beginning with the best one.

    Args:
        points: Unit vectors, (rows, hidden).
        quality: Higher is better; breaks ties and chooses the first row.
        target: Rows to choose; at least as many as there are rows chooses all.
    """
    rows = len(points)
    chosen = [max(range(rows), key=lambda i: (quality[i], -i))]
    closest = points @ points[chosen[0]]
    owner = np.zeros(rows, dtype=np.int64)
    while len(chosen) < min(target, rows):
        closest[chosen] = np.inf
        pick = min(range(rows), key=lambda i: (float(closest[i]), -quality[i], i))
        similarity = points @ points[pick]
        nearer = similarity > closest
        owner[nearer], closest[nearer] = len(chosen), similarity[nearer]
        chosen.append(pick)
    rank = {row: place + 1 for place, row in enumerate(chosen)}
    left = [row for row in range(rows) if row not in rank]
    nearest = {row: (chosen[owner[row]], float(points[row] @ points[chosen[owner[row]]])) for row in left}
    return Selected(rank=rank, nearest=nearest)
