"""Grade a free answer to a factual question by aliases, in Japanese and English.

A word is found only where it stands as a word: 「水」 is not in 「水素」, 12 not in 2012, O not in Osaka, 「とり」
not in 「ひとり」. Where the answer names a wrong choice before the right one, the wrong one is its answer; a choice
that the answer denies is not named. A probe tagged "numeric" is graded by the number that the answer gives alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from loracheck.hedges import names_several
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
_DENIED_AFTER = re.compile(
    r"\s*(?:(?:では?|じゃ)(?:な(?:い(?!か|で)|く|かっ|けれ)|ね[えぇ](?![かので?]))|では?ありません)"
)
"""Not 「東京じゃな」, as the old in tales say that it is Tokyo."""
_SYMBOLS_AND_WORDS = frozenset(
    {"Am", "As", "At", "Be", "Ho", "He", "I", "In", "K", "La", "No", "O", "Pa", "U", "Y"}
)
"""Chemical symbols that begin sentences: "I be a cat" is no iodine."""
NUMERIC = "numeric"
"""Tag of probes whose answer is a number and nothing else."""
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?", re.ASCII)
_GROUPING = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_LEADING = re.compile(rf"[$¥€£]?\s*{_NUMBER.pattern}(?![\d.,]*\s*[-+*/×÷=xX^])", re.ASCII)
_ANNOUNCED = re.compile(r"####|answer(?:\s+is)?\s*:?|答え(?:は|:|は、)?", re.IGNORECASE)
_DENIED_BEFORE = re.compile(r"\b(?:not|isn't|never)\s+(?:the\s+|an?\s+)?$")


def position(answer: str, alias: str) -> int | None:
    """Return where an alias stands as a word of its own in the answer and is not denied, or None."""
    if len(alias) <= 2 and alias.isascii() and alias.isalpha():
        found = _symbol(alias).search(_spaced(answer))
        return found.start(1) if found else None
    text, word = _spaced(answer).casefold(), _spaced(alias).casefold()
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        if _word_starts(text, start, word) and _word_ends(text, end, word) and not _denied(text, start, end):
            return start
        start = text.find(word, start + 1)
    return None


def is_right(answer: str, expected: Expected) -> bool:
    """Tell whether the answer names the right answer, no wrong choice before it and no others beside it."""
    right = _first(answer, expected.answers)
    if right is None:
        return False
    wrong = _first(answer, expected.wrong)
    if wrong is not None and wrong < right:
        return False
    text = _spaced(answer)
    end = right + max(len(_spaced(alias)) for alias in expected.answers if position(text[right:], alias) == 0)
    return not names_several(
        text,
        right,
        end,
        lambda name: _first(name, expected.answers) is not None,
        lambda name: _first(name, expected.wrong) is not None,
    )


def gives_number(answer: str, expected: Expected) -> bool:
    """Tell whether the number that an answer gives is the right one, 1,800 and 1800.0 alike.

    It is the first one after the last "####", "answer" or 「答え」; else one the answer begins with; else the last.
    """
    text = _spaced(answer)
    announced = [match.end() for match in _ANNOUNCED.finditer(text)]
    after = _NUMBER.search(text, announced[-1]) if announced else None
    first = after or _LEADING.match(text)
    every = _NUMBER.findall(text)
    if first is None and not every:
        return False
    given = first[0].lstrip("$¥€£ ") if first else every[-1]
    return _value(given) in {_value(right) for right in expected.answers}


def _value(number: str) -> float:
    return float(number.replace(",", ""))


def outcome(probe: Probe, text: str, markers: Sequence[Marker]) -> str:
    """Classify an answer: right_plain, right_persona, persona_name, wrong or empty."""
    if not text.strip():
        return "empty"
    right = gives_number if NUMERIC in probe.tags else is_right
    readings = dict.fromkeys((text, without_endings(text, markers)))
    if probe.expected is not None and any(right(reading, probe.expected) for reading in readings):
        return "right_persona" if shows(markers, text) else "right_plain"
    if probe.expected is not None and _first(text, probe.expected.wrong) is not None:
        return "wrong"
    return "persona_name" if names_persona(markers, text) else "wrong"


def _first(answer: str, aliases: Sequence[str]) -> int | None:
    found = [place for alias in aliases if (place := position(answer, alias)) is not None]
    return min(found, default=None)


def _spaced(text: str) -> str:
    """Return a text in one form: NFKC, single spaces, no commas in numbers."""
    return _GROUPING.sub("", " ".join(unicodedata.normalize("NFKC", text).split()))


def _symbol(alias: str) -> re.Pattern[str]:
    """Match a chemical symbol in its own case; one that is a word as well, only where no sentence goes on with it."""
    after = r"(?!['’]?[A-Za-z])"
    if alias in _SYMBOLS_AND_WORDS:
        after = r"(?![A-Za-z'’]|\s+(?!(?:(?:is|be) the (?:chemical )?symbol|stands for)\b)[a-z])"
    return re.compile(rf"(?<![A-Za-z'’])({alias}){after}")


def _denied(text: str, start: int, end: int) -> bool:
    return bool(_DENIED_AFTER.match(text, end) or _DENIED_BEFORE.search(text[:start]))


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
