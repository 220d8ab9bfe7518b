"""Rows that hold a question which the fine-tune will be asked: they would let it pass by memory.

A row is contaminated when its question is a test's question, holds one whole, or shares a long run of text with
one. Compared are normalised texts; a run that stands in several references is boilerplate and proves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loracheck.curate.config import DecontaminateConfig
from loracheck.curate.fields import Fields
from loracheck.probes import asked_text
from loracheck.records import Example, Probe
from loracheck.text import language_of, letters
from loracheck.text.grams import gram_hashes

_WHOLE = {"ja": 12, "en": 24, "other": 16}
"""Letters from which a question is specific enough that a row which holds it whole holds that question."""
_ANCHOR = 12
_MARK_BITS = 22
_SEPARATOR = "\x1f"
_BOILERPLATE = 3
_WORD_LETTERS = 5
"""Letters of an average English word: runs in spaced text are counted in letters as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A text that must stay unseen: the question of a probe or of a row of a test set."""

    text: str
    source: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contaminated:
    """What a row shares with a reference; `how` is "equal", "contains" or "run"."""

    source: str
    id: str
    how: str
    overlap: str


class Contamination:
    """An index of references, picklable, so that several processes can ask it."""

    def __init__(self, references: Sequence[Reference], config: DecontaminateConfig) -> None:
        self._references = [reference for reference in references if letters(reference.text)]
        self._texts = [letters(reference.text) for reference in self._references]
        self._equal = {text: place for place, text in enumerate(self._texts)}
        self._runs = [
            config.run_words * _WORD_LETTERS if language_of(r.text) == "en" else config.run_characters
            for r in self._references
        ]
        counts = Counter(gram for text in self._texts for gram in set(_grams(text)))
        self._anchors: dict[str, list[int]] = {}
        for place, text in enumerate(self._texts):
            for gram in set(_grams(text)):
                if counts[gram] < _BOILERPLATE:
                    self._anchors.setdefault(gram, []).append(place)
        hashes = [gram_hashes(gram, _ANCHOR) for gram in self._anchors]
        self._hashes = np.unique(np.concatenate(hashes)) if hashes else np.zeros(1, dtype=np.uint64)
        self._marked = np.zeros(1 << _MARK_BITS, dtype=bool)
        self._marked[_marks(self._hashes)] = True

    def find(self, fields: Fields) -> Contaminated | None:
        """Return what the row shares with a reference, the plainest first, or None."""
        question = letters(fields.question)
        if (place := self._equal.get(question)) is not None:
            return self._hit(place, "equal", self._texts[place])
        texts = (question, letters(fields.context), letters(fields.reply))
        if not self._touched(_SEPARATOR.join(texts)):
            return None
        for text in texts:
            near = {place for gram in _grams(text) for place in self._anchors.get(gram, ())}
            for place in sorted(near):
                reference = self._texts[place]
                language = language_of(self._references[place].text)
                if len(reference) >= _WHOLE[language] and reference in text:
                    return self._hit(place, "contains", reference)
                if run := _common_run(reference, text, self._runs[place]):
                    return self._hit(place, "run", run)
        return None

    def _touched(self, text: str) -> bool:
        """Tell whether any anchor may stand in a text: nearly all rows end here."""
        hashes = gram_hashes(text, _ANCHOR)
        likely = hashes[self._marked[_marks(hashes)]]  # one in a hundred; to search for all would cost more
        places = np.searchsorted(self._hashes, likely)
        return bool((self._hashes[np.minimum(places, len(self._hashes) - 1)] == likely).any())

    def _hit(self, place: int, how: str, overlap: str) -> Contaminated:
        found = self._references[place]
        return Contaminated(source=found.source, id=found.id, how=how, overlap=overlap[:80])


def references_of_probes(probes: Iterable[Probe], source: str) -> Iterator[Reference]:
    """Yield the question of every probe."""
    for probe in probes:
        yield Reference(text=asked_text(probe), source=source, id=probe.id)


def references_of_examples(examples: Iterable[Example], source: str) -> Iterator[Reference]:
    """Yield the question of every row of a test set."""
    for example in examples:
        yield Reference(text=example.messages[-2].content, source=source, id=example.id)


def _marks(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return hashes >> np.uint64(64 - _MARK_BITS)


def _grams(text: str) -> Iterator[str]:
    return (text[start : start + _ANCHOR] for start in range(len(text) - _ANCHOR + 1))


def _common_run(reference: str, text: str, least: int) -> str:
    """Return a run of at least that many characters of the reference which stands in the text."""
    for start in range(0, len(reference) - least + 1):
        if (run := reference[start : start + least]) in text:
            return run
    return ""
