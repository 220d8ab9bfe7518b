"""Answers that hide a word by letters of another alphabet: what speaks against the answer is seen all the same."""

from __future__ import annotations

import pytest

from loracheck.grading import is_right
from loracheck.grading.imitations import latin_for_imitated
from loracheck.records import Expected


@pytest.mark.parametrize(
    "answer",
    [
        "The answer is Kуoto. Tokyo is nice.",
        "Kуoto, Tokyo",
        "Tokyo is wrоng.",
        "Tokyo? Nо, it is Kyoto.",
        "Tokyo and Оsaka",
        "答えはΟsakaです。Tokyoも大きい町です。",
        "Tоkyо",
        "Токуо, or Tоkyo.",
    ],
)
def test_letters_that_look_like_latin_ones_hide_no_wrong_answer_and_write_no_right_one(answer: str) -> None:
    assert not is_right(answer, Expected(answers=("Tokyo",), wrong=("Osaka", "Kyoto")))


@pytest.mark.parametrize("answer", ["Столица: Tokyo", "Tokyo (Токио), не Осака.", "Tokyo, β-Osakaаб"])
def test_words_of_another_alphabet_are_their_own(answer: str) -> None:
    assert is_right(answer, Expected(answers=("Tokyo",), wrong=("Osaka", "Kyoto")))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Brоwn, TЕST", "Brown, TEST"),
        ("CО2", "CO2"),
        ("TNFα ΔH μm кВт Яndex Cитуация Москва о", None),
        ("o" + "о" * 100_000, "o" * 100_001),
        ("о" * 100_000, None),
    ],
)
def test_only_a_word_that_mixes_latin_letters_and_their_likes_is_read_as_latin(
    text: str, read: str | None
) -> None:
    assert latin_for_imitated(text) == (text if read is None else read)
