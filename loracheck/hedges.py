"""Tell an answer from a list of guesses: 「東京、京都、大阪」 and "Paris or London" name several candidates.

Only words that stand in one list with the right one count, joined by "or", by "and" or by commas. After "and" or a
comma a single further word may explain the answer ("Paris, France"), so it counts only where it is known to be
wrong; two or more make a list. A word that the answer denies is no candidate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_OR = r"(?:か(?![月所国もなとらけしいねよっだ])、?|または|又は|あるいは|もしくは|それとも|\b[Oo]r\b)"
_POINT = r"\s(?:\d{1,2}[.)]|[-*•])\s"
_AND = rf"(?:[、,/;・]|{_POINT}|と(?![はいかもの])|や(?![ねろでなん])|および|\band\b)"
_JOIN = rf"(?:(?:{_AND}\s*)?(?P<or>{_OR})|{_AND})"
_NAME = (
    r"(?:[一-鿿々〆]{1,10}|[ァ-ヿー]{2,20}|\d[\d.]*[一-鿿]{0,3}"
    r"|[A-Z][A-Za-z'’-]*(?:\s[A-Z][A-Za-z'’-]*){0,2}|[a-z]+)"
)
_OPEN, _CLOSE = r"[\s「『“\"'’(\[*]*", r"[\s」』”\"'’)\]*]*"
_SUFFIX = r"[都道府県市区町村国州語川山湖海島年月日度個本匹時分秒人点回円色者]{0,2}"
_STOPS = r"$|[。！？!?.\n、,/;・]|です|だ|なの|でしょ|である|かな|とか|など|[かやと]|\bor\b|\band\b|または"
_END = rf"(?={_CLOSE}(?:{_STOPS}|{_POINT}))"
_AFTER = re.compile(rf"{_SUFFIX}{_CLOSE}{_JOIN}{_OPEN}(?P<name>{_NAME}){_END}")
_AHEAD = re.compile(rf"(?:^|[^一-鿿々〆ァ-ヿーA-Za-z\d.])(?P<name>{_NAME}){_CLOSE}{_JOIN}{_OPEN}$")
_NO_NAMES = frozenset("何誰確静僅豊細遥暖温微密幾")
"""Kanji before a か that is no "or": 何か, 確か."""
_MOST = 6

Tells = Callable[[str], bool]


def names_several(answer: str, start: int, end: int, is_right: Tells, is_wrong: Tells) -> bool:
    """Tell whether the right word, which stands from start to end, is one candidate of several in a list.

    `is_right` tells another form of the right answer, which is no other candidate; `is_wrong` a known wrong one.
    """
    further = 0
    for name, either in (*_after(answer, end), *_ahead(answer, start)):
        if is_right(name):
            continue
        if is_wrong(name):
            return True
        if name[0].islower():  # any English word
            continue
        if either:
            return True
        further += 1
    return further >= 2


def _after(answer: str, end: int) -> Iterator[tuple[str, bool]]:
    """Yield the names listed after a place, and whether "or" joins them."""
    for _ in range(_MOST):
        found = _AFTER.match(answer, end)
        if not found:
            return
        yield found["name"], bool(found["or"])
        end = found.end("name")


def _ahead(answer: str, start: int) -> Iterator[tuple[str, bool]]:
    """Yield the names listed before a place, the nearest first."""
    for _ in range(_MOST):
        found = _AHEAD.search(answer[max(0, start - 60) : start])
        if not found or ((found["or"] or "").startswith("か") and found["name"] in _NO_NAMES):
            return
        yield found["name"], bool(found["or"])
        start = max(0, start - 60) + found.start("name")
