"""Numbers as a reader wants them: percent, points and counts, short enough for a headline."""

from __future__ import annotations

import re

from loracheck.records import Estimate
from loracheck.terminal import columns

from .strings.frame import Both, same, text

MISSING = "–"
_NEGATIVE = re.compile(r"(?<![A-Za-z0-9_.)-])-(?=\d)")
_PAIR = re.compile(r"(?<=\[)([^\s\[\],]+), ([^\s\[\],]+)(?=\])")
_PLAIN = ("nats", "correlation")
"""Units that are no shares."""


def amount(value: float | None, unit: str) -> Both:
    """Format one number of an estimate's unit; a missing one is a dash, never 0."""
    if value is None:
        return same(MISSING)
    if unit == "count":
        return same(f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}")
    if unit in _PLAIN:
        return _plain(minus(f"{value:+.{_places(value, unit)}f}"), unit)
    shown = _percent(value)
    if unit == "difference":
        sign = "+" if value > 0 and shown != "0" else ""
        return same(f"{sign}{shown} pt")
    return same(f"{shown}%")


def tick(value: float, unit: str) -> Both:
    """Format a number at an axis; nats without their name, which stands beside the values and has no room thrice."""
    if unit != "nats":
        return amount(value, unit)
    return same(minus(f"{value:+.3g}") if value else "0")


def minus(shown: str) -> str:
    """Return formatted numbers with a real minus sign, as wide as a plus."""
    return _NEGATIVE.sub("−", shown)


def typeset(sentence: Both) -> Both:
    """Return a sentence that the terminal has, too, with its numbers set as on the rest of a page.

    Negative numbers get a real minus sign, and the two ends of an interval stay on one line.
    """
    return Both(*(_PAIR.sub("\\1,\N{NO-BREAK SPACE}\\2", minus(said)) for said in sentence))


def _places(value: float, unit: str) -> int:
    """Return how many decimals a number needs: three figures of it, at most."""
    if unit != "nats":
        return 2
    return 3 if abs(value) < 1 else 2 if abs(value) < 10 else 1


def _plain(shown: str, unit: str) -> Both:
    return Both(f"{shown} nats", f"{shown} ナット") if unit == "nats" else same(shown)


def distance(value: float, unit: str) -> Both:
    """Format how far two numbers of a unit lie apart: between shares that is points, not percent."""
    if unit == "count":
        return amount(abs(value), unit)
    if unit in _PLAIN:
        return _plain(f"{abs(value):.{_places(value, unit)}f}", unit)
    shown = _percent(abs(value))
    return Both(f"{shown} points", f"{shown}\N{NO-BREAK SPACE}ポイント")


def interval(estimate: Estimate) -> Both:
    """Format the interval of an estimate, its unit said once."""
    low, high = estimate.ci_low, estimate.ci_high
    if low is None or high is None:
        return same(MISSING)
    if estimate.unit == "count":
        return same(f"{amount(low, 'count').en}–{amount(high, 'count').en}")
    if estimate.unit in _PLAIN:
        places = _places(max(abs(low), abs(high)), estimate.unit)
        return same(minus(f"{low:+.{places}f} … {high:+.{places}f}"))
    if estimate.unit == "difference":
        ends = f"{_percent(low, sign=True)} … {_percent(high, sign=True)}"
        return same(f"{ends} pt")
    return same(f"{_percent(low)}–{_percent(high)}%")


def whole(value: int) -> str:
    """Format a count with thousands apart."""
    return f"{value:,}"


def size(value: int | None) -> Both:
    """Format a number of bytes."""
    if value is None:
        return text("unknown")
    for unit, scale in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if value >= scale:
            return same(f"{value / scale:.1f} {unit}")
    return same(f"{value} B")


def duration(seconds: float) -> Both:
    """Format a time in seconds, or in minutes from three minutes on."""
    if seconds >= 180:
        return text("minutes", n=f"{seconds / 60:.0f}")
    return text("seconds", n=f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.1f}")


def nats(value: float | None) -> Both:
    """Format a loss in nats."""
    return text("unknown") if value is None else same(f"{value:.2f}")


def cut(label: Both, most: int) -> Both:
    """Cut a label to a width in half-width columns; the title and the table of a chart hold it in full."""

    def shorter(name: str) -> str:
        if columns(name) <= most:
            return name
        while name and columns(name) > most - 1:
            name = name[:-1]
        return f"{name}…"

    return Both(shorter(label.en), shorter(label.ja))


def _percent(value: float, *, sign: bool = False) -> str:
    percent = 100 * value
    shown = f"{percent:.1f}" if abs(percent) < 9.95 or 99.05 < abs(percent) < 99.95 else f"{percent:.0f}"
    shown = shown.removesuffix(".0")
    shown = "0" if shown in ("-0", "-0.0") else shown
    return ("+" if sign and value > 0 and shown != "0" else "") + minus(shown)
