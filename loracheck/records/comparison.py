"""What `loracheck compare` finds between eval runs, as it stands in compare.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from loracheck.records import Estimate, FinishReason, Marker, Status, Verdict, VerdictStatus

COMPARISON, PROBES, ANSWERS = "compare.json", "probes.jsonl", "answers.jsonl"
"""Files of a compare run: a RunComparison, every Probe, and a ComparedAnswer a line."""

Label = Literal["better", "worse", "no_difference", "noise_unknown"]
Which = Literal["first", "second"]
Ground = Literal["ships", "held", "differences", "traded", "no_difference", "noise_unknown"]
Part = Literal["policy", "options", "data", "adapter", "software", "machine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """One training of an arm: the run that asked it, its name there, the hash of its weights."""

    run: str
    arm: str
    sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One column of a comparison: an arm with all its trainings, or an adapter on one of two days.

    Attributes:
        label: Its name, by which answers.jsonl tells the columns apart.
        seeds: Its trainings.
        verdicts: On each of them, in the same order; findings hold no probe ids here.
    """

    label: str
    seeds: tuple[Seed, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def standing(self) -> VerdictStatus:
        """Return "ship" if every training ships, "hold" if one is held, else "inconclusive"."""
        found = {verdict.status for verdict in self.verdicts}
        return "hold" if "hold" in found else "ship" if found == {"ship"} else "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """Which arm to prefer, and on what ground.

    Attributes:
        preferred: None where the evidence does not tell.
        ground: "ships" where one arm ships and the other does not, "held" where one is held and the other is still
            open; else by what the policy requires:
            "differences" in favour of one alone, "traded" for some of each, "no_difference" beyond the noise, or
            "noise_unknown" with one training an arm.
        better: Measures on which the second arm is better, as check and measure.
        worse: Those on which it is worse.
    """

    preferred: Which | None
    ground: Ground
    better: tuple[tuple[str, str], ...] = ()
    worse: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChange:
    """Something that two runs did not have in common; None where a run lacks it."""

    part: Part
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedAnswer:
    """What one column answered to a probe; `seed` is the place of the training, and None of `outcome` is ungraded."""

    probe_id: str
    label: str
    seed: int
    text: str
    finish_reason: FinishReason
    tokens: int | None
    outcome: str | None


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
        required: Whether the policy of the second arm decides by the check; only such a measure sways a conclusion.
        base: Share of the base on the same items.
        limit: Share below which the policy of the second arm lets none fall; None where it sets none.
        first_shares: Share of each training of the first arm.
        second_shares: That of the second arm's.
    """

    check: str
    measure: str
    first: ArmMean
    second: ArmMean
    estimate: Estimate
    item_se: float | None
    seed_se: float | None
    freedom: float
    p: float | None
    label: Label
    won: tuple[str, ...]
    lost: tuple[str, ...]
    unchanged: int
    required: bool = False
    base: float | None = None
    limit: float | None = None
    first_shares: tuple[float, ...] = ()
    second_shares: tuple[float, ...] = ()


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
    deciding_before: tuple[str, ...] = ()
    deciding_after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleFlip:
    """A probe that the same adapter did well on in one of two runs only, by one measure of one check."""

    adapter: str
    check: str
    measure: str
    probe_id: str
    after: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureFlips:
    """How many of the same probes an adapter did well on in each of two runs, and in one of them only."""

    adapter: str
    check: str
    measure: str
    n: int
    before: int
    after: int
    won: int
    lost: int


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
    base_answers: int = 0
    """Answers of the base compared."""
    measures: tuple[MeasureFlips, ...] = ()
    base_answers_changed: int = 0
    """Those whose text differs: by the machine or the software, as the base is the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunComparison:
    """Eval runs that asked the same probes of the same base, compared.

    `sides` are the columns in pairs: first and second arm, or each adapter on the first and on the second day.
    """

    runs: tuple[str, ...]
    first: tuple[Seed, ...]
    second: tuple[Seed, ...]
    alpha: float
    differences: tuple[SeededDifference, ...] = ()
    repetition: Repetition | None = None
    notes: tuple[str, ...] = ()
    sides: tuple[Side, ...] = ()
    conclusion: Conclusion | None = None
    settings: tuple[SettingChange, ...] = ()
    markers: tuple[Marker, ...] = ()
    """The style that all runs look for."""
