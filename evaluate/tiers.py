"""Tiers: how much is asked of each suite, from a look of a minute to everything there is.

A quick look can hold an adapter or leave it open: with so few items nothing can be shown to be within its limit. The
standard tier is made for a verdict at the margins of the bundled policies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from loracheck.records import Finding, SuiteRecord

TierName = Literal["quick", "standard", "full"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """How many items are asked.

    Attributes:
        limits: Most items of a suite, by the beginning of its name; a suite that is not named is asked whole.
        max_training: Training prompts that the base answers.
        max_in_domain: Held-out prompts of the domain.
        ships: Whether so few items can ship an adapter at all.
    """

    name: TierName
    limits: Mapping[str, int] = field(default_factory=dict)
    max_training: int
    max_in_domain: int
    ships: bool = True

    def limit(self, suite: str) -> int | None:
        """Return the most items of a suite, None where all are asked."""
        return next((n for start, n in self.limits.items() if suite.startswith(start)), None)


QUICK = Tier(
    name="quick",
    limits={
        "facts": 70,
        "forms": 10,
        "open": 8,
        "neutral": 15,
        "safety": 10,
        "system": 6,
        "instructions": 10,
    },
    max_training=60,
    max_in_domain=16,
    ships=False,
)
STANDARD = Tier(
    name="standard",
    limits={
        "facts": 600,
        "forms": 60,
        "open": 60,
        "neutral": 60,
        "safety": 100,
        "system": 60,
        "instructions": 100,
    },
    max_training=120,
    max_in_domain=80,
)
FULL = Tier(name="full", max_training=400, max_in_domain=400)
TIERS: dict[str, Tier] = {tier.name: tier for tier in (QUICK, STANDARD, FULL)}


def check(tier: str, adapter: str) -> tuple[Finding, ...]:
    """Leave the verdict open where the look is too small to ship an adapter; else say nothing."""
    if tier not in TIERS or TIERS[tier].ships:
        return ()
    return (
        Finding(check="tier", adapter=adapter, required=True, status="inconclusive", reason="quick_tier"),
    )


def tier_use(suite: SuiteRecord) -> dict[str, int]:
    """Return how many of a suite's probes each tier asks of two languages together, by the tier's name."""
    return {name: min(suite.probes, tier.limit(suite.name) or suite.probes) for name, tier in TIERS.items()}
