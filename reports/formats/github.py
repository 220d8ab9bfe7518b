"""Verdicts as workflow commands of GitHub Actions: annotations, and the summary of the step.

GitHub shows ten errors and ten warnings of a step; what is over is named in the last one.
"""

from __future__ import annotations

import os
from pathlib import Path

from loracheck.records import EvaluationResult, Finding, UiLanguage
from loracheck.terminal import visible
from loracheck.words import Pair
from loracheck.words.findings import check_name, explain, verdict_word

MOST_ANNOTATIONS = 10
SUMMARY_LIMIT = 900_000
"""Bytes of a step's summary: GitHub refuses one over 1,024 KB."""
_MORE: Pair = {
    "en": "{} more checks; see the summary of the step.",
    "ja": "ほかに{}件の検査があります。ステップの要約を見てください。",
}


def commands(result: EvaluationResult, language: UiLanguage = "en") -> str:
    """Return a command for each check that failed or is open, and one for each adapter that may ship."""
    errors, warnings, notices = [], [], []
    for verdict in result.verdicts:
        if verdict.status == "ship":
            notices.append(_command("notice", verdict.adapter, verdict_word(verdict, language)))
        for finding in verdict.findings:
            if finding.status == "fail":
                errors.append(_of_finding("error", verdict.adapter, finding, language))
            elif finding.status == "inconclusive" and finding.required:
                warnings.append(_of_finding("warning", verdict.adapter, finding, language))
            elif finding.status == "waived":
                notices.append(_of_finding("notice", verdict.adapter, finding, language))
    lines = [*_capped("error", errors, language), *_capped("warning", warnings, language), *notices]
    return "".join(f"{line}\n" for line in lines)


def write_summary(text: str) -> Path | None:
    """Append Markdown to the summary of the step that runs; returns its file, None outside of GitHub Actions."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return None
    with Path(path).open("a", encoding="utf-8") as summary:
        summary.write(text)
    return Path(path)


def _of_finding(level: str, adapter: str, finding: Finding, language: UiLanguage) -> str:
    title = f"{adapter}: {check_name(finding.check, language)}"
    return _command(level, title, explain(finding, language))


def _command(level: str, title: str, message: str) -> str:
    shown = _data(f"loracheck, {title}").replace(":", "%3A").replace(",", "%2C")
    return f"::{level} title={shown}::{_data(message)}"


def _data(text: str) -> str:
    """Escape a text so that it cannot end the command or begin another."""
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _capped(level: str, found: list[str], language: UiLanguage) -> list[str]:
    if len(found) <= MOST_ANNOTATIONS:
        return found
    kept = found[: MOST_ANNOTATIONS - 1]
    left = len(found) - len(kept)
    return [*kept, _command(level, "more", _MORE[language].format(left))]
