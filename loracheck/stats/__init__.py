"""Paired tests, intervals and sample sizes behind the verdict.

Every p-value is one-sided. "Pass" and "fail" are two tests of the same number against the same limit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import beta, binom, norm

from loracheck.records import Estimate

CONFIDENCE = 0.95
"""Of every interval."""
SLIGHT = 0.05
"""A statistic below which no number of items is foreseen: what is measured lies on the limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedTable:
    """Counts of paired binary outcomes: the success of base and tuned on the same items."""

    both: int
    lost: int
    """Base right, tuned wrong."""
    won: int
    """Base wrong, tuned right."""
    neither: int

    @property
    def n(self) -> int:
        """Return the number of items."""
        return self.both + self.lost + self.won + self.neither


def paired_table(base: Sequence[bool], tuned: Sequence[bool]) -> PairedTable:
    """Count paired outcomes; both sequences name the same items in the same order."""
    pairs = list(zip(base, tuned, strict=True))
    return PairedTable(
        both=sum(a and b for a, b in pairs),
        lost=sum(a and not b for a, b in pairs),
        won=sum(b and not a for a, b in pairs),
        neither=sum(not a and not b for a, b in pairs),
    )


def tango_z(table: PairedTable, delta: float) -> float:
    """Return Tango's score statistic for the difference tuned minus base against delta.

    Positive when the observed difference lies above delta. Zero discordant pairs are handled; at delta 0 it
    is McNemar's statistic. Source: Tango, Statistics in Medicine 17 (1998) 891-908.
    """
    n, won, lost = table.n, table.won, table.lost
    numerator = won - lost - n * delta
    # Maximum-likelihood estimate of P(base right, tuned wrong) when the difference is exactly delta.
    a = 2 * n
    b = -won - lost + (2 * n - won + lost) * delta
    c = -lost * delta * (1 - delta)
    q = (math.sqrt(max(b * b - 4 * a * c, 0.0)) - b) / (2 * a)
    variance = n * (2 * q + delta * (1 - delta))
    if variance <= 0:
        return 0.0 if numerator == 0 else math.copysign(math.inf, numerator)
    return numerator / math.sqrt(variance)


def tango_z_of(n: int, won: NDArray[np.int64], lost: NDArray[np.int64], delta: float) -> NDArray[np.float64]:
    """Return `tango_z` of many tables of n items at once; where nothing can vary, an infinity of its sign or 0."""
    won, lost = won.astype(np.float64), lost.astype(np.float64)
    numerator = won - lost - n * delta
    b = -won - lost + (2 * n - won + lost) * delta
    q = (np.sqrt(np.maximum(b * b + 8 * n * lost * delta * (1 - delta), 0.0)) - b) / (4 * n)
    variance = n * (2 * q + delta * (1 - delta))
    flat = variance <= 0
    at_once = np.where(numerator == 0, 0.0, np.copysign(np.inf, numerator))
    return np.where(flat, at_once, numerator / np.sqrt(np.where(flat, 1.0, variance)))


def paired_difference(name: str, table: PairedTable, *, design_effect: float = 1.0) -> Estimate:
    """Estimate the difference of two paired shares, tuned minus base, with Tango's score interval.

    `design_effect` is what clusters multiply the variance by; see `loracheck.stats.clusters`.
    """
    if table.n == 0:
        return Estimate(
            name=name, value=None, ci_low=None, ci_high=None, n=0, method="tango", unit="difference"
        )
    value = (table.won - table.lost) / table.n
    limit = float(norm.ppf(0.5 + CONFIDENCE / 2)) * math.sqrt(design_effect)
    return Estimate(
        name=name,
        value=value,
        ci_low=_tango_bound(table, value, -1.0, limit),
        ci_high=_tango_bound(table, value, 1.0, -limit),
        n=table.n,
        method="tango",
        unit="difference",
    )


def _tango_bound(table: PairedTable, value: float, end: float, limit: float) -> float:
    """Find the delta between the estimate and one end of [-1, 1] at which the statistic equals the limit."""
    edge = end * (1 - 1e-12)

    def gap(delta: float) -> float:
        return tango_z(table, delta) - limit

    if abs(edge - value) < 1e-9 or gap(edge) * gap(value) > 0:
        return end
    return float(brentq(gap, *sorted((edge, value)), xtol=1e-10))


