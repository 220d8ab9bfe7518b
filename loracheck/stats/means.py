"""Means of continuous measures, in nats mostly: intervals, tests against a limit, and a ratio of two means.

Every p-value is one-sided. Items of one cluster are not independent; the variance is that of the clusters' sums
(Miller 2024, arXiv 2411.00640), with a t distribution of one degree of freedom less than there are clusters. Damage is
often skewed, as a few broken paragraphs among many sound ones: Hall's transformation (1992) takes that out of t.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import brentq
from scipy.stats import t as student

from loracheck.records import Estimate
from loracheck.stats import CONFIDENCE, SLIGHT
from loracheck.stats.clusters import cluster_sums

_LEAST_SKEWED = 20
"""Clusters from which on their skewness can be told from chance well enough to be taken out."""
_TAIL = (1 - CONFIDENCE) / 2
_WIDEST = 1e3
"""A ratio of means beyond which no bound is looked for."""
Unit = Literal["difference", "nats", "correlation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A mean, its standard error and the degrees of freedom; `error` is None where it cannot be known.

    Attributes:
        skew: Third standardised moment of the clusters' sums.
    """

    value: float
    error: float | None
    freedom: int
    n: int
    skew: float = 0.0

    def above(self, limit: float) -> float:
        """Return the p-value against "the mean is at most the limit"."""
        if self.error is None:
            return 1.0
        if self.error == 0:
            return 0.0 if self.value > limit else 1.0
        return float(student.sf(self._score(limit), self.freedom))

    def below(self, limit: float) -> float:
        """Return the p-value against "the mean is at least the limit"."""
        if self.error is None:
            return 1.0
        if self.error == 0:
            return 0.0 if self.value < limit else 1.0
        return float(student.cdf(self._score(limit), self.freedom))

    def estimate(self, name: str, unit: Unit = "nats") -> Estimate:
        """Return it with its t interval; without an interval where the error is not known."""
        if self.error is None:
            return Estimate(name=name, value=None, ci_low=None, ci_high=None, n=self.n, method="t", unit=unit)
        reach = float(student.ppf(0.5 + CONFIDENCE / 2, self.freedom))
        return Estimate(
            name=name,
            value=self.value,
            ci_low=self.value - self._unskewed(reach) * self.error,
            ci_high=self.value - self._unskewed(-reach) * self.error,
            n=self.n,
            method="t",
            unit=unit,
        )

    def _score(self, limit: float) -> float:
        """Return t against a limit, with the skewness of the items taken out of it."""
        t = (self.value - limit) / (self.error or math.inf)
        bend = self.skew / (3 * math.sqrt(self.freedom + 1))
        return t + bend * t**2 + bend**2 * t**3 / 3 + bend / 2

    def _unskewed(self, score: float) -> float:
        """Return the t that has a score; the inverse of what `_score` does to it."""
        bend = self.skew / (3 * math.sqrt(self.freedom + 1))
        if abs(bend) < 1e-9:
            return score
        return (math.cbrt(1 + 3 * bend * (score - bend / 2)) - 1) / bend

    def items_to_settle(self, limit: float, alpha: float) -> int | None:
        """Return how many items would settle a test against the limit if mean and spread stay as they are."""
        if self.error is None or self.n == 0:
            return None
        away = abs(self.value - limit)
        if self.error == 0:
            return self.n if away else None
        needed, seen = float(student.ppf(1 - alpha, self.freedom)), away / self.error
        if seen < SLIGHT:
            return None
        return self.n if seen >= needed else max(self.n + 1, math.ceil(self.n * (needed / seen) ** 2))


def mean_of(values: Sequence[float], clusters: Sequence[str] | None = None) -> Mean:
    """Return the mean of values; those of one cluster are counted as dependent.

    Args:
        values: One a item, all finite.
        clusters: The cluster of each value; None where every item stands for itself.
    """
    n = len(values)
    if n == 0:
        return Mean(value=0.0, error=None, freedom=0, n=0)
    array = np.asarray(values, dtype=np.float64)
    value = float(array.mean())
    rest = array - value
    sums = rest if clusters is None else cluster_sums(rest.tolist(), clusters)
    groups = len(sums)
    if groups < 2:
        return Mean(value=value, error=None, freedom=0, n=n)
    error = math.sqrt(groups / (groups - 1) * float((sums**2).sum())) / n
    skew = 0.0
    if groups >= _LEAST_SKEWED and error:
        skew = float((sums**3).mean() / (sums**2).mean() ** 1.5)
    return Mean(value=value, error=error, freedom=groups - 1, n=n, skew=skew)


def ratio_of_means(
    name: str, over: Sequence[float], under: Sequence[float], limit: float
) -> tuple[Estimate, float, float]:
    """Hold the ratio of two paired means against a limit, by the mean of over - limit * under (Fieller 1954).

    A small denominator so gives a wide interval, or one without an end, and no wild quotient; whether it is worth
    dividing by is for the caller to see.

    Returns:
        The ratio with the limits that are not refused at 5%, p against "at most the limit", p against "at least the
        limit".
    """
    n = len(over)
    top, bottom = np.asarray(over, dtype=np.float64), np.asarray(under, dtype=np.float64)
    if n < 2 or bottom.mean() <= 0:
        missing = Estimate(name=name, value=None, ci_low=None, ci_high=None, n=n, method="t")
        return missing, 1.0, 1.0

    def contrast(ratio: float) -> Mean:
        return mean_of((top - ratio * bottom).tolist())

    value = float(top.mean() / bottom.mean())
    estimate = Estimate(
        name=name,
        value=value,
        ci_low=_bound(lambda ratio: contrast(ratio).above(0.0) - _TAIL, value, -_WIDEST),
        ci_high=_bound(lambda ratio: contrast(ratio).below(0.0) - _TAIL, value, _WIDEST),
        n=n,
        method="t",
    )
    return estimate, contrast(limit).above(0.0), contrast(limit).below(0.0)


def _bound(excess: Callable[[float], float], inside: float, outside: float) -> float | None:
    """Return where a p-value falls to its level on the way outwards; None where it does not."""
    if excess(inside) <= 0:
        return inside
    return float(brentq(excess, inside, outside)) if excess(outside) < 0 else None
