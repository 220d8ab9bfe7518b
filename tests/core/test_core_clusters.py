"""Questions of one family count for less than strangers; means carry t intervals; a ratio has no wild quotient."""

from __future__ import annotations

import math
from statistics import fmean, stdev

import numpy as np
import pytest
from scipy.stats import t as student

from loracheck import stats
from loracheck.stats.clusters import design_effect
from loracheck.stats.means import mean_of, ratio_of_means


def test_twins_that_always_agree_count_as_half_as_many() -> None:
    single = [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0] * 25
    twice = [value for value in single for _ in range(2)]
    families = [str(i // 2) for i in range(len(twice))]
    assert design_effect(twice, families) == pytest.approx(2.0, abs=0.03)


def test_twins_that_have_nothing_in_common_count_in_full() -> None:
    draw = np.random.default_rng(0)
    values = draw.integers(0, 2, 4000).astype(float).tolist()
    assert design_effect(values, [str(i // 2) for i in range(4000)]) == pytest.approx(1.0, abs=0.06)


def test_where_nothing_differs_twins_are_taken_to_go_together() -> None:
    assert design_effect([0.0] * 100, [str(i // 2) for i in range(100)]) == 2.0
    assert design_effect([0.0] * 100, [str(i) for i in range(100)]) == 1.0
    assert design_effect([], []) == 1.0


def test_one_differing_item_says_little_of_how_twins_go_together() -> None:
    one = [0.0] * 99 + [1.0]
    assert 1.25 < design_effect(one, [str(i // 2) for i in range(100)]) < 1.4


def test_items_without_a_cluster_stand_alone() -> None:
    assert design_effect([1.0, 0.0, 1.0, 0.0], ["", "", "", ""]) == 1.0


def test_families_widen_the_interval_of_a_difference() -> None:
    table = stats.PairedTable(both=80, lost=10, won=4, neither=6)
    alone, family = (stats.paired_difference("d", table, design_effect=d) for d in (1.0, 2.0))
    assert alone.ci_low is not None
    assert alone.ci_high is not None
    assert family.ci_low is not None
    assert family.ci_high is not None
    assert family.ci_low < alone.ci_low < alone.ci_high < family.ci_high
    assert stats.noninferiority(table, 0.05, 2.0)[1] > stats.noninferiority(table, 0.05)[1]


def test_the_items_asked_for_grow_with_the_families() -> None:
    table = stats.PairedTable(both=80, lost=5, won=5, neither=10)
    alone = stats.items_to_settle_difference(table, 0.05, 0.05)
    family = stats.items_to_settle_difference(table, 0.05, 0.05, 2.0)
    assert alone is not None
    assert family == pytest.approx(2 * alone, abs=1)


def test_a_share_of_families_has_the_interval_of_as_many_as_are_left() -> None:
    found, fewer = stats.share("s", 60, 100, design_effect=2.0), stats.share("s", 30, 50)
    assert (found.value, found.n) == (0.6, 100)
    assert (found.ci_low, found.ci_high) == pytest.approx((fewer.ci_low, fewer.ci_high))
    assert stats.lower_bound(60, 100, 0.05, 2.0) == pytest.approx(stats.lower_bound(30, 50, 0.05))


def test_a_mean_has_the_t_interval_of_a_worked_case() -> None:
    values = [0.1, 0.3, 0.2, 0.6, 0.3]
    found = mean_of(values).estimate("m")
    reach = 2.7764451 * stdev(values) / math.sqrt(5)
    assert found.value == pytest.approx(0.3)
    assert (found.ci_low, found.ci_high) == pytest.approx((0.3 - reach, 0.3 + reach))
    assert (found.n, found.unit) == (5, "nats")


def test_the_mean_of_copies_is_no_surer_than_that_of_the_originals() -> None:
    values = [0.1, 0.3, 0.2, 0.6, 0.3]
    copied = [value for value in values for _ in range(4)]
    found = mean_of(copied, [str(i // 4) for i in range(20)])
    assert found.error == pytest.approx(mean_of(values).error)
    assert found.freedom == 4


def test_too_few_values_have_no_interval_and_prove_nothing() -> None:
    for values in ([], [0.5]):
        found = mean_of(values)
        assert found.estimate("m").value is None
        assert (found.above(0.0), found.below(1.0), found.items_to_settle(0.1, 0.05)) == (1.0, 1.0, None)


def test_the_items_a_mean_asks_for_settle_it() -> None:
    draw = np.random.default_rng(1)
    values = draw.normal(0.02, 0.2, 30).tolist()
    needed = mean_of(values).items_to_settle(0.05, 0.05)
    assert needed is not None
    assert mean_of(values).below(0.05) > 0.05
    more = values * math.ceil(needed / 30)
    assert mean_of(more).below(0.05) < 0.05


def test_a_mean_on_the_limit_passes_at_most_at_alpha() -> None:
    draw = np.random.default_rng(2)
    passed = sum(mean_of(draw.normal(0.05, 0.3, 40).tolist()).below(0.05) < 0.05 for _ in range(2000))
    assert 0.03 * 2000 < passed < 0.07 * 2000


def test_a_mean_that_a_few_broken_items_make_is_not_shown_below_the_limit_by_its_median() -> None:
    """A tenth of the items broken, mean on the limit: a plain t test passes twice too often."""
    draw = np.random.default_rng(7)
    rounds, n = 1000, 60
    passed = plain = 0
    for _ in range(rounds):
        values = np.where(draw.random(n) < 0.1, draw.normal(2.5, 0.5, n), draw.normal(0.0, 0.05, n))
        mean = mean_of(values.tolist())
        assert mean.error is not None
        plain += float(student.cdf((mean.value - 0.25) / mean.error, n - 1)) < 0.05
        passed += mean.below(0.25) < 0.05
    assert passed <= 0.05 * rounds < 0.08 * rounds < plain


def test_the_interval_of_a_skewed_mean_is_that_of_its_tests() -> None:
    values = np.random.default_rng(8).lognormal(0.0, 1.0, 50).tolist()
    mean = mean_of(values)
    found = mean.estimate("m")
    assert found.ci_low is not None
    assert found.ci_high is not None
    assert mean.above(found.ci_low) == pytest.approx(0.025)
    assert mean.below(found.ci_high) == pytest.approx(0.025)
    assert found.ci_high - mean.value > mean.value - found.ci_low, "what was not seen lies in the long tail"


def test_the_ratio_of_means_is_within_its_interval_and_tested_on_both_sides() -> None:
    draw = np.random.default_rng(3)
    under = draw.normal(1.0, 0.5, 60)
    over = 0.5 * under + draw.normal(0.0, 0.1, 60)
    found, above, below = ratio_of_means("r", over.tolist(), under.tolist(), 0.7)
    assert found.value == pytest.approx(fmean(over) / fmean(under))
    assert found.ci_low is not None
    assert found.ci_high is not None
    assert found.ci_low < 0.5 < found.ci_high < 0.7
    assert above > 0.99
    assert below < 0.001


def test_a_ratio_over_nothing_is_not_measured() -> None:
    found, above, below = ratio_of_means("r", [1.0, 2.0, 1.5], [-0.1, 0.0, 0.05], 0.7)
    assert (found.value, above, below) == (None, 1.0, 1.0)


def test_a_shaky_denominator_settles_nothing() -> None:
    draw = np.random.default_rng(4)
    under = draw.normal(0.02, 1.0, 30).tolist()
    over = draw.normal(0.01, 1.0, 30).tolist()
    _, above, below = ratio_of_means("r", over, under, 0.7)
    assert min(above, below) > 0.01


def test_a_ratio_on_the_limit_is_settled_seldom() -> None:
    draw = np.random.default_rng(5)
    passed = 0
    for _ in range(200):
        under = draw.gamma(2.0, 0.4, 50)
        over = 0.7 * under + draw.normal(0.0, 0.3, 50)
        passed += ratio_of_means("r", over.tolist(), under.tolist(), 0.7)[1] < 0.05
    assert passed <= 0.09 * 200


def test_at_the_margin_twins_that_go_together_ship_too_often_unless_they_are_counted_as_such() -> None:
    draw = np.random.default_rng(6)
    n, draws, plain, known = 120, 400, 0, 0
    families = [str(i // 2) for i in range(n)]
    for _ in range(draws):
        changes = draw.choice(
            (-1, 1, 0), size=n, p=(0.10, 0.05, 0.85)
        )  # a loss of exactly the margin of 5 points
        firsts = np.repeat(changes[::2], 2)
        changes = np.where(draw.random(n) < 0.9, firsts, changes)
        lost, won = int((changes < 0).sum()), int((changes > 0).sum())
        table = stats.PairedTable(both=n - lost - won, lost=lost, won=won, neither=0)
        plain += stats.noninferiority(table, 0.05)[0] < 0.05
        known += stats.noninferiority(table, 0.05, design_effect(changes.tolist(), families))[0] < 0.05
    assert plain > 0.08 * draws
    assert known < 0.075 * draws
