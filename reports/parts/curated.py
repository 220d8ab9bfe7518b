"""What pages say of a curation: the funnel of its steps, and a few dropped rows of each reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from loracheck import jsonl
from loracheck.curated import DROPPED, HELDOUT, KEPT, QUARANTINED
from loracheck.records import Example
from loracheck.records.curation import CurationSummary, DroppedRow
from loracheck.reports import figures
from loracheck.reports.charts.flows import FunnelChart, Step
from loracheck.reports.strings.frame import Both, both, text
from loracheck.runs import SUMMARY
from loracheck.words.decisions import reason_name

_EXAMPLES_PER_REASON = 2


def summary(run: Path, index: int) -> dict[str, Any]:
    """Return the funnel and a few dropped rows of each reason, beside the rows that they repeat."""
    counts = jsonl.read_one(run / SUMMARY, CurationSummary)
    share = (
        counts.kept_reply_characters / counts.read_reply_characters if counts.read_reply_characters else None
    )
    return {
        "name": run.resolve().name,
        "counts": text(
            "curation_counts",
            **{name: figures.whole(getattr(counts, name)) for name in ("read", "kept", "heldout", "dropped")},
        ),
        "notes": [
            text(
                "curation_characters",
                kept=figures.whole(counts.kept_reply_characters),
                read=figures.whole(counts.read_reply_characters),
                share=figures.percent(share),
            ),
            *([text("curation_masked", n=figures.whole(counts.masked))] if counts.masked else []),
            *([text("curation_unscored", n=figures.whole(counts.unscored))] if counts.unscored else []),
        ],
        "funnel": FunnelChart(
            id=f"funnel-{index}",
            title=text("funnel_title"),
            description=text("funnel_desc"),
            steps=_steps(counts),
        ),
        "examples": _examples(run),
    }


def named(reason: str) -> Both:
    """Return the display name of a reason."""
    return both(lambda language: reason_name(reason, language))


def words(code: str) -> str:
    """Return a stable code as words."""
    return code.replace("_", " ")


def gone(run: Path) -> Iterator[DroppedRow]:
    """Read dropped rows, then quarantined ones."""
    for name in (DROPPED, QUARANTINED):
        yield from jsonl.read_if_there(run / name, DroppedRow)


def texts(run: Path, wanted: set[str | None]) -> dict[str, tuple[str, str]]:
    """Return prompt and reply of rows by id, wherever they ended up."""
    found: dict[str, tuple[str, str]] = {}
    if not wanted - {None}:
        return found
    examples: Iterator[Example] = (
        example for name in (KEPT, HELDOUT) for example in jsonl.read_if_there(run / name, Example)
    )
    for example in examples:
        if example.id in wanted:
            found[example.id] = (cut(example.prompt), cut(example.reply))
    for row in gone(run):
        if row.example and row.example.id in wanted:
            found[row.example.id] = (cut(row.example.prompt), cut(row.example.reply))
    return found


def cut(content: str) -> str:
    """Return the beginning of a long text."""
    return content if len(content) <= 400 else content[:400] + " …"


def _steps(counts: CurationSummary) -> tuple[Step, ...]:
    left = counts.read
    steps = [Step(label=text("funnel_read"), dropped=0, left=left)]
    for step in counts.steps:
        if step.rows:
            left -= step.rows
            steps.append(Step(label=named(step.reason), dropped=step.rows, left=left))
    if counts.heldout:
        steps.append(Step(label=text("funnel_heldout"), dropped=0, left=counts.heldout))
    steps.append(Step(label=text("funnel_kept"), dropped=0, left=counts.kept))
    return tuple(steps)


def _examples(run: Path) -> list[dict[str, Any]]:
    chosen: dict[str, list[DroppedRow]] = {}
    for row in gone(run):
        found = chosen.setdefault(row.decision.reason, [])
        if len(found) < _EXAMPLES_PER_REASON:
            found.append(row)
    repeated = texts(run, {row.decision.related for rows in chosen.values() for row in rows})
    return [
        {
            "reason": named(row.decision.reason),
            "stage": words(row.decision.stage),
            "why": figures.typeset(both(row.why.__getitem__)),
            "prompt": cut(row.example.prompt) if row.example else "",
            "reply": cut(row.example.reply if row.example else row.raw),
            "language": row.example.language if row.example else "other",
            "related": row.decision.related,
            "repeats": repeated.get(row.decision.related or ""),
        }
        for rows in chosen.values()
        for row in rows
    ]
