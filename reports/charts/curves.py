"""Curves with bands, levels and marked places: what was learnt and lost over a training, or over strengths.

The label of a curve stands at its end, marked places stand in rows of their own above, and a rail below the axis says
of each reading whether it was safe. A chart is drawn twice, wide and narrow, as shrunk text would not be legible.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from markupsafe import Markup

from loracheck.reports import figures
from loracheck.reports.html import element
from loracheck.reports.strings.frame import Both, UiLanguage, same, text

from .flows import DRAWN_POINTS, evenly
from .geometry import Box, Scale, linear, rounded, ticks
from .intervals import Table, axis_names, frame
from .marks import symbol

Unit = Literal["share", "nats"]
_ROW, _GAP, _ROLE = 20, 16, 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One number of a curve, with its interval where it has one."""

    at: float
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A line through places; without a mark they are many, and only the line is drawn."""

    name: str
    label: Both
    places: tuple[Place, ...]
    mark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A dashed line across: what the base has, or the limit."""

    name: Literal["base", "margin"]
    label: Both
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A marked place along the axis: its roles, each with a symbol and a label of its own."""

    at: float
    roles: tuple[tuple[str, Both], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveChart:
    """Curves over trained tokens or strength; `rail` holds places with whether they are safe."""

    id: str
    title: Both
    description: Both
    curves: tuple[Curve, ...]
    across: Both
    numbers: Table
    end: float
    unit: Unit = "share"
    up: Both | None = None
    levels: tuple[Level, ...] = ()
    events: tuple[Event, ...] = ()
    rail: tuple[tuple[float, bool], ...] = ()
    width: int = 1000
    plot: int = 270

    def narrow(self) -> CurveChart:
        """Return the same chart for a small screen."""
        return replace(self, id=f"{self.id}-narrow", width=360, plot=220)

    def table(self) -> Table:
        """Return the same numbers as a table."""
        return self.numbers

    def svg(self, language: UiLanguage) -> Markup:
        """Draw the chart."""
        labels = [curve.label for curve in self.curves] + [level.label for level in self.levels]
        left, right = 40.0, self.width - 18.0 - max((label_width(one) for one in labels), default=0.0)
        top = 12.0 + _ROW * (self._roles() + (self.up is not None))
        bottom = top + self.plot
        x, y = linear(0, self.end, left, right), linear(0, self._height(), bottom, top)
        below = bottom + (34 if self.rail else 18)
        marks = [
            *self._grid(x, y, (left, top, right, bottom), below, language),
            *self._levels(y, left, right),
            *(mark for curve in self.curves for mark in _band(curve, x, y)),
            *self._event_lines(x, bottom),
            *(mark for curve in self.curves for mark in _line(curve, x, y)),
            *self._labels(x, y, right, (top, bottom - (8 if self.rail else 0)), language),
            *self._events(x, language),
            *self._rail(x, bottom + 12, right, language),
        ]
        return frame(self.id, self.title, self.description, self.width, below + 26, marks, language)

    def _roles(self) -> int:
        return sum(len(event.roles) for event in self.events)

    def _height(self) -> float:
        if self.unit == "share":
            return 1.0
        found = [place.value for curve in self.curves for place in curve.places if place.value is not None]
        return 1.04 * max(found, default=1.0) or 1.0

    def _grid(self, x: Scale, y: Scale, area: Box, below: float, language: UiLanguage) -> Iterator[Markup]:
        left, top, right, bottom = area
        for number in (0.0, 0.25, 0.5, 0.75, 1.0) if self.unit == "share" else ticks(0, self._height(), 4):
            at = rounded(y(number))
            yield element("line", class_="grid", x1=left, x2=rounded(right), y1=at, y2=at)
            label = figures.tick(number, "share") if self.unit == "share" else same(f"{number:g}")
            if self.unit == "nats" or number in (0.0, 0.5, 1.0):
                yield element("text", label, language, class_="tick", x=left - 8, y=at + 4, text_anchor="end")
        for number in ticks(0, self.end, 5 if self.width > 500 else 4):
            at = rounded(x(number))
            yield element("line", class_="grid", x1=at, x2=at, y1=bottom, y2=bottom + 4)
            label = same(f"{number:g}" if self.end <= 1 else figures.whole(round(number)))
            yield element("text", label, language, class_="tick", x=at, y=below, text_anchor="middle")
        over = top - 18 - _ROW * self._roles()
        yield from axis_names(self.across, self.up, right, below + 20, over, language)

    def _levels(self, y: Scale, left: float, right: float) -> Iterator[Markup]:
        for level in self.levels:
            at = rounded(y(level.value))
            name = "limit" if level.name == "margin" else "level"
            yield element(
                "line",
                class_=name,
                x1=left,
                x2=rounded(right),
                y1=at,
                y2=at,
                data_level=level.name,
                data_value=level.value,
            )

    def _labels(
        self, x: Scale, y: Scale, right: float, span: tuple[float, float], language: UiLanguage
    ) -> Iterator[Markup]:
        """Write every label beside the end of its line, moved apart where ends lie together."""
        ends: list[tuple[float, float, str, Both]] = [
            (y(level.value), right, f"of-{level.name}", level.label) for level in self.levels
        ]
        for curve in self.curves:
            last = next((one for one in reversed(curve.places) if one.value is not None), None)
            if last is not None and last.value is not None:
                ends.append((y(last.value), x(last.at), f"of-{curve.name}", curve.label))
        ends.sort(key=lambda end: end[0])
        for place, (at, start, name, label) in zip(
            spread([end[0] for end in ends], _GAP, *span), ends, strict=True
        ):
            if abs(place - at) > 10 or right - start > 2:
                yield element(
                    "line",
                    class_="lead",
                    x1=rounded(start + 5),
                    x2=rounded(right + 10),
                    y1=rounded(at),
                    y2=rounded(place),
                )
            yield element(
                "text",
                label,
                language,
                class_=f"end-label {name}",
                x=rounded(right + 13),
                y=rounded(place + 4),
            )

    def _rows(self, x: Scale) -> list[tuple[float, Event]]:
        """Return where each event's rows begin, in an order in which lines run through few labels."""

        def order(event: Event) -> tuple[bool, float]:
            return not _to_left(event, x), -event.at if _to_left(event, x) else event.at

        row, found = 14.0 + _ROW * (self.up is not None), []
        for event in sorted(self.events, key=order):
            found.append((row, event))
            row += _ROW * len(event.roles)
        return found

    def _event_lines(self, x: Scale, bottom: float) -> Iterator[Markup]:
        for row, event in self._rows(x):
            at = rounded(x(event.at))
            yield element("line", class_="event", x1=at, x2=at, y1=row - 4, y2=bottom)

    def _events(self, x: Scale, language: UiLanguage) -> Iterator[Markup]:
        for first, event in self._rows(x):
            to_left, marks = _to_left(event, x), []
            widest = max(label_width(label) for _, label in event.roles)
            # Where neither side has room, symbols and labels move left together, off their line.
            at = x(event.at) if to_left else min(x(event.at), self.width - widest - _ROLE)
            for place, (role, label) in enumerate(event.roles):
                row = first + _ROW * place
                marks += [
                    symbol(role, at, row - 4),
                    element(
                        "text",
                        label,
                        language,
                        class_="event-label",
                        x=rounded(at - _ROLE if to_left else at + _ROLE),
                        y=row,
                        text_anchor="end" if to_left else "start",
                    ),
                ]
            names = " ".join(role for role, _ in event.roles)
            yield element("g", Markup("").join(marks), data_at=event.at, data_roles=names)

    def _rail(self, x: Scale, row: float, right: float, language: UiLanguage) -> Iterator[Markup]:
        if not self.rail:
            return
        drawn = -math.inf
        for place, (at, safe) in enumerate(self.rail):
            turns = place == 0 or place == len(self.rail) - 1 or self.rail[place - 1][1] != safe
            if turns or x(at) - drawn >= 11:
                drawn = x(at)
                yield symbol("yes" if safe else "no", drawn, row)
        yield element("text", text("rail"), language, class_="tick", x=rounded(right + 13), y=row + 4)


