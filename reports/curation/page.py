"""The page of a curate run: what was dropped, at which step, and why."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from loracheck import jsonl
from loracheck.curated import DECISIONS, DROPPED, GROUPS, HELDOUT, KEPT
from loracheck.records import Example, Manifest
from loracheck.records.curation import CurationSummary, Decision, RowGroup
from loracheck.reports import figures
from loracheck.reports.charts.intervals import Table
from loracheck.reports.parts import curated, provenance
from loracheck.reports.parts.listing import anchor, languages, turns
from loracheck.reports.strings.frame import Both, both, same, script_table, text
from loracheck.runs import SUMMARY
from loracheck.words.decisions import explain

from . import scores

SHOWN_PER_REASON = 200
GROUPS_PER_KIND = 20
OUTCOMES = ("dropped", "quarantined", "heldout", "kept")


def view(run: Path, manifest: Manifest) -> dict[str, Any]:
    """Return everything the page of a curate run shows."""
    counts = jsonl.read_one(run / SUMMARY, CurationSummary)
    rows = _rows(run)
    ends = [name for name in OUTCOMES if getattr(counts, name)]
    files = sorted({row["source"][0] for row in rows})
    score_rows = _score_table(run)
    pictures = scores.histograms(run, counts)
    clusters = scores.cluster_map(
        run, {row["id"]: row["prompt"][-2][1] for row in rows if len(row["prompt"]) > 1}
    )
    judge = scores.judge_table(counts)
    groups = _groups_table(run)
    curves = _curve_tables(counts)
    return {
        "title": text("title_curate", name=run.resolve().name),
        "kicker": text("kicker_curate"),
        "heading": same(run.resolve().name),
        "sections": [
            ("curation", text("section_curation")),
            ("evidence", text("section_rows")),
            *([("scores", text("section_scores"))] if score_rows else []),
            *([("judge", text("section_judge"))] if judge else []),
            *([("map", text("section_map"))] if clusters else []),
            *([("groups", text("section_groups"))] if groups else []),
            *([("curves", text("section_curves"))] if curves else []),
            ("provenance", text("section_provenance")),
        ],
        "curation": curated.summary(run, 0),
        "row_filters": {
            "outcome": [(name, text(f"row_{name}")) for name in ends],
            "reason": [(reason, curated.named(reason)) for reason in sorted({row["reason"] for row in rows})],
            "language": languages(row["language"] for row in rows),
        },
        "rows_file": DROPPED,
        "shown": [
            text(
                "rows_of",
                kind=text(f"row_{name}"),
                m=figures.whole(getattr(counts, name)),
                n=figures.whole(sum(row["outcome"] == name for row in rows)),
            )
            for name in ends
        ],
        "cap": SHOWN_PER_REASON,
        "source": text("rows_source", file=files[0]) if len(files) == 1 else None,
        "scores": score_rows,
        "histograms": pictures,
        "judge": judge,
        "map": clusters,
        "groups": groups,
        "curves": curves,
        "provenance": provenance.view(manifest),
        "data": {
            "kind": "rows",
            "rows": rows,
            "files": len(files),
            "scores": {
                name: scores.score_name(name)
                for name in sorted({one[0] for row in rows for one in row["scores"]})
            },
            "strings": script_table(),
        },
    }


def _rows(run: Path) -> list[dict[str, Any]]:
    """Return dropped, quarantined, held-out and kept rows for the list, capped for each reason."""
    decisions = {row.example_id: row for row in jsonl.read_if_there(run / DECISIONS, Decision)}
    dropped = list(_capped((row.example, row.decision) for row in curated.gone(run) if row.example))
    repeated = curated.texts(run, {decision.related for _, decision in dropped})
    rows = [_row(example, decision, repeated) for example, decision in dropped]
    for name, outcome in ((HELDOUT, "heldout"), (KEPT, "kept")):
        pairs = (
            (
                example,
                decisions.get(example.id)
                or Decision(
                    example_id=example.id,
                    outcome="kept" if outcome == "kept" else "heldout",
                    stage="",
                    reason="passed" if outcome == "kept" else "held_out",
                ),
            )
            for example in jsonl.read_if_there(run / name, Example)
        )
        rows += [_row(example, decision, {}) for example, decision in _capped(pairs)]
    return rows


def _row(example: Example, decision: Decision, repeated: dict[str, tuple[str, str]]) -> dict[str, Any]:
    original = repeated.get(decision.related or "")
    return {
        "a": anchor(example.id),
        "id": example.id,
        "outcome": decision.outcome,
        "stage": curated.words(decision.stage),
        "reason": decision.reason,
        "reasonText": curated.named(decision.reason),
        "why": figures.typeset(both(lambda language: explain(decision, language))),
        "language": example.language,
        "prompt": turns(example.messages),
        "related": decision.related,
        "repeats": list(original) if original else None,
        "source": [example.source.file, example.source.line],
        "scores": [[score.name, score.value, score.explanation] for score in decision.scores],
    }


def _groups_table(run: Path) -> Table | None:
    """Return the biggest groups of each kind."""
    shown: dict[str, int] = {}
    rows = []
    for group in jsonl.read_if_there(run / GROUPS, RowGroup):
        shown[group.kind] = shown.get(group.kind, 0) + 1
        if shown[group.kind] <= GROUPS_PER_KIND:
            rows.append(
                (
                    text(f"group_{group.kind}"),
                    same(figures.whole(group.size)),
                    same(curated.cut(group.shared)),
                )
            )
    return (
        Table(head=(text("col_group"), text("col_rows"), text("col_shared")), rows=tuple(rows))
        if rows
        else None
    )


def _curve_tables(counts: CurationSummary) -> list[tuple[Both, Table]]:
    """Return what each rule would have dropped at other thresholds; the chosen one is marked."""
    return [
        (
            curated.named(curve.rule),
            Table(
                head=(text("col_threshold", option=curve.option), text("col_would_drop")),
                rows=tuple(
                    (
                        text("chosen_threshold", value=f"{limit:g}")
                        if limit == curve.chosen
                        else same(f"{limit:g}"),
                        same(figures.whole(rows)),
                    )
                    for limit, rows in zip(curve.thresholds, curve.dropped, strict=True)
                ),
            ),
        )
        for curve in counts.curves
    ]


def _capped(pairs: Iterable[tuple[Example, Decision]]) -> Iterator[tuple[Example, Decision]]:
    seen: dict[str, int] = {}
    for example, decision in pairs:
        seen[decision.reason] = seen.get(decision.reason, 0) + 1
        if seen[decision.reason] <= SHOWN_PER_REASON:
            yield example, decision


def _score_table(run: Path) -> Table | None:
    values: dict[str, list[float]] = {}
    unscored: dict[str, int] = {}
    for decision in jsonl.read_if_there(run / DECISIONS, Decision):
        for score in decision.scores:
            found = values.setdefault(score.name, [])
            if score.value is None:
                unscored[score.name] = unscored.get(score.name, 0) + 1
            else:
                found.append(score.value)
    if not values:
        return None
    columns = ("col_score", "col_scored", "col_unscored", "col_lower", "col_middle", "col_upper")
    rows: list[tuple[Both, ...]] = []
    for name, found in values.items():
        quarters: list[float | None] = [None] * 3
        if found:
            quarters = [*(statistics.quantiles(found, n=4) if len(found) > 1 else found * 3)]
        rows.append(
            (
                scores.score_name(name),
                same(figures.whole(len(found))),
                same(figures.whole(unscored.get(name, 0))),
                *(same(figures.MISSING if quarter is None else f"{quarter:.3g}") for quarter in quarters),
            )
        )
    return Table(head=tuple(text(column) for column in columns), rows=tuple(rows))
