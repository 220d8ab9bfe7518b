"""Means of continuous measures, in nats mostly: intervals, tests against a limit, and a ratio of two means.

Every p-value is one-sided. Items of one cluster are not independent; the variance is that of the clusters' sums
(Miller 2024, arXiv 2411.00640), with a t distribution of one degree of freedom less than there are clusters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from loracheck.clusters import cluster_sums
from loracheck.records import Estimate
from loracheck.stats import CONFIDENCE

_RESAMPLES = 4000
Unit = Literal["difference", "nats", "correlation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A mean, its standard error and the degrees of freedom; `error` is None where it cannot be known."""

    value: float
    error: float | None
    freedom: int
    n: int

    def above(self, limit: float) -> float:
        """Return the p-value against "the mean is at most the limit"."""
        if self.error is None:
            return 1.0
        if self.error == 0:
            return 0.0 if self.value > limit else 1.0
        return float(student.sf((self.value - limit) / self.error, self.freedom))

    def below(self, limit: float) -> float:
        """Return the p-value against "the mean is at least the limit"."""
        if self.error is None:
            return 1.0
        if self.error == 0:
            return 0.0 if self.value < limit else 1.0
        return float(student.cdf((self.value - limit) / self.error, self.freedom))

    def estimate(self, name: str, unit: Unit = "nats") -> Estimate:
        """Return it with its t interval; without an interval where the error is not known."""
        if self.error is None:
            return Estimate(name=name, value=None, ci_low=None, ci_high=None, n=self.n, method="t", unit=unit)
        reach = float(student.ppf(0.5 + CONFIDENCE / 2, self.freedom)) * self.error
        return Estimate(
            name=name,
            value=self.value,
            ci_low=self.value - reach,
            ci_high=self.value + reach,
            n=self.n,
            method="t",
            unit=unit,
        )

    def items_to_settle(self, limit: float, alpha: float) -> int | None:
        """Return how many items would settle a test against the limit if mean and spread stay as they are."""
        if self.error is None or self.n == 0:
            return None
        away = abs(self.value - limit)
        if self.error == 0:
            return self.n if away else None
        needed, seen = float(student.ppf(1 - alpha, self.freedom)), away / self.error
        if seen < 0.05:
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
    return Mean(value=value, error=error, freedom=groups - 1, n=n)


def ratio_of_means(
    name: str, over: Sequence[float], under: Sequence[float], limit: float
) -> tuple[Estimate, float, float]:
    """Hold the ratio of two paired means against a limit by a bootstrap over the items.

    The test is of mean(over) - limit * mean(under), so that a small denominator gives a wide interval and no
    wild quotient; whether the denominator is worth dividing by is for the caller to see.

    Returns:
        The ratio with its percentile interval, p against "at most the limit", p against "at least the limit".
    """
    n = len(over)
    top, bottom = np.asarray(over, dtype=np.float64), np.asarray(under, dtype=np.float64)
    if n < 2 or bottom.mean() <= 0:
        missing = Estimate(name=name, value=None, ci_low=None, ci_high=None, n=n, method="bootstrap")
        return missing, 1.0, 1.0
    drawn = _resamples(n)
    tops, bottoms = top[drawn].mean(axis=1), bottom[drawn].mean(axis=1)
    contrast = tops - limit * bottoms
    ratios = np.where(bottoms > 0, tops / np.where(bottoms > 0, bottoms, 1.0), np.copysign(np.inf, tops))
    low, high = np.quantile(ratios, (0.025, 0.975), method="nearest")
    estimate = Estimate(
        name=name,
        value=float(top.mean() / bottom.mean()),
        ci_low=float(low) if np.isfinite(low) else None,
        ci_high=float(high) if np.isfinite(high) else None,
        n=n,
        method="bootstrap",
    )
    return (
        estimate,
        float((1 + (contrast <= 0).sum()) / (1 + _RESAMPLES)),
        float((1 + (contrast >= 0).sum()) / (1 + _RESAMPLES)),
    )


def _resamples(n: int) -> NDArray[np.int64]:
    return np.random.default_rng(0).integers(0, n, size=(_RESAMPLES, n))