def spread(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move sorted places apart by at least a gap, staying between low and high where that is possible."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + gap if moved else low))
    ceiling = high
    for index in range(len(moved) - 1, -1, -1):
        moved[index] = min(moved[index], ceiling)
        ceiling = moved[index] - gap
    return moved


def label_width(label: Both) -> float:
    """Return about how wide a label is, in either language."""
    return max(
        sum(13.0 if unicodedata.east_asian_width(sign) in "WF" else 6.9 for sign in one) for one in label
    )


def _to_left(event: Event, x: Scale) -> bool:
    """Tell whether its labels have room to the left of its place."""
    return x(event.at) - _ROLE >= max(label_width(label) for _, label in event.roles)


def _band(curve: Curve, x: Scale, y: Scale) -> Iterator[Markup]:
    for known, part in groupby(curve.places, key=lambda one: one.low is not None and one.high is not None):
        places = list(part)
        if known and len(places) > 1:
            upper = [f"{x(one.at):.1f},{y(one.high or 0.0):.1f}" for one in places]
            lower = [f"{x(one.at):.1f},{y(one.low or 0.0):.1f}" for one in reversed(places)]
            yield element("polygon", class_=f"band of-{curve.name}", points=" ".join(upper + lower))


def _line(curve: Curve, x: Scale, y: Scale) -> Iterator[Markup]:
    for known, part in groupby(curve.places, key=lambda one: one.value is not None):
        places = list(part)
        if not known:
            continue
        chosen = places if curve.mark else [places[i] for i in evenly(len(places), DRAWN_POINTS)]
        yield element(
            "polyline",
            class_=f"curve of-{curve.name}",
            points=" ".join(f"{x(one.at):.1f},{y(one.value or 0.0):.1f}" for one in chosen),
            data_series=curve.name,
            data_last=places[-1].value,
        )
        for one in places if curve.mark else []:
            yield element(
                "g",
                symbol(curve.mark or "", x(one.at), y(one.value or 0.0), f"of-{curve.name}"),
                data_series=curve.name,
                data_at=one.at,
                data_value=one.value,
                data_low=one.low,
                data_high=one.high,
                data_n=one.n,
            )
