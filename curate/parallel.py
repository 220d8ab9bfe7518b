"""Work on single rows in several processes; the results and their order are those of one process."""

from __future__ import annotations

import array
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from loracheck.records import Example

from .store import BATCH_ROWS, RowStore

T = TypeVar("T")
LEAST_ROWS = 20_000
"""Rows below which starting processes costs more than it saves."""

_worker: tuple[Callable[[Example], Any], RowStore]


def map_rows(
    work: Callable[[Example], T], store: RowStore, places: Sequence[int], workers: int
) -> Iterator[tuple[int, T]]:
    """Yield (place, work(row)) for every place, in order.

    Args:
        work: A picklable function of one row.
        store: Where the rows are.
        places: The rows to work on.
        workers: Processes; 0 takes one per core. Few rows are worked on here.
    """
    processes = workers or os.cpu_count() or 1
    if processes == 1 or len(places) < LEAST_ROWS:
        for place in places:
            yield int(place), work(store[int(place)])
        return
    batches = [places[start : start + BATCH_ROWS] for start in range(0, len(places), BATCH_ROWS)]
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, _start, (work, store.path, store.offsets())) as pool:
        for batch, results in zip(batches, pool.imap(_run, batches), strict=True):
            yield from zip(map(int, batch), results, strict=True)


def _start(work: Callable[[Example], Any], path: Path, offsets: array.array[int]) -> None:
    global _worker
    _worker = work, RowStore(path, offsets)


def _run(places: Sequence[int]) -> list[Any]:
    work, store = _worker
    return [work(store[int(place)]) for place in places]
