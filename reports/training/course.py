"""The course of a train run: the one sentence, the one picture, the checkpoints that matter, and the losses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from loracheck.records import Estimate, Manifest
from loracheck.records.training import CheckpointReading, TrainingStep, TrainingSummary, WatchReading
from loracheck.reports import figures
from loracheck.reports.charts.curves import Curve, CurveChart, Event, Level, Place
from loracheck.reports.charts.intervals import Table
from loracheck.reports.parts import ledger, trained
from loracheck.reports.strings.frame import Both, same, text

from . import losses, moments, said, watched

SERIES: tuple[tuple[str, str, Callable[[WatchReading], Estimate | None]], ...] = (
    ("kept", "dot", lambda reading: reading.facts_kept),
    ("learnt", "square", lambda reading: reading.persona_learnt),
    ("leakage", "wedge", lambda reading: reading.leakage),
)
"""The curves of the watch: name, mark, and the estimate that they follow."""


def view(run: Path, manifest: Manifest, summary: TrainingSummary) -> dict[str, Any]:
    """Return headline, picture, the checkpoints that matter and the losses."""
    readings, steps = trained.readings(run), trained.steps(run)
    asked = [reading for reading in readings if reading.step and reading.watch]
    events = _events(summary, readings, steps)
    marked = moments.marked(run, summary, readings)
    return {
        "headline": headline(readings),
        "notes": _notes(summary, readings),
        "how": None if asked else text("course_how"),
        "picture": _picture(manifest, summary, readings, events) if asked else None,
        "moments": moments.lay_out(marked) if asked else None,
        "said": said.view(
            run, [(f"step-{one.reading.step}", one.name) for one in marked if one.reading.step]
        ),
        "losses": losses.chart(summary, readings, steps, events),
    }


def headline(readings: Sequence[CheckpointReading]) -> Both:
    """Say in a sentence how far the run was safe."""
    asked = [(one, one.watch) for one in readings if one.step and one.watch]
    if not asked:
        return text("course_none")
    unsafe = [place for place, (_, watch) in enumerate(asked) if not watch.safe]
    safe = [one for one, watch in asked if watch.safe]
    if not unsafe:
        last = asked[-1][0]
        return text("course_all", n=len(asked), step=last.step, tokens=figures.whole(last.trained_tokens))
    first, found = asked[unsafe[0]]
    reason = watched.why(found)
    if not safe:
        return text("course_never", n=len(asked), first=first.step, why=reason)
    last = safe[-1]
    if unsafe == list(range(unsafe[0], len(asked))):
        tokens = figures.whole(last.trained_tokens)
        return text("course_until", step=last.step, tokens=tokens, first=first.step, why=reason)
    return text("course_mixed", bad=len(unsafe), n=len(asked), first=first.step, why=reason, step=last.step)


def watch_curves(given: Sequence[tuple[float, WatchReading]]) -> tuple[Curve, ...]:
    """Return the curves of the watch over places along an axis; what was never measured has none."""
    curves = []
    for name, mark, estimate in SERIES:
        places = tuple(_place(at, estimate(reading)) for at, reading in given)
        if any(place.value is not None for place in places):
            curves.append(Curve(name=name, label=text(f"series_{name}"), places=places, mark=mark))
    return tuple(curves)


def levels(base: WatchReading | None, margin: object) -> tuple[Level, ...]:
    """Return what the base keeps, and the limit below it where it is known."""
    kept = base.facts_kept.value if base else None
    if kept is None:
        return ()
    found = [Level(name="base", label=_level("base", kept), value=kept)]
    if isinstance(margin, float) and 0 < margin < kept:
        found.append(Level(name="margin", label=_level("margin", kept - margin), value=kept - margin))
    return tuple(found)


def event(at: float, place: Both, names: Sequence[str]) -> Event:
    """Mark a place along the axis; the label of its first role says which place it is."""
    first = text("event", place=place, role=text(f"role_{names[0]}"))
    return Event(at=at, roles=((names[0], first), *((name, text(f"role_{name}")) for name in names[1:])))


def _level(name: str, value: float) -> Both:
    return text(f"level_{name}", value=figures.amount(value, "share"))


def _place(at: float, estimate: Estimate | None) -> Place:
    if estimate is None:
        return Place(at=at, value=None)
    return Place(at=at, value=estimate.value, low=estimate.ci_low, high=estimate.ci_high, n=estimate.n)


def _events(
    summary: TrainingSummary, readings: Sequence[CheckpointReading], steps: Sequence[TrainingStep]
) -> tuple[Event, ...]:
    places = {step.step: step.trained_tokens for step in steps}
    places |= {reading.step: reading.trained_tokens for reading in readings}
    by_step: dict[int, list[str]] = {}
    for role, step in (
        ("kept", moments.kept_step(summary)),
        ("safe", summary.safe_step),
        ("best", summary.best_step),
    ):
        if step is not None and step in places:
            by_step.setdefault(step, []).append(role)
    return tuple(
        event(float(places[step]), text("moment_step", step=figures.whole(step)), names)
        for step, names in by_step.items()
    )


def _notes(summary: TrainingSummary, readings: Sequence[CheckpointReading]) -> list[Both]:
    """Say what adapter/ holds, whether that is safe, and why the run ended before its end."""
    step = moments.kept_step(summary)
    found = [text(f"kept_{summary.kept}", step=figures.whole(step))]
    watch = next((one.watch for one in readings if one.step == step), None)
    if watch is not None and not watch.safe:
        found.append(text("kept_unsafe", why=watched.why(watch)))
    first = next((one.watch for one in readings if one.step and one.watch and not one.watch.safe), None)
    found += watched.doubt(first) if first is not None else []
    if summary.stopped != "end":
        found.append(text(f"stopped_{summary.stopped}"))
    return found


def _picture(
    manifest: Manifest,
    summary: TrainingSummary,
    readings: Sequence[CheckpointReading],
    events: tuple[Event, ...],
) -> CurveChart:
    asked = [(one, one.watch) for one in readings if one.watch]
    base = next((watch for one, watch in asked if one.step == 0), None)
    return CurveChart(
        id="course",
        title=text("course_title"),
        description=text("course_desc"),
        curves=watch_curves([(float(one.trained_tokens), watch) for one, watch in asked]),
        levels=levels(base, manifest.config.get("watch_margin")),
        events=events,
        rail=tuple((float(one.trained_tokens), watch.safe) for one, watch in asked if one.step),
        across=text("axis_tokens"),
        end=float(max(summary.trained_tokens, *(one.trained_tokens for one in readings), 1)),
        numbers=Table(
            head=tuple(
                text(f"col_{name}")
                for name in (
                    "train_step",
                    "tokens",
                    "kept",
                    "change",
                    "learnt",
                    "leakage",
                    "name",
                    "heldout",
                    "safe",
                )
            ),
            rows=tuple(_numbers(one) for one in readings),
        ),
    )


def _numbers(one: CheckpointReading) -> tuple[Both, ...]:
    watch = one.watch
    estimates = (
        (watch.facts_kept, watch.facts_change, watch.persona_learnt, watch.leakage, watch.name_rate)
        if watch
        else (None,) * 5
    )
    return (
        same(figures.whole(one.step)),
        same(figures.whole(one.trained_tokens)),
        *(ledger.inline(estimate) for estimate in estimates),
        watched.loss(one.heldout_loss),
        watched.safety(watch),
    )
