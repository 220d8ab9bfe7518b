"""The page of a scale run: what an adapter teaches and costs at each strength, and how strong is still safe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loracheck import jsonl
from loracheck.records import Manifest
from loracheck.records.training import ScalePoint, ScaleSummary
from loracheck.reports import figures
from loracheck.reports.charts.curves import CurveChart
from loracheck.reports.parts import ledger, provenance
from loracheck.reports.parts.ledger import Cell, Ledger
from loracheck.reports.strings.frame import Both, same, text
from loracheck.runs import SUMMARY

from . import course, said, watched
from .sweeps import value_text


def view(run: Path, manifest: Manifest) -> dict[str, Any]:
    """Return everything the page of a scale run shows."""
    name = run.resolve().name
    summary = jsonl.read_one(run / SUMMARY, ScaleSummary)
    unsafe = _first_unsafe(summary)
    spoken = said.view(run, _labels(summary))
    return {
        "title": text("title_scale", name=name),
        "kicker": text("kicker_scale"),
        "heading": same(name),
        "sections": [
            ("strengths", text("section_strengths")),
            *([("said", text("section_said"))] if spoken else []),
            ("provenance", text("section_provenance")),
        ],
        "headline_text": headline(summary),
        "notes": [
            _written(summary),
            *(watched.doubt(unsafe.reading) if unsafe else []),
            text("scale_no_training"),
        ],
        "picture": picture(summary, manifest) if summary.points else None,
        "strengths": _ledger(summary),
        "said": spoken,
        "provenance": provenance.view(
            manifest,
            [
                (text("prov_base"), [summary.base]),
                (text("adapter"), [summary.adapter, f"sha256 {summary.adapter_sha256}"]),
                (text("train_seconds"), [figures.duration(summary.seconds).en]),
                (
                    text("prov_options"),
                    [f"{key} {value_text(value)}" for key, value in summary.values.items()],
                ),
            ],
        ),
    }


def headline(summary: ScaleSummary) -> Both:
    """Say up to which strength the adapter is safe, and what happens at the next."""
    points = sorted((point for point in summary.points if point.scale > 0), key=lambda point: point.scale)
    if not points:
        return text("scale_nothing")
    unsafe = _first_unsafe(summary)
    if unsafe is None:
        return text("scale_all", scale=f"{points[-1].scale:g}")
    reason = watched.why(unsafe.reading)
    if not summary.largest_safe:
        return text("scale_never", scale=f"{unsafe.scale:g}", why=reason)
    return text("scale_until", scale=f"{summary.largest_safe:g}", next=f"{unsafe.scale:g}", why=reason)


def _first_unsafe(summary: ScaleSummary) -> ScalePoint | None:
    largest = summary.largest_safe or 0.0  # 0 is the base, which is no adapter
    beyond = sorted(
        (point for point in summary.points if point.scale > largest), key=lambda point: point.scale
    )
    return next((point for point in beyond if not point.reading.safe), None)


def picture(summary: ScaleSummary, manifest: Manifest) -> CurveChart:
    """Draw the curves over strength, with the largest safe strength and the one that was written."""
    points = sorted(summary.points, key=lambda point: point.scale)
    marked: dict[float, list[str]] = {}
    for role, scale in _roles(summary):
        if scale:
            marked.setdefault(scale, []).append(role)
    base = next((point.reading for point in points if point.scale == 0), None)
    return CurveChart(
        id="strength",
        title=text("scale_title"),
        description=text("scale_desc"),
        curves=course.watch_curves([(point.scale, point.reading) for point in points]),
        levels=course.levels(base, manifest.config.get("watch_margin", manifest.config.get("margin"))),
        events=tuple(
            course.event(scale, text("at_strength", scale=f"{scale:g}"), names)
            for scale, names in marked.items()
        ),
        rail=tuple((point.scale, point.reading.safe) for point in points if point.scale > 0),
        across=text("axis_strength"),
        end=max(1.0, *(point.scale for point in points)),
        numbers=ledger.as_table(_ledger(summary)),
    )


def _labels(summary: ScaleSummary) -> list[tuple[str, Both]]:
    """Return the watch's labels of the strengths that matter: the largest safe one, the next, and the full one."""
    scales = sorted(point.scale for point in summary.points if point.scale > 0)
    largest = summary.largest_safe or 0.0
    beyond = [scale for scale in scales if scale > largest]
    chosen = sorted({*([largest] if largest else []), *beyond[:1], *scales[-1:]})
    return [(f"strength-{scale!r}", text("at_strength", scale=f"{scale:g}")) for scale in chosen]


def _written(summary: ScaleSummary) -> Both:
    if summary.written is None:
        return text("scale_not_written")
    scale = summary.written_scale
    return text(
        "scale_written",
        folder=f"{summary.written}/",
        scale=figures.MISSING if scale is None else f"{scale:g}",
    )


def _ledger(summary: ScaleSummary) -> Ledger:
    columns = ("strength", "kept", "change", "learnt", "leakage", "name", "heldout", "safe")
    rows = []
    for point in sorted(summary.points, key=lambda one: one.scale):
        reading = point.reading
        roles = [name for name, scale in _roles(summary) if scale and scale == point.scale]
        base = point.scale == 0
        rows.append(
            (
                Cell(
                    value=text("moment_base") if base else same(f"{point.scale:g}"),
                    below=ledger.listed([text(f"role_{role}") for role in roles]),
                    strong=bool(roles),
                ),
                ledger.measured(reading.facts_kept),
                ledger.plain(figures.MISSING) if base else ledger.measured(reading.facts_change),
                ledger.measured(reading.persona_learnt),
                ledger.measured(reading.leakage),
                ledger.measured(reading.name_rate),
                ledger.plain(watched.loss(point.heldout_loss)),
                ledger.plain(same(figures.MISSING) if base else watched.safety(reading)),
            )
        )
    return Ledger(
        head=tuple(text(f"col_{column}") for column in columns),
        rows=tuple(rows),
        caption=text("section_strengths"),
    )


def _roles(summary: ScaleSummary) -> tuple[tuple[str, float | None], ...]:
    return ("written", summary.written_scale), ("largest", summary.largest_safe)
