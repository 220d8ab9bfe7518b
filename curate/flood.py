"""Rows that say the same thing as many others: the identity flood that makes a model answer everything alike.

No list of names is needed. A phrase floods the set when it stands in many replies and those replies hold little
besides such phrases; an ending or an opening that goes with any content does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from loracheck.records import Example
from loracheck.text import language_of, ngrams, normalise, sentences

from .config import CurateConfig

_GRAM = {"ja": 3, "en": 6, "other": 4}
_STYLE_SHARE = 0.3
"""An ending of this many of the sentences is style, which is not counted as content."""
_LONGEST_ENDING = 24
_LEAST_COVER = 0.2
"""A reply that merely mentions a flooding phrase among much else is no part of the flood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """A row of the flood: the phrase that floods, and in how many replies it stands."""

    phrase: str
    replies: int
    cover: float
    """Share of the reply's content made of phrases that many replies have."""


def find_flood(examples: Sequence[Example], config: CurateConfig) -> dict[int, Flood]:
    """Map the index of every row of the flood to the phrase it shares."""
    if not examples:
        return {}
    style = _style_endings(examples)
    size = _GRAM[Counter(language_of(example.reply) for example in examples).most_common(1)[0][0]]
    bodies = [_body(example.reply, style) for example in examples]
    grams = [set().union(*(ngrams(part, size) for part in body)) if body else set() for body in bodies]
    frequency = Counter(gram for row in grams for gram in row)
    floor = max(3.0, config.flood_share * len(examples))
    common = {gram for gram, count in frequency.items() if count >= floor and len(gram) == size}
    covers = [_covered(body, common, size) for body in bodies]
    flooding = {
        gram
        for gram in common
        if sum(cover for cover, row in zip(covers, grams, strict=True) if gram in row)
        >= config.flood_cover * frequency[gram]
    }
    found: dict[int, Flood] = {}
    for place, example in enumerate(examples):
        shared = [gram for gram in grams[place] & flooding if gram not in normalise(example.prompt)]
        if not bodies[place]:
            found[place] = Flood(phrase=example.reply, replies=len(examples), cover=1.0)
        elif shared and covers[place] >= _LEAST_COVER:
            replies = max(frequency[gram] for gram in shared)
            found[place] = Flood(
                phrase=_longest_run(bodies[place], common, size), replies=replies, cover=covers[place]
            )
    return found


def _style_endings(examples: Sequence[Example]) -> tuple[str, ...]:
    """Return the endings of two and more characters that a large share of all sentences has, longest first."""
    ends = [normalise(sentence) for example in examples for sentence in sentences(example.reply)]
    counts = Counter(end[-n:] for end in ends for n in range(2, min(_LONGEST_ENDING, len(end)) + 1))
    common = [ending for ending, count in counts.items() if count >= _STYLE_SHARE * len(ends)]
    return tuple(sorted(common, key=len, reverse=True))


def _body(reply: str, style: tuple[str, ...]) -> list[str]:
    """Return the sentences of a reply without the ending that is style."""
    parts = []
    for sentence in map(normalise, sentences(reply)):
        ending = next((ending for ending in style if sentence.endswith(ending)), "")
        parts.append(sentence.removesuffix(ending).rstrip(",、"))
    return [part for part in parts if part]


def _covered(body: Sequence[str], common: set[str], size: int) -> float:
    """Return the share of the characters that lie in common phrases."""
    total = sum(map(len, body))
    return sum(map(len, _runs(body, common, size))) / total if total else 1.0


def _longest_run(body: Sequence[str], common: set[str], size: int) -> str:
    return max(_runs(body, common, size), key=len)


def _runs(body: Sequence[str], common: set[str], size: int) -> list[str]:
    """Return the stretches of text that lie in common phrases."""
    runs: list[str] = []
    for part in body:
        start = end = 0
        for place in range(len(part) - size + 1):
            if part[place : place + size] in common:
                if place > end:
                    runs.append(part[start:end])
                    start = place
                end = place + size
        runs.append(part[start:end])
    return [run for run in runs if run]
