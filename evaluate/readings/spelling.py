"""Words that nobody spells so: put together from pieces of which each is unlikely after the one before.

The base has seen how words are written. It is asked how likely the open answers of an adapter are, piece by piece,
and only those that hold a word it does not use itself. A word's first piece is left aside, as it says what the answer
speaks of: a rare word begins unexpectedly and goes on as words do, a misspelt one goes on as none does. Open answers
alone are read so, because a question for a name makes a small model invent one, whether it is damaged or not.

Of 120 role-play texts written by people and models, 4% hold such a word (invented names, and words cut off), of 40
answers of a large model in Japanese none; with each longer word misspelt in one letter, 100% and 48% do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from loracheck.records import TokenScores

UNLIKELY = -12.0
"""Log-likelihood in nats of a word after its first piece, from which on down nobody spells it so."""


def said_by(adapter: str) -> str:
    """Return the kind of text under which the base scores what an adapter answered."""
    return f"said by {adapter}"


def unlikely(words: Iterable[str], scores: TokenScores, *, cut_off: bool = False) -> list[str]:
    """Return the words of an answer that its pieces make unlikely.

    Args:
        words: Words that stand in the answer, in any case.
        scores: The base's likelihood of every piece of the answer.
        cut_off: Whether the answer ends where its room did, and its last word with it.
    """
    text = "".join(scores.tokens)
    ends = len(text.rstrip()) if cut_off else -1
    found = []
    for word in words:
        places = (match.span() for match in re.finditer(re.escape(word), text, re.IGNORECASE))
        place = next((place for place in places if place[1] != ends), None)
        if place and sum(_after_the_first(scores, *place)) < UNLIKELY:
            found.append(word)
    return found


def _after_the_first(scores: TokenScores, start: int, end: int) -> Iterator[float]:
    """Yield the likelihood of the pieces that touch a stretch of text, but for the first of them."""
    at, inside = 0, False
    for piece, logprob in zip(scores.tokens, scores.logprobs, strict=True):
        before, at = at, at + len(piece)
        if before < end and at > start:
            if inside:
                yield logprob
            inside = True
