"""Curves with labels that keep apart, stay inside, and follow round numbers."""

from __future__ import annotations

import pytest

from loracheck.records import Estimate
from loracheck.reports.charts.curves import Curve, CurveChart, Event, Place, label_width, spread, ticks
from loracheck.reports.charts.intervals import Point, PointChart, Table
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
    assert ticks(9870, 5) == [0, 2000, 4000, 6000, 8000]
    assert ticks(1.0, 5) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert ticks(7, 5) == [0, 2, 4, 6]
    assert ticks(0, 5) == [0]


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
