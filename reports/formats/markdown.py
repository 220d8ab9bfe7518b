"""Verdicts as Markdown, for a pull request's comment or a step's summary.

Every text that a model or a data set could have written stands in code or is escaped: it is shown and never read as
Markdown, HTML or a mention.
"""

from __future__ import annotations

import html
import re

from loracheck.records import BASE_ARM, EvaluationResult, Finding, Status, UiLanguage, Verdict
from loracheck.terminal import visible
from loracheck.words import Pair
from loracheck.words.findings import (
    amount,
    check_name,
    explain,
    false_alarms,
    number,
    remarks,
    status_word,
    verdict_word,
)

COMMENT_LIMIT = 65_536
"""Characters that GitHub takes as a comment; a step's summary may hold 1,024 KB."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~@$-])")
_MARKS = {"pass": "✅", "fail": "❌", "inconclusive": "❔", "info": "ℹ️", "waived": "⚠️"}
_VERDICTS = {"ship": "✅", "hold": "❌", "inconclusive": "❔"}
_CUT: Pair = {
    "en": "\n\n_Cut at {limit:,} characters; `loracheck gate` prints all of it._\n",
    "ja": "\n\n_{limit:,}文字で切りました。`loracheck gate` ですべて表示できます。_\n",
}
_STYLE: Pair = {"en": "Style of the training data: {}", "ja": "学習データの口調: {}"}
_POLICY: Pair = {
    "en": "Policy {}, hash {}, alpha {:g}",
    "ja": "ポリシー {}、ハッシュ {}、alpha {:g}",
}
_HEAD: Pair = {
    "en": "| | check | number (95% interval) | limit | what was found |",
    "ja": "| | 検査 | 数値(95%区間) | 限度 | 分かったこと |",
}
_ANSWERS: Pair = {"en": "Answers of {}", "ja": "{}の応答"}


def markdown(result: EvaluationResult, limit: int = COMMENT_LIMIT, language: UiLanguage = "en") -> str:
    """Return the verdicts with their findings; what would go beyond the limit is cut, and that is said."""
    text = "\n\n".join(_verdict(verdict, language) for verdict in result.verdicts) + "\n"
    if result.markers:
        style = ", ".join(code(marker.text) for marker in result.markers)
        text += f"\n{_STYLE[language].format(style)}\n"
    if result.false_alarms:
        text += "\n" + "".join(f"{escaped(said)}  \n" for said in false_alarms(result.false_alarms, language))
    if len(text.encode()) <= limit:
        return text
    note = _CUT[language].format(limit=limit)
    kept = text.encode()[: limit - len(note.encode())].decode(errors="ignore")
    return kept[: kept.rfind("\n")] + note


def escaped(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line."""
    return html.escape(_SPECIAL.sub(r"\\\1", visible(text)), quote=False).replace("@", "@\u200b")


def code(text: str) -> str:
    """Return a text as inline code, whatever backticks it holds."""
    shown = visible(text).replace("|", "¦")
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _verdict(verdict: Verdict, language: UiLanguage) -> str:
    word = verdict_word(verdict, language)
    head = f"## {_VERDICTS[verdict.status]} {escaped(verdict.adapter)}: {word}"
    deciding = [finding for finding in verdict.findings if finding.check in verdict.deciding]
    first = "" if verdict.status == "ship" or not deciding else explain(deciding[0], language)
    said = "".join(f"\n\n{escaped(text)}" for text in (first, *remarks(verdict, language)) if text)
    rows = "\n".join(_row(finding, language) for finding in verdict.findings)
    policy = _POLICY[language].format(code(verdict.policy), code(verdict.policy_sha256[:12]), verdict.alpha)
    return f"{head}{said}\n\n{_HEAD[language]}\n|---|---|---|---|---|\n{rows}\n\n{policy}"


def _row(finding: Finding, language: UiLanguage) -> str:
    first = finding.estimates[0] if finding.estimates else None
    unit = first.unit if first else "share"
    limit = "" if finding.threshold is None else amount(finding.threshold, unit, language)
    cells = (
        _mark(finding.status, language),
        check_name(finding.check, language),
        number(first, language) if first else "",
        limit,
        escaped(explain(finding, language)),
    )
    return f"| {' | '.join(cells)} |"


def _mark(status: Status, language: UiLanguage) -> str:
    short = status == "inconclusive" and language == "en"
    return f"{_MARKS[status]} {'open' if short else status_word(status, language)}"


def worst_answers(
    result: EvaluationResult,
    answers: dict[tuple[str, str], str],
    language: UiLanguage = "en",
    most: int = 5,
) -> str:
    """Return the worst answers of each held adapter beside the base's, as a folded list."""
    parts = []
    for verdict in result.verdicts:
        probes = [p for f in verdict.findings if f.check in verdict.deciding for p in f.evidence][:most]
        lines = [
            f"- {code(probe)}: base {code(answers[BASE_ARM, probe][:200])}, "
            f"{escaped(verdict.adapter)} {code(answers[verdict.adapter, probe][:200])}"
            for probe in dict.fromkeys(probes)
            if (BASE_ARM, probe) in answers and (verdict.adapter, probe) in answers
        ]
        if lines and verdict.status != "ship":
            body = "\n".join(lines)
            parts.append(
                f"<details><summary>{_ANSWERS[language].format(escaped(verdict.adapter))}</summary>"
                f"\n\n{body}\n\n</details>"
            )
    return "\n\n".join(parts)
