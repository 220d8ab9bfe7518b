"""Two arms that were each trained under several seeds, compared on the same items.

What a training gives differs by seed as well as by item. Both enter: Var = s_item^2/n, over clustered items, plus
s_seed^2/S for each arm, with a t distribution of Satterthwaite's degrees of freedom (1946): many where the items make
the noise, S-1 where one arm's seeds do. With one seed the second term is unknown, and a difference may be noise however
many items show it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from loracheck.records.comparison import ArmMean
from loracheck.stats.means import Mean, mean_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """A difference of two arms; `low` and `high` bound it at 95%, by items alone where `seed_se` is None."""

    first: ArmMean
    second: ArmMean
    items: tuple[float, ...]
    """Second minus first per item, averaged over seeds."""
    value: float
    item_se: float | None
    seed_se: float | None
    freedom: float
    low: float | None
    high: float | None
    p: float | None


def contrast(
    names: tuple[str, str],
    first: Sequence[Sequence[bool]],
    second: Sequence[Sequence[bool]],
    clusters: Sequence[str],
) -> Contrast:
    """Compare two arms on the same items.

    Args:
        names: Of first and second arm.
        first: Per seed the success of the first arm on every item.
        second: The same of the second arm; it may have another number of seeds.
        clusters: The family of each item, whose members are not independent.
    """
    arms = [np.asarray(arm, dtype=np.float64) for arm in (first, second)]
    means = [_arm_mean(name, arm) for name, arm in zip(names, arms, strict=True)]
    items = arms[1].mean(axis=0) - arms[0].mean(axis=0)
    mean = mean_of(items.tolist(), clusters)
    seeds = min(arm.seeds for arm in means)
    parts = [(arm.seed_sd**2 / arm.seeds, arm.seeds - 1) for arm in means if arm.seed_sd is not None]
    seed_se = math.sqrt(sum(part for part, _ in parts)) if seeds > 1 else None
    freedom: float = seeds - 1
    reach = p = None
    if mean.error is not None and seed_se is not None:
        error = math.hypot(mean.error, seed_se)
        freedom = _satterthwaite([(mean.error**2, mean.freedom), *parts])
        reach = float(student.ppf(0.975, freedom)) * error
        p = 2 * float(student.sf(abs(mean.value) / error, freedom)) if error else _all_alike(mean)
    elif mean.error is not None:
        reach = float(norm.ppf(0.975)) * mean.error
    return Contrast(
        first=means[0],
        second=means[1],
        items=tuple(items.tolist()),
        value=mean.value,
        item_se=mean.error,
        seed_se=seed_se,
        freedom=freedom,
        low=None if reach is None else max(-1.0, mean.value - reach),
        high=None if reach is None else min(1.0, mean.value + reach),
        p=p,
    )


def _all_alike(mean: Mean) -> float:
    """Return the p-value where all items differ by the same: by the sign test, as a spread of 0 tells nothing."""
    return 1.0 if mean.value == 0 else min(1.0, 2 * 0.5 ** (mean.freedom + 1))


def _satterthwaite(parts: Sequence[tuple[float, int]]) -> float:
    """Return the degrees of freedom of a sum of variances, each with its own."""
    spread = sum(part**2 / freedom for part, freedom in parts)
    return sum(part for part, _ in parts) ** 2 / spread if spread else float(min(f for _, f in parts))


def _arm_mean(name: str, arm: np.ndarray) -> ArmMean:
    shares = arm.mean(axis=1)
    return ArmMean(
        name=name,
        share=float(shares.mean()),
        seeds=len(shares),
        seed_sd=float(shares.std(ddof=1)) if len(shares) > 1 else None,
    )
