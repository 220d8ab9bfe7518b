"""Work on single rows in several processes; the results and their order are those of one process."""

from __future__ import annotations

import array
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from loracheck.errors import EnvironmentFault
from loracheck.records import Example

from .store import BATCH_ROWS, RowStore

T = TypeVar("T")
LEAST_ROWS = 20_000
"""Rows below which starting processes costs more than it saves."""
AHEAD = 4
"""Batches handed out per process before their results are taken: bounds the memory of waiting results."""

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

    Raises:
        EnvironmentFault: A process was ended from outside, most often for want of memory.
    """
    processes = workers or os.cpu_count() or 1
    if processes == 1 or len(places) < LEAST_ROWS:
        for place in places:
            yield int(place), work(store[int(place)])
        return
    starts = iter(range(0, len(places), BATCH_ROWS))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _start, (work, store.path, store.spans())) as pool:
        waiting: deque[tuple[Sequence[int], Future[list[Any]]]] = deque()

        def hand_out(number: int) -> None:
            for start in islice(starts, number):
                batch = places[start : start + BATCH_ROWS]
                waiting.append((batch, pool.submit(_run, batch)))

        try:
            hand_out(AHEAD * processes)
            while waiting:
                batch, result = waiting.popleft()
                yield from zip(map(int, batch), result.result(), strict=True)
                hand_out(1)
        except BrokenProcessPool:
            raise EnvironmentFault(
                "a worker process was ended before it was done, most often for want of memory",
                kind="out_of_memory",
                hint="run again with --workers 1",
            ) from None


def _start(work: Callable[[Example], Any], path: Path, spans: array.array[int]) -> None:
    global _worker
    _worker = work, RowStore(path, spans)


def _run(places: Sequence[int]) -> list[Any]:
    work, store = _worker
    return [work(store[int(place)]) for place in places]
