"""Kanji numerals as digits: 「三一日」 and 「三十一日」 are 「31日」, 「千九百年」 and 「一九〇〇年」 are one year."""

from __future__ import annotations

import re

_DIGITS = {kanji: i for i, kanji in enumerate("〇一二三四五六七八九")} | {"零": 0}
_TENS = {"十": 10, "百": 100, "千": 1000}
_MYRIAD = 10_000
_NUMERAL = re.compile(r"[〇零一二三四五六七八九十百千万]{2,}|[十百千](?![一-鿿])")
"""A digit alone is as often part of a word: 「一番」."""


def in_digits(text: str) -> str:
    """Return a text with its kanji numerals of two characters or more, and a ten, hundred or thousand, in digits."""
    return _NUMERAL.sub(lambda found: _digits(found[0]), text)


def _digits(numeral: str) -> str:
    if not set(numeral) & {*_TENS, "万"}:
        return "".join(str(_DIGITS[kanji]) for kanji in numeral)
    myriads, _, rest = numeral.rpartition("万")
    if "万" in myriads:
        return numeral
    upper = _below_myriad(myriads) if myriads else int("万" in numeral)
    lower = _below_myriad(rest)
    return numeral if upper is None or lower is None else str(upper * _MYRIAD + lower)


def _below_myriad(numeral: str) -> int | None:
    """Return the value of a numeral without 万; None where its parts do not descend."""
    total, last, digit = 0, _MYRIAD, None
    for kanji in numeral:
        if kanji in _TENS:
            unit = _TENS[kanji]
            if unit >= last:
                return None
            total, last, digit = total + (1 if digit is None else digit) * unit, unit, None
        elif digit is not None:
            return None
        else:
            digit = _DIGITS[kanji]
    return total + (digit or 0)
