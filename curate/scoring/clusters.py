"""Clusters of like rows, and the map of them for the report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_MOST = 256
_LEAST_ROWS = 8


def cluster(points: NDArray[np.float32], languages: Sequence[str], seed: int) -> NDArray[np.int64]:
    """Return a cluster of every row, by k-means within each language: most encoders part languages first.

    A language of n rows gets about the square root of n / 2 clusters, 256 at most.
    """
    from sklearn.cluster import MiniBatchKMeans  # noqa: PLC0415 - heavy

    labels = np.zeros(len(points), dtype=np.int64)
    names, first = np.asarray(languages, dtype=str), 0
    for language in sorted(set(languages)):
        inside = np.flatnonzero(names == language)
        count = min(_MOST, max(1, round((len(inside) / 2) ** 0.5)))
        if len(inside) >= _LEAST_ROWS and count > 1:
            model = MiniBatchKMeans(count, random_state=seed, n_init=3, batch_size=4096)
            labels[inside] = first + model.fit_predict(points[inside])
        else:
            labels[inside] = first
        first += count
    return labels


def project(points: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Return each row's point on the map, (rows, 2): the two widest directions of the vectors."""
    from sklearn.decomposition import PCA  # noqa: PLC0415 - heavy

    if len(points) < 3 or points.shape[1] < 2:
        return np.zeros((len(points), 2), dtype=np.float32)
    fitted = PCA(2, random_state=seed).fit(points[:: max(1, len(points) // 20_000)])
    return np.asarray(fitted.transform(points), dtype=np.float32)
