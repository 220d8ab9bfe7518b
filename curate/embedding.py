"""Vectors of rows where no base was loaded: character n-grams, or a sentence-transformers model by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from loracheck.errors import EnvironmentFault
from loracheck.text import normalise

from .sketch import shingle_hashes

_FEATURES = 2**14
_FITTED_ROWS = 5_000
_GRAMS = (2, 3, 4)


def surface(texts: Iterable[str], *, dimensions: int = 64, seed: int = 0) -> NDArray[np.float32]:
    """Return unit vectors of hashed character 2- to 4-grams, reduced by a truncated SVD, (rows, dimensions).

    They tell wordings apart and not meanings, and separate languages entirely. The reduction is fitted on the
    first 5,000 rows; memory grows by the vectors alone.
    """
    from sklearn.decomposition import TruncatedSVD  # noqa: PLC0415 - heavy
    from sklearn.feature_extraction.text import TfidfTransformer  # noqa: PLC0415

    batches = _batches(texts, _FITTED_ROWS)
    first = next(batches, [])
    if not first:
        return np.zeros((0, dimensions), dtype=np.float32)
    counts = _counts(first)
    weights = TfidfTransformer(sublinear_tf=True).fit(counts)
    size = max(1, min(dimensions, len(first) - 1))
    reduction = TruncatedSVD(size, n_iter=2, random_state=seed).fit(weights.transform(counts))
    parts = [reduction.transform(weights.transform(counts)).astype(np.float32)]
    for batch in batches:
        parts.append(reduction.transform(weights.transform(_counts(batch))).astype(np.float32))
    return unit(np.concatenate(parts))


def _counts(texts: Sequence[str]) -> csr_matrix:
    """Count hashed n-grams of every size, (texts, _FEATURES)."""
    folded = [normalise(text) for text in texts]
    counted = csr_matrix((len(texts), _FEATURES), dtype=np.float64)
    for size in _GRAMS:
        hashes, starts = shingle_hashes(folded, size)
        columns = (hashes >> np.uint64(32)) % np.uint64(_FEATURES)
        shape = (len(texts), _FEATURES)
        counted = counted + csr_matrix((np.ones(len(hashes)), columns.astype(np.int32), starts), shape=shape)
    return counted


def sentence_transformer(name: str, texts: Iterable[str]) -> NDArray[np.float32]:
    """Return unit vectors by a sentence-transformers model, (rows, its width).

    Raises:
        EnvironmentFault: the package is not installed.
    """
    try:
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - optional
    except ImportError:
        raise EnvironmentFault(
            f"the embedder {name} needs sentence-transformers.", hint="pip install sentence-transformers"
        ) from None
    model: Any = SentenceTransformer(name)
    return unit(np.asarray(model.encode(list(texts), show_progress_bar=False), dtype=np.float32))


def unit(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale every vector in place to length 1; a vector of zeros stays."""
    points /= np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9)
    return points


def _batches(texts: Iterable[str], size: int) -> Iterator[list[str]]:
    iterator = iter(texts)
    while batch := list(islice(iterator, size)):
        yield batch
