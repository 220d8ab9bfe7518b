"""The rows of a run on disk, reachable by place, so that memory does not grow with the text."""

from __future__ import annotations

import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from loracheck import jsonl
from loracheck.records import Example

BATCH_ROWS = 2000


class RowStore:
    """Examples in one file, a JSON line each, in the order they were read.

    A row is named by its place, from 0. A row that was changed (masked, say) is appended once more and its place
    points there; nothing is written over. Sixteen bytes a row are held in memory: where it begins and ends.
    """

    def __init__(self, path: Path, spans: Sequence[int] = ()) -> None:
        self.path = path
        self._file = path.open("r+b" if spans else "w+b")
        self._reader = path.open("rb", buffering=0)
        self._written = False
        self._spans = array.array("Q", spans)
        self._decoder = msgspec.json.Decoder(Example)

    def __len__(self) -> int:
        """Return the number of places."""
        return len(self._spans) // 2

    def __getitem__(self, place: int) -> Example:
        """Return the row at a place, as it stands now."""
        return self._decoder.decode(self._line(place))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def extend(self, examples: Iterable[Example]) -> None:
        """Append rows at new places."""
        for example in examples:
            self._spans.extend(self._append(example))

    def replace(self, place: int, example: Example) -> None:
        """Put another row at a place."""
        self._spans[2 * place : 2 * place + 2] = array.array("Q", self._append(example))

    def rows(self, places: Iterable[int] | None = None) -> Iterator[Example]:
        """Yield the rows at some places, or all."""
        for place in range(len(self)) if places is None else places:
            yield self[place]

    def batches(self, places: Sequence[int], size: int = BATCH_ROWS) -> Iterator[list[tuple[int, Example]]]:
        """Yield the rows at some places with their place, in lists of at most size rows."""
        for start in range(0, len(places), size):
            yield [(int(place), self[int(place)]) for place in places[start : start + size]]

    def spans(self) -> array.array[int]:
        """Return where each row begins and ends, for another process that opens the same file."""
        self._file.flush()
        return self._spans

    def close(self) -> None:
        """Close the file; it stays on disk."""
        self._reader.close()
        self._file.close()

    def _append(self, example: Example) -> tuple[int, int]:
        start = self._file.seek(0, 2)
        self._written = True
        return start, start + self._file.write(jsonl.encode(example) + b"\n")

    def _line(self, place: int) -> bytes:
        if self._written:
            self._file.flush()
            self._written = False
        start, end = self._spans[2 * place : 2 * place + 2]
        self._reader.seek(start)  # read, not mapped: pages of a mapping would count as this process's memory
        return self._reader.read(end - start)
