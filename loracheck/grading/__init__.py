"""Grade a free answer to a factual question by aliases, in Japanese and English.

A word is found only where it stands as a word: 「水」 is not in 「水素」, 12 not in 2012, O not in Osaka, 「とり」
not in 「ひとり」. Where the answer names a wrong choice before the right one, the wrong one is its answer; a choice
that the answer denies is not named, and what it gives instead is its answer. Where the right answer has digits, kanji
numerals are read as digits, too. A probe tagged "numeric" is graded by the
number that the answer gives alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from loracheck.grading.hedges import names_several
from loracheck.grading.imitations import latin_for_imitated
from loracheck.grading.numerals import in_digits
from loracheck.grading.retractions import denied, gives_another
from loracheck.records import Expected, Marker, Probe
from loracheck.style.markers import names_persona, shows, without_endings
from loracheck.text import script_of

_SUFFIXES = "都道府県市区町村国州語川山湖海島年月日度個本匹時分秒人点回円色者"
"""Kanji that may follow a name or number without making another word of it."""
_AFTER_HIRAGANA = "なだでのとかにもをがは"
"""Particles and copulas that may follow a word in hiragana."""
_TALKED_AFTER = re.compile(
    r"(?:よ[ねな]?|ねー?|さー?|ぞ|ぜ|わ[よね]?|っす[よね]?|って|っぽい|っしょ|じゃ|や(?:で|な|ろ|ねん)|ばい|でっせ)"
    r"(?:$|[^ぁ-ん]|[なのかよねがとさ])"
)
"""Endings of talk that may follow a word in hiragana, when they end there or a copula goes on: とりやで、とりっす."""
_TALKED_KATAKANA = re.compile(
    r"(?:ニャン?|ニャー|デ[スェ]|デース|ザマス|ナリ|ッス|ゲソ|ズラ|ナノダ|ダヨ|ピョン)(?![ァ-ヺー])"
)
"""Endings of talk that may follow a word in katakana."""
_LONG_HIRAGANA = 3
"""From this length on a word in hiragana is hardly part of another one."""
_SYMBOLS_AND_WORDS = frozenset(
    {"Am", "As", "At", "Be", "Ho", "He", "I", "In", "K", "La", "No", "O", "Pa", "U", "Y"}
)
"""Chemical symbols that begin sentences: "I be a cat" is no iodine."""
NUMERIC = "numeric"
"""Tag of probes whose answer is a number and nothing else."""
_DIGIT = re.compile(r"\d", re.ASCII)
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?", re.ASCII)
_GROUPING = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_LEADING = re.compile(rf"[$¥€£]?\s*{_NUMBER.pattern}(?![\d.,]*\s*[-+*/×÷=xX^])", re.ASCII)
_ANNOUNCED = re.compile(r"####|answer(?:\s+is)?\s*:?|答え(?:は|:|は、)?", re.IGNORECASE)
_CIRCLED = re.compile(r"[①-⑳⑴-⒇⒈-⒛❶-❿]")
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff]"
)
"""Characters of no width, which take a word apart for us and not for who reads it."""


def position(answer: str, alias: str) -> int | None:
    """Return where an alias stands as a word of its own in the answer and is not denied, or None."""
    if len(alias) <= 2 and alias.isascii() and alias.isalpha():
        spaced = _spaced(answer)
        named = (found.span(1) for found in _symbol(alias).finditer(spaced))
        return next((start for start, end in named if not denied(spaced, start, end)), None)
    text, word = _spaced(answer).casefold(), _spaced(alias).casefold()
    start = text.find(word) if word else -1
    while start >= 0:
        end = start + len(word)
        if _word_starts(text, start, word) and _word_ends(text, end, word) and not denied(text, start, end):
            return start
        start = text.find(word, start + 1)
    return None


def is_right(answer: str, expected: Expected) -> bool:
    """Tell whether the answer names the right answer, and no other before it, beside it or instead of it.

    Words that imitate Latin letters by others are read for what they look like, which may speak against the answer; the
    right one has to stand there in its own letters.
    """
    text = latin_for_imitated(_spaced(answer))
    right = _first(text, expected.answers)
    if right is None or _first(answer, expected.answers) is None:
        return False
    wrong = _first(text, expected.wrong)
    if wrong is not None and wrong < right:
        return False
    end = right + max(len(_spaced(alias)) for alias in expected.answers if position(text[right:], alias) == 0)

    def names_right(name: str) -> bool:
        return _first(name, expected.answers) is not None

    def names_wrong(name: str) -> bool:
        return _first(name, expected.wrong) is not None

    return not (
        names_several(text, right, end, names_right, names_wrong)
        or gives_another(text, names_right, names_wrong)
    )


def gives_number(answer: str, expected: Expected) -> bool:
    """Tell whether the number that an answer gives is the right one, 1,800 and 1800.0 alike.

    It is the first one after the last "####", "answer" or 「答え」; else one the answer begins with; else the last.
    """
    text = _spaced(answer)
    announced = [match.end() for match in _ANNOUNCED.finditer(text)]
    every = [found for found in _NUMBER.finditer(text) if not denied(text, *found.span())]
    after = next((found for found in every if announced and found.start() >= announced[-1]), None)
    leading = _LEADING.match(text)
    first = after or (leading if leading and not denied(text, *leading.span()) else None)
    if first is None and not every:
        return False
    given = first[0].lstrip("$¥€£ ") if first else every[-1][0]
    return _value(given) in {_value(right) for right in expected.answers}


def _value(number: str) -> float:
    return float(number.replace(",", ""))


def outcome(probe: Probe, text: str, markers: Sequence[Marker]) -> str:
    """Classify an answer: right_plain, right_persona, persona_name, wrong or empty."""
    if not text.strip():
        return "empty"
    right = gives_number if NUMERIC in probe.tags else is_right
    readings = dict.fromkeys((text, without_endings(text, markers)))
    if probe.expected is not None and any(map(_DIGIT.search, probe.expected.answers)):
        readings |= dict.fromkeys(in_digits(_spaced(reading)) for reading in tuple(readings))
    if probe.expected is not None and any(right(reading, probe.expected) for reading in readings):
        return "right_persona" if shows(markers, text) else "right_plain"
    if probe.expected is not None and _first(text, probe.expected.wrong) is not None:
        return "wrong"
    return "persona_name" if names_persona(markers, text) else "wrong"


def _first(answer: str, aliases: Sequence[str]) -> int | None:
    found = [place for alias in aliases if (place := position(answer, alias)) is not None]
    return min(found, default=None)


@lru_cache(maxsize=64)  # one answer is asked for every alias
def _spaced(text: str) -> str:
    """Return a text in one form: NFKC, nothing unseen, single spaces and line breaks, no commas in numbers."""
    plain = _UNSEEN.sub("", unicodedata.normalize("NFKC", _CIRCLED.sub("、", text)))
    lines = (" ".join(line.split()) for line in plain.splitlines())
    return _GROUPING.sub("", "\n".join(line for line in lines if line))


def _symbol(alias: str) -> re.Pattern[str]:
    """Match a chemical symbol in its own case; one that is a word as well, only where no sentence goes on with it."""
    after = r"(?!['’]?[A-Za-z])"
    if alias in _SYMBOLS_AND_WORDS:
        after = r"(?![A-Za-z'’]|\s+(?!(?:(?:is|be) the (?:chemical )?symbol|stands for)\b)[a-z])"
    return re.compile(rf"(?<![A-Za-z'’])({alias}){after}")


def _word_starts(text: str, start: int, word: str) -> bool:
    if start == 0:
        return True
    before, first = text[start - 1], script_of(word[0])
    if first == "digit":
        return script_of(before) != "digit" and not (before in ".,-" and text[max(0, start - 2)].isdigit())
    if first == "hiragana":
        return script_of(before) != "hiragana" or before == "は" or len(word) >= _LONG_HIRAGANA
    return script_of(before) != first


def _word_ends(text: str, end: int, word: str) -> bool:
    if end == len(text):
        return True
    after, last = text[end], script_of(word[-1])
    if last == "digit":
        decimal = after in ".," and text[end + 1 : end + 2].isdigit()
        return script_of(after) != "digit" and not decimal
    if last == "hiragana":
        if script_of(after) != "hiragana" or after in _AFTER_HIRAGANA or len(word) >= _LONG_HIRAGANA:
            return True
        return bool(_TALKED_AFTER.match(text, end))
    if last == "kanji":
        return script_of(after) != "kanji" or after in _SUFFIXES or len(word) > 2
    if last == "katakana":
        return script_of(after) != "katakana" or bool(_TALKED_KATAKANA.match(text, end))
    return last != "latin" or script_of(after) != "latin"
