"""The page of a compare run: which arm to prefer, what was won and lost, and every answer side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loracheck import jsonl
from loracheck.records import Finding, Manifest, Verdict, VerdictStatus
from loracheck.records.comparison import (
    COMPARISON,
    Repetition,
    RunComparison,
    Seed,
    SeededDifference,
    Side,
)
from loracheck.reports import figures
from loracheck.reports.charts.comparison import FlipChart, FlipRow, ForestChart, Measured, outcome
from loracheck.reports.charts.intervals import Table
from loracheck.reports.parts import ledger, provenance, verdicts
from loracheck.reports.parts.ledger import Cell, Ledger
from loracheck.reports.strings.frame import Both, both, same, script_table, text
from loracheck.words.comparison import conclusion, remarks, standing_word

from . import rows as comparison_rows
from .rows import measure_both, short_both

_STATUSES = ("fail", "inconclusive", "waived", "info", "pass")


def view(run: Path, manifest: Manifest) -> dict[str, Any]:
    """Return everything the page of a comparison shows."""
    found = jsonl.read_one(run / COMPARISON, RunComparison)
    twice = found.repetition
    heading = _heading(found)
    listed = comparison_rows.view(run, found)
    pairs = list(zip(found.sides[::2], found.sides[1::2], strict=True))
    second = found.sides[1].label if found.sides else ""
    return {
        "title": text("title_compare", name=heading),
        "kicker": text("kicker_compare"),
        "heading": heading,
        "sections": [
            ("differences", text("section_flips" if twice else "section_differences")),
            ("outcomes", text("section_outcomes")),
            *([("settings", text("section_settings"))] if len(found.runs) == 2 else []),
            ("evidence", text("section_answers")),
            ("provenance", text("section_provenance")),
        ],
        "headline_text": both(lambda language: conclusion(found, language)),
        "notes": _notes(found),
        "cards": [card(side) for side in found.sides],
        "repetition": twice is not None,
        "picture": _flip_chart(twice) if twice else _forest(found),
        "measures": None if twice else _measure_ledger(found),
        "differences_lead": None if twice else text("differences_lead", alpha=f"{found.alpha:g}"),
        "outcomes": [_outcomes(first, second) for first, second in pairs],
        "outcomes_lead": text("outcomes_days_lead" if twice else "outcomes_lead"),
        "compares_two": len(found.runs) == 2,
        "settings": _settings(found) if found.settings else None,
        "answers_lead": text("answers_days_lead") if twice else text("answers_lead", second=second),
        **listed,
        "provenance": provenance.view(
            manifest,
            [(text("prov_compared"), list(found.runs))]
            + [(text("prov_adapter", name=side.label), list(map(_seed, side.seeds))) for side in found.sides],
        ),
        "data": listed["data"] | {"strings": script_table()},
    }


def card(side: Side) -> dict[str, Any]:
    """Return the verdict of one column: its word, how many trainings have it, and the checks behind it."""
    worst = min(side.verdicts, key=lambda verdict: verdicts.ORDER[verdict.status])
    shown = verdicts.card(worst)
    deciding = [finding for finding in worst.findings if finding.check in worst.deciding]
    words = [verdict.status for verdict in side.verdicts]
    counts = [
        text("count_of", n=words.count(status), word=_word(status))
        for status in sorted(set(words), key=lambda status: verdicts.ORDER[status])
    ]
    return {
        "label": side.label,
        "status": worst.status,
        "word": shown["word"],
        "trainings": text("trainings", n=len(words), counts=ledger.listed(counts))
        if len(words) > 1
        else None,
        "remarks": shown["remarks"],
        "behind": {"hold": text("decided_by"), "inconclusive": text("still_open")}.get(worst.status),
        "findings": [] if worst.status == "ship" else [verdicts.headline(one) for one in deciding],
        "passed": shown["passed"],
    }


def _word(status: VerdictStatus) -> Both:
    return both(lambda language: standing_word(status, language))


def _heading(found: RunComparison) -> Both:
    if found.repetition is None:
        return text("heading_compare", first=found.sides[1].label, second=found.sides[0].label)
    adapters = ledger.listed([same(pair.adapter) for pair in found.repetition.verdicts])
    names = [Path(run).resolve().name for run in found.runs]
    return text("heading_days", adapters=adapters, first=names[0], second=names[1])


def _notes(found: RunComparison) -> list[Both]:
    notes = [Both(*pair) for pair in zip(remarks(found, "en"), remarks(found, "ja"), strict=True)]
    twice = found.repetition
    if twice is not None:
        counts = {
            "changed": twice.answers_changed,
            "n": twice.answers,
            "base": twice.base_answers_changed,
            "of_base": twice.base_answers,
        }
        notes.append(text("answers_changed", **{name: figures.whole(n) for name, n in counts.items()}))
        notes += [text("base_moved")] if twice.base_answers_changed else []
    return notes


def _forest(found: RunComparison) -> ForestChart | None:
    if not found.differences:
        return None
    names = {"first": found.sides[0].label, "second": found.sides[1].label}
    seeded = any(one.seed_se is not None for one in found.differences)
    return ForestChart(
        id="forest",
        title=text("forest_title", **names),
        description=text("forest_desc" if seeded else "forest_desc_once", **names),
        rows=tuple(
            Measured(check=verdicts.name(one.check), measure=short_both(one.measure), found=one)
            for one in found.differences
        ),
        difference_axis=text("axis_difference", **names),
        numbers=ledger.as_table(_measure_ledger(found)),
    )


def _measure_ledger(found: RunComparison) -> Ledger:
    first, second = found.sides[0].label, found.sides[1].label
    return Ledger(
        head=(
            text("col_measure"),
            text("col_outcome"),
            text("col_base"),
            same(first),
            same(second),
            text("col_difference"),
            text("col_limit"),
            *(text(f"col_{name}") for name in ("won", "lost", "alike")),
        ),
        rows=tuple(_measure_row(one) for one in found.differences),
        caption=text("section_differences"),
    )


def _measure_row(one: SeededDifference) -> tuple[Cell, ...]:
    clear = one.label in ("better", "worse")
    return (
        Cell(value=verdicts.name(one.check), below=short_both(one.measure), strong=clear),
        Cell(
            value=outcome(one),
            below=None if one.required else text("counted_not"),
            strong=clear,
        ),
        ledger.plain(figures.amount(one.base, "share")),
        _mean(one.first.share, one.first.seed_sd, one.first.seeds),
        _mean(one.second.share, one.second.seed_sd, one.second.seeds),
        ledger.measured(one.estimate),
        ledger.plain(figures.amount(one.limit, "share")),
        ledger.plain(figures.whole(len(one.won))),
        ledger.plain(figures.whole(len(one.lost))),
        ledger.plain(figures.whole(one.unchanged)),
    )


def _mean(share: float, seed_sd: float | None, seeds: int) -> Cell:
    below = (
        text("one_training")
        if seed_sd is None
        else text("seed_sd", sd=figures.distance(seed_sd, "difference"), n=seeds)
    )
    return Cell(value=figures.amount(share, "share"), below=below)


def _flip_chart(twice: Repetition) -> FlipChart | None:
    if not twice.measures:
        return None
    several = len(twice.verdicts) > 1

    def label(adapter: str, check: str, measure: str) -> Both:
        name = figures.typeset(measure_both(check, measure))
        return Both(f"{adapter}: {name.en}", f"{adapter}：{name.ja}") if several else name

    return FlipChart(
        id="flips",
        title=text("flips_title"),
        description=text("flips_desc"),
        rows=tuple(
            FlipRow(label=label(one.adapter, one.check, one.measure), lost=one.lost, won=one.won, n=one.n)
            for one in twice.measures
        ),
        numbers=Table(
            head=tuple(text(f"col_{name}") for name in ("measure", "won", "lost", "alike", "n")),
            rows=tuple(
                (
                    label(one.adapter, one.check, one.measure),
                    *(same(figures.whole(n)) for n in (one.won, one.lost, one.n - one.won - one.lost, one.n)),
                )
                for one in twice.measures
            ),
        ),
    )


def _outcomes(first: Side, second: Side) -> dict[str, Any]:
    """Return a row for each check with what it said of both columns, those that differ first."""
    checks = list(
        dict.fromkeys(f.check for side in (first, second) for v in side.verdicts for f in v.findings)
    )
    said = [(check, _said(first, check), _said(second, check)) for check in checks]
    found = [one for one in said if one[1][0] != one[2][0] or any(cell["number"] for _, cell in one[1:])]
    silent = [verdicts.name(one[0]) for one in said if one not in found]
    found.sort(key=lambda one: one[1][0] == one[2][0])
    return {
        "status": [
            {
                "name": verdicts.name(check),
                "differs": before[0] != after[0],
                "cells": [before[1], after[1]],
            }
            for check, before, after in found
        ],
        "labels": [first.label, second.label],
        "silent": ledger.listed(silent),
    }


def _said(side: Side, check: str) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the statuses of a check over the trainings of a column, and its worst finding for the page."""
    findings = [f for verdict in side.verdicts if (f := _finding(verdict, check)) is not None]
    if not findings:
        return (), {"status": None, "shown": None, "often": None, "number": False}
    worst = min(findings, key=lambda finding: _STATUSES.index(finding.status))
    count = sum(finding.status == worst.status for finding in findings)
    statuses = tuple(sorted(finding.status for finding in findings))
    return statuses, {
        "status": worst.status,
        "shown": verdicts.headline(worst),
        "number": bool(worst.estimates) or worst.status != "info",
        "often": text("of_trainings", k=count, n=len(findings)) if len(findings) > 1 else None,
    }


def _finding(verdict: Verdict, check: str) -> Finding | None:
    return next((finding for finding in verdict.findings if finding.check == check), None)


def _settings(found: RunComparison) -> Ledger:
    names = [Path(run).resolve().name for run in found.runs]
    return Ledger(
        head=(text("col_setting"), text("col_part"), same(names[0]), same(names[1])),
        rows=tuple(
            (
                ledger.plain(one.name),
                ledger.plain(text(f"part_{one.part}")),
                *(
                    ledger.plain(figures.MISSING if value is None else value)
                    for value in (one.before, one.after)
                ),
            )
            for one in found.settings
        ),
        caption=text("section_settings"),
    )


def _seed(seed: Seed) -> str:
    return f"{seed.run}: {seed.arm}" + (f", sha256 {seed.sha256}" if seed.sha256 else "")


def sentence(run: Path) -> Both:
    """Return the conclusion of a compare run, for the index over a folder."""
    found = jsonl.read_one(run / COMPARISON, RunComparison)
    return both(lambda language: conclusion(found, language))
