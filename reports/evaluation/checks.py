"""The measurements: the one picture to remember, charts for each check, and adapter against adapter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from loracheck.records import BASE_ARM, Comparison, Estimate, EvaluationResult, Finding
from loracheck.reports import figures
from loracheck.reports.charts.intervals import IntervalChart, Point, PointChart, Row, Table
from loracheck.reports.parts import verdicts
from loracheck.reports.strings.frame import Both, both, same, text
from loracheck.words import WORDS
from loracheck.words import findings as wording
from loracheck.words.about import ABOUT

from . import limits
from .measures import Measure, inverted, measures, parts

MOST_NAMED = 4
"""Arms whose names stand beside their points; of more, numbers do, and a key below says whose they are."""


def view(result: EvaluationResult) -> list[dict[str, Any]]:
    """Return one entry for each check, in the order of the policy, with all adapters' findings."""
    entries = []
    for index, (check, findings) in enumerate(_by_check(result).items()):
        found = measures(findings)
        charts = [
            (_caption(check, measure.name), chart(f"c{index}-{place}", check, measure, result.arms))
            for place, measure in enumerate(found)
        ]
        entries.append(
            {
                "name": verdicts.name(check),
                "question": _question(check),
                "measured": not all(limits.unmeasured(finding) for finding in findings),
                "required": all(finding.required for finding in findings),
                "groups": _said_once(check, findings),
                "charts": [(caption, one) for caption, one in charts if one],
                "table": _table(check, findings, result.arms),
            }
        )
    return entries


def _said_once(check: str, findings: list[Finding]) -> list[dict[str, Any]]:
    """Return what a check found of each adapter, and what it says of several of them once.

    Of three and more, what was measured and its limit stand above their numbers. Adapters of which the same is
    said share a line.
    """
    groups: dict[Both | None, dict[tuple[Any, ...], list[str]]] = {}
    for finding in findings:
        stem = _stem(check, finding) if len(findings) > 2 else None
        first = finding.estimates[0] if finding.estimates else None
        if stem is not None and first is not None:
            number, rest = _split(finding, first)
        else:
            number, rest = None, verdicts.sentence(finding)
        line = (finding.status, finding.required, number, rest)
        groups.setdefault(stem, {}).setdefault(line, []).append(finding.adapter)
    return [
        {
            "stem": stem,
            "lines": [
                {"status": status, "required": required, "number": number, "rest": rest, "adapters": names}
                for (status, required, number, rest), names in lines.items()
            ],
        }
        for stem, lines in groups.items()
    ]


def _split(finding: Finding, first: Estimate) -> tuple[Both, Both]:
    """Return a finding's number, and what is said besides."""
    return (
        figures.typeset(both(lambda language: wording.number(first, language))),
        figures.typeset(both(lambda language: wording.beside_number(finding, language))),
    )


def _stem(check: str, finding: Finding) -> Both | None:
    """Say what the deciding number of a finding is, and its limit; None where the whole sentence is needed."""
    first = finding.estimates[0] if finding.estimates else None
    if first is None or first.value is None or finding.threshold is None:
        return None
    caption = _caption(check, first.name)
    if caption is None:
        return None
    key = "stem_change" if first.unit == "difference" else "stem"
    return text(key, measure=caption, limit=figures.amount(finding.threshold, first.unit))


def picture(result: EvaluationResult) -> PointChart | None:
    """Draw facts kept against persona learnt, of the arms for which both numbers exist.

    Kept is a fact whose right answer is still the most likely reply: small bases say few of them in so many
    words. The finding holds the share of replies that lack the persona; the picture shows the share that have it.
    """
    found = _by_check(result)
    lacking = _shares(found.get("persona_learned", []), "rate")
    kept = _shares(found.get("content_damage", []), "difference")
    points = tuple(
        Point(label=same(arm), across=inverted(lacking[arm]), up=kept[arm], shape=index)
        for index, arm in enumerate(result.arms)
        if arm in lacking and arm in kept
    )
    if len(points) < 2:
        return None
    if len(points) > MOST_NAMED:
        points = tuple(
            replace(point, label=same(point.shape), name=point.label) if point.shape else point
            for point in points
        )
    return PointChart(
        id="picture",
        title=text("picture_title"),
        description=text("picture_desc"),
        points=points,
        across=text("axis_learned"),
        up=text("axis_kept"),
    )


def deciding(result: EvaluationResult) -> IntervalChart | None:
    """Draw what decided of a lone adapter, for a policy without a persona to show."""
    main = verdicts.card(result.verdicts[0])["main"]
    found = _by_check(result).get(main["check"], []) if main else []
    leading = next(iter(measures(found)), None)
    return chart("lead", main["check"], leading, result.arms) if main and leading else None


