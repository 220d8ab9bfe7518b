"""Charts of how things went: the funnel of curation and the course of the loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from loracheck.reports import figures
from loracheck.reports.html import element
from loracheck.reports.strings.frame import Both, UiLanguage, same, text

from .geometry import linear, rounded, ticks
from .intervals import Table, axis_names, frame

DRAWN_POINTS = 240
TABLE_POINTS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the funnel: what a step dropped, and how many rows were left after it."""

    label: Both
    dropped: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelChart:
    """Rows read, dropped by step and reason, and left."""

    id: str
    title: Both
    description: Both
    steps: tuple[Step, ...]

    WIDTH = 320

    def svg(self, language: UiLanguage) -> Markup:
        """Draw the chart: a line of words above each bar, so that it stays legible on a narrow page."""
        x = linear(0, max((step.left + step.dropped for step in self.steps), default=1), 0, self.WIDTH)
        marks = []
        for index, step in enumerate(self.steps):
            y = 40 * index
            figure = f"−{figures.whole(step.dropped)}" if step.dropped else figures.whole(step.left)
            left, both = round(x(step.left), 2), round(x(step.left + step.dropped), 2)
            marks += [
                element("text", step.label, language, class_="label", x=0, y=y + 14),
                element(
                    "text", same(figure), language, class_="value", x=self.WIDTH, y=y + 14, text_anchor="end"
                ),
                element("rect", class_="left", x=0, y=y + 21, width=left, height=7, data_left=step.left),
                element(
                    "rect",
                    class_="dropped",
                    x=left,
                    y=y + 21,
                    width=round(both - left, 2),
                    height=7,
                    data_dropped=step.dropped,
                ),
            ]
        return frame(self.id, self.title, self.description, self.WIDTH, 40 * len(self.steps), marks, language)

    def table(self) -> Table:
        """Return the same numbers as a table."""
        return Table(
            head=(text("col_step"), text("col_dropped"), text("col_left")),
            rows=tuple(
                (step.label, same(figures.whole(step.dropped)), same(figures.whole(step.left)))
                for step in self.steps
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The course of one run: places (trained tokens) and losses."""

    label: Both
    at: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChart:
    """Losses against trained tokens; runs differ by the pattern of their line, and are named at its end."""

    id: str
    title: Both
    description: Both
    series: tuple[Series, ...]
    across: Both
    up: Both

    WIDTH, HEIGHT = 400, 250
    DASHES = (None, "7 4", "2 4", "10 3 2 3")

    def svg(self, language: UiLanguage) -> Markup:
        """Draw the chart."""
        left, right, top, bottom = 40, self.WIDTH - 16, 40, self.HEIGHT - 46
        end = max((place for line in self.series for place in line.at), default=1.0)
        height = max((value for line in self.series for value in line.values), default=1.0) * 1.05
        x, y = linear(0, end, left, right), linear(0, height, bottom, top)
        marks = []
        for level in ticks(0, height, 4):
            at = rounded(y(level))
            marks.append(element("line", class_="grid", x1=left, x2=right, y1=at, y2=at))
            marks.append(
                element(
                    "text",
                    same(f"{level:g}"),
                    language,
                    class_="tick",
                    x=left - 8,
                    y=at + 4,
                    text_anchor="end",
                )
            )
        for place in ticks(0, end, 4):
            at, label = rounded(x(place)), same(figures.whole(round(place)))
            marks.append(
                element("text", label, language, class_="tick", x=at, y=bottom + 18, text_anchor="middle")
            )
        marks += [
            *axis_names(self.across, self.up, right, bottom + 38, 14, language),
        ]
        for index, line in enumerate(self.series):
            dash = self.DASHES[index % len(self.DASHES)]
            chosen = evenly(len(line.at), DRAWN_POINTS)
            points = " ".join(f"{x(line.at[i]):.1f},{y(line.values[i]):.1f}" for i in chosen)
            marks.append(
                element(
                    "polyline",
                    class_=f"loss loss-{index % len(self.DASHES)}",
                    points=points,
                    stroke_dasharray=dash,
                    data_last=line.values[-1] if line.values else None,
                )
            )
            key = top + 16 + 20 * index
            marks.append(
                element(
                    "line",
                    class_=f"loss loss-{index % len(self.DASHES)}",
                    x1=right - 44,
                    x2=right,
                    y1=key,
                    y2=key,
                    stroke_dasharray=dash,
                )
            )
            marks.append(
                element(
                    "text",
                    line.label,
                    language,
                    class_="point-label",
                    x=right - 52,
                    y=key + 4,
                    text_anchor="end",
                )
            )
        return frame(self.id, self.title, self.description, self.WIDTH, self.HEIGHT, marks, language)

    def table(self) -> Table:
        """Return the losses at some evenly spaced steps, the first and the last among them."""
        return Table(
            head=(text("col_run"), text("col_tokens"), text("col_loss")),
            rows=tuple(
                (line.label, same(figures.whole(round(line.at[i]))), figures.nats(line.values[i]))
                for line in self.series
                for i in evenly(len(line.at), TABLE_POINTS)
            ),
        )


def evenly(length: int, most: int) -> Sequence[int]:
    """Return at most so many indices, evenly spaced, with the first and the last."""
    if length <= most:
        return range(length)
    return sorted({round(i * (length - 1) / (most - 1)) for i in range(most)})
