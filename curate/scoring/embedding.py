"""Vectors of rows where no base was loaded: character n-grams, or a sentence-transformers model by name."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from loracheck.curate.duplicates.sketch import shingle_hashes
from loracheck.errors import EnvironmentFault
from loracheck.text import normalise

OWN = ("auto", "base", "surface")
"""Embedders that need no further package."""

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


def check_embedder(name: str) -> None:
    """Refuse an embedder whose package is missing, before any work is done.

    Raises:
        EnvironmentFault: names the package.
    """
    if name not in OWN and importlib.util.find_spec("sentence_transformers") is None:
        raise EnvironmentFault(
            f"the embedder {name} needs sentence-transformers.",
            kind="package_missing",
            hint="pip install 'loracheck[embedder]'",
        )


def sentence_transformer(name: str, texts: Iterable[str]) -> NDArray[np.float32]:
    """Return unit vectors by a sentence-transformers model, a hub id or a folder, (rows, its width).

    Raises:
        EnvironmentFault: it cannot be loaded.
    """
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - optional

    try:
        model: Any = SentenceTransformer(name, trust_remote_code=False)
    except (OSError, ValueError, RuntimeError) as error:
        told = str(error).strip().splitlines()
        raise EnvironmentFault(
            f"the embedder {name} cannot be loaded: {told[0] if told else type(error).__name__}",
            kind="model_unloadable",
            hint=f"Name a sentence-transformers model by its hub id or folder, or one of {', '.join(OWN)}.",
        ) from error
    return unit(np.asarray(model.encode(list(texts), show_progress_bar=False), dtype=np.float32))


def unit(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale every vector in place to length 1; a vector of zeros stays."""
    points /= np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9)
    return points


def _batches(texts: Iterable[str], size: int) -> Iterator[list[str]]:
    iterator = iter(texts)
    while batch := list(islice(iterator, size)):
        yield batch
