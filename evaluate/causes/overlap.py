"""What an answer says that neither its question nor the base says, and how much of it stands in each row's reply.

Character n-grams weighted by their rarity among the rows, so that no word list and no word boundaries are needed.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from loracheck.text import ngrams, normalise

_SIZES = (2, 3, 4, 5)
_LEAST_RUN = 2
_BLOCK = 256
"""Replies compared with all others at once."""


class Replies:
    """The replies of the training rows as weighted n-grams.

    Attributes:
        weighted: (rows, n-grams), each row of length 1.
    """

    def __init__(self, replies: Sequence[str]) -> None:
        self._columns: dict[str, int] = {}
        counted = _matrix([_grams(reply) for reply in replies], self._columns, grow=True)
        frequency = np.asarray((counted > 0).sum(axis=0)).ravel()
        self._unknown = float(np.log1p(len(replies)))
        self._idf = np.log1p(len(replies) / np.maximum(1, frequency))
        self.weighted = _unit(counted.multiply(self._idf).tocsr())

    def cosines(self, answers: Sequence[tuple[str, str, str]]) -> NDArray[np.float32]:
        """Compare what is the own of answers with every reply, (answers, rows).

        Args:
            answers: Triples of the answer, the base's answer and the question; what either of the latter holds as
                well counts nothing.
        """
        own = [_grams(answer) - _grams(base) - _grams(asked) for answer, base, asked in answers]
        held = _matrix([grams & self._columns.keys() for grams in own], self._columns, grow=False)
        unknown = np.asarray([len(grams - self._columns.keys()) for grams in own], dtype=np.float64)
        weights = held.multiply(self._idf).tocsr()
        squares = np.asarray(weights.multiply(weights).sum(axis=1)).ravel() + unknown * self._unknown**2
        cosine = (weights @ self.weighted.T).toarray() / np.sqrt(np.maximum(squares, 1e-12))[:, None]
        return np.asarray(cosine, dtype=np.float32)


def twins(replies: Replies, least: float) -> list[list[int]]:
    """Group the places of replies that are alike from a cosine on: stars around the earliest, never chains."""
    weighted = replies.weighted
    groups: list[list[int]] = []
    taken = np.zeros(weighted.shape[0], dtype=bool)
    for start in range(0, len(taken), _BLOCK):
        alike = (weighted[start : start + _BLOCK] @ weighted.T).tocsr()
        for row in range(alike.shape[0]):
            if taken[start + row]:
                continue
            part = slice(alike.indptr[row], alike.indptr[row + 1])
            near = alike.indices[part][alike.data[part] >= least]
            members = sorted({start + row, *near[~taken[near]].tolist()})
            taken[members] = True
            groups.append(members)
    return groups


def held_share(answer: str, base: str, asked: str, reply: str) -> float | None:
    """Return the share of an answer's own characters that stand in a reply; None where it has none of its own.

    Its own are those in no stretch of two and more that the base's answer or the question holds as well.
    """
    folded = normalise(answer)
    known = ngrams(normalise(base), _SIZES[0]) | ngrams(normalise(asked), _SIZES[0])
    own = set(range(len(folded))) - _covered(folded, known)
    return len(own & _covered(folded, ngrams(normalise(reply), _SIZES[0]))) / len(own) if own else None


def _covered(text: str, grams: set[str]) -> set[int]:
    """Return the places of a text that lie in some of the n-grams of the smallest size."""
    size = _SIZES[0]
    found = (at for at in range(len(text) - size + 1) if text[at : at + size] in grams)
    return {at + more for at in found for more in range(size)}


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
