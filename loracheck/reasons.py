"""Why a row ended up where it is, as a sentence in English and in Japanese, from its code and its values."""

from __future__ import annotations

from typing import Any

from loracheck.records import Decision, UiLanguage

# Per code: the name of the rule, and the sentence, in each language.
REASONS: dict[str, dict[UiLanguage, tuple[str, str]]] = {
    "passed": {
        "en": ("Passed", "it passed every step"),
        "ja": ("合格", "すべての工程を通過しました"),
    },
    "unreadable": {
        "en": ("Unreadable row", "it could not be read: {message}"),
        "ja": ("読めない行", "読み取れませんでした: {message}"),
    },
    "exact_duplicate": {
        "en": ("Exact duplicate", "it repeats row {related} exactly"),
        "ja": ("完全な重複", "行{related}と完全に同じです"),
    },
    "near_duplicate": {
        "en": (
            "Near duplicate",
            "it nearly repeats row {related} (question {question:.2f}, reply {reply:.2f})",
        ),
        "ja": ("ほぼ重複", "行{related}とほぼ同じです(質問の類似度{question:.2f}、応答{reply:.2f})"),
    },
    "family_cap": {
        "en": (
            "Too many of one template",
            "it follows the same template as row {related}; one template may make up {limit:.0%} of the rows",
        ),
        "ja": ("同じ型の過多", "行{related}と同じ型の行です。一つの型が占めてよい割合は{limit:.0%}です"),
    },
    "personal_data": {
        "en": ("Personal data", "it holds personal data: {kinds}"),
        "ja": ("個人情報", "個人情報が含まれます: {kinds}"),
    },
}


def reason_name(code: str, language: UiLanguage = "en") -> str:
    """Return the display name of a reason."""
    return REASONS[code][language][0]


def explain(decision: Decision, language: UiLanguage = "en") -> str:
    """Say why a row ended up where it is, with the measured value and the limit."""
    values: dict[str, Any] = {"related": decision.related, **decision.values}
    return REASONS[decision.reason][language][1].format(**values)
