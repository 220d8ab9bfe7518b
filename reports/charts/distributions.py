"""Charts over many rows: the histogram of a score, and the map of clusters. Each has a table twin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from loracheck.reports import figures
from loracheck.reports.html import element
from loracheck.reports.strings.frame import Both, UiLanguage, same, text

from .geometry import linear
from .intervals import Table, frame

KINDS = ("kept", "heldout", "dropped")
"""Ends of a row, as they are told apart in a chart; what was set aside counts as dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramChart:
    """How many rows have a score within each bin, the kept ones below and the dropped ones on top.

    `edges` are the ends of the bins, one more than there are counts, drawn equally wide whatever the scale; the outer
    bins hold all that lies beyond.
    """

    id: str
    title: Both
    description: Both
    edges: tuple[float, ...]
    kept: tuple[int, ...]
    dropped: tuple[int, ...]
    limit: float | None = None

    WIDTH, HEIGHT = 400, 190

    def svg(self, language: UiLanguage) -> Markup:
        """Draw the chart."""
        left, right, top, bottom = 40, self.WIDTH - 8, 30, self.HEIGHT - 28
        totals = [kept + dropped for kept, dropped in zip(self.kept, self.dropped, strict=True)]
        highest = max([*totals, 1])
        x, y = linear(0, len(totals), left, right), linear(0, highest, bottom, top)
        marks = [element("line", class_="grid", x1=left, x2=right, y1=bottom, y2=bottom)]
        marks.append(
            element(
                "text",
                same(figures.whole(highest)),
                language,
                class_="tick",
                x=left - 8,
                y=top + 4,
                text_anchor="end",
            )
        )
        for index, (kept, total) in enumerate(zip(self.kept, totals, strict=True)):
            start, width = x(index), x(index + 1) - x(index)
            for name, low, high in (("adapter", 0, kept), ("hollow", kept, total)):
                if high > low:
                    marks.append(
                        element(
                            "rect",
                            class_=f"bar {name}",
                            x=round(start + 0.75, 2),
                            width=round(max(0.5, width - 1.5), 2),
                            y=round(y(high), 2),
                            height=round(y(low) - y(high), 2),
                            data_rows=high - low,
                        )
                    )
        for place, anchor in ((self.edges[0], "start"), (self.edges[-1], "end")):
            marks.append(
                element(
                    "text",
                    _number(place),
                    language,
                    class_="tick",
                    x=right if anchor == "end" else left,
                    y=bottom + 18,
                    text_anchor=anchor,
                )
            )
        if self.limit is not None and self.edges[0] <= self.limit <= self.edges[-1]:
            at = round(x(float(np.interp(self.limit, self.edges, range(len(self.edges))))), 2)
            marks.append(element("line", class_="limit", x1=at, x2=at, y1=top - 8, y2=bottom))
            anchor = "start" if at < (left + right) / 2 else "end"
            marks.append(
                element(
                    "text",
                    text("chart_limit", value=f"{self.limit:g}"),
                    language,
                    class_="limit-label",
                    x=at + (4 if anchor == "start" else -4),
                    y=top - 12,
                    text_anchor=anchor,
                )
            )
        return frame(self.id, self.title, self.description, self.WIDTH, self.HEIGHT, marks, language)

    def table(self) -> Table:
        """Return the counts of each bin."""
        return Table(
            head=(text("col_from"), text("col_to"), text("row_kept"), text("row_dropped")),
            rows=tuple(
                (
                    _number(self.edges[i]),
                    _number(self.edges[i + 1]),
                    same(figures.whole(self.kept[i])),
                    same(figures.whole(self.dropped[i])),
                )
                for i in range(len(self.kept))
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A row on the map; `kind` is one of `KINDS`."""

    x: float
    y: float
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterLine:
    """A cluster in the table: its rows by kind, and a row that stands in its midst."""

    rows: tuple[int, int, int]
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MapChart:
    """Rows as points, near each other where they are alike: dots are kept, rings held out, crosses dropped."""

    id: str
    title: Both
    description: Both
    spots: Sequence[Spot]
    clusters: tuple[ClusterLine, ...]

    WIDTH, HEIGHT = 560, 420

    def svg(self, language: UiLanguage) -> Markup:
        """Draw the chart."""
        left, right, top, bottom = 8, self.WIDTH - 8, 34, self.HEIGHT - 8
        across, up = [spot.x for spot in self.spots], [spot.y for spot in self.spots]
        x, y = linear(min(across), max(across), left, right), linear(min(up), max(up), bottom, top)
        marks: list[Markup] = []
        for place, kind in enumerate(KINDS):
            at = left + 6 + place * 150
            count = sum(spot.kind == kind for spot in self.spots)
            label = text("map_key", kind=text(f"row_{kind}"), n=figures.whole(count))
            marks.append(_dot(kind, at, 12))
            marks.append(element("text", label, language, class_="label", x=at + 12, y=16))
        for kind in reversed(KINDS):
            marks += [_dot(kind, x(spot.x), y(spot.y)) for spot in self.spots if spot.kind == kind]
        return frame(self.id, self.title, self.description, self.WIDTH, self.HEIGHT, marks, language)

    def table(self) -> Table:
        """Return the rows of each cluster by kind, the largest first."""
        return Table(
            head=(text("col_cluster"), *(text(f"row_{kind}") for kind in KINDS)),
            rows=tuple(
                (same(line.example), *(same(figures.whole(count)) for count in line.rows))
                for line in self.clusters
            ),
        )


def _number(value: float) -> Both:
    return same(figures.whole(round(value)) if abs(value) >= 1000 else figures.minus(f"{value:.3g}"))


def _dot(kind: str, x: float, y: float) -> Markup:
    x, y = round(x, 1), round(y, 1)
    if kind == "dropped":
        return element("path", class_="cross", d=f"M{x - 2.5} {y - 2.5}l5 5m0-5l-5 5")
    return element("circle", class_="dot" if kind == "kept" else "ring", cx=x, cy=y, r=2.5)
