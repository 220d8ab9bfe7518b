"""Vectors on disk, one text after another, so that long work goes on where it stopped and ends in the same bytes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from loracheck.progress import Progress

T = TypeVar("T")


def measured(
    path: Path,
    items: Sequence[T],
    vector_of: Callable[[T], NDArray[np.float32]],
    *,
    width: int,
    label: str,
    progress: Progress,
) -> NDArray[np.float32]:
    """Measure a vector an item, (items, width); those on disk already are not measured again.

    A torn last vector of an earlier try is dropped.
    """
    path.touch()
    done = min(stored(path, width), len(items))
    os.truncate(path, done * 4 * width)
    if done < len(items):
        with path.open("ab") as file, progress.track(label, len(items) - done) as advance:
            for item in items[done:]:
                file.write(vector_of(item).astype("<f4").tobytes())
                file.flush()
                os.fsync(file.fileno())
                advance(1)
    return np.fromfile(path, dtype="<f4").reshape(len(items), width).astype(np.float32)


def stored(path: Path, width: int) -> int:
    """Return how many whole vectors a file holds."""
    return path.stat().st_size // (4 * width) if path.is_file() else 0


def contrast(
    answers: NDArray[np.float32], bases: NDArray[np.float32], rows: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return how much nearer each row is to an answer than to the base's answer, in cosines, (answers, rows).

    All vectors are taken from the mean of the rows, which is what all texts have in common. A vector of zeros is
    near nothing.
    """
    centre = rows.mean(axis=0, keepdims=True)
    near, far, ends = unit(answers - centre), unit(bases - centre), unit(rows - centre)
    return np.asarray((near - far) @ ends.T, dtype=np.float32)


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors of length 1; zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)
