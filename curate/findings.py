"""What the steps of one curation learn on the way, by place where it belongs to a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from loracheck.loading.jsonrows import BadRow
from loracheck.records import Source
from loracheck.records.curation import (
    ClassifierSummary,
    JudgeSummary,
    Score,
    SelectionSummary,
    ThresholdCurve,
)

from .duplicates.dedupe import Group
from .scoring.score import RowScore

MOST_BAD_ROWS = 10_000
"""Rows that could not be read and are listed one by one."""
_MESSAGE_CHARACTERS = 1000


@dataclass(slots=True, kw_only=True)
class Embedded:
    """Rows with a vector, in arrays.

    Attributes:
        embedder: What made the vectors.
        places: Places of the rows, ascending, (rows,).
        points: Unit vectors, (rows, width); let go of once the selection is made.
        clusters: Number of each row's cluster, (rows,).
        spots: Each row's point on the map of the report, (rows, 2).
    """

    embedder: str
    places: NDArray[np.int64]
    points: NDArray[np.float32]
    clusters: NDArray[np.int64]
    spots: NDArray[np.float32]

    def index(self, places: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where some of the places stand in the arrays."""
        return np.asarray(np.searchsorted(self.places, places), dtype=np.int64)


@dataclass(slots=True, kw_only=True)
class BadRows:
    """Rows that cannot be read: the first of them, cut short, and the count of all.

    A file may hold nothing else, so what is kept of it does not grow with it.
    """

    kept: list[BadRow] = field(default_factory=list)
    count: int = 0
    more_from: Source | None = None
    """Where the first row stands that is only counted."""

    def add(self, row: BadRow) -> None:
        """Count a row, and keep it while there is room."""
        self.count += 1
        if len(self.kept) < MOST_BAD_ROWS:
            self.kept.append(replace(row, message=_cut(row.message)))
        elif self.more_from is None:
            self.more_from = row.source

    @property
    def more(self) -> int:
        """Return how many are only counted."""
        return self.count - len(self.kept)


def _cut(message: str) -> str:
    return message if len(message) <= _MESSAGE_CHARACTERS else f"{message[:_MESSAGE_CHARACTERS]}…"


@dataclass(slots=True, kw_only=True)
class Findings:
    """Filled step by step.

    Attributes:
        predicted: The judge's score of a row as the classifier predicts it.
        unscored: Why a row has no score by the base.
        masked: The kinds of personal data in a row.
        embedded: The rows that have a vector; None before there are any.
    """

    bad: BadRows = field(default_factory=BadRows)
    groups: list[Group] = field(default_factory=list)
    curves: list[ThresholdCurve] = field(default_factory=list)
    base_scores: dict[int, RowScore] = field(default_factory=dict)
    judge_scores: dict[int, tuple[Score, ...]] = field(default_factory=dict)
    predicted: dict[int, float] = field(default_factory=dict)
    unscored: dict[int, str] = field(default_factory=dict)
    masked: dict[int, tuple[str, ...]] = field(default_factory=dict)
    embedded: Embedded | None = None
    judge: JudgeSummary | None = None
    classifier: ClassifierSummary | None = None
    selection: SelectionSummary | None = None
