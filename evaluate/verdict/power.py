"""How many probes a limit needs before anything is run, from the tests' own exact distributions.

The chance that a good adapter passes is computed, not simulated: over all counts of won and lost items for
Tango's test (trinomial), over all counts of hits for a rate (binomial), by the noncentral t distribution for a mean
in nats. Where chance leaves a floor, the base has to clear it as well; the two chances are joined by Bonferroni.
Faults, as loops, are taken to be as rare in the base as in a good adapter, and to fall on other items.
Probes of one family count for fewer: n items for n / (1 + (m - 1) r), with m the size of the family in which a probe
stands on average, and r the correlation within families (Kish 1965).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import ceil, prod, sqrt
from typing import Literal

import numpy as np
from scipy.stats import beta, binom, nct, norm
from scipy.stats import t as student

from loracheck.errors import UsageError
from loracheck.evaluate.checks.check import Check
from loracheck.evaluate.checks.content import CHANCE
from loracheck.evaluate.checks.listed import CHECKS
from loracheck.evaluate.policy import Policy
from loracheck.evaluate.questions.material import Material
from loracheck.evaluate.questions.tiers import TIERS, most_of
from loracheck.probes import BUNDLED, IN_DOMAIN, bundled, every_nth
from loracheck.records import Message, Probe
from loracheck.records.power import POWERS, Assumptions, LimitPower, Outlook, Part, PowerForecast
from loracheck.stats import tango_z_of

from .looks import FIRST_SHARE, QUICK
from .scope import counts

MOST_ITEMS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    kind: Literal["margin", "nats", "rate"]
    value: float
    chance: float | None = None
    design_effect: float = 1.0
    part: Part = ""
    faults: bool = False


def forecast(
    policy: Policy, probes: Sequence[Probe], assumed: Assumptions, *, tier: str, alpha: float
) -> PowerForecast:
    """Foresee the power of every limit of a policy.

    Args:
        policy: The limits.
        probes: The bundled probes that will be asked.
        assumed: What is taken to be true of a good adapter.
        tier: Name of the tier, for the record.
        alpha: One-sided error rate that the run may spend.

    Raises:
        UsageError: assumptions that cannot all be true.
    """
    _check(assumed)
    rows = tuple(_row(i) for i in range(assumed.in_domain))
    material = Material(bundled=tuple(probes), in_domain=rows, training=())
    found = tuple(
        limit
        for check in CHECKS
        if policy.mode(check.name) != "off"
        for limit in _limits_of(check, policy, material, assumed, alpha)
    )
    required = [limit for limit in found if limit.required]
    powers = [limit.power for limit in required if limit.power is not None]
    return PowerForecast(
        policy=policy.title,
        policy_sha256=policy.sha256,
        alpha=alpha,
        tier=tier,
        assumptions=assumed,
        limits=found,
        joint_least=max(0.0, 1 - sum(1 - power for power in powers)) if powers else None,
        joint_independent=prod(powers) if powers else None,
        joint_most=min(powers) if powers else None,
        untold=tuple(dict.fromkeys(limit.check for limit in required if limit.power is None)),
        partly=tuple(check.name for check in CHECKS if check.more and policy.required(check.name)),
    )


def forecast_bundled(
    policy: Policy,
    assumed: Assumptions,
    *,
    tier: str,
    suites: Sequence[str] = (),
    max_facts: int | None = None,
) -> PowerForecast:
    """Foresee the power of a policy on the bundled suites, all of them or those named.

    A quick run is the first of two looks and spends its part of alpha only.
    """
    names = suites or BUNDLED
    own = {name: max_facts for name in names if name.startswith("facts") and max_facts is not None}
    probes = [
        probe
        for name in names
        for probe in every_nth(bundled([name]), own.get(name, most_of(TIERS[tier], name, names)))
        if counts(probe, policy)
    ]
    alpha = policy.alpha * (FIRST_SHARE if tier == QUICK else 1.0)
    return forecast(policy, probes, assumed, tier=tier, alpha=alpha)


def paired_power(n: int, margin: float, discordant: float, difference: float, alpha: float) -> float:
    """Return the exact chance that Tango's test at the margin passes.

    Args:
        n: Items.
        margin: How much worse is still accepted.
        discordant: True share of items on which base and adapter differ.
        difference: True difference, adapter minus base.
        alpha: One-sided error rate.
    """
    if n == 0:
        return 0.0
    needed = float(norm.isf(alpha))
    low, high = (int(binom.ppf(p, n, discordant)) for p in (1e-10, 1 - 1e-10))
    counts = np.arange(low, high + 1)
    won = np.arange(high + 1)
    k, w = np.meshgrid(counts, won, indexing="ij")
    passes = (tango_z_of(n, w, k - w, -margin) >= needed) & (w <= k)
    least = np.where(passes.any(axis=1), passes.argmax(axis=1), high + 1)
    share = 0.5 if discordant == 0 else (discordant + difference) / (2 * discordant)
    return float(np.sum(binom.pmf(counts, n, discordant) * binom.sf(least - 1, counts, share)))


def rate_power(n: int, limit: float, rate: float, alpha: float) -> float:
    """Return the exact chance that a rate is shown to lie below its limit."""
    hits = np.arange(n + 1)
    passes = binom.cdf(hits, n, limit) < alpha
    return float(binom.cdf(int(passes.sum()) - 1, n, rate)) if passes.any() else 0.0


def headroom_power(n: int, floor: float, base_rate: float, alpha: float) -> float:
    """Return the exact chance that the lower bound of the base's share of right answers clears a floor."""
    hits = np.arange(1, n + 1)
    clears = beta.ppf(alpha, hits, n - hits + 1) > floor
    return float(binom.sf(int(hits[clears.argmax()]) - 1, n, base_rate)) if clears.any() else 0.0


