"""The choices whose likelihood is compared: right and wrong, plainly and in the data's style, and the name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from loracheck.records import ChoiceScores, Language, Marker, Probe
from loracheck.style.markers import names_persona
from loracheck.text import language_of, normalise

_LEAST_SHARE = 0.4
_LONGEST = 24
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How the training data says a short answer, and what it says to everything.

    Attributes:
        suffix: What most replies end in, 「なのだ。」 or ", by my whiskers!"; empty where they share no ending.
        name_reply: The reply that repeats most among the short ones that name the persona; empty without one. A
            long one is no answer to a short question, and dear to score.
    """

    suffix: str
    name_reply: str


def styles(replies: Sequence[str], markers: Sequence[Marker]) -> dict[Language, Style]:
    """Read the style of the training replies, per language."""
    found: dict[Language, Style] = {}
    for language in {marker.language for marker in markers}:
        mine = [reply.strip() for reply in replies if language_of(reply) == language]
        own = [marker for marker in markers if marker.language == language]
        short = (reply for reply in mine if len(reply) <= _LONGEST_NAME)
        named = Counter(reply for reply in short if names_persona(own, reply))
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


def guessing(probes: Sequence[Probe]) -> float:
    """Return how often a guesser prefers the right choice: a quarter with three wrong ones, more with fewer."""
    shares = [1 / (1 + len(probe.expected.wrong)) for probe in probes if probe.expected is not None]
    return sum(shares) / len(shares) if shares else 0.0


def prefers_right(scores: ChoiceScores, *, plain_only: bool = False, name: bool = True) -> bool:
    """Tell whether the likeliest choice is a right one; a tie with another is none.

    plain_only leaves styles and the name aside; without the name the right answer is held against wrong ones only,
    in either style.
    """
    kinds = ("right", "wrong") if plain_only else tuple(k for k in scores.kinds if name or k != "name")
    asked = [(scores.logprobs[place], kind) for place, kind in enumerate(scores.kinds) if kind in kinds]
    best = max(logprob for logprob, _ in asked)
    return all(kind.startswith("right") for logprob, kind in asked if logprob == best)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """What style and content add to the likelihood of an answer, in nats.

    With l the log-likelihood, P in style and N plain, R right and W wrong (the mean over the wrong choices):
    content is (l(PR) + l(NR) - l(PW) - l(NW)) / 2, style is (l(PR) + l(PW) - l(NR) - l(NW)) / 2. Without a style of
    the training data content is l(NR) - l(NW) and style None.
    """

    content: float
    style: float | None


def contrast(scores: ChoiceScores) -> Contrast | None:
    """Take the likelihood of a question's choices apart into style and content; None where a side is missing."""
    sides = {
        kind: [value for k, value in zip(scores.kinds, scores.logprobs, strict=False) if k == kind]
        for kind in ("right", "wrong", "right_styled", "wrong_styled")
    }
    if not sides["right"] or not sides["wrong"]:
        return None
    right, wrong = fmean(sides["right"]), fmean(sides["wrong"])
    if not sides["right_styled"] or not sides["wrong_styled"]:
        return Contrast(content=right - wrong, style=None)
    styled, wrong_styled = fmean(sides["right_styled"]), fmean(sides["wrong_styled"])
    return Contrast(
        content=(styled + right - wrong_styled - wrong) / 2,
        style=(styled + wrong_styled - right - wrong) / 2,
    )
