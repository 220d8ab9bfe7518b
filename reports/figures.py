"""Numbers as a reader wants them: percent, points and counts, short enough for a headline."""

from __future__ import annotations

import re

from loracheck.records import Estimate
from loracheck.terminal import columns
from loracheck.words import findings

from .strings.frame import Both, both, same, text

_ASIDE = re.compile(r"\(([^()]*[\u3041-\u30ff\u4e00-\u9fff][^()]*)\)")
MISSING = "–"
_NEGATIVE = re.compile(r"(?<![A-Za-z0-9_.)-])-(?=\d)")
_PAIR = re.compile(r"(?<=\[)([^\s\[\],]+), ([^\s\[\],]+)(?=\])")


def amount(value: float | None, unit: str) -> Both:
    """Format one number of an estimate's unit as sentences do; a missing one is a dash, never 0."""
    if value is None:
        return same(MISSING)
    return both(lambda language: minus(findings.amount(value, unit, language)))


def parted(value: float | None, unit: str) -> tuple[Both, Both | None]:
    """Return a number and, where it is a word, its unit, to be set in another size."""
    said = amount(value, unit)
    if value is None or unit not in ("difference", "nats"):
        return said, None
    digits = said.en.partition(" ")[0]
    return same(digits), Both(said.en.removeprefix(digits).strip(), said.ja.removeprefix(digits))


def bare(value: float | None, unit: str) -> Both:
    """Format a number without the word of points, where many stand below one another and the axis has no percent."""
    return parted(value, unit)[0] if unit == "difference" else amount(value, unit)


def percent(share: float | None) -> Both:
    """Format a share that is no estimate in whole percent."""
    return same(MISSING if share is None else f"{share:.0%}")


def tick(value: float, unit: str) -> Both:
    """Format a number at an axis: short, and without a unit that is a word, which stands beside the values."""
    if unit == "share":
        return same(minus(f"{100 * value:.4g}%"))
    if unit == "count":
        return same(f"{value:,.4g}" if value < 1000 else f"{value:,.0f}")
    shown = 100 * value if unit == "difference" else value
    return same(minus(f"{shown:+.3g}") if value else "0")


def minus(shown: str) -> str:
    """Return formatted numbers with a real minus sign, as wide as a plus."""
    return _NEGATIVE.sub("−", shown)


def typeset(sentence: Both) -> Both:
    """Return a sentence that the terminal has, too, with its numbers set as on the rest of a page.

    Negative numbers get a real minus sign, and the two ends of an interval stay on one line. Parentheses around
    Japanese are as wide as it, which the terminal, where widths are counted, spares itself.
    """
    set_ = Both(*(_PAIR.sub("\\1,\N{NO-BREAK SPACE}\\2", minus(said)) for said in sentence))
    return Both(set_.en, _ASIDE.sub("（\\1）", set_.ja))


def distance(value: float, unit: str) -> Both:
    """Format how far two numbers of a unit lie apart: between shares that is points, not percent."""
    shown = amount(abs(value), "difference" if unit == "share" else unit)
    return Both(shown.en.removeprefix("+"), shown.ja.removeprefix("+"))


def interval(estimate: Estimate) -> Both:
    """Format the interval of an estimate as sentences do; where it stands, lines do not break."""
    return same(minus(findings.interval(estimate) or MISSING))


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
