"""What `loracheck compare` finds between eval runs, as it stands in compare.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from loracheck.records import Estimate, Status, VerdictStatus

Label = Literal["better", "worse", "no_difference", "noise_unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """One training of an arm: the run that asked it, its name there, the hash of its weights."""

    run: str
    arm: str
    sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmMean:
    """The share of items that an arm does well on, averaged over its seeds.

    `seed_sd` is the standard deviation of the seeds' own shares; None with one seed.
    """

    name: str
    share: float
    seeds: int
    seed_sd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededDifference:
    """Second arm minus first on the same items, of one measure of one check; more is better in every measure.

    Attributes:
        estimate: With a t interval that holds items and seeds; of items alone where a seed term is unknown.
        item_se: Standard error of the items' part, clustered.
        seed_se: Standard error of the seeds' part; None where an arm has one seed.
        p: Two-sided, before Holm's correction over all measures; None where seed noise is unknown.
        label: "noise_unknown" where an arm has one seed: never significant. "better" and "worse" by Holm's
            correction over all measures.
        won: Probes that the second arm does better on over its seeds, the clearest first.
        lost: Those that it does worse on.
        unchanged: How many are alike.
    """

    check: str
    measure: str
    first: ArmMean
    second: ArmMean
    estimate: Estimate
    item_se: float | None
    seed_se: float | None
    freedom: int
    p: float | None
    label: Label
    won: tuple[str, ...]
    lost: tuple[str, ...]
    unchanged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFlip:
    """A check whose outcome on the same adapter differs between two runs."""

    adapter: str
    check: str
    before: Status | None
    after: Status | None
    reason_before: str | None
    reason_after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictPair:
    """The verdict on the same adapter in two runs."""

    adapter: str
    before: VerdictStatus
    after: VerdictStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleFlip:
    """A probe that the same adapter did well on in one of two runs only, by one measure of one check."""

    adapter: str
    check: str
    measure: str
    probe_id: str
    after: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """The same adapters in two runs: what came out otherwise the second time."""

    verdicts: tuple[VerdictPair, ...]
    rules: tuple[RuleFlip, ...]
    examples: tuple[ExampleFlip, ...]
    answers: int
    """Answers compared."""
    answers_changed: int
    """Answers whose text differs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunComparison:
    """Eval runs that asked the same probes of the same base, compared."""

    runs: tuple[str, ...]
    first: tuple[Seed, ...]
    second: tuple[Seed, ...]
    alpha: float
    differences: tuple[SeededDifference, ...] = ()
    repetition: Repetition | None = None
    notes: tuple[str, ...] = ()
