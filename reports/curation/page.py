"""The page of a curate run, and its summary inside an evaluation: what was dropped, at which step, and why."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from loracheck import jsonl
from loracheck.curated import DECISIONS, DROPPED, GROUPS, HELDOUT, KEPT, QUARANTINED
from loracheck.reasons import explain, reason_name
from loracheck.records import Example, Manifest
from loracheck.records.curation import CurationSummary, Decision, DroppedRow, RowGroup
from loracheck.reports import figures, provenance
from loracheck.reports.charts.flows import FunnelChart, Step
from loracheck.reports.charts.intervals import Table
from loracheck.reports.evaluation.evidence import anchor, languages, turns
from loracheck.reports.strings.frame import Both, both, same, script_table, text
from loracheck.runs import SUMMARY

from . import scores

SHOWN_PER_REASON = 200
EXAMPLES_PER_REASON = 2
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
        "curation": summary(run, 0),
        "row_filters": {
            "outcome": [(name, text(f"row_{name}")) for name in ends],
            "reason": [(reason, named(reason)) for reason in sorted({row["reason"] for row in rows})],
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
    for row in _gone(run):
        found = chosen.setdefault(row.decision.reason, [])
        if len(found) < EXAMPLES_PER_REASON:
            found.append(row)
    repeated = _texts(run, {row.decision.related for rows in chosen.values() for row in rows})
    return [
        {
            "reason": named(row.decision.reason),
            "stage": words(row.decision.stage),
            "why": figures.typeset(both(row.why.__getitem__)),
            "prompt": _cut(row.example.prompt) if row.example else "",
            "reply": _cut(row.example.reply if row.example else row.raw),
            "language": row.example.language if row.example else "other",
            "related": row.decision.related,
            "repeats": repeated.get(row.decision.related or ""),
        }
        for rows in chosen.values()
        for row in rows
    ]


def _rows(run: Path) -> list[dict[str, Any]]:
    """Return dropped, quarantined, held-out and kept rows for the list, capped for each reason."""
    decisions = {row.example_id: row for row in _read(run / DECISIONS, Decision)}
    dropped = list(_capped((row.example, row.decision) for row in _gone(run) if row.example))
    repeated = _texts(run, {decision.related for _, decision in dropped})
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
            for example in _read(run / name, Example)
        )
        rows += [_row(example, decision, {}) for example, decision in _capped(pairs)]
    return rows


def _row(example: Example, decision: Decision, repeated: dict[str, tuple[str, str]]) -> dict[str, Any]:
    original = repeated.get(decision.related or "")
    return {
        "a": anchor(example.id),
        "id": example.id,
        "outcome": decision.outcome,
        "stage": words(decision.stage),
        "reason": decision.reason,
        "reasonText": named(decision.reason),
        "why": figures.typeset(both(lambda language: explain(decision, language))),
        "language": example.language,
        "prompt": turns(example.messages),
        "related": decision.related,
        "repeats": list(original) if original else None,
        "source": [example.source.file, example.source.line],
        "scores": [[score.name, score.value, score.explanation] for score in decision.scores],
    }


def _gone(run: Path) -> Iterator[DroppedRow]:
    """Read dropped rows, then quarantined ones."""
    for name in (DROPPED, QUARANTINED):
        yield from _read(run / name, DroppedRow)


def _groups_table(run: Path) -> Table | None:
    """Return the biggest groups of each kind."""
    shown: dict[str, int] = {}
    rows = []
    for group in _read(run / GROUPS, RowGroup):
        shown[group.kind] = shown.get(group.kind, 0) + 1
        if shown[group.kind] <= GROUPS_PER_KIND:
            rows.append(
                (text(f"group_{group.kind}"), same(figures.whole(group.size)), same(_cut(group.shared)))
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
            named(curve.rule),
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


def _texts(run: Path, wanted: set[str | None]) -> dict[str, tuple[str, str]]:
    """Return prompt and reply of rows by id, wherever they ended up."""
    found: dict[str, tuple[str, str]] = {}
    if not wanted - {None}:
        return found
    examples: Iterator[Example] = (
        example for name in (KEPT, HELDOUT) for example in _read(run / name, Example)
    )
    for example in examples:
        if example.id in wanted:
            found[example.id] = (_cut(example.prompt), _cut(example.reply))
    for row in _gone(run):
        if row.example and row.example.id in wanted:
            found[row.example.id] = (_cut(row.example.prompt), _cut(row.example.reply))
    return found


def _score_table(run: Path) -> Table | None:
    values: dict[str, list[float]] = {}
    unscored: dict[str, int] = {}
    for decision in _read(run / DECISIONS, Decision):
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


def _read(path: Path, record: type[Any]) -> Iterator[Any]:
    return jsonl.read(path, record) if path.is_file() else iter(())


def _cut(content: str) -> str:
    return content if len(content) <= 400 else content[:400] + " …"
