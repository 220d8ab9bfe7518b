"""The picture of a sweep: every training as a numbered point in persona learnt and facts kept, and the front."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from loracheck.records import Estimate
from loracheck.reports import figures
from loracheck.reports.html import element
from loracheck.reports.strings.frame import Both, UiLanguage, same, text

from .geometry import Box, Scale, around, leaves, linear, overlap, rounded
from .intervals import Table, axis_names, estimate_table, frame
from .marks import symbol

_TURNS = 16
_NEAR = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A point; `group` is the configuration that its seeds share."""

    name: str
    group: str
    across: Estimate
    up: Estimate
    on_front: bool

    @property
    def place(self) -> tuple[float, float]:
        """Return both values."""
        return self.across.value or 0.0, self.up.value or 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontChart:
    """Trainings as points; the axes span what was found, in whole tenths."""

    id: str
    title: Both
    description: Both
    trainings: tuple[Training, ...]
    base: tuple[Estimate, Estimate] | None
    across: Both
    up: Both
    width: int = 760
    height: int = 460

    def narrow(self) -> FrontChart:
        """Return the same chart for a small screen."""
        return replace(self, id=f"{self.id}-narrow", width=360, height=380)

    def table(self) -> Table:
        """Return the same numbers as a table."""
        pairs = [
            (Both(f"{one.name}: {axis.en}", f"{one.name}: {axis.ja}"), estimate)
            for one in self.trainings
            for axis, estimate in ((self.across, one.across), (self.up, one.up))
        ]
        return estimate_table(pairs)

    def svg(self, language: UiLanguage) -> Markup:
        """Draw the chart."""
        left, right, top, bottom = 44.0, self.width - 44.0, 34.0, self.height - 50.0
        shown = [one for one in self.trainings if one.on_front]
        across = [one.across for one in shown] + ([self.base[0]] if self.base else [])
        up = [one.up for one in shown] + ([self.base[1]] if self.base else [])
        wide = span([one.place[0] for one in self.trainings], across)
        high = span([one.place[1] for one in self.trainings], up)
        x, y = linear(*wide, left, right), linear(*high, bottom, top)
        area = (left, top, right, bottom)
        marks = [
            *self._grid(x, y, wide, high, area, language),
            *self._intervals(x, y),
            *self._groups(x, y),
            *self._front(x, y),
            *self._points(x, y, (left, top - 8, self.width, bottom), language),
        ]
        return frame(self.id, self.title, self.description, self.width, self.height, marks, language)

    def _grid(
        self,
        x: Scale,
        y: Scale,
        wide: tuple[float, float],
        high: tuple[float, float],
        area: Box,
        language: UiLanguage,
    ) -> Iterator[Markup]:
        left, top, right, bottom = area
        for number in tenths(wide, 10 if self.width > 500 else 5):
            at, label = rounded(x(number)), figures.tick(number, "share")
            yield element("line", class_="grid", x1=at, x2=at, y1=top, y2=bottom)
            yield element("text", label, language, class_="tick", x=at, y=bottom + 18, text_anchor="middle")
        for number in tenths(high, 8):
            at, label = rounded(y(number)), figures.tick(number, "share")
            yield element("line", class_="grid", x1=left, x2=right, y1=at, y2=at)
            yield element("text", label, language, class_="tick", x=left - 8, y=at + 4, text_anchor="end")
        yield from axis_names(self.across, self.up, right, bottom + 40, 14, language)

    def _intervals(self, x: Scale, y: Scale) -> Iterator[Markup]:
        drawn = [(one.across, one.up) for one in self.trainings if one.on_front]
        for across, up in [*drawn, *([self.base] if self.base else [])]:
            at, level = rounded(x(across.value or 0.0)), rounded(y(up.value or 0.0))
            if across.ci_low is not None and across.ci_high is not None:
                ends = rounded(x(across.ci_low)), rounded(x(across.ci_high))
                yield element("line", class_="whisker", x1=ends[0], x2=ends[1], y1=level, y2=level)
            if up.ci_low is not None and up.ci_high is not None:
                ends = rounded(y(up.ci_low)), rounded(y(up.ci_high))
                yield element("line", class_="whisker", x1=at, x2=at, y1=ends[0], y2=ends[1])

    def _groups(self, x: Scale, y: Scale) -> Iterator[Markup]:
        """Join the seeds of one configuration to their middle."""
        groups: dict[str, list[tuple[float, float]]] = {}
        for one in self.trainings:
            groups.setdefault(one.group, []).append((x(one.place[0]), y(one.place[1])))
        for name, places in groups.items():
            if len(places) > 1:
                middle = [sum(axis) / len(places) for axis in zip(*places, strict=True)]
                path = "".join(f"M{middle[0]:.1f} {middle[1]:.1f}L{a:.1f} {b:.1f}" for a, b in places)
                yield element("path", class_="seeds", d=path, data_group=name)

    def _front(self, x: Scale, y: Scale) -> Iterator[Markup]:
        front = sorted({one.place for one in self.trainings if one.on_front})
        if len(front) > 1:
            points = " ".join(f"{x(across):.1f},{y(up):.1f}" for across, up in front)
            yield element("polyline", class_="front", points=points)

    def _points(self, x: Scale, y: Scale, area: Box, language: UiLanguage) -> Iterator[Markup]:
        taken = [around(x(one.place[0]), y(one.place[1]), 10, 10) for one in self.trainings]
        if self.base:
            at, level = x(self.base[0].value or 0.0), y(self.base[1].value or 0.0)
            taken.append(around(at, level, 13, 13))
            yield element(
                "g",
                symbol("ring", at, level),
                data_name="base",
                data_across=self.base[0].value,
                data_up=self.base[1].value,
            )
            yield from _name(text("moment_base"), (at, level), 44, taken, area, language)
        for one in sorted(self.trainings, key=lambda training: training.on_front):
            yield element(
                "g",
                symbol("point" if one.on_front else "hollow-point", x(one.place[0]), y(one.place[1])),
                data_name=one.name,
                data_across=one.across.value,
                data_up=one.up.value,
                data_front="yes" if one.on_front else "no",
            )
        for one in sorted(self.trainings, key=lambda training: not training.on_front):
            at, level = x(one.place[0]), y(one.place[1])
            yield from _name(same(one.name), (at, level), 8.0 * len(one.name) + 4, taken, area, language)


