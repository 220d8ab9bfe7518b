"""The measurements: the one picture to remember, a chart for each check, and adapter against adapter."""

from __future__ import annotations

import math
from typing import Any

from loracheck.records import BASE_ARM, Comparison, Estimate, EvaluationResult, Finding

from . import figures, verdicts
from .charts import IntervalChart, Point, PointChart, Row, Table
from .strings import Both, same, text

LEARNED, KEPT = "persona_learned", "content_damage"


def view(result: EvaluationResult) -> list[dict[str, Any]]:
    """Return one entry for each check, in the order of the policy, with all adapters' findings."""
    shapes = {arm: index for index, arm in enumerate(result.arms)}
    grouped: dict[str, list[Finding]] = {}
    for verdict in sorted(result.verdicts, key=lambda one: shapes.get(one.adapter, len(shapes))):
        for finding in verdict.findings:
            grouped.setdefault(finding.check, []).append(finding)
    entries = []
    for index, (check, findings) in enumerate(grouped.items()):
        entries.append({
            "name": verdicts.name(check),
            "findings": [verdicts.headline(finding) for finding in findings],
            "chart": chart(f"check-{index}", findings, shapes),
            "table": _deciding_table(findings),
        })
    return entries


def picture(result: EvaluationResult) -> PointChart | None:
    """Draw facts kept against persona learnt, of the arms for which both numbers exist."""
    learned, kept = _shares(result, LEARNED), _shares(result, KEPT)
    points = tuple(
        Point(label=same(arm), across=learned[arm], up=kept[arm], shape=index)
        for index, arm in enumerate(result.arms)
        if arm in learned and arm in kept
    )
    if len(points) < 2:
        return None
    return PointChart(
        id="picture", title=text("picture_title"), description=text("picture_desc"), points=points,
        across=text("axis_learned"), up=text("axis_kept"),
    )


def chart(name: str, findings: list[Finding], shapes: dict[str, int]) -> IntervalChart | None:
    """Draw the arms' shares where the findings carry them, else the adapters' deciding numbers."""
    measured = [finding for finding in findings if finding.estimates and finding.estimates[0].value is not None]
    if not measured:
        return None
    first = measured[0].estimates[0]
    title = verdicts.name(measured[0].check)
    shares = _arm_shares(measured)
    line = _line(measured[0], shares)
    if BASE_ARM in shares and len(shares) > 1 and (line is not None or measured[0].threshold is None):
        key = "line_limit" if first.unit == "share" else "line_margin"
        rows = [(arm, estimate) for arm, estimate in shares.items()]
        description, limit = text("chart_desc"), line
    else:
        key = "line_limit"
        rows = [(finding.adapter, finding.estimates[0]) for finding in measured
                if finding.estimates[0].unit == first.unit]
        limit = measured[0].threshold
        description = text({"difference": "chart_desc_difference", "count": "chart_desc_count"}.get(
            first.unit, "chart_desc"))
    value = figures.amount(measured[0].threshold, first.unit)
    return IntervalChart(
        id=name, title=title, description=description,
        rows=tuple(Row(label=same(arm), estimate=estimate, shape=shapes.get(arm, 1)) for arm, estimate in rows),
        limit=limit, limit_label=text(key, value=value) if limit is not None else None,
    )


def comparison(index: int, given: Comparison) -> dict[str, Any]:
    """Return one paired comparison with its chart and the questions won and lost."""
    pair = text("compare_pair", first=given.first, second=given.second)
    return {
        "pair": pair,
        "measure": given.measure,
        "number": figures.amount(given.difference.value, given.difference.unit),
        "interval": figures.interval(given.difference),
        "n": figures.whole(given.difference.n),
        "won": text("compare_won", second=given.second, n=len(given.won)),
        "lost": text("compare_lost", first=given.first, n=len(given.lost)),
        "chart": IntervalChart(
            id=f"compare-{index}", title=pair, description=text("compare_desc"),
            rows=(Row(label=same(given.second), estimate=given.difference, shape=2),),
        ) if given.difference.value is not None else None,
    }


def _shares(result: EvaluationResult, check: str) -> dict[str, Estimate]:
    """Return each arm's share from the findings of a check."""
    findings = [f for verdict in result.verdicts for f in verdict.findings if f.check == check and f.estimates]
    shares = _arm_shares(findings)
    for finding in findings:
        first = finding.estimates[0]
        if first.unit == "share" and first.value is not None:
            shares.setdefault(finding.adapter, first)
    return shares


def _arm_shares(findings: list[Finding]) -> dict[str, Estimate]:
    """Collect the estimates named after an arm, the base first; a share that decides stands for its adapter."""
    shares: dict[str, Estimate] = {}
    for finding in findings:
        named = {estimate.name: estimate for estimate in finding.estimates
                 if estimate.unit == "share" and estimate.value is not None}
        if BASE_ARM in named:
            shares.setdefault(BASE_ARM, named[BASE_ARM])
        first = finding.estimates[0]
        own = named.get(finding.adapter) or (first if first.unit == "share" and first.value is not None else None)
        if own:
            shares[finding.adapter] = own
    return {arm: shares[arm] for arm in sorted(shares, key=lambda arm: arm != BASE_ARM)}


def _line(finding: Finding, shares: dict[str, Estimate]) -> float | None:
    """Return where the limit lies on the axis of shares.

    A limit of a share is itself; a margin of a difference lies that far from the base's share, on the side that
    the difference is taken. None when the two shares do not give the difference, as with paired subsets.
    """
    first, limit = finding.estimates[0], finding.threshold
    if limit is None or first.unit == "count":
        return None
    if first.unit == "share":
        own = shares.get(finding.adapter)
        same_number = own is not None and own.value is not None and first.value is not None
        return limit if same_number and math.isclose(own.value or 0, first.value or 0, abs_tol=1e-6) else None
    base, own = shares.get(BASE_ARM), shares.get(finding.adapter)
    if base is None or own is None or base.value is None or own.value is None or first.value is None:
        return None
    for sign in (1, -1):
        if math.isclose(sign * (own.value - base.value), first.value, abs_tol=0.005):
            return base.value + sign * limit
    return None


def _deciding_table(findings: list[Finding]) -> Table:
    """Return every estimate of the findings, the deciding number of each first, with its limit."""
    rows = []
    for finding in findings:
        for index, estimate in enumerate(finding.estimates):
            label = text("difference_of", adapter=finding.adapter) if index == 0 else same(
                f"{finding.adapter}: {estimate.name}")
            limit = finding.threshold if index == 0 else None
            rows.append((
                label,
                figures.amount(estimate.value, estimate.unit),
                figures.interval(estimate),
                figures.amount(limit, estimate.unit) if limit is not None else Both("", ""),
                same(figures.whole(estimate.n)),
                same(estimate.method),
            ))
    columns = ("col_number", "col_value", "interval", "col_limit", "col_n", "col_method")
    return Table(head=tuple(text(column) for column in columns), rows=tuple(rows))
