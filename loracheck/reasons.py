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
}


def reason_name(code: str, language: UiLanguage = "en") -> str:
    """Return the display name of a reason."""
    return REASONS[code][language][0]


def explain(decision: Decision, language: UiLanguage = "en") -> str:
    """Say why a row ended up where it is, with the measured value and the limit."""
    values: dict[str, Any] = {"related": decision.related, **decision.values}
    return REASONS[decision.reason][language][1].format(**values)
