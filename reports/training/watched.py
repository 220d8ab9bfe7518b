"""What the watch said of a model, as words and as cells of a table: the same for steps, strengths and trainings."""

from __future__ import annotations

from loracheck.records.training import WatchReading
from loracheck.reports import figures
from loracheck.reports.parts.ledger import listed
from loracheck.reports.strings.frame import STRINGS, Both, marked, same, text


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
