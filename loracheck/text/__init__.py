"""Normalisation, sentences, scripts and a guess at the language, for Japanese and English alike."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import numpy as np

from loracheck import jsonl
from loracheck.records import Language
from loracheck.text.grams import gram_hashes
from loracheck.text.scripts import count_scripts

_ORNAMENT = re.compile(r"[\W_]+")
SENTENCE_END = re.compile(r"[。！？!?\n]+|\.(?=\s|$)")
_NUMBERED = re.compile(r"^[^\S\n]*\d{1,4}(?=[.)．）]\s*\S)", re.MULTILINE)
_NUMBER = re.compile(r"\d{1,4}")
_LEAST_COUNTED = 20
"""So many steps by one from number to number are no answer that anybody reads; a list of twenty is one."""
_LEAST_BESIDE = 4
_WINDOW = 8
_ROW = re.compile(r"([^\w\s]|w|は)\1{2,}|(ha)(?:ha){2,}h?")
_LONGEST_ROW = 40
_ASIDES = ("(笑", "(泣", "(汗", "(怒", "(爆")
_KANA = re.compile(r"[぀-ヿㇰ-ㇿｦ-ﾟ]")
_HAN = re.compile(r"[㐀-䶿一-鿿々〆]")


@lru_cache(maxsize=64)  # one row's texts are asked for many times over
def normalise(text: str) -> str:
    """Return the form for comparison: NFKC, case folded, white space removed. Never write it back."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def letters(text: str) -> str:
    """Return the letters and digits of the normalised text: punctuation makes no other question or answer."""
    return _ORNAMENT.sub("", normalise(text))


def sentences(text: str) -> list[str]:
    """Split into sentences at Japanese and Latin full stops; quotes, emoji and other ornaments at their end go."""
    parts = (_bare_end(part.strip()) for part in SENTENCE_END.split(unicodedata.normalize("NFKC", text)))
    return [part for part in parts if part]


def _bare_end(sentence: str) -> str:
    """Take off what follows the last letter or digit, a drawn-out vowel mark and an aside such as (笑)."""
    end = len(sentence)
    while end:
        if not sentence[end - 1].isalnum() or sentence[end - 1] == "ー":
            end -= 1
        elif sentence.endswith(_ASIDES, 0, end):
            end -= len(_ASIDES[0])
        else:
            break
    return sentence[:end]


def ngrams(text: str, size: int) -> set[str]:
    """Return the set of code-point n-grams; a text shorter than the size is its own single gram."""
    if not text:
        return set()
    return {text[i : i + size] for i in range(max(1, len(text) - size + 1))}


def language_of(text: str) -> Language:
    """Guess the language by script: kana means Japanese, Latin letters alone English.

    Text of Han characters without kana is counted as Japanese when it is a short answer (at most 12
    characters, as 「東京都」), else as another language.
    """
    kana, han, latin, letters = count_scripts(unicodedata.normalize("NFKC", text))
    if letters == 0:
        return "other"
    if kana >= 0.05 * letters and kana + han >= 0.2 * letters:
        return "ja"
    if han > 0.5 * letters:
        return "ja" if letters <= 12 else "other"
    return "en" if latin >= 0.8 * letters else "other"


def script_of(character: str) -> str:
    """Return the script class of one character: kanji, hiragana, katakana, latin, digit or other."""
    if _HAN.match(character):
        return "kanji"
    if "぀" <= character <= "ゟ":
        return "hiragana"
    if _KANA.match(character) and character != "・":
        return "katakana"
    if character.isdigit():
        return "digit"
    return "latin" if character.isalpha() else "other"


def is_loop(text: str) -> bool:
    """Tell whether a text runs in a loop.

    Either its tail repeats a period of at most 300 characters three times or more over 15% of the text (and at
    least 12 characters), or more than half of its 8-character windows stand in it more than once. Rows of marks and
    laughter beside something else count once, and so do the numbers of a list: one of the same word is a loop, and so
    is counting on and on. The keys of JSON recur by nature, so there its values must, too.
    """
    told = _counted(text)
    return _recurs(told) and _recurs(_values(told))


def _recurs(text: str) -> bool:
    folded = normalise(text)
    plain = _ROW.sub(lambda row: row[1] or row[2] if len(row[0]) <= _LONGEST_ROW else row[0], folded)
    if len(plain) >= _LEAST_BESIDE:  # ornaments of something, and not all there is
        folded = plain
    return periodic_tail(folded) >= max(12, 0.15 * len(folded)) or repeated_share(folded) > 0.5


def _counted(text: str) -> str:
    """Return a text with the numbers of a list's items alike, where they count on, and all of a long count."""
    numbers = [int(found[0]) for found in _NUMBERED.finditer(text)]
    counts_on = len(numbers) > 2 and all(b == a + 1 for a, b in pairwise(numbers))
    told = _NUMBERED.sub("1", text) if counts_on else text
    numbers = [int(found[0]) for found in _NUMBER.finditer(told)]
    counted = sum(b == a + 1 for a, b in pairwise(numbers))
    return _NUMBER.sub("1", told) if _LEAST_COUNTED <= counted >= 0.9 * (len(numbers) - 1) else told


def _values(text: str) -> str:
    """Return the values of a text that is JSON, whose keys recur by nature, and any other text as it is."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return "\n".join(_leaves(jsonl.parse(text)))
    except ValueError:
        return text


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _leaves(part)
    else:
        yield str(value)


def periodic_tail(text: str) -> int:
    """Return the length of the longest tail made of one period repeated at least three times, else 0."""
    best, length = 0, len(text)
    for period in _periods(text, min(300, length // 3)):
        unit = text[-period:]
        end = length
        while end >= period and text[end - period : end] == unit:
            end -= period
        if (length - end) // period >= 3:
            best = max(best, length - end)
    return best


def _periods(text: str, longest: int) -> Iterator[int]:
    """Yield the periods that a tail could have: where its last character stood before."""
    at = len(text) - 1
    lowest = at - longest
    while longest and (at := text.rfind(text[-1], lowest, at)) >= 0:
        yield len(text) - 1 - at


def repeated_share(text: str) -> float:
    """Return the share of windows of eight characters that occur more than once in the text."""
    hashes = gram_hashes(text, _WINDOW)
    if len(hashes) < 2 * _WINDOW:
        return 0.0
    hashes.sort()
    same = hashes[1:] == hashes[:-1]
    if not same.any():
        return 0.0
    repeated = np.zeros(len(hashes), dtype=bool)
    repeated[1:] |= same
    repeated[:-1] |= same
    return float(repeated.mean())