def noninferiority(table: PairedTable, margin: float, design_effect: float = 1.0) -> tuple[float, float]:
    """Test whether tuned is worse than base by the margin or more.

    `design_effect` is what clusters multiply the variance by; see `loracheck.stats.clusters`.

    Returns:
        p_pass against "worse by at least the margin", p_fail against "not worse than the margin".
    """
    if table.n == 0:
        return 1.0, 1.0
    z = tango_z(table, -margin) / math.sqrt(design_effect)
    return float(norm.sf(z)), float(norm.cdf(z))


def share(name: str, hits: int, n: int, *, design_effect: float = 1.0) -> Estimate:
    """Estimate a share with its Clopper-Pearson interval, of as many items as clusters leave of n."""
    if n == 0:
        return Estimate(name=name, value=None, ci_low=None, ci_high=None, n=0, method="clopper-pearson")
    tail = (1 - CONFIDENCE) / 2
    good, bad = hits / design_effect, (n - hits) / design_effect
    return Estimate(
        name=name,
        value=hits / n,
        ci_low=0.0 if hits == 0 else float(beta.ppf(tail, good, bad + 1)),
        ci_high=1.0 if hits == n else float(beta.ppf(1 - tail, good + 1, bad)),
        n=n,
        method="clopper-pearson",
    )


def rate_below(hits: int, n: int, limit: float, design_effect: float = 1.0) -> tuple[float, float]:
    """Test a rate that must stay below a limit, exactly; of as many items as clusters leave of n.

    Returns:
        p_pass against "the rate is at least the limit", p_fail against "the rate is at most the limit".
    """
    if n == 0:
        return 1.0, 1.0
    good, bad = hits / design_effect, (n - hits) / design_effect
    # The tails of the binomial distribution, for counts that need not be whole.
    p_pass = 1.0 if hits == n else float(beta.sf(limit, good + 1, bad))
    return p_pass, 1.0 if hits == 0 else float(beta.cdf(limit, good, bad + 1))


def loss_shown(lost: int, won: int, alpha: float) -> bool:
    """Tell whether more items were lost than won beyond chance (sign test, exact)."""
    return bool(binom.sf(lost - 1, lost + won, 0.5) < alpha)


def lower_bound(hits: int, n: int, alpha: float, design_effect: float = 1.0) -> float:
    """Return the one-sided Clopper-Pearson lower bound of a share, of as many items as clusters leave of n."""
    return 0.0 if hits == 0 else float(beta.ppf(alpha, hits / design_effect, (n - hits) / design_effect + 1))


def holm(p_values: Sequence[float], alpha: float) -> list[bool]:
    """Reject by Holm's step-down procedure; the family-wise error stays at most alpha."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    rejected = [False] * len(p_values)
    for rank, i in enumerate(order):
        if p_values[i] > alpha / (len(p_values) - rank):
            break
        rejected[i] = True
    return rejected


def items_to_settle_difference(
    table: PairedTable, margin: float, alpha: float, design_effect: float = 1.0
) -> int | None:
    """Return how many items would settle a non-inferiority test if the rates stay as they are.

    None when no number of items can: the observed difference lies on the margin.
    """
    return _scale(table.n, tango_z(table, -margin) / math.sqrt(design_effect) if table.n else 0.0, alpha)


def items_to_settle_rate(
    hits: int, n: int, limit: float, alpha: float, design_effect: float = 1.0
) -> int | None:
    """Return how many items would settle an exact rate test if the rate stays as it is."""
    if n == 0:
        return None
    items = np.arange(n, n + 20_000)
    good = hits / n * items / design_effect
    whole = items / design_effect
    if hits < limit * n:
        settled = binom.cdf(np.ceil(good - 1e-9), np.floor(whole), limit) < alpha
    else:
        settled = binom.sf(np.floor(good + 1e-9) - 1, np.floor(whole), limit) < alpha
    return int(items[settled.argmax()]) if settled.any() else None


def _scale(n: int, z: float, alpha: float) -> int | None:
    needed = float(norm.ppf(1 - alpha))
    if n == 0 or abs(z) < SLIGHT:
        return None
    return max(n + 1, math.ceil(n * (needed / z) ** 2)) if abs(z) < needed else n
