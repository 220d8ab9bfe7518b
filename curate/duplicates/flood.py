"""Rows that say the same thing as many others: the identity flood that makes a model answer everything alike.

No list of names is needed. A phrase floods the set when it stands in many replies and those replies hold little
besides such phrases; an ending that goes with any content does not, nor a sentence that most replies have besides what
they say (a manner of the whole set, of which no choice of rows would rid it).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loracheck.curate.config import SelectConfig
from loracheck.curate.fields import Fields
from loracheck.text import language_of, ngrams, normalise, sentences

from .dedupe import Group
from .frame import Frame, learn_frame, learnt_replies

_GRAM = {"ja": 3, "en": 6, "other": 4}
_STYLE_SHARE = 0.3
"""An ending of this many of the sentences is style, which is not counted as content."""
_LEAST_STYLE = 3
_LONGEST_ENDING = 48
_FRAME_SHARE = 0.5
_LEAST_COVER = 0.2
"""A reply that merely mentions a flooding phrase among much else is no part of the flood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """A row of the flood: the phrase that floods, and in how many replies it stands."""

    phrase: str
    replies: int
    cover: float
    """Share of the reply's content made of phrases that many replies have."""


def find_flood(rows: Sequence[Fields], config: SelectConfig) -> dict[int, Flood]:
    """Map the index of every row of the flood to the phrase it shares.

    What floods is learnt from at most 8,000 rows, spread over the set: a phrase that stands in a few per cent of
    the rows shows there. Then every row is looked at once, in order.
    """
    if not len(rows):
        return {}
    learnt = learnt_replies(rows)
    style = _style_endings(learnt)
    frame = learn_frame(learnt, _FRAME_SHARE)
    size = _GRAM[Counter(map(language_of, learnt)).most_common(1)[0][0]]
    bodies = [_body(reply, style, frame) for reply in learnt]
    grams = [_grams(body, size) for body in bodies]
    frequency = Counter(gram for row in grams for gram in row)
    floor = max(3.0, config.flood_share * len(learnt))
    common = {gram for gram, count in frequency.items() if count >= floor and len(gram) == size}
    covers = [_covered(body, common, size) for body in bodies]
    covered: Counter[str] = Counter()
    for cover, row in zip(covers, grams, strict=True):
        for gram in row & common:
            covered[gram] += cover  # type: ignore[assignment]
    flooding = {gram for gram in common if covered[gram] >= config.flood_cover * frequency[gram]}
    found: dict[int, Flood] = {}
    for place in range(len(rows)) if flooding or style else ():
        fields = rows[place]
        body = _body(fields.reply, style, frame)
        if not body:
            found[place] = Flood(phrase=fields.reply, replies=len(rows), cover=1.0)
            continue
        asked = normalise(f"{fields.context}\n{fields.question}")
        shared = [gram for gram in _grams(body, size) & flooding if gram not in asked]
        if shared and (cover := _covered(body, common, size)) >= _LEAST_COVER:
            replies = round(max(frequency[gram] for gram in shared) * len(rows) / len(learnt))
            found[place] = Flood(phrase=_longest_run(body, common, size), replies=replies, cover=cover)
    return found


def statements(flood: Mapping[int, Flood]) -> list[Group]:
    """Group the rows of the flood by the phrase they share: each says one thing in many wordings."""
    members: dict[str, list[int]] = {}
    for place, found in flood.items():
        members.setdefault(found.phrase, []).append(place)
    return [
        Group(kind="statement", members=tuple(places), shared=phrase)
        for phrase, places in members.items()
        if len(places) > 1
    ]


def _grams(body: Sequence[str], size: int) -> set[str]:
    return set().union(*(ngrams(part, size) for part in body))


def _style_endings(replies: Sequence[str]) -> tuple[str, ...]:
    """Return the endings of two and more characters that a large share of all sentences has, longest first."""
    ends = [normalise(sentence) for reply in replies for sentence in sentences(reply)]
    counts = Counter(end[-n:] for end in ends for n in range(2, min(_LONGEST_ENDING, len(end)) + 1))
    least = max(_LEAST_STYLE, _STYLE_SHARE * len(ends))
    common = [ending for ending, count in counts.items() if count >= least]
    return tuple(sorted(common, key=len, reverse=True))


def _body(reply: str, style: tuple[str, ...], frame: Frame) -> list[str]:
    """Return the sentences of a reply that are its own, without the ending that is style."""
    parts = []
    for sentence in frame.without([normalise(sentence) for sentence in sentences(reply)]):
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
