"""Sentences that are made in English and shown in another language: looked up by their English, with {} in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter

Patterns = tuple[tuple[re.Pattern[str], str, frozenset[int]], ...]
# Fields may hold what strangers wrote: no text of theirs, however long or full of signs, keeps a message back.
_DEEPEST = 5
_LONGEST = 2000


def patterns(sentences: Mapping[str, str]) -> Patterns:
    """Return what finds a sentence by its English.

    Args:
        sentences: By the English; {} stands for what differs, and goes into the translation in the same order, or as
            {0}, {1}, ... in another one. {!s} stands for a name that someone gave, which is no sentence.
    """
    # The longest first: "{}{}, driver {}{}" would else take what a sentence with fewer fields says better.
    return tuple(
        (_pattern(key), sentences[key], _names(sentences[key]))
        for key in sorted(sentences, key=len, reverse=True)
    )


def translated(sentence: str, found: Patterns, depth: int = 0) -> str:
    """Return a sentence and those that stand in its fields in the other language; one unknown as it is."""
    if depth == _DEEPEST or len(sentence) > _LONGEST:
        return sentence
    for english, other, names in found:
        if match := english.fullmatch(sentence):
            fields = enumerate(match.groups())
            return other.format(
                *(field if place in names else translated(field, found, depth + 1) for place, field in fields)
            )
    return sentence


def _names(translation: str) -> frozenset[int]:
    """Return the places of the fields that stay as they are."""
    fields = [(name, kept) for _, name, _, kept in Formatter().parse(translation) if name is not None]
    return frozenset(int(name or place) for place, (name, kept) in enumerate(fields) if kept)


def _pattern(sentence: str) -> re.Pattern[str]:
    return re.compile(re.escape(sentence).replace(re.escape("{}"), "(.*?)"), re.DOTALL)
