"""The charts: well-formed, announced, and true to the estimates that they are drawn from."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Literal

import pytest

from loracheck import jsonl
from loracheck.records import Estimate, EvaluationResult, Finding
from loracheck.reports import checks, curation, training
from loracheck.reports.charts import IntervalChart, Row
from loracheck.reports.figures import amount
from loracheck.reports.measures import inverted, measures
from loracheck.reports.strings import same

SVG = "{http://www.w3.org/2000/svg}"


def share(name: str, value: float, low: float, high: float, n: int = 100) -> Estimate:
    return Estimate(name=name, value=value, ci_low=low, ci_high=high, n=n, method="Wilson")


def parsed(chart: object) -> ET.Element:
    root = ET.fromstring(str(chart.svg("ja")))  # type: ignore[attr-defined]
    assert root.get("role") == "img"
    named = {node.get("id"): node for node in root if node.tag in (f"{SVG}title", f"{SVG}desc")}
    assert [bool(named[name].text) for name in str(root.get("aria-labelledby")).split()] == [True, True]
    return root


@pytest.fixture
def result(evaluation: Path) -> EvaluationResult:
    return jsonl.read_one(evaluation / "verdict.json", EvaluationResult)


def test_an_interval_chart_holds_the_numbers_of_its_estimates_and_draws_them_to_scale() -> None:
    given = [share("base", 0.1, 0.05, 0.2), share("raw", 0.75, 0.5, 1.0)]
    rows = tuple(Row(label=same(one.name), estimate=one, shape=i) for i, one in enumerate(given))
    chart = IntervalChart(
        id="c", title=same("t"), description=same("d"), rows=rows, limit=0.5, limit_label=same("l")
    )
    root = parsed(chart)
    groups = [node for node in root.iter(f"{SVG}g") if node.get("data-estimate")]
    read = [tuple(float(one) for one in str(node.get("data-estimate")).split(",")) for node in groups]
    assert read == [(one.value, one.ci_low, one.ci_high, one.n) for one in given]
    circle = groups[0].find(f"{SVG}circle")
    whisker = groups[1].find(f"{SVG}line")
    limit = next(node for node in root.iter(f"{SVG}path") if node.get("data-limit"))
    assert circle is not None and whisker is not None
    zero, one = 84.0, 262.0
    assert float(str(circle.get("cx"))) == pytest.approx(zero + 0.1 * (one - zero), abs=0.01)
    assert float(str(whisker.get("x1"))) == pytest.approx(zero + 0.5 * (one - zero), abs=0.01)
    assert float(str(whisker.get("x2"))) == pytest.approx(one, abs=0.01)
    assert str(limit.get("d")).startswith(f"M{whisker.get('x1')},")
    assert limit.get("data-limit") == "0.5"
    assert [cell.en for cell in chart.table().rows[1]] == ["raw", "75%", "50%", "100%", "100", "Wilson"]


def test_names_that_break_markup_leave_a_chart_well_formed() -> None:
    bad = "</text><script>\u202e\x00\x1b]]>&{{7*7}}\"'"
    row = Row(label=same(bad), estimate=share(bad, 0.5, 0.4, 0.6), shape=1)
    root = parsed(IntervalChart(id="c", title=same(bad), description=same(bad), rows=(row,)))
    assert not list(root.iter(f"{SVG}script"))
    assert str(root[0].text).startswith("</text><script>⟨U+202E⟩⟨U+0000⟩")


def test_every_chart_of_an_evaluation_is_well_formed(result: EvaluationResult) -> None:
    drawn = [chart for check in checks.view(result) for _, chart in check["charts"]]
    drawn += [checks.picture(result), checks.comparison(0, result.comparisons[0])["chart"]]
    assert len({chart.id for chart in drawn}) == len(drawn) > 6
    for chart in drawn:
        parsed(chart)
        assert chart.table().rows


def test_the_picture_shows_what_was_learnt_and_what_was_kept(result: EvaluationResult) -> None:
    picture = checks.picture(result)
    assert picture is not None
    assert {
        point.label.en: (round(point.across.value or 0, 2), point.up.value) for point in picture.points
    } == {"base": (0.02, 0.86), "raw": (0.98, 0.21), "curated": (0.91, 0.83)}


def test_measures_that_decide_for_one_adapter_and_not_for_another_share_a_chart(
    result: EvaluationResult,
) -> None:
    found = measures([f for v in result.verdicts for f in v.findings if f.check == "content_damage"])
    by_name = {measure.name: measure for measure in found}
    assert set(by_name) == {"difference", "name_rate", "answered"}
    assert all(set(measure.shares) == {"base", "raw", "curated"} for measure in found)
    assert by_name["name_rate"].line() == 0.1
    assert by_name["difference"].line() == pytest.approx(0.86 - 0.05)
    assert by_name["answered"].line() is None


def test_a_margin_is_not_drawn_where_shares_do_not_give_the_difference() -> None:
    gap = Estimate(
        name="difference", value=-0.4, ci_low=-0.5, ci_high=-0.3, n=10, method="tango", unit="difference"
    )
    finding = Finding(
        check="x",
        adapter="raw",
        required=True,
        status="fail",
        reason="r",
        threshold=-0.05,
        estimates=(gap, share("base", 0.9, 0.8, 1.0), share("raw", 0.8, 0.7, 0.9)),
    )
    assert measures([finding])[0].line() is None


def test_the_opposite_of_a_share_turns_its_interval_round() -> None:
    have = inverted(share("rate", 0.25, 0.125, 0.5))
    assert (have.value, have.ci_low, have.ci_high) == (0.75, 0.5, 0.875)


def test_the_funnel_ends_at_what_was_kept(related: list[Path]) -> None:
    funnel = curation.summary(related[0], 0)["funnel"]
    parsed(funnel)
    assert [(step.dropped, step.left) for step in funnel.steps] == [(0, 12), (3, 9), (2, 7), (0, 1), (0, 6)]


def test_the_loss_chart_ends_at_the_last_loss(related: list[Path]) -> None:
    shown = training.table([(related[1], "raw"), (related[2], "curated")])
    assert shown is not None
    lines = list(parsed(shown["loss"]).iter(f"{SVG}polyline"))
    last = [float(str(node.get("data-last"))) for node in lines]
    assert last == [pytest.approx(0.1 + 4 * 0.93**60), pytest.approx(0.4 + 4 * 0.93**60)]
    assert shown["tokens"].en.startswith("The adapters saw the same number")


@pytest.mark.parametrize(
    ("unit", "value", "low", "high", "ends"),
    [
        ("share", 0.5, 0.4, 0.6, (0.0, 1.0)),
        ("share", 2.0, 1.8, 2.2, (0.0, 3.0)),
        ("share", 0.1, -0.2, 0.4, (-0.2, 1.0)),
        ("nats", 18.464, 17.0, 19.0, (-20.0, 20.0)),
    ],
)
def test_an_interval_lies_on_its_axis(
    unit: Literal["share", "nats"], value: float, low: float, high: float, ends: tuple[float, float]
) -> None:
    estimate = Estimate(name="x", value=value, ci_low=low, ci_high=high, n=9, method="m", unit=unit)
    chart = IntervalChart(
        id="c",
        title=same("t"),
        description=same("d"),
        rows=(Row(label=same("a"), estimate=estimate, shape=0),),
    )
    assert chart.scale() == pytest.approx(ends)


@pytest.mark.parametrize(("value", "shown"), [(0.1234, "+0.123"), (-3.456, "-3.46"), (18.464, "+18.5")])
def test_nats_are_written_with_three_figures(value: float, shown: str) -> None:
    assert amount(value, "nats").en == f"{shown} nats"


def test_a_joined_measure_of_the_same_name_does_not_take_the_place_of_the_deciding_number() -> None:
    def gap(value: float) -> Estimate:
        return Estimate(
            name="difference", value=value, ci_low=-1.0, ci_high=1.0, n=60, method="tango", unit="difference"
        )

    arms = (share("base", 0.1, 0.0, 0.2), share("raw", 0.98, 0.9, 1.0))
    others = (share("difference: base", 0.6, 0.5, 0.7), share("difference: raw", 0.95, 0.9, 1.0))
    finding = Finding(
        check="loops",
        adapter="raw",
        required=True,
        status="pass",
        reason="r",
        threshold=-0.05,
        estimates=(gap(0.88), *arms, gap(0.35), *others),
    )
    (measure,) = measures([finding])
    assert measure.leads["raw"].value == 0.88
    drawn = checks.chart("c", "loops", measure, ("base", "raw"))
    assert drawn is not None
    assert [row.estimate.value for row in drawn.rows] == [0.1, 0.98]
