"""Codes of reasons and of their values become words; values that the sentence holds are not said again."""

from __future__ import annotations

from typing import get_args

import pytest

from loracheck.records import UiLanguage
from loracheck.records.curation import Decision
from loracheck.text.pii import KINDS
from loracheck.words.decisions import REASONS, explain, reason_name, unsaid

LANGUAGES: tuple[UiLanguage, ...] = get_args(UiLanguage)


def decision(reason: str, **values: object) -> Decision:
    return Decision(example_id="a-1", outcome="dropped", stage="s", reason=reason, values=values)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_personal_data_has_words(kind: str, language: UiLanguage) -> None:
    said = explain(decision("personal_data", kinds=kind), language)
    assert not said.endswith(f": {kind}")


def test_several_codes_are_joined_as_the_language_does() -> None:
    row = decision("personal_data", kinds="email, phone")
    assert explain(row, "en") == "it holds personal data: an e-mail address, a phone number"
    assert explain(row, "ja") == "個人情報が含まれます: メールアドレス、電話番号"


@pytest.mark.parametrize(("how", "words"), [("equal", "同じ質問"), ("contains", "全文"), ("run", "長い一部")])
def test_how_a_row_is_contaminated_is_said_in_words(how: str, words: str) -> None:
    row = decision("contaminated", source="facts-ja", probe="f1", how=how, overlap="日本の首都は")
    assert explain(row, "ja") == f"facts-jaの問題を含みます({words}): 日本の首都は"


def test_a_code_of_another_version_stands_for_itself() -> None:
    assert explain(decision("personal_data", kinds="iris_scan"), "ja").endswith("iris_scan")
    assert explain(decision("brand_new", x=1)) == reason_name("brand_new") == "brand new"


def test_only_values_that_the_sentence_does_not_hold_are_left_to_say() -> None:
    row = decision("near_duplicate", question=1.0, reply=0.82, context=0.5)
    assert unsaid(row) == {"context": 0.5}
    assert unsaid(decision("brand_new", x=1)) == {"x": 1}


@pytest.mark.parametrize("reason", REASONS)
def test_both_sentences_of_a_reason_hold_the_same_values(reason: str) -> None:
    """Else a value would be unsaid in one language only."""
    fields = {language: REASONS[reason][language][1].count("{") for language in LANGUAGES}
    assert len(set(fields.values())) == 1, fields
