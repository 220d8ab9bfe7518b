"""What `loracheck power` foresees: items that each limit needs, and what the bundled suites give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from loracheck.records import UiLanguage

POWERS = (0.8, 0.9, 0.98)
Part = Literal["", "open", "texts", "harmful", "harmless", "wordings", "frame"]
Outlook = Literal["enough", "nearly", "too_few", "own_rows", "no_formula", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What is taken to be true of a good adapter.

    Attributes:
        base_rate: Share of questions that the base gets right, where chance leaves a floor.
        discordant: Share of items on which base and adapter differ, in either direction.
        difference: True difference of the adapter to the base, in share of items; negative is worse.
        bad_rate: True share of something bad, where a rate is held against a limit; of answers with a fault, as a
            loop, of the base and of the adapter.
        in_domain: Held-out prompts of the domain that the team has.
        family_correlation: How alike the outcomes of probes of one family are, from 0 to 1.
        nats_spread: Standard deviation over texts of what an adapter changes, where nats are measured.
    """

    base_rate: float = 0.7
    discordant: float = 0.1
    difference: float = 0.0
    bad_rate: float = 0.01
    in_domain: int = 0
    family_correlation: float = 0.1
    nats_spread: float = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitPower:
    """One limit of one check.

    Attributes:
        check: Name of the check.
        required: Whether it decides.
        part: Which of the check's items are held against it: all, the open ones alone, texts, or one of the kinds that
            the check tests each by itself.
        kind: A margin on a paired difference, one in nats, or a largest rate; None where no formula is known.
        limit: The margin or rate.
        needed: Items for a power of 80, 90 and 98%, in that order; None where no number of items would do.
        items: Items that the bundled suites, and the held-out rows assumed, give.
        power: Chance that a good adapter passes on so many; None where no formula is known.
        outlook: What that means.
    """

    check: str
    required: bool
    kind: Literal["margin", "nats", "rate"] | None
    limit: float | None
    needed: tuple[int | None, ...]
    items: int
    power: float | None
    outlook: Outlook
    part: Part = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerForecast:
    """Every limit of a policy, and the chance that a good adapter ships.

    The gates count overlapping items, so the joint chance lies between `joint_least` (Bonferroni) and the least
    power of any of them; `joint_independent` is the product. All three are None where a required gate has no
    power that could be told.
    """

    policy: str
    policy_sha256: str
    alpha: float
    tier: str
    assumptions: Assumptions
    limits: tuple[LimitPower, ...]
    joint_least: float | None
    joint_independent: float | None
    joint_most: float | None
    untold: tuple[str, ...] = ()
    """Required checks left out of the joint chance."""
    partly: tuple[str, ...] = ()
    """Required checks with tests besides those that were foreseen."""


OUTLOOKS: dict[str, dict[UiLanguage, str]] = {
    "enough": {"en": "enough", "ja": "足りる"},
    "nearly": {"en": "nearly enough", "ja": "ほぼ足りる"},
    "too_few": {"en": "too few items", "ja": "件数不足"},
    "own_rows": {"en": "of your own rows; see --in-domain", "ja": "自分のデータ次第(--in-domain)"},
    "no_formula": {"en": "depends on the spread of the measure; run it", "ja": "測定値のばらつき次第"},
    "never": {"en": "no number of items would do", "ja": "件数を増やしても不可"},
}
