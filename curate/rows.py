"""The rows of a run on their way: text on disk, a few columns in memory, and the end of each in the ledger."""

from __future__ import annotations

import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from loracheck.records import Example

from .config import CurateConfig
from .fields import Fields, fields_of
from .ledger import Ledger, length_bin
from .store import RowStore

T = TypeVar("T")
_SHOWN = 24
"""Characters of a reply that an alarm shows."""


class Rows:
    """All rows by place: `store` holds the text, `ledger` where each ended up, the lists a value a row."""

    def __init__(self, path: Path, config: CurateConfig) -> None:
        self.store = RowStore(path)
        self.ids: list[str] = []
        self.languages: list[str] = []
        self.sources: list[str] = []
        self.bins: list[str] = []
        self.prompt_characters = array.array("I")
        self.reply_characters = array.array("I")
        strata = {"language": self.languages, "source": self.sources, "length": self.bins}
        self.ledger = Ledger(strata, config, self._shown)

    def __len__(self) -> int:
        """Return the number of rows that came in."""
        return len(self.ids)

    @property
    def left(self) -> NDArray[np.int64]:
        """Return the places of the rows that are still in."""
        return self.ledger.left

    def add(self, examples: Iterable[Example]) -> range:
        """Append rows; returns their places."""
        first = len(self)
        self.store.extend(self._noted(examples))
        return range(first, len(self))

    def examples(self, places: Sequence[int] | NDArray[np.int64]) -> View[Example]:
        """Return some rows, fetched from disk as they are asked for."""
        return View(self.store, places, lambda example: example)

    def fields(self, places: Sequence[int] | NDArray[np.int64]) -> View[Fields]:
        """Return the fields of some rows, fetched from disk as they are asked for."""
        return View(self.store, places, fields_of)

    def _shown(self, place: int) -> str:
        example = self.store[place]
        reply = " ".join(example.reply.split())
        reply = reply if len(reply) <= _SHOWN else f"{reply[:_SHOWN]}…"
        return f"{Path(example.source.file).name}:{example.source.line} 「{reply}」"

    def _noted(self, examples: Iterable[Example]) -> Iterator[Example]:
        for example in examples:
            reply = len(example.reply)
            self.ids.append(example.id)
            self.languages.append(example.language)
            self.sources.append(example.source.file)
            self.bins.append(length_bin(reply))
            self.prompt_characters.append(len(example.prompt))
            self.reply_characters.append(reply)
            yield example


class View(Sequence[T]):
    """What is made of some rows, as a sequence that holds no text."""

    def __init__(
        self, store: RowStore, places: Sequence[int] | NDArray[np.int64], make: Callable[[Example], T]
    ) -> None:
        self._store = store
        self._places = places
        self._make = make

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> T:  # type: ignore[override]
        return self._make(self._store[int(self._places[index])])

    def __iter__(self) -> Iterator[T]:
        for place in self._places:
            yield self._make(self._store[int(place)])
