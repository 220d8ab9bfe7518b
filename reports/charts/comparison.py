"""The charts of a comparison: shares and differences side by side for every measure, and how many examples flipped."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from loracheck.records.comparison import SeededDifference
from loracheck.reports import figures
from loracheck.reports.html import element
from loracheck.reports.strings.frame import Both, UiLanguage, both, marked, same, text
from loracheck.words.comparison import label_text

from .geometry import Scale, linear, rounded
from .intervals import Table, frame

_ROW, _STACKED = 50, 104
_Z = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A row of the chart: a measure with its name in two lines."""

    check: Both
    measure: Both
    found: SeededDifference


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestChart:
    """Each measure twice: the shares of base, first and second arm with the limit, and the paired difference.

    `numbers` are the same numbers as a table. On a small screen a measure takes three lines: name, shares, difference.
    """

    id: str
    title: Both
    description: Both
    rows: tuple[Measured, ...]
    difference_axis: Both
    numbers: Table
    width: int = 1000

    def narrow(self) -> ForestChart:
        """Return the same chart for a small screen."""
        return replace(self, id=f"{self.id}-narrow", width=360)

    def table(self) -> Table:
        """Return the same numbers as a table."""
        return self.numbers

    @property
    def stacked(self) -> bool:
        """Tell whether shares stand above differences."""
        return self.width < 600

    def svg(self, language: UiLanguage) -> Markup:
        """Draw the chart."""
        step, top = (_STACKED, 40.0) if self.stacked else (_ROW, 50.0)
        bottom = top + step * len(self.rows)
        low, high = difference_ends([row.found for row in self.rows])
        if self.stacked:
            shares = linear(0, 1, 14, self.width - 14)
            differences = linear(low, high, 14, self.width - 110)
        else:
            shares, differences = linear(0, 1, 268, 528), linear(low, high, 588, 838)
        marks: list[Markup] = [*self._axes(shares, differences, (low, high), top, bottom, language)]
        for index, row in enumerate(self.rows):
            marks += self._row(row, shares, differences, top + step * index, language)
        return frame(self.id, self.title, self.description, self.width, bottom + 26, marks, language)

    def _axes(
        self,
        shares: Scale,
        differences: Scale,
        ends: tuple[float, float],
        top: float,
        bottom: float,
        language: UiLanguage,
    ) -> Iterator[Markup]:
        share = text("axis_share_ends") if self.stacked else text("axis_share")
        names = ((shares, share, 0.0), (differences, self.difference_axis, ends[0]))
        for place, (scale, name, start) in enumerate(names):
            x, y = (0, 12 + 18 * place) if self.stacked else (rounded(scale(start)), 16)
            yield element("text", figures.cut(name, self.width // 8), language, class_="axis", x=x, y=y)
        yield from self._columns(language)
        if not self.stacked:
            for number in (0.0, 0.25, 0.5, 0.75, 1.0):
                yield from _tick(shares(number), figures.tick(number, "share"), top, bottom, language)
        start = (
            bottom if self.stacked else top
        )  # stacked, a line through all rows would cross those of shares
        for number in ticks(*ends):
            label = figures.tick(number, "difference")
            yield from _tick(differences(number), label, start, bottom, language, strong=number == 0)

    def _columns(self, language: UiLanguage) -> Iterator[Markup]:
        if self.stacked:
            return
        for place, name in enumerate(("col_won", "col_lost", "col_alike")):
            x = 888 + 52 * place
            yield element("text", text(name), language, class_="axis", x=x, y=16, text_anchor="end")

    def _row(
        self, row: Measured, shares: Scale, differences: Scale, top: float, language: UiLanguage
    ) -> Iterator[Markup]:
        found = row.found
        marks: list[Markup] = []
        if self.stacked:
            name = Both(f"{row.check.en}, {row.measure.en}", f"{row.check.ja}：{row.measure.ja}")
            marks.append(
                element("text", figures.cut(name, 52), language, class_="label", x=0, y=rounded(top + 18))
            )
            share_y, difference_y = top + 42, top + 74
            lane = difference_ends([one.found for one in self.rows])
            marks += _lane(shares, (0.0, 1.0), share_y, "grid")
            marks += _lane(differences, lane, difference_y, "zero")
        else:
            share_y = difference_y = top + _ROW / 2
            marks.append(
                element(
                    "text", figures.cut(row.check, 34), language, class_="label", x=0, y=rounded(top + 22)
                )
            )
            marks.append(
                element(
                    "text", figures.cut(row.measure, 38), language, class_="tick", x=0, y=rounded(top + 39)
                )
            )
        marks += _shares(found, shares, share_y)
        marks += _difference(found, differences, difference_y)
        marks += self._counts(found, difference_y, language)
        yield element(
            "g",
            Markup("").join(marks),
            data_measure=found.measure,
            data_check=found.check,
            data_value=found.estimate.value,
            data_low=found.estimate.ci_low,
            data_high=found.estimate.ci_high,
            data_limit=found.limit,
            data_label=found.label,
            data_n=found.estimate.n,
        )

    def _counts(self, found: SeededDifference, y: float, language: UiLanguage) -> Iterator[Markup]:
        won, lost = _count("+", len(found.won)), _count("−", len(found.lost))
        counts: tuple[tuple[Both, str], ...] = (
            (won, "value"),
            (lost, "value"),
            (same(f"{found.unchanged:,}"), "tick"),
        )
        if self.stacked:
            counts = ((same(f"{won.en} / {lost.en}"), "value"),)
        right = self.width if self.stacked else 992
        for place, (label, kind) in enumerate(reversed(counts)):
            x = right - 52 * place
            yield element("text", label, language, class_=kind, x=x, y=rounded(y - 1), text_anchor="end")
        kind = "value" if found.label in ("better", "worse") else "tick"
        name = outcome(found)
        yield element("text", name, language, class_=kind, x=right, y=rounded(y + 15), text_anchor="end")


def _count(sign: str, n: int) -> Both:
    return same(f"{sign}{n:,}" if n else "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipRow:
    """How many examples one measure lost and won between two days."""

    label: Both
    lost: int
    won: int
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipChart:
    """Bars to the left for what was lost, to the right for what was won."""

    id: str
    title: Both
    description: Both
    rows: tuple[FlipRow, ...]
    numbers: Table
    width: int = 760

    def narrow(self) -> FlipChart:
        """Return the same chart for a small screen."""
        return replace(self, id=f"{self.id}-narrow", width=360)

    def table(self) -> Table:
        """Return the same numbers as a table."""
        return self.numbers

    def svg(self, language: UiLanguage) -> Markup:
        """Draw the chart."""
        stacked = self.width < 600
        step, top = (46.0, 26.0) if stacked else (32.0, 26.0)
        left, right = (50.0, self.width - 50.0) if stacked else (self.width * 0.52, self.width - 60.0)
        most = max([1, *(count for row in self.rows for count in (row.lost, row.won))])
        x = linear(-most, most, left, right)
        bottom = top + step * len(self.rows)
        middle = rounded(x(0))
        lost, won = text("col_lost"), text("col_won")
        marks = [
            element(
                "text", marked("← {}", lost), language, class_="axis", x=middle - 8, y=14, text_anchor="end"
            ),
            element("text", marked("{} →", won), language, class_="axis", x=middle + 8, y=14),
        ]
        for index, row in enumerate(self.rows):
            y = top + step * index
            bar = y + (24 if stacked else 7)
            label = figures.cut(row.label, 52 if stacked else 54)
            marks.append(
                element("text", label, language, class_="label", x=0, y=rounded(y + (16 if stacked else 20)))
            )
            parts = []
            for name, count, sign in (("cross", row.lost, -1), ("left", row.won, 1)):
                end = x(sign * count)
                if count:
                    parts.append(
                        element(
                            "rect",
                            class_="flip-lost" if name == "cross" else "flip-won",
                            x=rounded(min(x(0), end)),
                            y=rounded(bar),
                            width=rounded(abs(end - x(0))),
                            height=16,
                        )
                    )
                shown = _count("−" if sign < 0 else "+", count)
                parts.append(
                    element(
                        "text",
                        shown,
                        language,
                        class_="value",
                        x=rounded(end + 6 * sign),
                        y=rounded(bar + 13),
                        text_anchor="end" if sign < 0 else "start",
                    )
                )
            marks.append(
                element("g", Markup("").join(parts), data_lost=row.lost, data_won=row.won, data_n=row.n)
            )
        marks.append(element("line", class_="zero", x1=middle, x2=middle, y1=top, y2=bottom))
        return frame(self.id, self.title, self.description, self.width, bottom + 6, marks, language)


def outcome(found: SeededDifference) -> Both:
    """Return what a difference comes to, with an arrow where it is clear."""
    arrow = {"better": "↑ ", "worse": "↓ "}.get(found.label, "")
    return both(lambda language: arrow + label_text(found.label, language, short=True))


def difference_ends(found: Sequence[SeededDifference]) -> tuple[float, float]:
    """Return the ends of the axis of differences in whole tenths around every value, interval and zero."""
    ends = [0.0]
    for one in found:
        ends += [x for x in (one.estimate.value, one.estimate.ci_low, one.estimate.ci_high) if x is not None]
        ends += [one.limit - one.first.share] if one.limit is not None else []
    low = max(-1.0, math.floor(10 * min(ends) + 1e-9) / 10)
    high = min(1.0, math.ceil(10 * max(ends) - 1e-9) / 10)
    return min(low, -0.1), max(high, 0.1)


def ticks(low: float, high: float) -> list[float]:
    """Return round numbers from one end to the other through zero, at most six."""
    step = next(step for step in (0.1, 0.2, 0.5, 1.0) if (high - low) / step <= 6.01)
    first = math.ceil(low / step - 1e-9)
    return [round(step * i, 2) + 0.0 for i in range(first, math.floor(high / step + 1e-9) + 1)]


def _lane(x: Scale, ends: tuple[float, float], y: float, zero: str) -> Iterator[Markup]:
    """Draw the line that a row's marks lie on, and where its zero is."""
    yield element(
        "line", class_="grid", x1=rounded(x(ends[0])), x2=rounded(x(ends[1])), y1=rounded(y), y2=rounded(y)
    )
    yield element(
        "line", class_=zero, x1=rounded(x(0)), x2=rounded(x(0)), y1=rounded(y - 12), y2=rounded(y + 12)
    )


def _shares(found: SeededDifference, x: Scale, y: float) -> Iterator[Markup]:
    if found.limit is not None:
        at = rounded(x(found.limit))
        yield element(
            "line",
            class_="limit",
            x1=at,
            x2=at,
            y1=rounded(y - 14),
            y2=rounded(y + 14),
            data_limit=found.limit,
        )
    ends = rounded(x(found.first.share)), rounded(x(found.second.share))
    yield element("line", class_="shift", x1=ends[0], x2=ends[1], y1=rounded(y), y2=rounded(y))
    if found.base is not None:
        yield element("circle", class_="mark base", cx=rounded(x(found.base)), cy=rounded(y), r=5)
    for share in found.first_shares or (found.first.share,):
        yield _sign("first", x(share), y, len(found.first_shares) > 1)
    for share in found.second_shares or (found.second.share,):
        yield _sign("second", x(share), y, len(found.second_shares) > 1)


def _sign(name: str, x: float, y: float, small: bool) -> Markup:
    """Draw the mark of an arm: an open diamond for the first, a filled square for the second."""
    x, y, reach = rounded(x), rounded(y), 4.0 if small else 5.5
    if name == "first":
        shape = f"M{x} {y - reach}L{x + reach} {y}L{x} {y + reach}L{x - reach} {y}Z"
        return element("path", class_="hollow-point", d=shape)
    reach -= 1
    shape = f"M{x - reach} {y - reach}H{x + reach}V{y + reach}H{x - reach}Z"
    return element("path", class_="mark adapter", d=shape)


def _difference(found: SeededDifference, x: Scale, y: float) -> Iterator[Markup]:
    estimate = found.estimate
    if found.limit is not None:
        at = rounded(x(found.limit - found.first.share))
        yield element("line", class_="limit", x1=at, x2=at, y1=rounded(y - 14), y2=rounded(y + 14))
    if estimate.value is None:
        return
    if estimate.ci_low is not None and estimate.ci_high is not None:
        ends = rounded(x(estimate.ci_low)), rounded(x(estimate.ci_high))
        yield element("line", class_="interval thin", x1=ends[0], x2=ends[1], y1=rounded(y), y2=rounded(y))
    if found.item_se is not None:
        reach = _Z * found.item_se
        ends = rounded(x(max(-1.0, estimate.value - reach))), rounded(x(min(1.0, estimate.value + reach)))
        yield element("line", class_="interval thick", x1=ends[0], x2=ends[1], y1=rounded(y), y2=rounded(y))
    yield element("circle", class_="dot", cx=rounded(x(estimate.value)), cy=rounded(y), r=5)


def _tick(
    x: float, label: Both, top: float, bottom: float, language: UiLanguage, *, strong: bool = False
) -> Iterator[Markup]:
    yield element(
        "line",
        class_="zero" if strong else "grid",
        x1=rounded(x),
        x2=rounded(x),
        y1=rounded(top),
        y2=rounded(bottom),
    )
    yield element(
        "text", label, language, class_="tick", x=rounded(x), y=rounded(bottom + 18), text_anchor="middle"
    )