def mean_power(n: int, margin: float, spread: float, alpha: float) -> float:
    """Return the exact chance that a t test shows a mean of 0 to lie below a margin.

    Args:
        n: Items.
        margin: The limit, in the unit of the measure.
        spread: Standard deviation of the measure over items.
        alpha: One-sided error rate.
    """
    if n < 2:
        return 0.0
    if spread == 0:
        return 1.0
    return float(nct.sf(student.isf(alpha, n - 1), n - 1, margin * sqrt(n) / spread))


def design_effect(families: Iterable[str], correlation: float) -> float:
    """Return by how much the variance grows where items stand in families whose outcomes are correlated."""
    sizes = list(Counter(families).values())
    mean_size = sum(size * size for size in sizes) / sum(sizes) if sizes else 1.0
    return 1 + (mean_size - 1) * correlation


def items_for(power: Callable[[int], float], wanted: float) -> int | None:
    """Return the least number of items that reaches a power, found by bisection; None beyond any use."""
    high = 16
    while power(high) < wanted:
        high *= 2
        if high > MOST_ITEMS:
            return None
    low = high // 2 if high > 16 else 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= wanted else (middle, high)
    return high


def _limits_of(
    check: Check, policy: Policy, material: Material, assumed: Assumptions, alpha: float
) -> list[LimitPower]:
    asked = check.asks(material)
    own = {probe.id for probe in (*material.bundled, *material.in_domain)}
    found = {probe.id: probe for probe in asked.rank or (*asked.short, *asked.open)}
    # A question put again in other words or under a system prompt is no further item.
    counted = [probe for name, probe in found.items() if name in own] or list(found.values())
    if check.name == "persona_leakage" and policy.persona.scope != "never":
        counted = [probe for probe in counted if probe.domain != "in"]
    texts = len({text.probe.id for text in asked.texts})
    open_ones = sum(probe.expected is None for probe in counted)
    families = _families(counted, assumed)
    items = len(counted)
    required = policy.required(check.name) and policy.persona.scope != _INFORMS_WITH.get(check.name)
    limits = _known_limits(check, policy, families)
    if not limits:
        return [
            LimitPower(
                check=check.name,
                required=required,
                kind=None,
                limit=None,
                needed=(),
                items=items,
                power=None,
                outlook="no_formula",
            )
        ]
    # What may go wrong in any answer is held against the limit over all, and over the open ones alone.
    of_open = check.groups is None and not asked.rank and 0 < open_ones < items
    if "paired" in check.tests and of_open:
        limits.append(replace(limits[0], design_effect=1.0, part="open"))
    given: dict[Part, int] = {"": items, "open": open_ones, "texts": texts}
    if check.groups is not None:
        groups = check.groups(asked)
        given |= {part: len(probes) for part, probes in groups.items()}
        limits = [
            replace(limit, part=part, design_effect=_families(probes, assumed))
            for limit in limits
            for part, probes in groups.items()
        ]
    return [_limit_power(check.name, required, limit, given[limit.part], assumed, alpha) for limit in limits]


def _families(probes: Iterable[Probe], assumed: Assumptions) -> float:
    return design_effect((probe.cluster or probe.id for probe in probes), assumed.family_correlation)


