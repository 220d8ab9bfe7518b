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
        ("share", "50.0%", "50.0 points", "[40.0, 60.0]"),
        ("difference", "+50.0 points", "50.0 points", "[+40.0, +60.0]"),
        ("nats", "+0.500 nats", "0.500 nats", "[+0.400, +0.600]"),
        ("correlation", "+0.50", "0.50", "[+0.40, +0.60]"),
    ],
)
def test_a_number_is_written_in_its_own_unit(unit: str, amount: str, distance: str, interval: str) -> None:
    estimate = Estimate(name="a", value=0.5, ci_low=0.4, ci_high=0.6, n=9, method="t", unit=unit)  # type: ignore[arg-type]
    assert figures.amount(estimate.value, unit).en == amount
    assert figures.distance(0.5, unit).en == distance
    assert figures.interval(estimate).en == interval


def test_a_negative_number_has_a_real_minus_sign_in_every_unit() -> None:
    for unit, seen in (
        ("share", "−50.0%"),
        ("difference", "−50.0 points"),
        ("nats", "−0.500 nats"),
        ("correlation", "−0.50"),
    ):
        assert figures.amount(-0.5, unit).en == seen
    below = Estimate(name="a", value=-0.5, ci_low=-0.6, ci_high=-0.4, n=9, method="t", unit="nats")
    assert figures.interval(below).en == "[−0.600, −0.400]"


def test_a_sentence_has_real_minus_signs_and_keeps_an_interval_on_one_line_but_leaves_names_alone() -> None:
    said = same("差は-3.0 points [-4.8, +1.2], n=9; gemma-3-270m, step-30, doctor --base, 2027-03-31")
    gap = "\N{NO-BREAK SPACE}"
    set_ = f"差は−3.0 points [−4.8,{gap}+1.2], n=9; gemma-3-270m, step-30, doctor --base, 2027-03-31"
    assert figures.typeset(said) == same(set_)


def test_parentheses_around_japanese_are_as_wide_as_it_on_a_page() -> None:
    said = same("割合(口調を問わず)、(n=9)、ほぼ同じ(similar)")
    assert figures.typeset(said).ja == "割合（口調を問わず）、(n=9)、ほぼ同じ(similar)"
    assert figures.typeset(said).en == said.en


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