def chart(identifier: str, check: str, measure: Measure, arms: tuple[str, ...]) -> IntervalChart | None:
    """Draw the arms' shares where they are known, else the adapters' own numbers."""
    unit = next((lead.unit for lead in measure.leads.values()), "share")
    shares = {arm: one for arm, one in measure.shares.items() if one.value is not None}
    line = measure.line()
    if BASE_ARM in shares and (line is not None or measure.limit is None):
        drawn, limit, key, description = shares, line, "chart_desc", text("chart_desc")
    else:
        drawn = {arm: one for arm, one in measure.leads.items() if one.value is not None and one.unit == unit}
        limit, key = measure.limit, "chart_desc" if unit == "share" else f"chart_desc_{unit}"
        description = text(key)
    rows = tuple(
        Row(label=same(arm), estimate=drawn[arm], shape=shape)
        for shape, arm in enumerate(arms)
        if arm in drawn
    )
    if not rows:
        return None
    margin = unit == "difference" and drawn is shares
    return IntervalChart(
        id=identifier,
        title=_title(check, _caption(check, measure.name)),
        description=description,
        rows=rows,
        limit=limit,
        limit_label=None
        if limit is None
        else text("line_margin" if margin else "line_limit", value=figures.amount(measure.limit, unit)),
    )


def comparison(index: int, given: Comparison) -> dict[str, Any]:
    """Return one paired comparison with its chart and the questions won and lost."""
    pair = text("compare_pair", first=given.first, second=given.second)
    measured = given.difference.value is not None
    return {
        "pair": pair,
        "sentence": _compared(given),
        "chart": IntervalChart(
            id=f"compare-{index}",
            title=pair,
            description=text("compare_desc"),
            rows=(Row(label=same(given.second), estimate=given.difference, shape=2),),
        )
        if measured
        else None,
    }


def _compared(given: Comparison) -> Both:
    try:
        return figures.typeset(both(lambda language: wording.compared(given, language)))
    except KeyError:  # a measure that this version has no words for
        return same(given.measure)


def _by_check(result: EvaluationResult) -> dict[str, list[Finding]]:
    place = {arm: index for index, arm in enumerate(result.arms)}
    grouped: dict[str, list[Finding]] = {}
    for verdict in sorted(result.verdicts, key=lambda one: place.get(one.adapter, len(place))):
        for finding in verdict.findings:
            grouped.setdefault(finding.check, []).append(finding)
    return grouped


def _shares(findings: list[Finding], measure: str) -> dict[str, Estimate]:
    found = next((one.shares for one in measures(findings) if one.name == measure), {})
    return {arm: estimate for arm, estimate in found.items() if estimate.value is not None}


def _question(check: str) -> Both | None:
    """Return what a check asks of an adapter; None of one that this version does not have."""
    asked = ABOUT[check].question if check in ABOUT else None
    return both(asked.__getitem__) if asked else None


def _caption(check: str, measure: str) -> Both | None:
    """Say what a measure's shares are shares of, so that a high one is not taken for a good one."""
    said = WORDS[check].measures.get(measure) if check in WORDS else None
    return figures.typeset(both(said.__getitem__)) if said else None


def _title(check: str, caption: Both | None) -> Both:
    name = verdicts.name(check)
    return Both(f"{name.en}: {caption.en}", f"{name.ja}: {caption.ja}") if caption else name


def _table(check: str, findings: list[Finding], arms: tuple[str, ...]) -> Table:
    """Return every number of a check, measure by measure and arm by arm, the deciding ones with their limit."""
    place = {arm: index for index, arm in enumerate(arms)}
    groups: dict[str, list[tuple[int, int, str, Estimate, Both]]] = {}
    for finding in findings:
        for measure, arm, estimate in _parted(finding):
            limit = same("")
            if estimate is finding.estimates[0] and finding.threshold is not None:
                limit = figures.bare(finding.threshold, estimate.unit)
            whole = arm not in (BASE_ARM, finding.adapter)
            entry = (
                place.get(finding.adapter if whole else arm, len(arms)),
                int(whole),
                arm,
                estimate,
                limit,
            )
            rows = groups.setdefault(measure, [])
            if entry not in rows:  # the base stands in the finding of every adapter
                rows.append(entry)
    lines: list[tuple[Both, ...]] = []
    for measure, rows in groups.items():
        lines += [(_caption(check, measure) or same(measure),)] if len(groups) > 1 else []
        lines += [
            (
                same(label),
                figures.amount(estimate.value, estimate.unit),
                figures.interval(estimate),
                limit,
                same(figures.whole(estimate.n)),
                same(estimate.method),
            )
            for *_, label, estimate, limit in sorted(rows, key=lambda row: row[:2])
        ]
    columns = ("col_arm", "col_value", "interval", "col_limit", "col_n", "col_method")
    return Table(head=tuple(text(column) for column in columns), rows=tuple(lines))


def _parted(finding: Finding) -> list[tuple[str, str, Estimate]]:
    """Return (measure, whose, estimate) of a finding: of an arm, or of the adapter against the base.

    The adapter's own share is left out where the deciding number is that share.
    """
    found = []
    for estimate in finding.estimates:
        measure, arm = parts(finding, estimate)
        if measure in (BASE_ARM, finding.adapter):
            measure, arm = finding.estimates[0].name, measure
        found.append((measure, arm, estimate))
    told = []
    for measure, arm, estimate in found:
        others = [(of, one) for name, of, one in found if name == measure and one is not estimate]
        alike = [of for of, one in others if replace(one, name=estimate.name) == estimate]
        if arm is None:
            paired = others and not alike
            told.append((measure, f"{finding.adapter} − {BASE_ARM}" if paired else finding.adapter, estimate))
        elif None not in alike:
            told.append((measure, arm, estimate))
    return told
