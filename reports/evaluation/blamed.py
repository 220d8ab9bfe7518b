"""The training rows behind the failures of an eval run, from the causes runs that were made of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loracheck import jsonl
from loracheck.records import Example, Manifest
from loracheck.records.causes import (
    CAUSES,
    CAUSES_KIND,
    ROWS,
    CausesSummary,
    FailureCauses,
    FindingCause,
)
from loracheck.reports import figures
from loracheck.reports.parts import verdicts
from loracheck.reports.strings.frame import Both, text
from loracheck.runs import SUMMARY

SHOWN_ROWS = 5
_CUT = 240


def causes_of(manifest: Manifest, related: Sequence[tuple[Path, Manifest]]) -> list[Path]:
    """Return the causes runs among the related ones that were made of an eval run."""
    runs = [path for path, other in related if other.kind == CAUSES_KIND]
    return [
        run for run in runs if jsonl.read_one(run / SUMMARY, CausesSummary).evaluation_id == manifest.run_id
    ]


def behind_probes(runs: Sequence[Path]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows behind each failure, by probe id: of each adapter the nearest ones with rank and scores."""
    found: dict[str, list[dict[str, Any]]] = {}
    for run in runs:
        rows = {row.id: row for row in jsonl.read(run / ROWS, Example)}
        for failure in jsonl.read(run / CAUSES, FailureCauses):
            shown = [
                {
                    "id": row.example_id,
                    "prompt": rows[row.example_id].prompt,
                    "reply": rows[row.example_id].reply,
                    "language": rows[row.example_id].language,
                    "source": [rows[row.example_id].source.file, rows[row.example_id].source.line],
                    "rank": row.rank,
                    "share": None if row.share is None else round(100 * row.share),
                    "run": row.run,
                    "scores": [[m, f"{s:.2f}", row.ranks[m]] for m, s in row.scores.items()],
                }
                for row in failure.rows[:SHOWN_ROWS]
            ]
            found.setdefault(failure.probe_id, []).append({"arm": failure.adapter, "rows": shown})
    return found


def groups(runs: Sequence[Path]) -> list[dict[str, Any]]:
    """Return what is said of each finding: the rows that explain most failures, or that none stands out."""
    return [
        _group(finding, {row.id: row for row in jsonl.read(run / ROWS, Example)})
        for run in runs
        for finding in jsonl.read_one(run / SUMMARY, CausesSummary).findings
    ]


def _group(finding: FindingCause, rows: dict[str, Example]) -> dict[str, Any]:
    named = finding.status == "named"
    return {
        "adapter": finding.adapter,
        "name": verdicts.name(finding.check),
        "sentence": _sentence(finding),
        "rows": [
            {
                "alike": text("causes_alike", n=figures.whole(len(twins.rows)))
                if len(twins.rows) > 1
                else None,
                "id": twins.rows[0],
                "language": rows[twins.rows[0]].language,
                "prompt": rows[twins.rows[0]].prompt[:_CUT],
                "reply": rows[twins.rows[0]].reply[:_CUT],
            }
            for twins in finding.twins[: SHOWN_ROWS if named else 0]
        ],
        "more": text("causes_more", n=figures.whole(len(finding.twins) - SHOWN_ROWS))
        if named and len(finding.twins) > SHOWN_ROWS
        else None,
    }


def _sentence(finding: FindingCause) -> Both:
    counts = {"failures": figures.whole(finding.failures), "of": figures.whole(finding.of)}
    explained, unrelated = finding.explained, finding.unrelated
    if finding.status != "named" or explained is None or unrelated is None:
        return text("causes_too_few" if finding.status == "too_few" else "causes_none", **counts)
    return text(
        "causes_named",
        rows=figures.whole(len(finding.rows)),
        share=figures.amount(explained.value, "share"),
        interval=figures.interval(explained),
        unrelated=figures.amount(unrelated.value, "share"),
        chance=figures.amount(finding.by_chance, "share"),
        **counts,
    )
