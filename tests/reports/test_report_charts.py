"""Curves with labels that keep apart, stay inside, and follow round numbers."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from loracheck.records import Estimate
from loracheck.reports import figures
from loracheck.reports.charts.curves import Curve, CurveChart, Event, Place, label_width, spread
from loracheck.reports.charts.flows import LineChart, Series
from loracheck.reports.charts.geometry import ticks
from loracheck.reports.charts.intervals import IntervalChart, Point, PointChart, Row, Table
from loracheck.reports.strings.frame import same
from tests.reports.drawings import SVG, drawn


def test_a_marked_place_without_room_on_either_side_keeps_symbol_and_label_apart() -> None:
    long = same("step 123,456: the best one on the held-out")
    chart = CurveChart(
        id="c",
        title=same("t"),
        description=same("d"),
        curves=(Curve(name="kept", label=same("facts kept"), places=(Place(at=0.0, value=0.5),)),),
        events=(Event(at=0.5, roles=(("best", long),)),),
        across=same("x"),
        numbers=Table(head=(), rows=()),
        end=1.0,
    ).narrow()
    group = next(g for g in drawn(chart).iter(f"{SVG}g") if g.get("data-roles") == "best")
    start = float(str(group[1].get("x")))
    symbol_at = float(str(group[0].get("d")).split()[0].removeprefix("M")) + 5.5
    assert group[1].get("text-anchor") == "start" and start == pytest.approx(symbol_at + 12)
    assert start + label_width(long) <= chart.width + 0.01


def test_labels_are_moved_apart_and_stay_inside() -> None:
    assert spread([10.0, 12.0, 90.0], 16, 0, 100) == [10.0, 26.0, 90.0]
    assert spread([95.0, 96.0, 97.0], 16, 0, 100) == [68.0, 84.0, 100.0]
    assert spread([], 16, 0, 100) == []


def test_an_axis_has_round_numbers() -> None:
    assert ticks(0, 9870, 5) == [0, 2000, 4000, 6000, 8000]
    assert ticks(0, 1.0, 5) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert ticks(0, 7, 5) == [0, 2, 4, 6]
    assert ticks(0, 0, 5) == [0]
    assert ticks(-0.03, 0.05, 4) == [-0.02, 0, 0.02, 0.04]


@pytest.mark.parametrize(
    ("limit", "value", "marked"),
    [
        (None, 0.5, [0, 0.5, 1]),
        (-0.03, 0.04, [-0.02, 0, 0.02, 0.04]),  # a margin below a base that is near 0
        (-0.03, 0.6, [0, 0.5, 1]),
        (None, 1.4, [0, 0.5, 1]),
    ],
)
def test_the_ticks_of_shares_are_round_and_evenly_spaced_wherever_the_axis_begins(
    limit: float | None, value: float, marked: list[float]
) -> None:
    estimate = Estimate(name="rate", value=value, ci_low=value - 0.02, ci_high=value + 0.01, n=50, method="")
    chart = IntervalChart(
        id="c",
        title=same("t"),
        description=same("d"),
        rows=(Row(label=same("a"), estimate=estimate, shape=1),),
        limit=limit,
        limit_label=same("limit") if limit else None,
    )
    assert chart.ticks() == pytest.approx(marked)
    low, high = chart.scale()
    assert low <= min(marked) and max(marked) <= high
    root = ET.fromstring(str(chart.svg("en")))
    named = next(node for node in root.iter() if node.get("class") == "ticks")
    assert [node.text for node in named] == [figures.tick(one, "share").en for one in marked]


def test_the_ticks_of_a_loss_are_round() -> None:
    line = Series(label=same("raw"), at=(0.0, 4000.0, 9870.0), values=(6.91, 3.2, 2.77))
    chart = LineChart(
        id="l", title=same("t"), description=same("d"), series=(line,), across=same("x"), up=same("y")
    )
    root = ET.fromstring(str(chart.svg("en")))
    told = [node.text for node in root.iter(f"{SVG}text") if node.get("class") == "tick"]
    assert told == ["0", "2", "4", "6", "0", "2,500", "5,000", "7,500"]


def test_a_label_is_as_wide_as_its_wider_language() -> None:
    assert label_width(same("abc")) == pytest.approx(3 * 6.9)
    assert label_width(same("漢字")) == 26


def test_a_curve_of_one_place_and_a_chart_without_any_are_drawn() -> None:
    numbers = Table(head=(), rows=())
    for places in ((Place(at=0.0, value=0.5),), ()):
        curve = Curve(name="kept", label=same("k"), places=places, mark="dot")
        chart = CurveChart(
            id="c",
            title=same("t"),
            description=same("d"),
            curves=(curve,),
            across=same("x"),
            numbers=numbers,
            end=1.0,
        )
        assert len([g for g in drawn(chart).iter(f"{SVG}g") if g.get("data-series")]) == len(places)


@pytest.mark.parametrize("place", [(0.98, 0.21), (0.0, 0.0), (0.5, 0.5)])
def test_names_of_six_arms_at_one_place_do_not_cover_one_another(place: tuple[float, float]) -> None:
    def at(value: float) -> Estimate:
        low, high = max(0.0, value - 0.06), min(1.0, value + 0.06)
        return Estimate(name="a", value=value, ci_low=low, ci_high=high, n=99, method="t")

    names = ("base", "raw", "rank-4", "rank-16", "rank-64", "kanto-assistant-night")
    points = [
        Point(label=same(n), across=at(place[0]), up=at(place[1]), shape=i) for i, n in enumerate(names)
    ]
    chart = PointChart(
        id="p", title=same("t"), description=same("d"), points=tuple(points), across=same("x"), up=same("y")
    )
    found = [one for one in drawn(chart).iter(f"{SVG}text") if one.get("class") == "point-label"]
    places = [(float(one.get("x", "")), float(one.get("y", "")), 4.1 * len(one.text or "")) for one in found]
    assert len(places) == len(names)
    for i, (x, y, half) in enumerate(places):
        for other_x, other_y, other_half in places[i + 1 :]:
            assert abs(y - other_y) >= 15 or abs(x - other_x) >= half + other_half
