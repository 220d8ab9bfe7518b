"""Hold out a part of the same pool, in whole units, so that no held-out row has a twin in training."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def hold_out(clusters: NDArray[np.int64], tied: Sequence[Sequence[int]], share: float, seed: int) -> set[int]:
    """Draw the rows to hold out, over the clusters, so that they resemble the pool.

    Args:
        clusters: The cluster of every row, (rows,).
        tied: Rows that belong together, such as the wordings of one question; they go to one side.
        share: Share of the rows to hold out: met within one unit, at least one row of ten or more, never all.
        seed: Seed of the draw.
    """
    rows = len(clusters)
    wanted = min(round(rows * share) or int(share > 0 and rows >= 10), max(0, rows - 1))
    draw = random.Random(seed)
    by_cluster: dict[int, list[list[int]]] = {}
    for unit in _units(rows, tied):
        by_cluster.setdefault(int(clusters[unit[0]]), []).append(unit)
    queue: list[tuple[float, list[int]]] = []
    for _, units in sorted(by_cluster.items()):
        draw.shuffle(units)
        # Evenly spaced with a random start: taking the first of all queues takes the same share of each cluster.
        start = draw.random()
        queue += [((place + start) / len(units), unit) for place, unit in enumerate(units)]
    held: set[int] = set()
    for _, unit in sorted(queue, key=lambda item: (item[0], item[1])):
        if len(held) >= wanted:
            break
        if len(held) + len(unit) <= max(wanted, 1) or len(unit) == 1:
            held.update(unit)
    return held


def _units(rows: int, tied: Sequence[Sequence[int]]) -> list[list[int]]:
    parent = list(range(rows))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for group in tied:
        for member in group[1:]:
            first, second = sorted((root(group[0]), root(member)))
            parent[second] = first
    units: dict[int, list[int]] = {}
    for place in range(rows):
        units.setdefault(root(place), []).append(place)
    return list(units.values())
