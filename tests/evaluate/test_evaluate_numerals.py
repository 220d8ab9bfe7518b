"""Kanji numerals in an answer, graded as the digits that they are."""

from __future__ import annotations

import pytest

from loracheck.grading import outcome
from loracheck.records import Expected, Message, Probe


@pytest.mark.parametrize(
    ("answers", "wrong", "said", "found"),
    [
        (("31日", "31"), ("28日", "30日"), "三一日です。", "right_plain"),
        (("31日", "31"), ("28日", "30日"), "三十一日なのだ。", "right_plain"),
        (("31日", "31"), ("28日", "30日"), "三〇日です。", "wrong"),
        (("31日", "31"), ("28日", "30日"), "二八日か三一日です。", "wrong"),
        (("31日", "31"), ("28日", "30日"), "三一日ではなく二八日です。", "wrong"),
        (("1945年", "1945"), ("1939年",), "一九四五年に終わりました。", "right_plain"),
        (("1945年", "1945"), ("1939年",), "千九百四十五年です。", "right_plain"),
        (("1000キログラム", "1000"), ("100キログラム",), "千キログラムです。", "right_plain"),
        (("12000", "12000円"), ("1200円",), "一万二千円です。", "right_plain"),
        (("1000",), ("100",), "千葉です。", "wrong"),
        (("14",), ("13",), "百十百", "wrong"),
    ],
)
def test_kanji_numerals_are_read_as_the_digits_of_the_right_answer(
    answers: tuple[str, ...], wrong: tuple[str, ...], said: str, found: str
) -> None:
    probe = Probe(
        id="p",
        suite="facts-ja",
        messages=(Message(role="user", content="いくつですか？"),),
        language="ja",
        domain="out",
        expected=Expected(answers=answers, wrong=wrong),
    )
    assert outcome(probe, said, ()) == found
