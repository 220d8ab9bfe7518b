"""What an answer says that neither its question nor the base says, and how much of it stands in each row's reply.

Character n-grams weighted by their rarity among the rows, so that no word list and no word boundaries are needed.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from loracheck.text import ngrams, normalise

_SIZES = (2, 3, 4, 5)
_LEAST_RUN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Similarities of answers to rows.

    Attributes:
        cosine: TF-IDF cosine of what is the answer's own and the reply, (answers, rows).
        share: Share of the weight of what is the answer's own that the reply holds, (answers, rows).
        own: Whether the answer says anything of its own, (answers,).
    """

    cosine: NDArray[np.float32]
    share: NDArray[np.float32]
    own: NDArray[np.bool_]


class Replies:
    """The replies of the training rows as weighted n-grams.

    Attributes:
        weighted: (rows, n-grams), each row of length 1.
    """

    def __init__(self, replies: Sequence[str]) -> None:
        self._columns: dict[str, int] = {}
        counted = _matrix([_grams(reply) for reply in replies], self._columns, grow=True)
        frequency = np.asarray((counted > 0).sum(axis=0)).ravel()
        self._held = counted
        self._unknown = float(np.log1p(len(replies)))
        self._idf = np.log1p(len(replies) / np.maximum(1, frequency))
        self.weighted = _unit(counted.multiply(self._idf).tocsr())

    def overlap(self, answers: Sequence[tuple[str, str, str]]) -> Overlap:
        """Compare answers, each a triple of answer, base's answer and question, with every reply."""
        own = [_grams(answer) - _grams(base) - _grams(asked) for answer, base, asked in answers]
        held = _matrix([grams & self._columns.keys() for grams in own], self._columns, grow=False)
        unknown = np.asarray([len(grams - self._columns.keys()) for grams in own], dtype=np.float64)
        weights = held.multiply(self._idf).tocsr()
        squares = np.asarray(weights.multiply(weights).sum(axis=1)).ravel() + unknown * self._unknown**2
        sums = np.asarray(weights.sum(axis=1)).ravel() + unknown * self._unknown
        cosine = (weights @ self.weighted.T).toarray() / np.sqrt(np.maximum(squares, 1e-12))[:, None]
        share = (weights @ self._held.T).toarray() / np.maximum(sums, 1e-12)[:, None]
        return Overlap(
            cosine=cosine.astype(np.float32),
            share=share.astype(np.float32),
            own=np.asarray([bool(grams) for grams in own]),
        )


def twins(replies: Replies, places: Sequence[int], least: float) -> list[list[int]]:
    """Group places whose replies are alike from a cosine on: stars around the earliest, never chains."""
    groups: list[list[int]] = []
    weighted = replies.weighted
    left = list(places)
    while left:
        alike = (weighted[left] @ weighted[left[0]].T).toarray().ravel() >= least
        alike[0] = True
        groups.append([place for place, same in zip(left, alike, strict=True) if same])
        left = [place for place, same in zip(left, alike, strict=True) if not same]
    return groups


def longest_run(answer: str, base: str, reply: str) -> str:
    """Return the longest stretch that answer and reply share, if the base's answer does not hold it as well."""
    found = difflib.SequenceMatcher(None, answer, reply, autojunk=False).find_longest_match()
    run = answer[found.a : found.a + found.size].strip()
    return run if len(run) >= _LEAST_RUN and run not in base else ""


def _grams(text: str) -> set[str]:
    folded = normalise(text)
    return set().union(*(ngrams(folded, size) for size in _SIZES)) if folded else set()


def _matrix(texts: Sequence[set[str]], columns: dict[str, int], *, grow: bool) -> csr_matrix:
    """Return which n-grams each text holds, (texts, n-grams), in an order that does not hang on hashing."""
    starts, places = [0], []
    for grams in texts:
        for gram in sorted(grams):
            places.append(columns.setdefault(gram, len(columns)) if grow else columns[gram])
        starts.append(len(places))
    return csr_matrix((np.ones(len(places)), places, starts), shape=(len(texts), max(1, len(columns))))


def _unit(matrix: csr_matrix) -> csr_matrix:
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return matrix.multiply(1 / np.maximum(lengths, 1e-12)[:, None]).tocsr()
