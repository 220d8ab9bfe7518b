"""When a required test passes, fails or stays open, and how many items would settle it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from loracheck.evaluate.checks.gates import joined, paired_gate, rate_gate
from loracheck.evaluate.verdict.judge import settle
from loracheck.records import (
    Finding,
)
from tests.evaluate.evidence_records import DEFAULT


def outcomes(both_right: int, lost: int, won: int, neither: int) -> tuple[list[bool], list[bool]]:
    base = [True] * (both_right + lost) + [False] * (won + neither)
    tuned = [True] * both_right + [False] * lost + [True] * won + [False] * neither
    return base, tuned


def paired(base: Sequence[bool], tuned: Sequence[bool], check: str = "forgetting") -> Finding:
    return paired_gate(
        check,
        "mine",
        base=base,
        tuned=tuned,
        probe_ids=[str(i) for i in range(len(base))],
        margin=0.05,
        alpha=0.05,
    )


def rated(hits: int, n: int, limit: float = 0.05, check: str = "persona_leakage") -> Finding:
    return rate_gate(
        check,
        "mine",
        base=[False] * n,
        tuned=[i < hits for i in range(n)],
        probe_ids=[str(i) for i in range(n)],
        limit=limit,
        alpha=0.05,
    )


@pytest.mark.parametrize("counts", [(80, 5, 5, 10), (60, 4, 0, 36), (90, 8, 2, 0), (150, 14, 6, 30)])
def test_the_items_a_paired_check_asks_for_settle_it(counts: tuple[int, int, int, int]) -> None:
    found = settle([paired(*outcomes(*counts))], DEFAULT)[0]
    assert found.status == "inconclusive"
    assert found.n_needed is not None
    factor = found.n_needed / sum(counts) * 1.05  # counts are whole numbers
    scaled = [round(count * factor) for count in counts]
    assert settle([paired(*outcomes(*scaled))], DEFAULT)[0].status != "inconclusive"


@pytest.mark.parametrize(("hits", "n"), [(0, 20), (0, 50), (1, 60), (3, 100), (12, 160)])
def test_the_items_a_rate_asks_for_settle_it(hits: int, n: int) -> None:
    found = settle([rated(hits, n)], DEFAULT)[0]
    assert found.status == "inconclusive"
    assert found.n_needed is not None
    settled = settle([rated(round(hits * found.n_needed / n), found.n_needed)], DEFAULT)[0]
    assert settled.status != "inconclusive"


def test_no_number_of_items_settles_a_rate_on_its_limit() -> None:
    assert rated(5, 100).n_needed is None
    assert paired(*outcomes(80, 5, 0, 15)).n_needed is None


def test_holm_does_not_let_one_borderline_failure_among_many_hold() -> None:
    def with_p(check: str, p_fail: float) -> Finding:
        return replace(rated(2, 100), check=check, p_fail=p_fail, p_pass=0.9)

    many = [with_p(f"check{i}", 0.03) for i in range(7)]
    assert {f.status for f in settle(many, DEFAULT)} == {"inconclusive"}
    assert [f.status for f in settle(many[:1], DEFAULT)] == ["fail"]
    one = [with_p("first", 0.007), *many[1:]]
    assert [f.status for f in settle(one, DEFAULT)] == ["fail"] + ["inconclusive"] * 6


def test_two_tests_in_one_check_fail_only_at_half_the_error_rate() -> None:
    first = replace(paired(*outcomes(80, 5, 5, 10)), p_fail=0.03, p_pass=0.97)
    second = replace(rated(0, 100), p_fail=1.0, p_pass=0.01)
    both = joined((first, second), 0.05)
    assert (both.p_fail, both.p_pass) == (0.06, 0.97)


@pytest.mark.parametrize("counts", [(92, 8, 0, 0), (139, 13, 0, 8), (259, 22, 0, 19)])
def test_the_items_that_are_to_hold_are_enough_beside_all_other_checks(
    counts: tuple[int, int, int, int],
) -> None:
    """Holm's rule asks more of a failure than alpha, and what is named must be more than was asked."""
    others = [replace(rated(0, 200), check=f"check{i}") for i in range(12)]
    first = settle([paired(*outcomes(*counts)), *others], DEFAULT)[0]
    assert first.status == "inconclusive"
    assert first.n_needed is not None
    assert first.n_needed > sum(counts)
    factor = (
        first.n_needed / sum(counts) * 1.1
    )  # counts are whole numbers, and z grows only about as their root
    scaled = [round(count * factor) for count in counts]
    assert settle([paired(*outcomes(*scaled)), *others], DEFAULT)[0].status == "fail"


def test_the_least_items_are_those_of_the_smallest_test_whichever_leads() -> None:
    gates = DEFAULT.gates | {"forgetting": replace(DEFAULT.gates["forgetting"], min_items=300)}
    policy = replace(DEFAULT, gates=gates)
    for lost in (0, 35):
        both = joined((paired(*outcomes(1020 - lost, lost, 0, 0)), paired(*outcomes(160, 0, 0, 0))), 0.05)
        assert settle([both], policy)[0].reason == "too_few_items", lost


def test_what_could_not_be_computed_shows_nothing() -> None:
    nothing = replace(rated(0, 100), p_fail=float("nan"), p_pass=float("nan"))
    assert [f.status for f in settle([nothing, replace(rated(0, 100), check="b")], DEFAULT)] == [
        "inconclusive",
        "pass",
    ]
    assert joined((rated(0, 100), nothing), 0.05).p_pass == 1.0
