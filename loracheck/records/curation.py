"""The records of the curate stage, as they stand in the files of its run directory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from loracheck.records import Estimate, Example, Source, UiLanguage

Outcome = Literal["kept", "heldout", "dropped", "quarantined"]
ScoreState = Literal["scored", "unparsable", "refused", "error", "unscored"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One measurement of a row. Without a value, `state` says what became of it, and `explanation` why."""

    name: str
    value: float | None
    scorer: str
    explanation: str = ""
    state: ScoreState = "scored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Where a row ended up and why.

    Attributes:
        reason: Stable code; `loracheck.words.decisions.explain` turns it and the values into a sentence.
        values: The measured values and limits behind the decision, by the names that the sentence uses.
        related: The id of the row that this one repeats, or that was taken in its place.
    """

    example_id: str
    outcome: Outcome
    stage: str
    reason: str
    values: dict[str, Any] = field(default_factory=dict)
    scores: tuple[Score, ...] = ()
    related: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedRow:
    """A dropped or quarantined row with its decision, so that one file answers why a row is gone.

    `why` is the explanation in each language of the interface. A row that could not be read has no example, but
    its source and its text as it stood in the file.
    """

    decision: Decision
    why: dict[UiLanguage, str]
    example: Example | None
    source: Source
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowGroup:
    """Rows that have something in common, found while curating; a line of groups.jsonl.

    `kind` is "conflict" (the same prompt, other replies), "same_reply" (the same reply to other prompts),
    "paraphrase" (alike replies to alike prompts in other words), "same_passage" (the same context, another
    question), "template_family" (rows that differ in aligned slots only) or "statement" (one statement in many
    wordings). The first member stands for the group; `shared` is the text in common, slots written as ….
    """

    kind: Literal["conflict", "same_reply", "paraphrase", "same_passage", "template_family", "statement"]
    members: tuple[str, ...]
    shared: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCount:
    """How many rows one step of curation took out for one reason."""

    stage: str
    reason: str
    rows: int
    outcome: Outcome = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdCurve:
    """What another threshold would have done: rows dropped by a rule at each threshold, all else as it was."""

    rule: str
    option: str
    chosen: float | None
    thresholds: tuple[float, ...]
    dropped: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgePlan:
    """What a judge is about to be asked, before the first request; tokens are guessed from characters.

    `cost` is in the currency of the prices given, None without prices.
    """

    rows: int
    requests: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeSummary:
    """What the judge did. States count questions: a row under a rubric.

    Attributes:
        requests: Requests sent, retries included; `cached` answers needed none.
        canaries: Rows of known score put to the judge, of which `canaries_right` it took rightly.
        flagged: Rows that speak to a grader; the words of `injected` of them raised the score of a bad reply, those
            of `untested` ones could not be tried.
        length_correlation: Rank correlation of the mean score with the length of the reply; None for few rows.
    """

    model: str
    rubrics: tuple[str, ...]
    rows: int
    states: dict[ScoreState, int]
    requests: int
    cached: int
    prompt_tokens: int
    completion_tokens: int
    canaries: int
    canaries_right: int
    flagged: int
    injected: int
    length_correlation: float | None
    untested: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierSummary:
    """How well a classifier on embeddings carries a judge's scores over to rows that no judge has seen.

    Every number is out of fold: of rows that the classifier did not learn from. `agreement` and
    `length_agreement` are rank correlations with the judge's scores, the second that of length alone by the same
    folds; `gain` is their difference.

    Attributes:
        labels: Rows with a judge's score.
        predicted: Rows that got a predicted score.
        languages: Agreement within each language, by its name.
        may_drop: Whether the interval of `gain` excludes 0, so that predicted scores may drop rows.
        reason: "beats_length", "no_better_than_length", "too_few_rows", "constant_scores" or
            "missing_language" (rows of a language of which too few were judged: those get no predicted score).
        missing_languages: The languages of which too few rows were judged.
    """

    labels: int
    predicted: int
    agreement: Estimate | None
    length_agreement: Estimate | None
    gain: Estimate | None
    languages: tuple[Estimate, ...]
    may_drop: bool
    reason: str
    missing_languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionSummary:
    """How the subset was chosen, and how much of the pool's clusters it covers."""

    method: str
    embedder: str
    pool: int
    clusters: int
    clusters_covered: int
    budget: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CurationSummary:
    """summary.json of a curate run. `read` is the sum of kept, heldout, dropped and quarantined."""

    read: int
    kept: int
    heldout: int
    dropped: int
    steps: tuple[StepCount, ...]
    unscored: int
    kept_reply_characters: int
    read_reply_characters: int
    quarantined: int = 0
    masked: int = 0
    languages: dict[str, int] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)
    curves: tuple[ThresholdCurve, ...] = ()
    judge: JudgeSummary | None = None
    classifier: ClassifierSummary | None = None
    selection: SelectionSummary | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One row: its text, its decision, the row that stands for it, the rows it stands for, its groups."""

    decision: Decision
    example: Example | None
    raw: str
    related: Example | None
    stands_for: tuple[Decision, ...]
    groups: tuple[RowGroup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurationPlan:
    """What a curation would do, found without writing anything. Time is in seconds."""

    rows: int
    tokens: int
    tokens_from: str
    passing: int
    reasons: dict[str, int]
    seconds: float
    time_note: str
    judge: JudgePlan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesisSummary:
    """summary.json of a synthesize run: rows by kind ("replay", "exercise", ...), and requests that brought none."""

    rows: dict[str, int]
    failed: dict[str, int]
