"""Rows that mean the same in other words, by embeddings.

Cosines of one encoder say nothing about another's: the mean over random pairs runs from 0.14 to 1.00. So the threshold
is a quantile of the cosines of random pairs, language by language. It is drawn out from the body of their distribution
as from a normal one's, so that a set without any such rows does not lose the closest share of its pairs. Rows on one
topic are closer than random ones, too, and where topics are many and small they are too few to show in that body. So a
pair must besides have come most of the way from unrelated to equal. No transitive closure: each row that goes names
the row that stays and means the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

_PAIRS = 2_000_000
_BLOCK = 2048
_ANCHOR = 0.99
"""Quantile up to which the distribution of random pairs is taken as it is found."""
_LEAST_WAY = 0.7
"""Of the way from the median cosine to 1, what rows that mean the same have behind them at least."""
_SAME = 1.0 - 1e-6
"""A cosine from which two vectors are one: encoders that see nothing in a row give equal vectors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SemanticDuplicates:
    """The rows that go, with the row that stays and the cosine; the threshold of each language."""

    duplicates: dict[int, tuple[int, float]]
    thresholds: dict[str, float]


def find_semantic(
    points: NDArray[np.float32],
    quality: Sequence[float],
    languages: Sequence[str],
    quantile: float,
    seed: int,
) -> SemanticDuplicates:
    """Find rows whose vectors are closer than nearly all random pairs of their language.

    Args:
        points: Unit vectors, (rows, width). A row of zeros has no vector and is left alone.
        quality: Higher is better; of rows that mean the same the best stays.
        languages: Rows of one language are compared with each other.
        quantile: Of the cosines of random pairs; 0.999999 means that of a million random
            pairs one is closer.
        seed: Draws the pairs.
    """
    names = np.asarray(languages)
    known = np.einsum("ij,ij->i", points, points) > 0.5
    duplicates: dict[int, tuple[int, float]] = {}
    thresholds: dict[str, float] = {}
    for name in sorted(set(languages)):
        members = np.flatnonzero((names == name) & known)
        if len(members) < 3:
            thresholds[name] = _SAME
            continue
        inside = points[members]
        thresholds[name] = _threshold(inside, quantile, seed)
        found = _stars(inside, np.asarray(quality, dtype=np.float64)[members], thresholds[name])
        duplicates |= {int(members[row]): (int(members[of]), cosine) for row, (of, cosine) in found.items()}
    return SemanticDuplicates(duplicates=dict(sorted(duplicates.items())), thresholds=thresholds)


def _threshold(points: NDArray[np.float32], quantile: float, seed: int) -> float:
    """Return the quantile of the cosines of random pairs (all of them when the rows are few), or the least way."""
    rows = len(points)
    if rows * (rows - 1) // 2 <= _PAIRS:
        first, second = np.triu_indices(rows, k=1)
    else:
        draw = np.random.default_rng(seed)
        first = draw.integers(0, rows, _PAIRS)
        second = (first + draw.integers(1, rows, _PAIRS)) % rows
    cosines = np.concatenate(
        [
            np.einsum("ij,ij->i", points[first[s : s + _BLOCK * 16]], points[second[s : s + _BLOCK * 16]])
            for s in range(0, len(first), _BLOCK * 16)
        ]
    )
    middle, high = np.quantile(cosines, [0.5, _ANCHOR])
    drawn_out = middle + (high - middle) * ndtri(quantile) / ndtri(_ANCHOR)
    return min(_SAME, float(max(drawn_out, middle + _LEAST_WAY * (1.0 - middle))))


def _stars(
    points: NDArray[np.float32], quality: NDArray[np.float64], threshold: float
) -> dict[int, tuple[int, float]]:
    """Let rows stand for those near them, the best first; a row that gave way stands for none."""
    order = np.lexsort((np.arange(len(points)), -quality))
    ranked = points[order]
    gone: dict[int, tuple[int, float]] = {}
    for start in range(0, len(ranked), _BLOCK):
        block = ranked[start : start + _BLOCK]
        for before in range(0, start + 1, _BLOCK):
            cosines = block @ ranked[before : before + _BLOCK].T
            for row, of in zip(*np.nonzero(cosines > threshold), strict=True):
                place, stays = start + int(row), before + int(of)
                if stays < place and place not in gone and stays not in gone:
                    gone[place] = (stays, float(cosines[row, of]))
    return {int(order[row]): (int(order[of]), cosine) for row, (of, cosine) in gone.items()}
