"""Verdicts as Markdown, for a pull request's comment or a step's summary.

Every text that a model or a data set could have written stands in code or is escaped: it is shown and never read as
Markdown, HTML or a mention.
"""

from __future__ import annotations

import html
import re

from loracheck.records import BASE_ARM, EvaluationResult, Finding, Verdict
from loracheck.text import visible
from loracheck.wording import check_name, explain, false_alarms, number, remarks, verdict_word

from . import figures

COMMENT_LIMIT = 65_536
"""Characters that GitHub takes as a comment; a step's summary may hold 1,024 KB."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~@$-])")
_MARKS = {
    "pass": "✅ pass",
    "fail": "❌ fail",
    "inconclusive": "❔ open",
    "info": "ℹ️ info",
    "waived": "⚠️ waived",
}
_VERDICTS = {"ship": "✅", "hold": "❌", "inconclusive": "❔"}
_CUT = "\n\n_Cut at {limit:,} characters; `loracheck gate` prints all of it._\n"


def markdown(result: EvaluationResult, limit: int = COMMENT_LIMIT) -> str:
    """Return the verdicts with their findings; what would go beyond the limit is cut, and that is said."""
    text = "\n\n".join(_verdict(verdict) for verdict in result.verdicts) + "\n"
    if result.markers:
        style = ", ".join(code(marker.text) for marker in result.markers)
        text += f"\nStyle of the training data: {style}\n"
    if result.false_alarms:
        text += "\n" + "".join(f"{escaped(said)}  \n" for said in false_alarms(result.false_alarms))
    if len(text.encode()) <= limit:
        return text
    note = _CUT.format(limit=limit)
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


def _verdict(verdict: Verdict) -> str:
    head = f"## {_VERDICTS[verdict.status]} {escaped(verdict.adapter)}: {verdict_word(verdict)}"
    deciding = [finding for finding in verdict.findings if finding.check in verdict.deciding]
    lead = "" if verdict.status == "ship" or not deciding else f"\n\n{escaped(explain(deciding[0]))}"
    rows = "\n".join(_row(finding) for finding in verdict.findings)
    policy = (
        f"Policy {code(verdict.policy)}, hash {code(verdict.policy_sha256[:12])}, alpha {verdict.alpha:g}"
    )
    table = f"| | check | number (95% interval) | limit | what was found |\n|---|---|---|---|---|\n{rows}"
    said = "".join(f"\n\n{escaped(remark)}" for remark in remarks(verdict))
    return f"{head}{lead}{said}\n\n{table}\n\n{policy}"


def _row(finding: Finding) -> str:
    first = finding.estimates[0] if finding.estimates else None
    unit = first.unit if first else "share"
    limit = "" if finding.threshold is None else figures.amount(finding.threshold, unit).en
    shown = number(first) if first else ""
    cells = (_MARKS[finding.status], check_name(finding.check), shown, limit, escaped(explain(finding)))
    return f"| {' | '.join(cells)} |"


def worst_answers(result: EvaluationResult, answers: dict[tuple[str, str], str], most: int = 5) -> str:
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
                f"<details><summary>Answers of {escaped(verdict.adapter)}</summary>\n\n{body}\n\n</details>"
            )
    return "\n\n".join(parts)
