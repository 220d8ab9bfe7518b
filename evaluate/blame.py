"""From similarities of answers to rows to the rows behind a finding, with the chance that it is none.

A group is named only when it stands out among the failures as it does not in random splits of failures and other
answers of the same adapter, the choice of the group included. So rows that are near to everything name nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float32]

TOP_SHARE = 0.05
"""Share of the rows that counts as the top of a failure's ranking."""
SPLITS = 999
LEVEL = 0.01
LEAST_FAILURES = 5
LEAST_ROWS = 10
LEAST_EXPLAINED = 0.25
"""A group that explains fewer of the failures than this is not the cause of the finding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The rows that stand out most among some failures, and how much they explain."""

    places: tuple[int, ...]
    explained: int
    unrelated: int
    by_chance: float
    p: float
    named: bool


def combined(scores: Sequence[Floats]) -> Floats:
    """Join the methods' scores, each (answers, rows): the mean of their standardised values within an answer.

    A method that tells no rows apart for an answer takes no part in it.
    """
    total = np.zeros_like(scores[0])
    parts = np.zeros((len(total), 1), dtype=np.float32)
    for score in scores:
        spread = score.std(axis=1, keepdims=True)
        tells = spread > 1e-9
        total += np.where(tells, (score - score.mean(axis=1, keepdims=True)) / np.maximum(spread, 1e-9), 0)
        parts += tells
    return np.asarray(total / np.maximum(parts, 1), dtype=np.float32)


def ranks(scores: Floats) -> NDArray[np.int64]:
    """Return the place of each row in each answer's ranking, from 1, equal scores sharing the better place."""
    return np.asarray(rankdata(-scores, method="min", axis=1), dtype=np.int64)


def top_rows(rows: int) -> int:
    """Return how many rows are the top of a ranking."""
    return max(1, round(TOP_SHARE * rows))


def stands_out(failures: Floats, other: Floats, twins: Sequence[Sequence[int]], *, seed: int) -> Group:
    """Find the rows that stand out most among failures against other answers, near-identical ones together.

    Args:
        failures: Combined scores, (failures, rows).
        other: Combined scores of answers that are no failure, (answers, rows).
        twins: Places of the rows, near-identical ones together; every row in one of them.
        seed: Of the splits and the random sets.
    """
    generator = np.random.default_rng(seed)
    every = np.concatenate([failures, other])
    sizes = np.asarray([len(places) for places in twins], dtype=np.float64)
    order = np.concatenate([np.asarray(places, dtype=np.int64) for places in twins])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    means = np.add.reduceat(every[:, order], starts, axis=1) / sizes
    count = len(failures)
    labels = np.zeros((SPLITS + 1, len(every)), dtype=np.float64)
    labels[0, :count] = 1
    for line in range(1, SPLITS + 1):
        labels[line, generator.permutation(len(every))[:count]] = 1
    weights = labels / count - (1 - labels) / max(1, len(other))
    found = [_divide(values, sizes) for values in weights @ means]
    chosen, gap = found[0]
    p = sum(other_gap >= gap - 1e-9 for _, other_gap in found) / len(found)
    delta = (weights[0] @ means)[chosen]
    places = tuple(
        place for twin in np.asarray(chosen)[np.argsort(-delta, kind="stable")] for place in twins[twin]
    )
    explained = int(explains(failures, places).sum())
    unrelated = int(explains(other, places).sum()) if len(other) else 0
    by_chance = _by_chance(failures, len(places), generator)
    share = explained / count
    return Group(
        places=places,
        explained=explained,
        unrelated=unrelated,
        by_chance=by_chance,
        p=p,
        named=p <= LEVEL
        and share >= LEAST_EXPLAINED
        and share > by_chance
        and share > 2 * unrelated / max(1, len(other)),
    )


def explains(scores: Floats, places: Sequence[int]) -> NDArray[np.bool_]:
    """Tell of each answer whether most of its nearest rows are of a group, (answers,)."""
    inside = np.zeros(scores.shape[1], dtype=bool)
    inside[list(places)] = True
    return np.asarray(inside[_nearest(scores, len(places))].mean(axis=1) > 0.5)


def _nearest(scores: Floats, size: int) -> NDArray[np.int64]:
    """Return the places of the top rows, as many as the group has at most, (answers, top)."""
    top = min(size, top_rows(scores.shape[1]))
    return np.argsort(-scores, axis=1, kind="stable")[:, :top]


def _by_chance(failures: Floats, size: int, generator: np.random.Generator) -> float:
    """Return the share of failures that 95 in 100 random sets of as many rows do not explain more of."""
    nearest = _nearest(failures, size)
    rows = failures.shape[1]
    shares = []
    for _ in range(SPLITS):
        inside = np.zeros(rows, dtype=bool)
        inside[generator.choice(rows, size=size, replace=False)] = True
        shares.append(float((inside[nearest].mean(axis=1) > 0.5).mean()))
    return float(np.quantile(shares, 0.95, method="higher"))


def _divide(values: NDArray[np.float64], sizes: NDArray[np.float64]) -> tuple[NDArray[np.int64], float]:
    """Divide twins into those that stand out and the others where the two lie farthest apart (Otsu 1979).

    Returns:
        The twins that stand out, and the variance between both parts, by rows.
    """
    order = np.argsort(-values, kind="stable")
    inside = np.cumsum(sizes[order])[:-1]
    total = sizes.sum()
    sums = np.cumsum((values * sizes)[order])
    if not len(inside):
        return order, 0.0
    high, low = sums[:-1] / inside, (sums[-1] - sums[:-1]) / (total - inside)
    between = inside * (total - inside) / total**2 * (high - low) ** 2
    cut = int(np.argmax(between))
    return order[: cut + 1], float(between[cut])