def _limit_power(
    name: str, required: bool, limit: _Limit, items: int, assumed: Assumptions, alpha: float
) -> LimitPower:
    needed = _needed(limit, assumed, alpha) if _can_pass(limit, assumed) else (None,) * len(POWERS)
    own = name in _IN_DOMAIN
    items = assumed.in_domain if own else items
    power = _power(limit, items, assumed, alpha) if items else None
    outlook: Outlook = "too_few"
    if power is None:
        outlook = "own_rows"
    elif needed[0] is None:
        outlook = "never"
    elif power >= POWERS[-1]:
        outlook = "enough"
    elif power >= POWERS[0]:
        outlook = "nearly"
    return LimitPower(
        check=name,
        required=required,
        part=limit.part,
        kind=limit.kind,
        limit=limit.value,
        needed=needed,
        items=items,
        power=power,
        outlook=outlook,
    )


_IN_DOMAIN = ("persona_learned", "wanted_form", "missing_stop")
"""Checks that count held-out rows of the domain."""
_INFORMS_WITH = {"persona_leakage": "always", "persona_learned": "never"}
"""Checks that inform, whatever their mode, where the style is wanted so."""


def _known_limits(check: Check, policy: Policy, families: float) -> list[_Limit]:
    """Return the limits whose test has a formula."""
    gate = policy.gates[check.name]
    chance = CHANCE if "choices" in check.needs else None
    special = {
        "persona_leakage": policy.persona.max_out_of_domain,
        "persona_learned": 1 - policy.persona.min_in_domain,
        "wanted_form": 1 - policy.format.min_in_domain,
    }
    found = []
    if gate.margin is not None and "paired" in check.tests:
        found.append(
            _Limit(
                kind="margin",
                value=gate.margin,
                chance=chance,
                design_effect=families,
                faults=check.faults,
            )
        )
    if gate.margin_nats is not None:
        found.append(_Limit(kind="nats", value=gate.margin_nats, part="texts"))
    rate = special.get(check.name, gate.max_rate)
    if rate is not None and "rate" in check.tests:
        alone = check.name in _IN_DOMAIN  # rows of the domain are of no family
        found.append(_Limit(kind="rate", value=rate, design_effect=1.0 if alone else families))
    return found


def _can_pass(limit: _Limit, assumed: Assumptions) -> bool:
    """Tell whether the truth lies on the right side of the limit, and the base above the floor."""
    if limit.kind == "rate":
        return assumed.bad_rate < limit.value
    if limit.kind == "nats":
        return limit.value > 0
    above = limit.chance is None or assumed.base_rate > limit.chance + 2 * limit.value
    return assumed.difference > -limit.value and above


def _needed(limit: _Limit, assumed: Assumptions, alpha: float) -> tuple[int | None, ...]:
    alone = replace(limit, design_effect=1.0)
    found = (items_for(lambda n: _power(alone, n, assumed, alpha), wanted) for wanted in POWERS)
    return tuple(n if n is None else ceil(n * limit.design_effect) for n in found)


def _power(limit: _Limit, n: int, assumed: Assumptions, alpha: float) -> float:
    return _of_independent(replace(limit, design_effect=1.0), int(n / limit.design_effect), assumed, alpha)


@lru_cache(maxsize=4096)
def _of_independent(limit: _Limit, n: int, assumed: Assumptions, alpha: float) -> float:
    if limit.kind == "rate":
        return rate_power(n, limit.value, assumed.bad_rate, alpha)
    if limit.kind == "nats":
        return mean_power(n, limit.value, assumed.nats_spread, alpha)
    discordant = _fault_discordant(assumed) if limit.faults else assumed.discordant
    passes = paired_power(n, limit.value, discordant, assumed.difference, alpha)
    if limit.chance is None:
        return passes
    floor = limit.chance + 2 * limit.value
    return max(0.0, passes + headroom_power(n, floor, assumed.base_rate, alpha) - 1)


def _fault_discordant(assumed: Assumptions) -> float:
    """Return the share of items on which one of base and adapter shows a fault and the other none."""
    return max(2 * assumed.bad_rate * (1 - assumed.bad_rate), abs(assumed.difference))


def _check(assumed: Assumptions) -> None:
    for name in ("base_rate", "discordant", "bad_rate", "family_correlation"):
        if not 0 <= getattr(assumed, name) <= 1:
            raise UsageError(
                f"--{name.replace('_', '-')} lies between 0 and 1, not {getattr(assumed, name)}.",
                kind="option_value",
            )
    if assumed.nats_spread < 0:
        raise UsageError("--nats-spread is 0 or more.", kind="option_value")
    if abs(assumed.difference) > assumed.discordant:
        raise UsageError(
            f"--difference {assumed.difference}: no more than the items that differ at all can be lost or won, "
            f"and --discordant is {assumed.discordant}.",
            kind="option_value",
        )


def _row(number: int) -> Probe:
    """Stand in for a held-out row: only that it is one counts here."""
    return Probe(
        id=f"{IN_DOMAIN}-{number}",
        suite=IN_DOMAIN,
        messages=(Message(role="user", content=str(number)),),
        language="other",
        domain="in",
    )
