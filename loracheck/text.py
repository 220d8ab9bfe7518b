"""Normalisation, sentences, scripts and a guess at the language, for Japanese and English alike."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from loracheck.records import Language

_SENTENCE_END = re.compile(r"[。！？!?\n]+|\.(?=\s|$)")
_ASIDE = re.compile(r"\((?:笑|泣|汗|怒|爆)\)?$")
_KANA = re.compile(r"[぀-ヿㇰ-ㇿｦ-ﾟ]")
_HAN = re.compile(r"[㐀-䶿一-鿿々〆]")
_LATIN = re.compile(r"[A-Za-z]")
_LETTER = re.compile(r"[^\W\d_]")


def normalise(text: str) -> str:
    """Return the form for comparison: NFKC, case folded, white space removed. Never write it back."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def letters(text: str) -> str:
    """Return the letters and digits of the normalised text: punctuation makes no other question or answer."""
    return "".join(character for character in normalise(text) if character.isalnum())


def sentences(text: str) -> list[str]:
    """Split into sentences at Japanese and Latin full stops; quotes, emoji and other ornaments at their end go."""
    parts = (_bare_end(part.strip()) for part in _SENTENCE_END.split(unicodedata.normalize("NFKC", text)))
    return [part for part in parts if part]


def _bare_end(sentence: str) -> str:
    """Take off what follows the last letter or digit, a drawn-out vowel mark and an aside such as (笑)."""
    end = len(sentence)
    while end and (not sentence[end - 1].isalnum() or sentence[end - 1] == "ー"):
        end -= 1
    shorter = _ASIDE.sub("", sentence[:end])
    return _bare_end(shorter) if len(shorter) < end else shorter


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
    folded = unicodedata.normalize("NFKC", text)
    kana, han = len(_KANA.findall(folded)), len(_HAN.findall(folded))
    latin, letters = len(_LATIN.findall(folded)), len(_LETTER.findall(folded))
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


def visible(text: str) -> str:
    """Return the text with control characters made visible, fit for a terminal."""
    return "".join(
        character if character == " " or character.isprintable() else f"\\u{ord(character):04x}"
        for character in text
    )


def is_loop(text: str) -> bool:
    """Tell whether a text runs in a loop.

    Either its tail repeats a period of at most 300 characters three times or more over 15% of the text (and at
    least 12 characters), or more than half of its 8-character windows stand in it more than once.
    """
    folded = normalise(text)
    return periodic_tail(folded) >= max(12, 0.15 * len(folded)) or repeated_share(folded) > 0.5


def periodic_tail(text: str) -> int:
    """Return the length of the longest tail made of one period repeated at least three times, else 0."""
    best = 0
    for period in range(1, min(300, len(text) // 3) + 1):
        unit = text[-period:]
        end = len(text)
        while end >= period and text[end - period : end] == unit:
            end -= period
        if (len(text) - end) // period >= 3:
            best = max(best, len(text) - end)
    return best


def repeated_share(text: str, window: int = 8) -> float:
    """Return the share of character windows that occur more than once in the text."""
    windows = [text[i : i + window] for i in range(len(text) - window + 1)]
    if len(windows) < 2 * window:
        return 0.0
    counts = Counter(windows)
    return sum(count for count in counts.values() if count > 1) / len(windows)
