"""Tiers: how much is asked of each suite, from a look of a minute to everything there is.

A quick look can hold an adapter or leave it open: with so few items nothing can be shown to be within its limit. The
standard tier is made for a verdict at the margins of the bundled policies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from loracheck.probes import BUNDLED
from loracheck.records import Finding, SuiteRecord

TierName = Literal["quick", "standard", "full"]
_BY_NAME = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """How many items are asked.

    Attributes:
        limits: Most items of a bundled suite, by the beginning of its name, where two languages are asked.
        own: Most items of a suite of the user's own; None asks all.
        max_training: Training prompts that the base answers.
        max_in_domain: Held-out prompts of the domain.
        ships: Whether so few items can ship an adapter at all.
    """

    name: TierName
    limits: Mapping[str, int] = field(default_factory=dict)
    own: int | None = None
    max_training: int
    max_in_domain: int
    ships: bool = True

    def limit(self, suite: str) -> int | None:
        """Return the most items of a bundled suite where two languages are asked, None where all are."""
        return next((n for start, n in self.limits.items() if suite.startswith(start)), None)


QUICK = Tier(
    name="quick",
    limits={
        "facts": 38,
        "forms": 0,
        "open": 3,
        "neutral": 20,
        "safety": 0,
        "system": 0,
    },
    own=40,
    max_training=40,
    max_in_domain=8,
    ships=False,
)
STANDARD = Tier(
    name="standard",
    limits={
        "facts": 400,
        "forms": 30,
        "open": 80,
        "neutral": 60,
        "safety": 44,
        "system": 24,
    },
    own=600,
    max_training=120,
    max_in_domain=120,
)
FULL = Tier(name="full", max_training=400, max_in_domain=400)
TIERS: dict[str, Tier] = {tier.name: tier for tier in (QUICK, STANDARD, FULL)}


def most_of(tier: Tier, suite: str, suites: Sequence[str]) -> int | None:
    """Return the most items of a suite that a tier asks in a run of these suites; None asks all.

    A tier is made for two languages: one alone may take twice as many items. A suite that the tier leaves out is
    asked a little where it was named.
    """
    if suite not in BUNDLED:
        return tier.own
    most = tier.limit(suite)
    if most == 0:
        return 0 if tuple(suites) == BUNDLED else _BY_NAME
    languages = {name.rpartition("-")[2] for name in suites if name in BUNDLED}
    return most * 2 if most is not None and len(languages) == 1 else most


def check(tier: str, adapter: str) -> tuple[Finding, ...]:
    """Leave the verdict open where the look is too small to ship an adapter; else say nothing."""
    if tier not in TIERS or TIERS[tier].ships:
        return ()
    return (
        Finding(check="tier", adapter=adapter, required=True, status="inconclusive", reason="quick_tier"),
    )


def tier_use(suite: SuiteRecord) -> dict[str, int]:
    """Return how many of a suite's probes each tier asks where both languages are asked, by the tier's name."""
    limits = {name: tier.limit(suite.name) for name, tier in TIERS.items()}
    return {name: suite.probes if most is None else min(suite.probes, most) for name, most in limits.items()}
