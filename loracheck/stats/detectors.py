"""Rates that an imperfect detector counted, corrected by its measured sensitivity and specificity.

A detector that misses refusals, or sees them where there are none, moves every rate it counts. Rogan and Gladen
(1978) put the rate right; the uncertainty of the sensitivity and the specificity, which were measured on few cases
themselves, goes into the interval by the delta method as Lang and Reiczigel do (Preventive Veterinary Medicine 113,
2014, 13-22), whose adjustment keeps the coverage with small samples and rates near 0 or 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.stats import norm

from loracheck.records import Estimate
from loracheck.stats import CONFIDENCE, share

METHOD = "rogan-gladen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """How a detector did on cases that people labelled.

    Attributes:
        found: Cases of the kind that it saw.
        positives: All cases of the kind.
        passed: Other cases that it left alone.
        negatives: All other cases.
        source: What the cases are.
    """

    found: int
    positives: int
    passed: int
    negatives: int
    source: str = ""

    @property
    def sensitivity(self) -> Estimate:
        """Return the share of the cases of the kind that the detector saw."""
        return share("sensitivity", self.found, self.positives)

    @property
    def specificity(self) -> Estimate:
        """Return the share of the other cases that it left alone."""
        return share("specificity", self.passed, self.negatives)


def corrected_share(name: str, hits: int, n: int, accuracy: Accuracy) -> Estimate:
    """Estimate the true share behind `hits` of `n` that a detector counted.

    The value is None when nothing was counted, or when the detector was not clearly better than a coin: what it
    counted then says nothing of the truth.
    """
    z = float(norm.ppf(0.5 + CONFIDENCE / 2))
    sensitivity, positives = (accuracy.found + 1) / (accuracy.positives + 2), accuracy.positives + 2
    specificity, negatives = (accuracy.passed + 1) / (accuracy.negatives + 2), accuracy.negatives + 2
    of_sensitivity = sensitivity * (1 - sensitivity) / positives
    of_specificity = specificity * (1 - specificity) / negatives
    gain = sensitivity + specificity - 1
    if n == 0 or gain <= z * math.sqrt(of_sensitivity + of_specificity):
        return Estimate(name=name, value=None, ci_low=None, ci_high=None, n=n, method=METHOD)
    counted = (hits + z * z / 2) / (n + z * z)
    centre = (counted + specificity - 1) / gain
    shift = 2 * z * z * (centre * of_sensitivity - (1 - centre) * of_specificity)
    variance = counted * (1 - counted) / (n + z * z)
    variance += centre**2 * of_sensitivity + (1 - centre) ** 2 * of_specificity
    half = z * math.sqrt(variance) / gain
    value = _within(_plain(hits, n, accuracy, fallback=centre))
    return Estimate(
        name=name,
        value=value,
        ci_low=min(value, _within(centre + shift - half)),
        ci_high=max(value, _within(centre + shift + half)),
        n=n,
        method=METHOD,
    )


def _plain(hits: int, n: int, accuracy: Accuracy, *, fallback: float) -> float:
    """Return (p + Sp - 1) / (Se + Sp - 1) of the shares as they were counted."""
    sensitivity = accuracy.found / accuracy.positives if accuracy.positives else 0.0
    specificity = accuracy.passed / accuracy.negatives if accuracy.negatives else 0.0
    gain = sensitivity + specificity - 1
    return (hits / n + specificity - 1) / gain if gain > 0 else fallback


def _within(value: float) -> float:
    return min(1.0, max(0.0, value))
