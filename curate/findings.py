"""What the steps of one curation learn on the way, by place where it belongs to a row."""

from __future__ import annotations

from dataclasses import dataclass, field

from loracheck.curation_records import (
    ClassifierSummary,
    JudgeSummary,
    Score,
    SelectionSummary,
    ThresholdCurve,
)
from loracheck.loading import BadRow

from .dedupe import Group
from .score import RowScore


@dataclass(slots=True, kw_only=True)
class Findings:
    """Filled step by step.

    Attributes:
        predicted: The judge's score of a row as the classifier predicts it.
        unscored: Why a row has no score by the base.
        masked: The kinds of personal data in a row.
        map: The point of a row on the report's map.
    """

    bad: list[BadRow] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    curves: list[ThresholdCurve] = field(default_factory=list)
    base_scores: dict[int, RowScore] = field(default_factory=dict)
    judge_scores: dict[int, tuple[Score, ...]] = field(default_factory=dict)
    predicted: dict[int, float] = field(default_factory=dict)
    unscored: dict[int, str] = field(default_factory=dict)
    masked: dict[int, tuple[str, ...]] = field(default_factory=dict)
    clusters: dict[int, int] = field(default_factory=dict)
    map: dict[int, tuple[float, float]] = field(default_factory=dict)
    judge: JudgeSummary | None = None
    classifier: ClassifierSummary | None = None
    selection: SelectionSummary | None = None
