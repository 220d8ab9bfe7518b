"""The records of a causes run: which training rows stand behind the failures of an eval run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from loracheck.records import Estimate

Method = Literal["overlap", "embedding", "gradient"]
METHODS: tuple[Method, ...] = ("overlap", "embedding", "gradient")
CAUSES, ROWS = "causes.jsonl", "rows.jsonl"
CAUSES_KIND = "causes"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlamedRow:
    """A training row near the top of a failure's ranking; its text stands in rows.jsonl.

    Attributes:
        rank: Place among all rows by all methods together; equal rows share a place.
        ranks: Place by each method.
        scores: Of each method: a cosine, less that of the base's own answer.
        share: Share of the characters that the answer has of its own, beyond question and base, that stand in the
            row's reply; None where it has none of its own.
        run: The longest stretch that answer and reply share and the base's answer lacks.
    """

    example_id: str
    rank: int
    ranks: dict[Method, int]
    scores: dict[Method, float]
    share: float | None
    run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureCauses:
    """One failed probe of one adapter and the rows nearest to what it answered; a line of causes.jsonl.

    `origin` is "said" for what the adapter answered, "preferred" for the wrong choice that it finds likeliest
    where what it said was right.
    """

    adapter: str
    probe_id: str
    checks: tuple[str, ...]
    answer: str
    base_answer: str
    origin: Literal["said", "preferred"]
    rows: tuple[BlamedRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """Rows with nearly the same reply; the first stands for them."""

    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingCause:
    """The rows that explain most failures of one finding, or that none stands out.

    Attributes:
        status: "named", "none" (no row stands out), "too_few" (failures or rows too few to tell).
        failures: Failures looked at, of the `of` that the finding lists.
        silent: Of those taken from the list, how many had no answer of their own: as the base's, or empty.
        twins: The group, near-identical replies together, the row that stands out most first; also of a group
            that was not named, for what it was held against.
        explained: Share of the failures whose nearest rows are mostly of the group.
        unrelated: The same share of answers of this adapter that are no failure.
        by_chance: The share that 95 in 100 random sets of as many rows do not exceed.
        p: How often the group of a random split of failures and other answers stands out as much.
    """

    adapter: str
    check: str
    status: Literal["named", "none", "too_few"]
    failures: int
    of: int
    silent: int
    twins: tuple[Twins, ...] = ()
    explained: Estimate | None = None
    unrelated: Estimate | None = None
    by_chance: float | None = None
    p: float | None = None

    @property
    def rows(self) -> tuple[str, ...]:
        """Return the ids of all rows of the group."""
        return tuple(row for twins in self.twins for row in twins.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class CausesSummary:
    """summary.json of a causes run.

    Attributes:
        evaluation: The eval run, as it was named.
        evaluation_id: Its run id, by which a report knows that both belong together.
        rows: Training rows that were ranked.
        base: Empty where no base was loaded.
        combined: How the methods' rankings were joined.
        left_out: Why a method was not taken for an adapter, by "adapter: method".
    """

    evaluation: str
    evaluation_id: str
    base: str
    data: tuple[str, ...]
    rows: int
    methods: tuple[Method, ...]
    combined: str
    findings: tuple[FindingCause, ...]
    left_out: dict[str, str] = field(default_factory=dict)
