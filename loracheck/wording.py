"""The sentences of findings and verdicts, in English and Japanese, for terminal and report alike."""

from __future__ import annotations

from typing import Literal

from loracheck.records import Estimate, Finding, Verdict

UiLanguage = Literal["en", "ja"]


def check_name(check: str, language: UiLanguage = "en") -> str:
    """Return the display name of a check."""
    raise KeyError(check)


def explain(finding: Finding, language: UiLanguage = "en") -> str:
    """Say in one sentence what a check found, with its number, interval, limit and n."""
    raise KeyError(finding.reason)


def verdict_word(verdict: Verdict, language: UiLanguage = "en") -> str:
    """Return the word for a verdict."""
    raise KeyError(verdict.status)


def number(estimate: Estimate) -> str:
    """Format an estimate with its interval and n."""
    raise KeyError(estimate.unit)
