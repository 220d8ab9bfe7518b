"""Questions of one family are not independent: what that costs, as a factor on the variance.

The same fact asked in two languages, or one question in four wordings, tells less than as many separate facts
(Miller 2024, arXiv 2411.00640). A test divides its statistic by the square root of the factor, as Rao and Scott
(Biometrics 48, 1992) divide counts; for paired binary outcomes the clusters' sums of differences give it, as in
Obuchowski (Statistics in Medicine 17, 1998).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_PRIOR_ITEMS = 0.5
"""Of differing items, counted as if their whole cluster differed with them: few say nothing of the rest."""


def numbered(clusters: Sequence[str]) -> NDArray[np.int64]:
    """Number the clusters, (items,); an item without a cluster is one of its own."""
    numbers: dict[str | int, int] = {}
    named = (numbers.setdefault(cluster or place, len(numbers)) for place, cluster in enumerate(clusters))
    return np.fromiter(named, dtype=np.int64, count=len(clusters))


def cluster_sums(values: Sequence[float], clusters: Sequence[str]) -> NDArray[np.float64]:
    """Return the sum of the values of each cluster, (clusters,)."""
    sums = np.bincount(numbered(clusters), weights=np.asarray(values, dtype=np.float64))
    return sums.astype(np.float64)


def design_effect(values: Sequence[float], clusters: Sequence[str]) -> float:
    """Return by how much clusters multiply the variance of a mean of binary outcomes or of their differences.

    At least 1: that members of a family differ by chance more than strangers is no reason for more certainty.
    Where next to nothing differs the data cannot tell, and the answer tends to the worst case, in which all
    members of a cluster change together.
    """
    if not values:
        return 1.0
    outcomes = np.asarray(values, dtype=np.float64)
    sizes = np.bincount(numbered(clusters))
    worst = float((sizes**2).sum() / sizes.sum())
    if worst == 1.0:
        return 1.0
    centred = outcomes - outcomes.mean()
    between = float((cluster_sums(centred.tolist(), clusters) ** 2).sum())
    between *= len(sizes) / max(1, len(sizes) - 1)
    alone = float((centred**2).sum())
    return max(1.0, (between + _PRIOR_ITEMS * worst) / (alone + _PRIOR_ITEMS))
