"""Numbers of every unit in the words of a reader."""

from __future__ import annotations

import pytest

from loracheck.records import Estimate
from loracheck.reports import figures
from loracheck.reports.strings.frame import same
from loracheck.terminal import columns


@pytest.mark.parametrize(
    ("unit", "amount", "distance", "interval"),
    [
        ("share", "50%", "50 points", "40–60%"),
        ("difference", "+50 pt", "50 points", "+40 … +60 pt"),
        ("nats", "+0.500 nats", "0.500 nats", "+0.400 … +0.600"),
        ("correlation", "+0.50", "0.50", "+0.40 … +0.60"),
    ],
)
def test_a_number_is_written_in_its_own_unit(unit: str, amount: str, distance: str, interval: str) -> None:
    estimate = Estimate(name="a", value=0.5, ci_low=0.4, ci_high=0.6, n=9, method="t", unit=unit)  # type: ignore[arg-type]
    assert figures.amount(estimate.value, unit).en == amount
    assert figures.distance(0.5, unit).en == distance
    assert figures.interval(estimate).en == interval


@pytest.mark.parametrize(("value", "seen"), [(-0.3, "−0.3"), (0.0, "0"), (0.5, "+0.5"), (20.0, "+20")])
def test_an_axis_in_nats_has_short_numbers_that_do_not_run_into_each_other(value: float, seen: str) -> None:
    assert figures.tick(value, "nats") == (seen, seen)


@pytest.mark.parametrize(
    ("given", "most", "seen"),
    [
        ("abcd", 4, "abcd"),
        ("abcde", 4, "abc…"),
        ("ああ", 4, "ああ"),
        ("ああa", 4, "あ…"),
        ("aあああ", 4, "aあ…"),
        ("か\u3099か\u3099か\u3099", 6, "か\u3099か\u3099か\u3099"),
    ],
)
def test_a_label_keeps_all_that_its_width_has_room_for(given: str, most: int, seen: str) -> None:
    found = figures.cut(same(given), most)
    assert found == same(seen)
    assert columns(found.ja) <= most
