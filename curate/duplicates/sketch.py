"""MinHash sketches of normalised text, in batches and without a Python object a shingle.

Shingles are code-point 5-grams for every language: a morphological analyser buys nothing here, and a word
tokeniser sees a Japanese row as one word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import rensa
import xxhash
from numpy.typing import NDArray

from loracheck.curate.fields import Fields, folded
from loracheck.text.grams import gram_hashes

from .frame import Frame

GRAM = 5
PERMUTATIONS = 128
_BATCH_ROWS = 2000
_SEED = 1
_SEPARATOR = "\x1f"


def digest(*texts: str) -> bytes:
    """Return 16 bytes that stand for some normalised texts."""
    return xxhash.xxh3_128_digest(_SEPARATOR.join(texts).encode("utf-8", "surrogatepass"))


def equal_groups(digests: NDArray[np.uint64], rank: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the places of equal digests, (rows, 2), for each that stands more than once: the lowest rank first."""
    order = np.lexsort((rank, digests[:, 0], digests[:, 1]))
    new = np.flatnonzero((digests[order[1:]] != digests[order[:-1]]).any(axis=1)) + 1
    edges = np.concatenate([[0], new, [len(order)]])
    several = np.flatnonzero(np.diff(edges) > 1)
    return [order[edges[i] : edges[i + 1]] for i in several]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketched:
    """By place: digests of a row, of its prompt and of its reply, each (rows, 2), and its MinHash signature."""

    whole: NDArray[np.uint64]
    prompts: NDArray[np.uint64]
    replies: NDArray[np.uint64]
    signatures: NDArray[np.uint32]


def sketch_rows(rows: Sequence[Fields], frame: Frame) -> Sketched:
    """Read every row once and keep 48 bytes of digests and a signature of PERMUTATIONS numbers for each.

    The digests are of the whole rows, the signatures of what they hold besides the frame.
    """
    count = len(rows)
    sketched = Sketched(
        whole=np.empty((count, 2), dtype=np.uint64),
        prompts=np.empty((count, 2), dtype=np.uint64),
        replies=np.empty((count, 2), dtype=np.uint64),
        signatures=np.empty((count, PERMUTATIONS), dtype=np.uint32),
    )
    start = 0
    for batch in _batches(rows):
        normal = [folded(row) for row in batch]
        own = [frame.off(row, plain) for row, plain in zip(batch, normal, strict=True)]
        end = start + len(batch)
        sketched.whole[start:end] = _numbers(digest(*row) for row in normal)
        sketched.prompts[start:end] = _numbers(digest(*row[:2]) for row in normal)
        sketched.replies[start:end] = _numbers(digest(row.reply) for row in normal)
        sketched.signatures[start:end] = _sketch_batch([_SEPARATOR.join(row) for row in own])
        start = end
    return sketched


def _numbers(digests: Iterable[bytes]) -> NDArray[np.uint64]:
    return np.frombuffer(b"".join(digests), dtype=np.uint64).reshape(-1, 2)


def shingle_hashes(texts: Sequence[str], size: int = GRAM) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the hashes of all n-grams of some texts in one array, and where each text begins, (texts + 1,).

    A text shorter than an n-gram has none.
    """
    sizes = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    hashes = gram_hashes("".join(texts), size)
    count = len(hashes)
    ends = np.cumsum(sizes)
    inside = np.ones(count, dtype=bool)
    for back in range(1, size):  # a gram that begins here would reach into the next text
        starts = ends - back
        inside[starts[(starts >= 0) & (starts < count)]] = False
    grams = np.maximum(sizes - size + 1, 0)
    return hashes[inside], np.concatenate([[0], np.cumsum(grams)])


def _sketch_batch(texts: Sequence[str]) -> NDArray[np.uint32]:
    hashes, starts = shingle_hashes(texts)
    matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(
        hashes, starts.astype(np.uint64), PERMUTATIONS, _SEED
    )
    return np.asarray(matrix.to_rows(), dtype=np.uint32)


def _batches(rows: Iterable[Fields]) -> Iterator[list[Fields]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, _BATCH_ROWS)):
        yield batch
