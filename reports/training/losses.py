"""The losses of a train run against trained tokens: of every step, and of the held-out rows at each checkpoint."""

from __future__ import annotations

from collections.abc import Sequence

from loracheck.records.training import CheckpointReading, TrainingStep, TrainingSummary
from loracheck.reports import figures
from loracheck.reports.charts.curves import Curve, CurveChart, Event, Place
from loracheck.reports.charts.flows import TABLE_POINTS, evenly
from loracheck.reports.charts.intervals import Table
from loracheck.reports.strings.frame import Both, same, text


def chart(
    summary: TrainingSummary,
    readings: Sequence[CheckpointReading],
    steps: Sequence[TrainingStep],
    events: Sequence[Event],
) -> CurveChart | None:
    """Draw what was logged; None where nothing was."""
    trained = tuple(Place(at=float(step.trained_tokens), value=step.loss) for step in steps)
    heldout = tuple(Place(at=float(one.trained_tokens), value=one.heldout_loss) for one in readings)
    curves = [Curve(name="loss", label=text("series_loss"), places=trained)] if trained else []
    if any(place.value is not None for place in heldout):
        curves.append(Curve(name="heldout", label=text("series_heldout"), places=heldout, mark="dot"))
    if not curves:
        return None
    ends = [place.at for curve in curves for place in curve.places]
    return CurveChart(
        id="losses",
        title=text("losses_title"),
        description=text("losses_desc" if curves[-1].mark else "losses_desc_train"),
        curves=tuple(curves),
        events=tuple(event for event in events if {"kept", "best"} & {role for role, _ in event.roles}),
        across=text("axis_tokens"),
        up=text("axis_loss"),
        unit="nats",
        end=max(float(summary.trained_tokens), 1.0, *ends),
        width=440,
        plot=240,
        numbers=_table(readings, steps),
    )


def _table(readings: Sequence[CheckpointReading], steps: Sequence[TrainingStep]) -> Table:
    """Lay out the losses at every reading and at some evenly spaced steps."""
    heldout = {one.trained_tokens: one.heldout_loss for one in readings if one.heldout_loss is not None}
    trained = {step.trained_tokens: step.loss for step in steps}
    places = sorted({*heldout, *(steps[i].trained_tokens for i in evenly(len(steps), TABLE_POINTS))})
    return Table(
        head=(text("col_tokens"), text("series_loss"), text("series_heldout")),
        rows=tuple(
            (same(figures.whole(place)), _nats(trained.get(place)), _nats(heldout.get(place)))
            for place in places
        ),
    )


def _nats(value: float | None) -> Both:
    return same(figures.MISSING) if value is None else figures.nats(value)
