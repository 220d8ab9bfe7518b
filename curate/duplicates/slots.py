"""Tell an edited copy from a sibling: two rows of one template that differ in numbers or names only.

A typing error changes a character inside a word, a lost or added block has no counterpart; a filled slot is a
whole number or a whole name that stands in for another. Edit distance alone cannot tell them apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from rapidfuzz.distance import Levenshtein

from loracheck.curate.fields import Fields

_TOKEN = re.compile(r"\d+|[^\W\d_぀-ヿ㐀-鿿々ー]+|[ァ-ヺー]+|[㐀-鿿々]+|[ぁ-ゟ]+|\S")
_CONTENT = re.compile(r"[^\W_ぁ-ゟ]")
_LONGEST_SLOT = 4
"""Tokens that one slot may hold on either side."""


def differing_slots(one: Fields, other: Fields) -> list[tuple[str, str]] | None:
    """Return the pairs of fillers if two rows differ in slots only, else None.

    Every difference must replace whole tokens of content (a number, a Latin, katakana or kanji word) by others.
    A number for a number is a slot; so is the same replacement made twice; any other word counts when at least
    two edits part it from the one it replaces.
    """
    changes: list[tuple[str, str]] = []
    for mine, its in zip(one, other, strict=True):
        first, second = _tokens(mine), _tokens(its)
        if first == second:
            continue
        for step in Levenshtein.opcodes(first, second):
            if step.tag == "equal":
                continue
            a = first[step.src_start : step.src_end]
            b = second[step.dest_start : step.dest_end]
            if not a or not b or max(len(a), len(b)) > _LONGEST_SLOT:
                return None
            changes += _aligned(a, b)
    if not changes:
        return None
    twice = {pair for pair, count in Counter(changes).items() if count > 1}
    return changes if all(_is_slot(a, b, (a, b) in twice) for a, b in changes) else None


def skeleton(fields: Fields, fillers: set[str]) -> str:
    """Return the text of a row with the fillers of its slots written as …."""
    return " / ".join(
        "".join("…" if token in fillers else token for token in _pieces(text)) for text in fields if text
    )


def _is_slot(a: str, b: str, twice: bool) -> bool:
    if a.isdigit() and b.isdigit():
        return True
    if not (_CONTENT.search(a) and _CONTENT.search(b)):
        return False
    return twice or Levenshtein.distance(a, b) >= max(2, 0.5 * max(len(a), len(b)))


def _aligned(a: list[str], b: list[str]) -> list[tuple[str, str]]:
    if len(a) == len(b):
        return [(x, y) for x, y in zip(a, b, strict=True) if x != y]
    return [(" ".join(a), " ".join(b))]


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())


def _pieces(text: str) -> list[str]:
    return re.findall(rf"{_TOKEN.pattern}|\s+", unicodedata.normalize("NFKC", text).casefold())
