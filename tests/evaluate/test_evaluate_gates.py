"""Gates: families of questions, means against a margin, and what joined tests need to be settled."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from loracheck.evaluate.checks.gates import NO_HEADROOM, joined, mean_gate, paired_gate, rate_gate
from loracheck.evaluate.policy import Gate, Policy
from loracheck.evaluate.verdict.judge import settle
from loracheck.records import Finding


def paired(
    lost: int, won: int, n: int, *, clusters: Sequence[str] | None = None, right: int | None = None
) -> Finding:
    """A paired test in which the base is right on `right` items, by default on all but the won ones."""
    kept = (n - won if right is None else right) - lost
    base = [True] * (kept + lost) + [False] * (n - kept - lost)
    tuned = [True] * kept + [False] * lost + [True] * won + [False] * (n - kept - lost - won)
    return paired_gate(
        "forgetting",
        "mine",
        base=base,
        tuned=tuned,
        probe_ids=[str(i) for i in range(n)],
        margin=0.05,
        alpha=0.05,
        chance=0.25,
        clusters=clusters,
    )


def rated(hits: int, n: int) -> Finding:
    return rate_gate(
        "content_damage",
        "mine",
        base=[False] * n,
        tuned=[i < hits for i in range(n)],
        probe_ids=[f"r{i}" for i in range(n)],
        limit=0.05,
        alpha=0.05,
    )


def nats(base: Sequence[float], tuned: Sequence[float], margin: float = 0.05) -> Finding:
    return mean_gate(
        "forgetting",
        "mine",
        name="loss",
        base=base,
        tuned=tuned,
        probe_ids=[str(i) for i in range(len(base))],
        margin=margin,
        alpha=0.05,
    )


def test_the_same_questions_in_twins_pass_only_with_more_of_them() -> None:
    twins = [str(i // 2) for i in range(60)]
    assert paired(0, 0, 60).p_pass == pytest.approx(0.0378, abs=1e-3)
    family = paired(0, 0, 60, clusters=twins)
    assert family.p_pass is not None
    assert family.p_pass > 0.05
    assert family.n_needed == pytest.approx(103, abs=1)
    assert paired(0, 0, 60, clusters=[str(i) for i in range(60)]).p_pass == paired(0, 0, 60).p_pass


def test_headroom_is_seen_at_the_number_of_families() -> None:
    fours = [str(i // 4) for i in range(100)]
    base = [i // 4 % 2 == 0 for i in range(100)]  # half of the families are known

    def reason(clusters: Sequence[str] | None) -> str:
        return paired_gate(
            "forgetting",
            "mine",
            base=base,
            tuned=base,
            probe_ids=fours,
            margin=0.05,
            alpha=0.05,
            chance=0.25,
            clusters=clusters,
        ).reason

    assert (reason(None), reason(fours)) == ("not_enough_evidence", NO_HEADROOM)


def test_a_mean_increase_is_held_against_its_margin_on_both_sides() -> None:
    draw = random.Random(0)
    base = [draw.gauss(1.0, 0.3) for _ in range(80)]
    same = nats(base, [b + draw.gauss(0.0, 0.05) for b in base])
    worse = nats(base, [b + draw.gauss(0.1, 0.05) for b in base])
    assert same.p_pass is not None
    assert same.p_pass < 0.001
    assert worse.p_fail is not None
    assert worse.p_fail < 0.001
    assert (worse.estimates[0].unit, worse.threshold, worse.estimates[0].n) == ("nats", 0.05, 80)


def test_the_evidence_of_a_mean_begins_with_the_worst() -> None:
    assert nats([1.0, 1.0, 1.0, 1.0], [1.1, 0.9, 1.5, 1.2]).evidence == ("2", "3", "0")


def test_a_mean_of_nothing_is_open_and_not_zero() -> None:
    found = nats([], [])
    assert (found.p_pass, found.p_fail, found.estimates[0].value, found.n_needed) == (1.0, 1.0, None, None)


def test_one_of_two_tests_that_can_never_pass_leaves_the_check_open_for_ever() -> None:
    on_its_limit = rated(5, 100)
    assert on_its_limit.n_needed is None
    assert joined((paired(2, 2, 100), on_its_limit), 0.05).n_needed is None


def test_two_tests_on_their_way_to_pass_need_what_the_slower_one_needs() -> None:
    quick, slow = rated(0, 50), paired(6, 4, 100)
    assert quick.n_needed is not None
    assert slow.n_needed is not None
    found = joined((quick, slow), 0.05)
    growth = max(quick.n_needed / 50, slow.n_needed / 100)
    assert found.n_needed == pytest.approx(growth * found.estimates[0].n, abs=1)


def test_items_are_counted_in_the_kind_that_is_shown() -> None:
    few, many = rated(0, 20), paired(0, 0, 1000)
    found = joined((many, few), 0.05)
    assert found.estimates[0].n == 20
    assert found.n_needed == few.n_needed


@pytest.mark.parametrize(("lost", "hits"), [(9, 0), (9, 2), (3, 8), (2, 9)])
def test_the_items_that_joined_tests_ask_for_settle_them(lost: int, hits: int) -> None:
    found = joined((paired(lost, 1, 100), rated(hits, 100)), 0.05)
    assert found.p_fail is not None
    assert found.p_pass is not None
    assert min(found.p_fail, found.p_pass) > 0.05
    assert found.n_needed is not None
    growth = 1.15 * found.n_needed / 100  # counts are whole numbers, and the rate's test is exact
    n = round(100 * growth)
    grown = joined((paired(round(lost * growth), round(growth), n), rated(round(hits * growth), n)), 0.05)
    assert grown.p_fail is not None
    assert grown.p_pass is not None
    assert min(grown.p_fail, grown.p_pass) < 0.05


def test_a_test_that_is_watched_fails_the_check_and_withholds_no_pass() -> None:
    passes, open_one, bad = paired(0, 0, 200), rated(1, 30), rated(12, 30)
    watched = joined((passes,), 0.05, watch=(open_one,))
    assert watched.p_pass == passes.p_pass
    assert watched.estimates[0].name == "difference"
    failed = joined((passes,), 0.05, watch=(bad,))
    assert failed.p_fail is not None
    assert failed.p_fail == pytest.approx(2 * (bad.p_fail or 0))
    assert failed.estimates[0].name == "rate"


def test_a_watched_test_without_headroom_withholds_no_pass_where_the_policy_wants_headroom() -> None:
    watched = joined((rated(0, 200),), 0.05, watch=(paired(0, 0, 200, right=20),))
    policy = Policy(name="p", gates={watched.check: Gate(margin=0.05, max_rate=0.05, min_headroom=0.1)})
    assert [found.status for found in settle([watched], policy)] == ["pass"]


def test_numbers_of_tests_that_follow_are_named_by_their_test_once() -> None:
    inner = joined((paired(0, 0, 200), rated(0, 200)), 0.05)
    outer = joined((nats([1.0, 1.1, 0.9] * 30, [1.3, 1.5, 1.2] * 30), inner), 0.05)
    names = [estimate.name for estimate in outer.estimates]
    assert names[0] == "loss"
    assert {"difference: base", "difference: mine", "rate: base", "rate: mine"} <= set(names)
    assert not any(name.count(": ") > 1 for name in names)


def test_each_of_three_tests_fails_the_check_at_a_third_of_the_error_rate() -> None:
    tests = [replace(paired(5, 5, 100), p_fail=p, p_pass=0.5) for p in (0.02, 0.4, 0.9)]
    found = joined(tests, 0.05)
    assert found.p_fail == pytest.approx(0.06)
