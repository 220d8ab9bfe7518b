"""Tell an answer from a list of guesses: 「東京、京都、大阪」 and "Paris or London" name several candidates.

Only words that stand in one list with the right one count, joined by "or", by "and", by commas, other marks or line
breaks. After "and" or a mark a single further word may explain the answer ("Paris, France"), so it counts only where it
is known to be wrong; two or more make a list. Where nothing but a space or a quote stands between, it counts only where
it is known to be wrong. A word that the answer denies is no candidate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_OR = r"(?:か(?![月所国もなとらけしいねよっだ])、?|または|又は|あるいは|もしくは|それとも|\b[Oo]r\b)"
_POINT = r"\s(?:\d{1,2}[.)]|[A-Fa-fア-オ][.):]|[-*•])\s"
_SIGN = r"(?<!\d)(?<!\d )(?:[&+<>=~〜→⇒⇔↔–—]|-+>?)(?! ?\d)"
"""No list: 5 + 7 = 12."""
_MARK = rf"[、,/;・\n|]|{_SIGN}"
_AND = rf"(?:{_POINT}|{_MARK}|と(?![はいかもの])|や(?![ねろでなん])|および|\b(?:and|vs\.?)(?!\w))"
_QUOTE = r"[「『“\"(\[]"
_JOIN = rf"(?:(?:{_AND}\s*)?(?P<or>{_OR})|{_AND})"
NAME = (
    r"(?:[一-鿿々〆]{1,10}|[ァ-ヿー]{2,20}|\d[\d.]*[一-鿿]{0,3}"
    r"|[A-Z][A-Za-z'’-]*(?: [A-Z][A-Za-z'’-]*){0,2}|[a-z]+)"
)
OPEN, CLOSE = r"[ 「『“\"'’(\[*]{0,8}", r"[ 」』”\"'’)\]*]{0,8}"
SUFFIX = r"[都道府県市区町村国州語川山湖海島年月日度個本匹時分秒人点回円色者]{0,2}"
_STOPS = rf"$|[。！？!?.]|{_MARK}|です|だ|なの|でしょ|である|かな|とか|など|[かやと]|\bor\b|\band\b|または"
_END = rf"(?={CLOSE}(?:{_STOPS}|{_POINT}))"
_NEXT = rf"(?P<next>(?!(?i:not|never)\b){NAME})(?:{_END}|(?={CLOSE}(?:{_QUOTE}| (?=[A-Z一-鿿ァ-ヺ]))))"
_AFTER = re.compile(
    rf"{SUFFIX}{CLOSE}(?:{_JOIN}{OPEN}(?P<name>{NAME}){_END}|(?: |(?={_QUOTE})){OPEN}{_NEXT})"
)
_AHEAD = re.compile(rf"(?:^|[^一-鿿々〆ァ-ヿーA-Za-z\d.])(?P<name>{NAME}){CLOSE}{_JOIN}{OPEN}$")
_NO_NAMES = frozenset("何誰確静僅豊細遥暖温微密幾")
"""Kanji before a か that is no "or": 何か, 確か."""
_MOST = 6

Tells = Callable[[str], bool]


def names_several(answer: str, start: int, end: int, is_right: Tells, is_wrong: Tells) -> bool:
    """Tell whether the right word, which stands from start to end, is one candidate of several in a list.

    `is_right` tells another form of the right answer, which is no other candidate; `is_wrong` a known wrong one.
    """
    further = 0
    for name, joined in (*_after(answer, end), *_ahead(answer, start)):
        if is_right(name):
            continue
        if is_wrong(name):
            return True
        if name[0].islower() or joined == "bare":  # any English word, or the next one
            continue
        if joined == "or":
            return True
        further += 1
    return further >= 2


def _after(answer: str, end: int) -> Iterator[tuple[str, str]]:
    """Yield the names listed after a place, and what joins them: "or", "and" or "bare"."""
    for _ in range(_MOST):
        found = _AFTER.match(answer, end)
        if not found:
            return
        yield found["name"] or found["next"], "or" if found["or"] else "and" if found["name"] else "bare"
        end = found.end("name" if found["name"] else "next")


def _ahead(answer: str, start: int) -> Iterator[tuple[str, str]]:
    """Yield the names listed before a place, the nearest first."""
    for _ in range(_MOST):
        found = _AHEAD.search(answer[max(0, start - 60) : start])
        if not found or ((found["or"] or "").startswith("か") and found["name"] in _NO_NAMES):
            return
        yield found["name"], "or" if found["or"] else "and"
        start = max(0, start - 60) + found.start("name")
