"""The frozen records that cross a stage boundary, as they stand in the files of a run directory.

A value that could not be measured is None with an explanation, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["system", "user", "assistant"]
Language = Literal["ja", "en", "other"]
Outcome = Literal["kept", "heldout", "dropped", "quarantined"]
UiLanguage = Literal["en", "ja"]
Status = Literal["pass", "fail", "inconclusive", "info"]
VerdictStatus = Literal["ship", "hold", "inconclusive"]

BASE_ARM = "base"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a row came from."""

    file: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A training row: a conversation that ends with the reply to learn."""

    id: str
    messages: tuple[Message, ...]
    language: Language
    source: Source
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def prompt(self) -> str:
        """Return the text of every turn before the reply."""
        return "\n".join(message.content for message in self.messages[:-1])

    @property
    def reply(self) -> str:
        """Return the last assistant turn."""
        return self.messages[-1].content


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One measurement of a row; a None value means unscored, and says why."""

    name: str
    value: float | None
    scorer: str
    explanation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Where a row ended up and why.

    Attributes:
        reason: Stable code; `loracheck.reasons.explain` turns it and the values into a sentence.
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
class Expected:
    """The right answer (the first is canonical, the others aliases) and wrong choices of the same kind."""

    answers: tuple[str, ...]
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A question put to every arm.

    Attributes:
        domain: "in" for the domain of the training data, "out" for anything else, "training" for a prompt
            that stands in the training data itself.
        expected: How to grade an answer; None for open prompts.
        reference: The training data's own reply, for probes made from rows.
        cluster: Probes of one cluster ask for the same fact and are not independent.
    """

    id: str
    suite: str
    messages: tuple[Message, ...]
    language: Language
    domain: Literal["in", "out", "training"]
    expected: Expected | None = None
    reference: str | None = None
    cluster: str = ""
    tags: tuple[str, ...] = ()
    licence: str = ""

    @property
    def prompt(self) -> str:
        """Return the text of all turns."""
        return "\n".join(message.content for message in self.messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What one arm answered.

    `finish_reason`: "stop" ended by a stop token, "turn" went on to write the user's next turn (the text is
    cut there), "length" reached the token limit. `tokens` counts generated tokens, the stop token included.
    """

    probe_id: str
    arm: str
    text: str
    finish_reason: Literal["stop", "turn", "length"]
    tokens: int
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceScores:
    """Log-likelihood in nats of each choice as the whole reply, its stop token included.

    `kinds` says what each choice is: "right" or "wrong" plainly said, "right_styled" or "wrong_styled" with the
    training data's ending, or "name", the reply that floods the training data.
    """

    probe_id: str
    arm: str
    kinds: tuple[str, ...]
    choices: tuple[str, ...]
    logprobs: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with its interval: never one without the other.

    `unit` is "share" (0 to 1), "difference" (of two shares, -1 to 1), "count" or "correlation" (-1 to 1, or a
    difference of two).
    """

    name: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    n: int
    method: str
    unit: Literal["share", "difference", "count", "correlation"] = "share"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The outcome of one check on one adapter.

    Attributes:
        check: Stable name of the check.
        status: Of a required check pass, fail or inconclusive; info for a check that cannot decide.
        reason: Stable code of the rule that set the status.
        estimates: The deciding number first.
        threshold: The limit that the first estimate was held against.
        p_pass: p-value against "worse than the limit"; small supports pass.
        p_fail: p-value against "not worse than the limit"; small supports fail.
        n_needed: Items that would settle an inconclusive check if the rate stays as it is.
        evidence: Probe ids, worst first.
        values: Further facts for the explanation, such as the markers that were found.
    """

    check: str
    adapter: str
    required: bool
    status: Status
    reason: str
    estimates: tuple[Estimate, ...] = ()
    threshold: float | None = None
    p_pass: float | None = None
    p_fail: float | None = None
    n_needed: int | None = None
    evidence: tuple[str, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether one adapter may ship, the policy that was applied, and every finding behind it."""

    adapter: str
    status: VerdictStatus
    policy: str
    policy_sha256: str
    alpha: float
    deciding: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """A trait of style that the training replies have and the base's answers to the same prompts lack.

    `kind`: "ending" of a sentence, "opening" of a reply, or "term" inside it (a name, a catch-phrase).
    `coverage` and `base_coverage` are shares of replies; `z` is the log-odds ratio in standard errors.
    """

    kind: Literal["ending", "opening", "term"]
    text: str
    language: Language
    coverage: float
    base_coverage: float
    z: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Paired difference of two adapters on the same probes: second minus first, in share of right answers."""

    first: str
    second: str
    measure: str
    difference: Estimate
    won: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationResult:
    """What the verdict function computes from the raw answers; terminal, JSON, HTML and exit code render it."""

    verdicts: tuple[Verdict, ...]
    comparisons: tuple[Comparison, ...]
    markers: tuple[Marker, ...]
    arms: tuple[str, ...]
    outcomes: dict[str, dict[str, str]] = field(default_factory=dict)
    """Per arm and fact probe: right_plain, right_persona, persona_name, wrong or empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """A file of a run, relative to its directory."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a run is, what went in, what made it and what came out."""

    schema_version: int
    run_id: str
    kind: str
    status: Literal["running", "complete"]
    created: str
    finished: str | None
    argv: tuple[str, ...]
    config: dict[str, Any]
    inputs: tuple[FileEntry, ...]
    identity: str
    seed: int
    loracheck: str
    commit: str | None
    packages: dict[str, str]
    hardware: dict[str, Any]
    files: tuple[FileEntry, ...] = ()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmRecord:
    """One arm of an eval run, and what was checked of its adapter.

    `logit_change` is the largest absolute difference of a logit to the base on fixed prompts.
    """

    name: str
    path: str | None
    sha256: str | None = None
    verified: bool = True
    finite: bool = True
    inert: bool = False
    logit_change: float | None = None
    config: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationContext:
    """context.json of an eval run: what was asked, of what, and under which template."""

    base: str
    quantization: str
    fingerprint: dict[str, Any]
    template: str
    template_sha256: str
    training_data: str | None
    max_new_tokens: int
    probes: dict[str, int]
    dropped_probes: tuple[str, ...]
    """Ids of bundled probes left out because the training data holds the same question."""
    arms: tuple[ArmRecord, ...]
