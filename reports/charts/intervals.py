"""Charts as SVG, drawn by hand: intervals and points. Each has a title, a description and a table twin.

Colours come from classes of the page's style; shapes and labels carry the meaning without them. Marks hold
their numbers in data attributes, so that a test, or a reader's own script, gets them back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from loracheck.records import Estimate
from loracheck.reports import figures
from loracheck.reports.html import element
from loracheck.reports.strings.frame import Both, UiLanguage, marked, same, text
from loracheck.terminal import columns

from . import tracks
from .geometry import Box, Scale, around, leaves, linear, meet, rounded, ticks
from .tracks import Track

SHARED = 9
"""How near numbered points lie that have one label."""
_STACKED = (-31, 34, -49, 52, -67, 70, -85, 88, -103, 106)
"""How far below its point a name may stand where others have the places beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The same numbers as a chart, in words and digits. A row of one cell heads the rows below it."""

    head: tuple[Both, ...]
    rows: tuple[tuple[Both, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of an interval chart; shape 0 is the base, 1 and up the adapters."""

    label: Both
    estimate: Estimate
    shape: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalChart:
    """Estimates with their intervals, one above the other, and the limit as a dashed line."""

    id: str
    title: Both
    description: Both
    rows: tuple[Row, ...]
    limit: float | None = None
    limit_label: Both | None = None

    WIDTH = 320

    def scale(self) -> tuple[float, float]:
        """Return the ends of the axis: all of 0 to 100% for shares, a round part of it where all are small."""
        unit = self.rows[0].estimate.unit
        found = [x for row in self.rows for x in _ends(row.estimate)] + [0.0]
        found += [self.limit] if self.limit is not None else []
        if unit == "share":
            # A strength may lie below 0 and beyond 100%, and a margin below a base that is near 0.
            least, most = min(found), max(found)
            return least, most if most > 1 else 1.0 if most > 0.3 else _nice(max(most, 0.01))
        if unit == "count":
            return 0.0, _nice(max([*found, 1.0]))
        reach = _nice(max(abs(x) for x in found) or 0.1)
        return -reach, reach

    def ticks(self) -> list[float]:
        """Return the ends and the middle of the axis, or round numbers of one step where an end is not round."""
        low, high = self.scale()
        beyond = self.rows[0].estimate.unit == "share" and (low < 0 or high > 1)
        return ticks(low, high, 4) if beyond else [low, (low + high) / 2, high]

    def svg(self, language: UiLanguage) -> Markup:
        """Draw the chart."""
        low, high = self.scale()
        unit = self.rows[0].estimate.unit
        left, right, step = 84, self.WIDTH - (58 if unit in ("share", "difference") else 96), 30
        top = 26 if self.limit is not None else 4
        bottom = top + step * len(self.rows)
        x = linear(low, high, left, right)
        marked = self.ticks()
        lines = "".join(f"M{rounded(x(tick))},{top}V{bottom}" for tick in marked)
        below = Markup("").join(
            element("text", figures.tick(tick, unit), language, x=rounded(x(tick)), y=bottom + 16)
            for tick in marked
        )
        marks = [element("path", class_="grid", d=lines), element("g", below, class_="ticks")]
        if self.limit is not None and self.limit_label is not None:
            at = rounded(x(min(max(self.limit, low), high)))
            anchor = "start" if at < left + 60 else "end" if at > right - 30 else None
            line = f"M{at},{top - 8}V{bottom}"
            marks += [
                element("path", d=line, data_limit=_figures(self.limit)),
                element("text", self.limit_label, language, x=at, y=top - 12, text_anchor=anchor),
            ]
        for index, row in enumerate(self.rows):
            name = element("text", figures.cut(row.label, 11), language)
            value = figures.bare(row.estimate.value, unit)
            number = element("text", value, language, x=self.WIDTH)
            marks.append(_interval(row, x, rounded(top + step * (index + 0.5)), name, number))
        return frame(self.id, self.title, self.description, self.WIDTH, bottom + 22, marks, language)

    def table(self) -> Table:
        """Return the same numbers as a table."""
        return estimate_table([(row.label, row.estimate) for row in self.rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """An arm with an estimate along each axis; one with a name of its own has that in a key below."""

    label: Both
    across: Estimate
    up: Estimate
    shape: int
    name: Both | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointChart:
    """Arms as points in two shares, each with both intervals, and the tracks that lead to them."""

    id: str
    title: Both
    description: Both
    points: tuple[Point, ...]
    across: Both
    up: Both
    tracks: tuple[Track, ...] = ()

    WIDTH, HEIGHT = 400, 340

    def svg(self, language: UiLanguage) -> Markup:
        """Draw the chart."""
        keyed = [point for point in self.points if point.name is not None]
        left, right, top, bottom = 48, self.WIDTH - (56 if keyed else 14), 34, self.HEIGHT - 52
        wide, high = (
            _top([getattr(one, axis) for one in (*self.points, *(s for t in self.tracks for s in t.stops))])
            for axis in ("across", "up")
        )
        x, y = linear(0, wide, left, right), linear(0, high, bottom, top)
        marks = []
        for part in (0.0, 0.25, 0.5, 0.75, 1.0):
            at, level = rounded(x(part * wide)), rounded(y(part * high))
            marks.append(element("line", class_="grid", x1=at, x2=at, y1=top, y2=bottom))
            marks.append(element("line", class_="grid", x1=left, x2=right, y1=level, y2=level))
            if part in (0.0, 0.5, 1.0):
                below, beside = figures.tick(part * wide, "share"), figures.tick(part * high, "share")
                marks.append(
                    element("text", below, language, class_="tick", x=at, y=bottom + 18, text_anchor="middle")
                )
                marks.append(
                    element(
                        "text", beside, language, class_="tick", x=left - 8, y=level + 4, text_anchor="end"
                    )
                )
        marks += [
            *axis_names(self.across, self.up, right, bottom + 40, 14, language),
            element(
                "text", text("wanted"), language, class_="wanted", x=right - 8, y=top - 8, text_anchor="end"
            ),
        ]
        taken = [box for point in self.points for box in _covered(point, x, y)]
        taken += tracks.covered(self.tracks, x, y)
        marks += tracks.draw(self.tracks, x, y)
        for point in self.points:
            marks += _cross(point, x, y)
        area = (left, top, self.WIDTH if keyed else right, bottom)
        for label, point in _together(self.points, x, y):
            marks.append(_point_label(label, point, x, y, taken, area, language))
        area = (left, top, right, bottom)
        marks += tracks.labels(self.tracks, x, y, taken, area, language)
        marks += tracks.key(self.tracks, self.HEIGHT + 12.0, marker, language)
        height = self.HEIGHT + tracks.KEY_ROW * len(self.tracks) + (8 if self.tracks else 0)
        marks += _names(keyed, height + 12.0, language)
        height += tracks.KEY_ROW * math.ceil(len(keyed) / 2) + (8 if keyed else 0)
        return frame(self.id, self.title, self.description, self.WIDTH, height, marks, language)

    def table(self) -> Table:
        """Return the same numbers as a table."""
        pairs = [
            (Both(f"{name.en}: {axis.en}", f"{name.ja}: {axis.ja}"), estimate)
            for point in self.points
            for name in (point.name or point.label,)
            for axis, estimate in ((self.across, point.across), (self.up, point.up))
        ]
        pairs += [
            (
                Both(
                    f"{track.name.en}, {stop.label.en}: {axis.en}",
                    f"{track.name.ja}、{stop.label.ja}: {axis.ja}",
                ),
                estimate,
            )
            for track in self.tracks
            for stop in track.stops
            for axis, estimate in ((self.across, stop.across), (self.up, stop.up))
        ]
        return estimate_table(pairs)


def estimate_table(pairs: Sequence[tuple[Both, Estimate]]) -> Table:
    """Lay out estimates as a table with value, interval, n and method."""
    columns = ("col_arm", "col_value", "interval", "col_n", "col_method")
    return Table(
        head=tuple(text(column) for column in columns),
        rows=tuple(
            (
                label,
                figures.amount(estimate.value, estimate.unit),
                figures.interval(estimate),
                same(figures.whole(estimate.n)),
                same(estimate.method),
            )
            for label, estimate in pairs
        ),
    )


def frame(
    name: str,
    title: Both,
    description: Both,
    width: float,
    height: float,
    marks: Sequence[Markup],
    language: UiLanguage,
) -> Markup:
    """Put marks into an SVG that a screen reader announces by its title and description."""
    inside = Markup("").join(
        [
            element("title", title, language, id=f"{name}-t"),
            element("desc", description, language, id=f"{name}-d"),
            *marks,
        ]
    )
    return element(
        "svg",
        inside,
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        class_="chart",
        width=width,
        height=height,
        viewBox=f"0,0,{rounded(width)},{rounded(height)}",
        aria_labelledby=f"{name}-t {name}-d",
    )


def axis_names(
    across: Both, up: Both | None, right: float, below: float, over: float, language: UiLanguage
) -> Iterator[Markup]:
    """Name the axes, each with an arrow: one at the right end, and one over the other axis where it has a name."""
    name = marked("{} →", across)
    yield element("text", name, language, class_="axis", x=rounded(right), y=below, text_anchor="end")
    if up is not None:
        yield element("text", marked("↑ {}", up), language, class_="axis", x=0, y=over)


def marker(shape: int, x: float, y: float, *, named: bool = True) -> Markup:
    """Draw the mark of an arm: an open circle for the base, then diamond, square, triangle for adapters.

    Where every mark of its kind stands for an arm, the style needs no name for it.
    """
    x, y = rounded(x), rounded(y)
    if shape == 0:
        return element("circle", class_="base" if named else None, cx=x, cy=y or None, r=4.5)
    forms = (
        f"M{x},{rounded(y - 6)}l6,6-6,6-6-6z",
        f"M{rounded(x - 4.5)},{rounded(y - 4.5)}h9v9h-9z",
        f"M{x},{rounded(y - 6)}l5.5,10h-11z",
    )
    return element("path", class_="adapter" if named else None, d=forms[(shape - 1) % len(forms)])


def _interval(row: Row, x: Scale, y: float, name: Markup, number: Markup) -> Markup:
    """Draw a line of the chart, moved down to its place as a whole: name, interval, mark and number.

    Its attribute holds the value, both ends of the interval, and n; what is missing is empty.
    """
    estimate = row.estimate
    marks = [name]
    if estimate.ci_low is not None and estimate.ci_high is not None:
        marks.append(element("line", x1=rounded(x(estimate.ci_low)), x2=rounded(x(estimate.ci_high))))
    if estimate.value is not None:
        marks.append(marker(row.shape, x(estimate.value), 0, named=False))
    held = [_figures(one) or "" for one in (estimate.value, estimate.ci_low, estimate.ci_high)]
    return element(
        "g",
        Markup("").join([*marks, number]),
        transform=f"translate(0,{y})",
        data_estimate=",".join([*held, str(estimate.n)]),
    )


def _cross(point: Point, x: Scale, y: Scale) -> list[Markup]:
    across, up = point.across, point.up
    at, level = rounded(x(_middle(across))), rounded(y(_middle(up)))
    marks = []
    if across.ci_low is not None and across.ci_high is not None:
        marks.append(
            element(
                "line",
                class_="interval",
                x1=rounded(x(across.ci_low)),
                x2=rounded(x(across.ci_high)),
                y1=level,
                y2=level,
            )
        )
    if up.ci_low is not None and up.ci_high is not None:
        marks.append(
            element(
                "line", class_="interval", x1=at, x2=at, y1=rounded(y(up.ci_low)), y2=rounded(y(up.ci_high))
            )
        )
    marks.append(marker(point.shape, at, level))
    return [
        element("g", Markup("").join(marks), data_across=_figures(across.value), data_up=_figures(up.value))
    ]


def _together(points: Sequence[Point], x: Scale, y: Scale) -> Iterator[tuple[Both, Point]]:
    """Return the labels with their points; numbered points in one place share theirs."""
    shared: list[list[Point]] = []
    for point in points:
        at, level = x(_middle(point.across)), y(_middle(point.up))
        for others in shared if point.name else ():
            first = others[0]
            near = math.dist((at, level), (x(_middle(first.across)), y(_middle(first.up)))) < SHARED
            if first.name and near:
                others.append(point)
                break
        else:
            shared.append([point])
    for found in shared:
        joined = ", ".join(point.label.en for point in found)
        yield found[0].label if len(found) == 1 else same(joined), found[0]


def _point_label(
    given: Both,
    point: Point,
    x: Scale,
    y: Scale,
    taken: list[Box],
    area: Box,
    language: UiLanguage,
) -> Markup:
    """Write the arm's name beside its point, at the nearest place that is free; names of one place are stacked."""
    label = figures.cut(given, 16)
    width, height = 8.2 * columns(label.en) + 4, 18.0
    at, level = x(_middle(point.across)), y(_middle(point.up))
    places = [(at + 8 + width / 2, level)] if point.name else []
    places += [
        (at + 12 + width / 2, level - 13),
        (at - 12 - width / 2, level - 13),
        (at + 12 + width / 2, level + 16),
        (at - 12 - width / 2, level + 16),
        (at, level - 26),
        (at, level + 30),
        (at, level - 44),
        (at, level + 48),
        *((at + side * (12 + width / 2), level + up) for up in _STACKED for side in (-1, 1)),
    ]

    def clashes(place: tuple[float, float]) -> int:
        box = around(*place, width, height)
        return 10 * leaves(box, area) + sum(meet(box, other) for other in taken)

    best = min(places, key=clashes)
    taken.append(around(*best, width, height))
    return element(
        "text",
        label,
        language,
        class_="point-label",
        x=rounded(best[0]),
        y=rounded(best[1] + 5),
        text_anchor="middle",
    )


def _names(points: Sequence[Point], top: float, language: UiLanguage) -> Iterator[Markup]:
    """Write whose the points with a number are, in two columns."""
    rows = math.ceil(len(points) / 2)
    for place, point in enumerate(points):
        x, y = 8 + 200 * (place // rows), top + tracks.KEY_ROW * (place % rows)
        yield marker(point.shape, x, y)
        yield element("text", point.label, language, class_="point-label", x=x + 14, y=y + 5)
        name = figures.cut(point.name or point.label, 22)
        yield element("text", name, language, class_="key-name", x=x + 30, y=y + 5)


def _covered(point: Point, x: Scale, y: Scale) -> list[Box]:
    """Return the areas of a point's mark and of its two intervals, which no name may lie on."""
    at, level = x(_middle(point.across)), y(_middle(point.up))
    across, up = [x(end) for end in _ends(point.across)], [y(end) for end in _ends(point.up)]
    return [
        around(at, level, 14, 14),
        (min(across), level - 2, max(across), level + 2),
        (at - 2, min(up), at + 2, max(up)),
    ]


def _top(estimates: Sequence[Estimate]) -> float:
    """Return the end of an axis of shares: 100%, or a round part of it where all are small."""
    reach = max((end for estimate in estimates for end in _ends(estimate)), default=1.0)
    return 1.0 if reach > 0.3 else _nice(max(reach, 0.01))


def _middle(estimate: Estimate) -> float:
    return estimate.value if estimate.value is not None else 0.0


def _ends(estimate: Estimate) -> list[float]:
    return [x for x in (estimate.value, estimate.ci_low, estimate.ci_high) if x is not None]


def _nice(reach: float) -> float:
    """Round up to 1, 2, 3 or 5 times a power of ten."""
    power: float = 10.0 ** math.floor(math.log10(reach))
    return next(step * power for step in (1, 2, 3, 5, 10) if reach <= step * power * 1.0001)


def _figures(value: float | None) -> str | None:
    """Write a number for a reader's script: four figures are more than any n can tell apart."""
    return None if value is None else f"{value:.4g}"