def span(values: Sequence[float], estimates: Sequence[Estimate]) -> tuple[float, float]:
    """Return the ends of an axis in whole tenths around values and intervals, at least three tenths wide."""
    ends = [end for one in estimates for end in (one.value, one.ci_low, one.ci_high) if end is not None]
    found = [*values, *ends]
    low = max(0.0, math.floor(10 * min(found) - 0.2) / 10)
    high = min(1.0, math.ceil(10 * max(found) + 0.2) / 10)
    if high - low < 0.29:
        low = max(0.0, high - 0.3)
        high = min(1.0, low + 0.3)
    return low, high


def tenths(ends: tuple[float, float], most: int) -> list[float]:
    """Return round numbers between the ends, at most about so many."""
    step = 0.1 if ends[1] - ends[0] <= most / 10 + 1e-9 else 0.2
    count = round((ends[1] - ends[0]) / step + 1e-9)
    return [round(ends[0] + step * i, 4) for i in range(count + 1) if ends[0] + step * i <= ends[1] + 1e-9]


def _name(
    label: Both,
    place: tuple[float, float],
    width: float,
    taken: list[Box],
    area: Box,
    language: UiLanguage,
) -> Iterator[Markup]:
    """Write a name at the nearest free place around its point; a thin line leads to a distant one."""
    at, level = place
    height = 14.0

    def box(turn: int, away: float) -> Box:
        angle = 2 * math.pi * turn / _TURNS - math.pi / 4
        reach = away + (width / 2 - 4) * abs(math.cos(angle))
        return around(at + reach * math.cos(angle), level + away * math.sin(angle), width, height)

    def clash(found: Box) -> float:
        return 1000.0 * leaves(found, area) + sum(overlap(found, other) for other in taken)

    def cost(away: float, found: Box) -> tuple[float, float]:
        led = [] if away <= _NEAR else [_on_way(at, level, found, part) for part in (0.3, 0.5, 0.7)]
        crossed = sum(overlap(step, other) > 0 for step in led for other in taken)
        return round(clash(found) + 30 * crossed, 1), away

    options = [(away, box(turn, away)) for away in (13, 20, 28, 38, 50, 64) for turn in range(_TURNS)]
    away, best = min(options, key=lambda option: cost(*option))
    taken.append(best)
    middle = (best[0] + best[2]) / 2, (best[1] + best[3]) / 2
    if away > _NEAR:
        yield element(
            "line",
            class_="lead",
            x1=rounded(at),
            y1=rounded(level),
            x2=rounded(middle[0] + 0.25 * (at - middle[0])),
            y2=rounded(middle[1] + 0.25 * (level - middle[1])),
        )
    yield element(
        "text",
        label,
        language,
        class_="point-name",
        x=rounded(middle[0]),
        y=rounded(middle[1] + 4.5),
        text_anchor="middle",
    )


def _on_way(x: float, y: float, box: Box, part: float) -> Box:
    """Return a small box on the way from a point to the middle of a name."""
    to_x, to_y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return around(x + part * (to_x - x), y + part * (to_y - y), 3, 3)
