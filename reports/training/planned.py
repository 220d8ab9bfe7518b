"""The plan of a training beside what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from loracheck.records.training import Plan, TrainingSummary
from loracheck.reports import figures
from loracheck.reports.parts import ledger
from loracheck.reports.parts.ledger import Cell, Ledger
from loracheck.reports.strings.frame import Both, both, same, text
from loracheck.words.training_plan import MEMORY_PARTS, note_text

Number = float | int | None


def view(summary: TrainingSummary) -> dict[str, Any] | None:
    """Return the table of plan and outcome, how the plan was made, its memory by cause and its advice."""
    plan = summary.plan
    if plan is None:
        return None
    lines: list[tuple[str, Number, Number, Callable[[Any], Both]]] = [
        ("parameters", plan.trainable_parameters, summary.trainable_parameters, _whole),
        ("adapter", plan.adapter_bytes, summary.adapter_bytes, figures.size),
        ("tokens", plan.trained_tokens, summary.trained_tokens, _whole),
        ("steps", plan.steps, summary.steps, _whole),
        ("memory", plan.memory.peak, summary.peak_memory_bytes, figures.size),
        ("time", plan.seconds, summary.training_seconds or None, figures.duration),
    ]
    columns = ("quantity", "plan", "outcome", "off")
    return {
        "ledger": Ledger(
            head=tuple(text(f"col_{column}") for column in columns),
            rows=tuple(
                (
                    ledger.plain(text(f"plan_{name}")),
                    _cell(planned, show),
                    _cell(found, show),
                    ledger.plain(_off(planned, found)),
                )
                for name, planned, found, show in lines
            ),
            caption=text("section_plan"),
        ),
        "made": text("plan_probed" if plan.probed else "plan_formulas"),
        "parts": [
            (text(f"memory_{part}"), figures.size(size))
            for part in MEMORY_PARTS
            if (size := getattr(plan.memory, part))
        ],
        "notes": [_note(plan, code) for code in plan.notes],
    }


def _note(plan: Plan, code: str) -> Both:
    memory = figures.size(plan.memory_bytes)
    return both(lambda language: note_text(code, plan, getattr(memory, language), language))


def _cell(value: Number, show: Callable[[Any], Both]) -> Cell:
    return ledger.plain(text("not_measured") if value is None else show(value))


def _off(planned: Number, found: Number) -> Both:
    """Return by how much of the outcome the plan was off; an exact plan says so."""
    if planned is None or not found:
        return same(figures.MISSING)
    if planned == found:
        return text("plan_exact")
    percent = figures.minus(f"{100 * (planned - found) / found:+.1f}".removesuffix(".0"))
    return same(f"{percent}%")


def _whole(value: int) -> Both:
    return same(figures.whole(value))
