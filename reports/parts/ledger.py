"""Tables whose numbers carry what they rest on: a value, and below it its interval and n."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loracheck.records import Estimate
from loracheck.reports import figures
from loracheck.reports.charts.intervals import Table
from loracheck.reports.strings.frame import Both, same, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell of a ledger: a value, and below it what it rests on."""

    value: Both
    below: Both | None = None
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """A table whose numbers carry their interval and n."""

    head: tuple[Both, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: Both


def as_table(given: Ledger) -> Table:
    """Return the values of a ledger as the table of a picture, without what stands below them."""
    return Table(head=given.head, rows=tuple(tuple(cell.value for cell in row) for row in given.rows))


def plain(value: Both | str) -> Cell:
    """Return a cell without anything below."""
    return Cell(value=value if isinstance(value, Both) else same(value))


def measured(estimate: Estimate | None) -> Cell:
    """Return a number with its interval and n below it, or that it was not measured."""
    if estimate is None or estimate.value is None:
        return plain(text("not_measured"))
    below = text("measured_n", interval=figures.interval(estimate), n=figures.whole(estimate.n))
    return Cell(value=figures.amount(estimate.value, estimate.unit), below=below, strong=True)


def inline(estimate: Estimate | None) -> Both:
    """Return a number with its interval and n in one line."""
    cell = measured(estimate)
    if cell.below is None:
        return cell.value
    return Both(f"{cell.value.en} ({cell.below.en})", f"{cell.value.ja}（{cell.below.ja}）")


def listed(words: Sequence[Both]) -> Both | None:
    """Put words in a row; None where there are none."""
    if not words:
        return None
    return Both(", ".join(word.en for word in words), "、".join(word.ja for word in words))
