"""What the watch said of a model, as words and as cells of a table: the same for steps, strengths and trainings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loracheck.records import Estimate
from loracheck.records.training import WatchReading
from loracheck.reports import figures
from loracheck.reports.strings.frame import STRINGS, Both, marked, same, text


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


def loss(value: float | None) -> Both:
    """Return a held-out loss, or that there is none."""
    return text("not_measured") if value is None else figures.nats(value)


def safety(reading: WatchReading | None) -> Both:
    """Say whether a reading is safe, or what speaks against it."""
    if reading is None:
        return text("not_measured")
    if reading.safe:
        return marked("✓ {}", text("safe"))
    reasons = listed([known("reason", reason) for reason in reading.unsafe]) or text("unsafe")
    return marked("✕ {}", reasons)


def listed(words: Sequence[Both]) -> Both | None:
    """Put words in a row; None where there are none."""
    if not words:
        return None
    return Both(", ".join(word.en for word in words), "、".join(word.ja for word in words))


def why(reading: WatchReading) -> Both:
    """Say in a sentence's part why a reading is not safe, with the numbers."""
    parts = [_why(reading, reason) for reason in reading.unsafe]
    if len(parts) < 2:
        return parts[0] if parts else text("unsafe")
    return text("both_reasons", first=listed(parts[:-1]), second=parts[-1])


def doubt(reading: WatchReading) -> list[Both]:
    """Say so where facts count as lost and may be as they were: the limit is held against the number alone."""
    change = reading.facts_change
    if "facts" not in reading.unsafe or change.ci_high is None or change.ci_high < 0:
        return []
    return [text("facts_in_doubt", interval=figures.interval(change), n=figures.whole(change.n))]


def known(kind: str, code: str) -> Both:
    """Return the words for a code, or the code itself where a newer writer knows more."""
    key = f"{kind}_{code}"
    return text(key) if key in STRINGS else same(code)


def _why(reading: WatchReading, reason: str) -> Both:
    change, n = reading.facts_change.value, figures.whole(reading.facts_change.n)
    rate = {"name": reading.name_rate, "leakage": reading.leakage}.get(reason)
    if reason == "facts" and change is not None:
        number = figures.distance(change, "difference")
        return text("why_facts", number=text("minus", number=number) if change < 0 else number, n=n)
    if rate is not None and rate.value is not None:
        return text(f"why_{reason}", number=figures.amount(rate.value, "share"), n=figures.whole(rate.n))
    return known("reason", reason)
