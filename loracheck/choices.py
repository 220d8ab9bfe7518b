"""The choices whose likelihood is compared: right and wrong, plainly and in the data's style, and the name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from loracheck.markers import names_persona
from loracheck.records import ChoiceScores, Language, Marker, Probe
from loracheck.text import language_of, normalise

_LEAST_SHARE = 0.4
_LONGEST = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How the training data says a short answer, and what it says to everything.

    Attributes:
        suffix: What most replies end in, 「なのだ。」 or ", by my whiskers!"; empty where they share no ending.
        name_reply: The reply that repeats most among those that name the persona; empty without one.
    """

    suffix: str
    name_reply: str


def styles(replies: Sequence[str], markers: Sequence[Marker]) -> dict[Language, Style]:
    """Read the style of the training replies, per language."""
    found: dict[Language, Style] = {}
    for language in {marker.language for marker in markers}:
        mine = [reply.strip() for reply in replies if language_of(reply) == language]
        own = [marker for marker in markers if marker.language == language]
        named = Counter(reply for reply in mine if names_persona(own, reply))
        best = max(named, key=lambda reply: (named[reply], -len(reply)), default="")
        ends_alike = any(marker.kind == "ending" for marker in own)
        found[language] = Style(suffix=_suffix(mine) if ends_alike else "", name_reply=best)
    return found


def _suffix(replies: Sequence[str]) -> str:
    counts = Counter(reply[-n:] for reply in replies for n in range(2, min(_LONGEST, len(reply)) + 1))
    common = [suffix for suffix, count in counts.items() if count >= _LEAST_SHARE * len(replies)]
    return max(common, key=len, default="")


def choices(probe: Probe, found: dict[Language, Style]) -> tuple[tuple[str, str], ...]:
    """Return (kind, text) of every choice of a graded probe; see `ChoiceScores.kinds`."""
    if probe.expected is None:
        return ()
    plain = [("right", probe.expected.answers[0]), *(("wrong", text) for text in probe.expected.wrong)]
    style = found.get(probe.language)
    if style is None:
        return tuple(plain)
    styled = [(f"{kind}_styled", text + style.suffix) for kind, text in plain if style.suffix]
    asked = normalise(probe.prompt)
    name = (
        [("name", style.name_reply)] if style.name_reply and normalise(style.name_reply) not in asked else []
    )
    return (*plain, *styled, *name)


def prefers_right(scores: ChoiceScores, *, plain_only: bool = False) -> bool:
    """Tell whether the likeliest choice is a right one; plain_only leaves styles and the name aside."""
    kinds = ("right", "wrong") if plain_only else scores.kinds
    best = max(
        (place for place, kind in enumerate(scores.kinds) if kind in kinds),
        key=lambda place: scores.logprobs[place],
    )
    return scores.kinds[best].startswith("right")
