"""Boxes and axes of the charts."""

from __future__ import annotations

import pytest

from loracheck.reports.charts.geometry import around, leaves, linear, meet, overlap, rounded


def test_an_axis_maps_its_ends_and_what_lies_between() -> None:
    x = linear(0.0, 2.0, 10.0, 110.0)
    assert [x(0), x(1), x(2)] == [10, 60, 110]
    assert linear(3.0, 3.0, 10.0, 110.0)(3.0) == 10


@pytest.mark.parametrize(("place", "written"), [(12.04, "12"), (12.06, "12.1"), (-0.04, "0"), (7, "7")])
def test_a_place_is_written_to_a_tenth(place: float, written: str) -> None:
    assert str(rounded(place)) == written


def test_boxes_meet_where_they_have_an_area_in_common() -> None:
    one = around(10, 10, 10, 10)
    assert one == (5, 5, 15, 15)
    assert overlap(one, around(17, 17, 10, 10)) == 9
    assert meet(one, around(17, 17, 10, 10))
    assert not meet(one, around(20, 10, 10, 10))
    assert overlap(one, around(20, 10, 10, 10)) == 0


def test_a_line_meets_the_box_that_it_runs_through() -> None:
    assert meet((10, 0, 10, 20), around(10, 10, 10, 10))
    assert overlap((10, 0, 10, 20), around(10, 10, 10, 10)) == 0


def test_a_box_leaves_an_area_on_any_side() -> None:
    area = (0, 0, 100, 50)
    assert not leaves(around(50, 25, 100, 50), area)
    assert all(leaves(around(x, y, 10, 10), area) for x, y in ((4, 25), (96, 25), (50, 4), (50, 46)))
