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

TOP_SHARE, LEAST_TOP = 0.05, 10
"""Share of the rows, and their number at least, that counts as the top of a failure's ranking."""
LEAST_NEAR, USUAL = 0.2, 0.8
"""Cosine that a cause has at least, and quantile of the nearness of other answers to their own nearest rows."""
_ROUNDING = 1e-9
SPLITS = 999
LEVEL = 0.01
FAMILY = 0.05
"""Chance that any row at all is put into a group where none belongs."""
LEAST_FAILURES = 5
LEAST_ROWS = 20
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
    """Join the methods' scores, each (answers, rows): the mean over methods, each in units of its own spread.

    The spread is that over all answers, so that what is nowhere large for an answer is not made large by it. A method
    that tells no rows apart takes no part.
    """
    centred = [score - score.mean(axis=1, keepdims=True) for score in scores]
    parts = [part / spread for part in centred if (spread := float(part.std())) > 1e-9]
    total = np.sum(parts, axis=0) / len(parts) if parts else np.zeros_like(scores[0])
    return np.asarray(total, dtype=np.float32)


def ranks(scores: Floats) -> NDArray[np.int64]:
    """Return the place of each row in each answer's ranking, from 1, equal scores sharing the better place."""
    return np.asarray(rankdata(-scores, method="min", axis=1), dtype=np.int64)


def top_rows(rows: int) -> int:
    """Return how many rows are the top of a ranking."""
    return min(rows, max(LEAST_TOP, round(TOP_SHARE * rows)))


def stands_out(failures: Floats, other: Floats, twins: Sequence[Sequence[int]], *, seed: int) -> Group:
    """Find the rows that stand out among failures against other answers, near-identical ones together.

    They are those whose mean score among failures less that among other answers lies above the highest of any row in
    95 of 100 random splits of both (the maximum statistic of Westfall and Young, 1993).

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
    gaps, highest = _splits(means, count, generator)
    chosen = np.flatnonzero(gaps > np.quantile(highest, 1 - FAMILY, method="higher"))
    p = float((1 + (highest >= gaps.max() - 1e-9).sum()) / (1 + SPLITS))
    order = chosen[np.argsort(-gaps[chosen], kind="stable")]
    places = tuple(place for twin in order for place in twins[twin])
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


def nearer(failures: Sequence[Floats], other: Sequence[Floats], places: Sequence[int]) -> bool:
    """Tell whether, by some method, a group is nearer to the failures than other answers are to their nearest rows.

    Failures that all say the same bring some row to the top, whether or not it has to do with them; it is a cause only
    where it is near. Scores are those of each method by itself, (answers, rows), in cosines.
    """
    return any(_nearness(own, rest, places) for own, rest in zip(failures, other, strict=True))


def _nearness(failures: Floats, other: Floats, places: Sequence[int]) -> bool:
    top = min(len(places), top_rows(failures.shape[1]))
    if not top or not len(other):
        return False
    own = np.sort(failures[:, list(places)], axis=1)[:, -top:].mean(axis=1)
    usual = np.sort(other, axis=1)[:, -top:].mean(axis=1)
    return float(np.median(own)) > max(LEAST_NEAR, float(np.quantile(usual, USUAL)))


def _splits(
    means: NDArray[np.float64], count: int, generator: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return by how much each group's mean over the first answers is above that over the others, (groups,).

    And the highest such number of any group in every random split, (splits,).
    """
    weights = np.full(len(means), -1 / max(1, len(means) - count))
    weights[:count] = 1 / count
    highest = np.asarray([(generator.permutation(weights) @ means).max() for _ in range(SPLITS)])
    return weights @ means, highest


def explains(scores: Floats, places: Sequence[int]) -> NDArray[np.bool_]:
    """Tell of each answer whether most of its nearest rows are of a group, (answers,)."""
    if not places:
        return np.zeros(len(scores), dtype=bool)
    return np.asarray(_nearest(scores, len(places))[list(places)].sum(axis=0) > 0.5 + _ROUNDING)


def _nearest(scores: Floats, size: int) -> NDArray[np.float64]:
    """Return the part that each row has in an answer's nearest rows, (rows, answers); the parts of an answer make 1.

    The nearest are the top rows, as many as the size at most. Of rows that tie for the last places each counts in
    part, so that an answer which tells no rows apart favours none.
    """
    top = min(size, top_rows(scores.shape[1]))
    last = -np.partition(-scores, top - 1, axis=1)[:, top - 1 : top]
    above, ties = scores > last, scores == last
    part = (top - above.sum(axis=1, keepdims=True)) / ties.sum(axis=1, keepdims=True)
    return np.asarray((above + ties * part).T / top)


def _by_chance(failures: Floats, size: int, generator: np.random.Generator) -> float:
    """Return the share of failures that 95 in 100 random sets of as many rows do not explain more of."""
    if not size:
        return 0.0
    nearest, rows = _nearest(failures, size), failures.shape[1]
    draws = (generator.choice(rows, size=size, replace=False) for _ in range(SPLITS))
    shares = [float((nearest[drawn].sum(axis=0) > 0.5 + _ROUNDING).mean()) for drawn in draws]
    return float(np.quantile(shares, 0.95, method="higher"))
