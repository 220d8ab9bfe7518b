"""The small section on adapters trained to do no harm: how many false alarms the limits gave, verdict and checks."""

from __future__ import annotations

from typing import Any

from loracheck.records import EvaluationResult
from loracheck.reports import figures
from loracheck.reports.charts.intervals import Table
from loracheck.reports.parts.verdicts import name
from loracheck.reports.strings.frame import both, same, text
from loracheck.words import findings


def view(result: EvaluationResult) -> dict[str, Any] | None:
    """Return the sentence on the verdicts and a table of the checks; nothing where no such adapter was asked."""
    if not result.false_alarms:
        return None
    return {
        "sentence": both(lambda language: findings.false_alarms(result.false_alarms, language)[0]),
        "table": Table(
            head=tuple(text(column) for column in ("alarms_check", "alarms_rate", "interval", "col_n")),
            rows=tuple(
                (
                    name(alarms.check),
                    figures.amount(alarms.rate.value, "share"),
                    figures.interval(alarms.rate),
                    same(figures.whole(alarms.rate.n)),
                )
                for alarms in result.false_alarms
                if alarms.check is not None
            ),
        ),
    }
