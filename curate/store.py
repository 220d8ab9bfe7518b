"""The rows of a run on disk, reachable by place, so that memory does not grow with the text."""

from __future__ import annotations

import array
import mmap
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
    points there; nothing is written over. Eight bytes a row are held in memory.
    """

    def __init__(self, path: Path, offsets: Sequence[int] = ()) -> None:
        self.path = path
        self._file = path.open("r+b" if offsets else "w+b")
        self._offsets = array.array("Q", offsets)
        self._decoder = msgspec.json.Decoder(Example)
        self._map: mmap.mmap | None = None

    def __len__(self) -> int:
        """Return the number of places."""
        return len(self._offsets)

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
        self._unmap()
        end = self._file.seek(0, 2)
        for example in examples:
            self._offsets.append(end)
            end += self._file.write(jsonl.encode(example) + b"\n")

    def replace(self, place: int, example: Example) -> None:
        """Put another row at a place."""
        self._unmap()
        self._offsets[place] = self._file.seek(0, 2)
        self._file.write(jsonl.encode(example) + b"\n")

    def rows(self, places: Iterable[int] | None = None) -> Iterator[Example]:
        """Yield the rows at some places, or all."""
        for place in range(len(self)) if places is None else places:
            yield self[place]

    def batches(self, places: Sequence[int], size: int = BATCH_ROWS) -> Iterator[list[tuple[int, Example]]]:
        """Yield the rows at some places with their place, in lists of at most size rows."""
        for start in range(0, len(places), size):
            yield [(int(place), self[int(place)]) for place in places[start : start + size]]

    def offsets(self) -> array.array[int]:
        """Return where each row begins, for another process that opens the same file."""
        self._file.flush()
        return self._offsets

    def close(self) -> None:
        """Close the file; it stays on disk."""
        self._unmap()
        self._file.close()

    def _line(self, place: int) -> bytes:
        if self._map is None:
            self._file.flush()
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        start = self._offsets[place]
        return self._map[start : self._map.find(b"\n", start)]

    def _unmap(self) -> None:
        if self._map is not None:
            self._map.close()
            self._map = None
