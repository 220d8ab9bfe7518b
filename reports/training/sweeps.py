"""The page of a sweep: facts kept against persona learnt as one picture, and a row for every training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loracheck import jsonl
from loracheck.records import Manifest
from loracheck.records.training import SweepSummary
from loracheck.reports import figures
from loracheck.reports.charts.fronts import FrontChart, Training
from loracheck.reports.parts import ledger, provenance
from loracheck.reports.parts.ledger import Cell, Ledger
from loracheck.reports.parts.trained import EQUAL_WITHIN, short_names
from loracheck.reports.strings.frame import Both, same, text
from loracheck.runs import SUMMARY

from . import watched

FRONT, BEHIND = "●", "○"


def view(run: Path, manifest: Manifest) -> dict[str, Any]:
    """Return everything the page of a sweep shows."""
    name = run.resolve().name
    summary = jsonl.read_one(run / SUMMARY, SweepSummary)
    names = short_names(summary.points)
    return {
        "title": text("title_sweep", name=name),
        "kicker": text("kicker_sweep"),
        "heading": same(name),
        "sections": [
            ("points", text("section_points")),
            ("provenance", text("section_provenance")),
        ],
        "headline_text": headline(summary, names),
        "notes": _notes(summary, names),
        "picture": picture(summary, names),
        "points": _ledger(summary, names),
        "provenance": provenance.view(manifest, [(text("prov_base"), [summary.base])]),
    }


def headline(summary: SweepSummary, names: Sequence[str]) -> Both:
    """Say which trainings no other beats."""
    front = [name for point, name in zip(summary.points, names, strict=True) if point.on_front]
    if not front:
        return text("sweep_no_front", n=len(summary.points))
    return text(
        "sweep_front",
        front=len(front),
        n=len(summary.points),
        names=ledger.listed([same(name) for name in front]),
    )


def picture(summary: SweepSummary, names: Sequence[str]) -> FrontChart | None:
    """Draw the trainings of which both numbers are known."""
    found = []
    for point, name in zip(summary.points, names, strict=True):
        reading = point.reading
        learnt = reading.persona_learnt if reading else None
        if reading and learnt and None not in (reading.facts_kept.value, learnt.value):
            found.append(
                Training(
                    name=name,
                    group=name.rstrip("abcdefghijklmnopqrstuvwxyz"),
                    across=learnt,
                    up=reading.facts_kept,
                    on_front=point.on_front,
                )
            )
    if not found:
        return None
    base = summary.base_reading
    described = text("front_desc")
    seeded = text("front_seeds", description=described)
    return FrontChart(
        id="front",
        title=text("section_front"),
        description=described if len({one.group for one in found}) == len(found) else seeded,
        trainings=tuple(found),
        base=(base.persona_learnt, base.facts_kept) if base and base.persona_learnt else None,
        across=text("axis_learned"),
        up=text("axis_kept"),
    )


def _notes(summary: SweepSummary, names: Sequence[str]) -> list[Both]:
    pairs = list(zip(summary.points, names, strict=True))
    found = []
    front = [(point, name) for point, name in pairs if point.on_front]
    if front:
        safe = [name for point, name in front if point.reading and point.reading.safe]
        found.append(
            text("sweep_safe", names=ledger.listed([same(name) for name in safe]))
            if safe
            else text("sweep_none_safe")
        )
    elif all(point.reading is None for point in summary.points):
        found.append(text("sweep_no_watch"))
    else:
        found.append(text("sweep_no_style"))
    if len(pairs) > 1:
        found.append(_tokens([point.trained_tokens for point in summary.points]))
        found.append(text("sweep_best_of_many"))
    return found


def _tokens(tokens: Sequence[int]) -> Both:
    if min(tokens) > 0 and max(tokens) <= min(tokens) * (1 + EQUAL_WITHIN):
        percent = figures.percent(EQUAL_WITHIN)
        return text("sweep_equal", tokens=figures.whole(max(tokens)), percent=percent)
    return text("sweep_unequal", ratio=f"{max(tokens) / max(1, min(tokens)):.2f}")


def _ledger(summary: SweepSummary, names: Sequence[str]) -> Ledger:
    keys = list(dict.fromkeys([*summary.varied, *(key for point in summary.points for key in point.values)]))
    columns = ("kept", "learnt", "safe", "heldout", "parameters", "tokens", "time", "kept_step", "folder")
    rows = []
    base = summary.base_reading
    if base is not None:
        empty = ledger.plain(figures.MISSING)
        rows.append(
            (
                Cell(value=text("moment_base")),
                *(empty for _ in keys),
                ledger.measured(base.facts_kept),
                ledger.measured(base.persona_learnt),
                *(empty for _ in columns[2:]),
            )
        )
    for point, name in zip(summary.points, names, strict=True):
        reading = point.reading
        kept = text("moment_step", step=figures.whole(point.kept_step))
        rows.append(
            (
                Cell(
                    value=same(f"{FRONT if point.on_front else BEHIND} {name}"),
                    below=text("front_mark") if point.on_front else None,
                    strong=point.on_front,
                ),
                *(ledger.plain(value_text(point.values.get(key))) for key in keys),
                ledger.measured(reading.facts_kept if reading else None),
                ledger.measured(reading.persona_learnt if reading else None),
                ledger.plain(watched.safety(reading)),
                ledger.plain(watched.loss(point.heldout_loss)),
                ledger.plain(figures.whole(point.trainable_parameters)),
                ledger.plain(figures.whole(point.trained_tokens)),
                ledger.plain(figures.duration(point.seconds)),
                Cell(value=kept, below=text(f"by_{point.kept}")),
                Cell(value=same(point.name), below=same(f"sha256 {point.adapter_sha256[:12]}…")),
            )
        )
    return Ledger(
        head=(
            text("col_number_short"),
            *(same(key) for key in keys),
            *(text(f"col_{column}") for column in columns),
        ),
        rows=tuple(rows),
        caption=text("section_points"),
    )


def value_text(value: object) -> str:
    """Write an option's value as it is typed; one that is not set has a dash."""
    if value is None:
        return figures.MISSING
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(value_text(one) for one in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
