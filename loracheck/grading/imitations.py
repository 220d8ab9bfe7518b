"""Words that look Latin and hold letters of another alphabet: a search passes them by, and a reader sees no other."""

from __future__ import annotations

import re

_CYRILLIC = "АВЕЅІЈКМНОРСТУХаеѕіјорсухһԁԛԝ"
_LATIN_OF_CYRILLIC = "ABESIJKMHOPCTYXaesijopcyxhdqw"
_GREEK = "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο"
_LATIN_OF_GREEK = "ABEZHIKMNOPTYXo"
_LATIN_OF = str.maketrans(_CYRILLIC + _GREEK, _LATIN_OF_CYRILLIC + _LATIN_OF_GREEK)
"""Not α, ν and ρ, which stand in names of science: TNFα."""
_ALIKE = re.compile(f"[{_CYRILLIC}{_GREEK}]")
_WORD = re.compile(r"[A-Za-z\u00c0-\u024f\u0370-\u052f]+")
"""Latin, Greek and Cyrillic letters."""


def latin_for_imitated(text: str) -> str:
    """Return a text whose words of Latin letters and others that look alike are Latin throughout.

    A word that holds one more letter of another alphabet is its own, and so is one without a Latin letter. Every
    character keeps its place.
    """
    return _WORD.sub(_latin, text) if _ALIKE.search(text) else text


def _latin(word: re.Match[str]) -> str:
    latin = word[0].translate(_LATIN_OF)
    mixed = any(character.isascii() for character in word[0])
    return latin if mixed and latin.isascii() else word[0]
