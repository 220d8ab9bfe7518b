"""Hashes of all code-point n-grams of a text at once, without a Python object a gram."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HASH_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, so that the rolling polynomial loses no bit


def code_points(text: str) -> NDArray[np.uint32]:
    """Return the code points of a text, (characters,)."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def gram_hashes(text: str, size: int) -> NDArray[np.uint64]:
    """Return the hash of each n-gram by its place, (characters - size + 1,); empty for a shorter text."""
    points = code_points(text)
    count = max(0, len(points) - size + 1)
    hashes = np.zeros(count, dtype=np.uint64)
    for place in range(size):
        hashes *= HASH_FACTOR
        hashes += points[place : place + count]
    hashes ^= hashes >> np.uint64(29)
    hashes *= HASH_FACTOR
    return hashes
