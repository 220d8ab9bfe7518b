"""Pairs of rows that may be alike: banded sketches, with no bucket compared in full once it is large."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loracheck.text.grams import HASH_FACTOR

BANDS = 32
_FULL_BUCKET = 6
_NEIGHBOURS = 4
_LEAST_ESTIMATE = 0.28
"""Estimated Jaccard below which a pair is not looked at: 10% edits of characters leave about 0.43."""
_BLOCK = 20_000
_EMPTY_LOOK = 8
"""Components that tell a row without any shingle, which has the largest number in all of them."""


def candidate_pairs(signatures: NDArray[np.uint32], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return pairs of rows whose sketches agree in a band, each once, the better row first, (pairs, 2).

    Rows of a small bucket are all paired. In a large one each row meets the best row of the bucket and its
    neighbours when the bucket is sorted by the rest of the sketch, which brings copies together: 32 bands sort
    32 ways. The number of pairs thus grows with the rows and not with their square.

    Args:
        signatures: MinHash signatures, (rows, permutations).
        order: Rank of every row by quality, 0 the best.
    """
    rows, permutations = signatures.shape
    width = permutations // BANDS
    found: list[NDArray[np.int64]] = []
    empty = (signatures[:, :_EMPTY_LOOK] == np.uint32(0xFFFFFFFF)).all(axis=1)
    for band in range(BANDS):
        keys = _mixed(signatures[:, band * width : (band + 1) * width])
        rest = _mixed(signatures[:, [(band * width + width + step) % permutations for step in range(3)]])
        sequence = np.lexsort((order, rest, keys))
        sequence = sequence[~empty[sequence]]
        found.append(_pairs_of_band(keys[sequence], sequence, order))
    pairs = np.concatenate(found) if found else np.zeros((0, 2), dtype=np.int64)
    pairs = np.unique(pairs[:, 0] * np.int64(rows) + pairs[:, 1])
    both = np.stack([pairs // max(1, rows), pairs % max(1, rows)], axis=1)
    return both[_estimates(signatures, both) >= _LEAST_ESTIMATE]


def _pairs_of_band(
    keys: NDArray[np.uint64], sequence: NDArray[np.int64], order: NDArray[np.int64]
) -> NDArray[np.int64]:
    if not len(keys):
        return np.zeros((0, 2), dtype=np.int64)
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    bucket = np.cumsum(np.concatenate([[0], (keys[1:] != keys[:-1]).astype(np.int64)]))
    sizes = np.diff(np.concatenate([starts, [len(keys)]]))
    left, right = [], []
    for step in range(1, _FULL_BUCKET):
        same = bucket[step:] == bucket[:-step]
        if step > _NEIGHBOURS:
            same &= sizes[bucket[step:]] <= _FULL_BUCKET
        at = np.flatnonzero(same)
        left.append(sequence[at])
        right.append(sequence[at + step])
    large = sizes[bucket] > _FULL_BUCKET
    if large.any():
        best = np.full(len(starts), np.iinfo(np.int64).max)
        np.minimum.at(best, bucket, order[sequence])
        row_of = np.empty(len(order), dtype=np.int64)
        row_of[order] = np.arange(len(order))
        leader = row_of[best[bucket[large]]]
        left.append(leader)
        right.append(sequence[large])
    pairs = np.stack([np.concatenate(left), np.concatenate(right)], axis=1)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    swap = order[pairs[:, 0]] > order[pairs[:, 1]]
    pairs[swap] = pairs[swap][:, ::-1]
    return np.asarray(pairs, dtype=np.int64)


def _mixed(columns: NDArray[np.uint32]) -> NDArray[np.uint64]:
    key = np.zeros(len(columns), dtype=np.uint64)
    for place in range(columns.shape[1]):
        key = (key ^ columns[:, place]) * HASH_FACTOR
        key ^= key >> np.uint64(31)
    return key


def _estimates(signatures: NDArray[np.uint32], pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the share of equal components of each pair, which estimates the Jaccard similarity."""
    shares = np.empty(len(pairs))
    for start in range(0, len(pairs), _BLOCK):
        block = pairs[start : start + _BLOCK]
        shares[start : start + _BLOCK] = (signatures[block[:, 0]] == signatures[block[:, 1]]).mean(axis=1)
    return shares
