from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binom, binomtest, norm

from loracheck import stats
from loracheck.stats import PairedTable, rate_below


def table(won: int, lost: int, n: int) -> PairedTable:
    return PairedTable(
        both=(n - won - lost) // 2, lost=lost, won=won, neither=n - won - lost - (n - won - lost) // 2
    )


def brute_force_z(won: int, lost: int, n: int, delta: float) -> float:
    """Score statistic with P(lost) estimated by maximising the multinomial likelihood numerically."""
    low, high = max(0.0, -delta), (1 - delta) / 2

    def loss(q: float) -> float:
        terms = ((won, q + delta), (lost, q), (n - won - lost, 1 - 2 * q - delta))
        return -sum(k * math.log(max(p, 1e-300)) for k, p in terms if k)

    q = float(minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-13}).x)
    q = min((q, low, high), key=loss)
    return (won - lost - n * delta) / math.sqrt(n * (2 * q + delta - delta * delta))


def brute_force_bound(won: int, lost: int, n: int, end: float, limit: float) -> float:
    """Bisect for the delta at which the brute-force statistic equals the limit."""
    inside, outside = (won - lost) / n, end * (1 - 1e-9)
    if abs(brute_force_z(won, lost, n, outside)) <= abs(limit):
        return end
    for _ in range(60):
        middle = (inside + outside) / 2
        if abs(brute_force_z(won, lost, n, middle)) < abs(limit):
            inside = middle
        else:
            outside = middle
    return inside


TABLES = [(5, 12, 100), (0, 7, 50), (7, 0, 50), (20, 20, 100), (1, 2, 12), (30, 60, 400), (3, 3, 6)]


@pytest.mark.parametrize(("won", "lost", "n"), TABLES)
@pytest.mark.parametrize("delta", [-0.2, -0.05, 0.03, 0.3])
def test_tango_z_is_the_score_statistic_of_a_brute_force_maximum_likelihood(
    won: int, lost: int, n: int, delta: float
) -> None:
    assert stats.tango_z(table(won, lost, n), delta) == pytest.approx(
        brute_force_z(won, lost, n, delta), abs=1e-4
    )


@pytest.mark.parametrize(("won", "lost", "n"), TABLES)
def test_the_interval_is_where_the_brute_force_statistic_crosses_its_quantile(
    won: int, lost: int, n: int
) -> None:
    found = stats.paired_difference("difference", table(won, lost, n))
    limit = float(norm.ppf(0.975))
    assert found.value == pytest.approx((won - lost) / n)
    assert found.ci_low == pytest.approx(brute_force_bound(won, lost, n, -1.0, limit), abs=1e-4)
    assert found.ci_high == pytest.approx(brute_force_bound(won, lost, n, 1.0, -limit), abs=1e-4)


def test_p_values_follow_the_brute_force_statistic_at_the_margin() -> None:
    p_pass, p_fail = stats.noninferiority(table(5, 12, 100), 0.05)
    z = brute_force_z(5, 12, 100, -0.05)
    assert p_pass == pytest.approx(float(norm.sf(z)), abs=1e-5)
    assert p_pass + p_fail == pytest.approx(1.0)


@pytest.mark.parametrize("n", [10, 100, 400])
def test_without_discordant_pairs_the_interval_is_the_closed_form(n: int) -> None:
    found = stats.paired_difference("difference", table(0, 0, n))
    z2 = float(norm.ppf(0.975)) ** 2
    assert found.value == 0.0
    assert found.ci_low == pytest.approx(-z2 / (n + z2), abs=1e-7)
    assert found.ci_high == pytest.approx(z2 / (n + z2), abs=1e-7)


def test_exchanging_won_and_lost_mirrors_the_interval() -> None:
    one = stats.paired_difference("d", table(4, 11, 80))
    other = stats.paired_difference("d", table(11, 4, 80))
    assert one.ci_low is not None
    assert one.ci_high is not None
    assert other.ci_low == pytest.approx(-one.ci_high, abs=1e-8)
    assert other.ci_high == pytest.approx(-one.ci_low, abs=1e-8)


def test_at_delta_zero_it_is_mcnemars_statistic() -> None:
    assert stats.tango_z(table(5, 14, 60), 0.0) == pytest.approx((5 - 14) / math.sqrt(19))


def test_all_lost_and_all_won_reach_the_ends() -> None:
    assert stats.paired_difference("d", table(0, 20, 20)).ci_low == -1.0
    assert stats.paired_difference("d", table(20, 0, 20)).ci_high == 1.0
    assert stats.noninferiority(table(0, 20, 20), 0.05)[0] > 0.999


def test_nothing_measured_is_none_and_supports_nothing() -> None:
    empty = stats.paired_difference("d", table(0, 0, 0))
    assert (empty.value, empty.ci_low, empty.ci_high, empty.n) == (None, None, None, 0)
    assert stats.noninferiority(table(0, 0, 0), 0.05) == (1.0, 1.0)
    assert stats.share("s", 0, 0).value is None
    assert stats.rate_below(0, 0, 0.05) == (1.0, 1.0)


def test_pairs_are_counted_in_their_cells() -> None:
    base, tuned = [True, True, False, False, True], [True, False, True, False, False]
    assert stats.paired_table(base, tuned) == PairedTable(both=1, lost=2, won=1, neither=1)
    with pytest.raises(ValueError, match="zip"):
        stats.paired_table([True], [])


@pytest.mark.parametrize(("hits", "n"), [(0, 20), (3, 50), (25, 50), (50, 50), (1, 1)])
def test_clopper_pearson_agrees_with_scipys_binomtest(hits: int, n: int) -> None:
    found = stats.share("share", hits, n)
    wanted = binomtest(hits, n).proportion_ci(0.95, method="exact")
    assert (found.ci_low, found.ci_high) == pytest.approx((wanted.low, wanted.high))
    one_sided = binomtest(hits, n, alternative="greater").proportion_ci(0.95, method="exact")
    assert stats.lower_bound(hits, n, 0.05) == pytest.approx(one_sided.low)


@pytest.mark.parametrize(("hits", "n", "limit"), [(0, 60, 0.05), (3, 60, 0.05), (9, 60, 0.05)])
def test_rate_tests_agree_with_scipys_binomtest(hits: int, n: int, limit: float) -> None:
    assert stats.rate_below(hits, n, limit) == pytest.approx(
        (
            binomtest(hits, n, limit, alternative="less").pvalue,
            binomtest(hits, n, limit, alternative="greater").pvalue,
        )
    )


def test_holm_steps_down_and_stops_at_the_first_that_holds() -> None:
    # Sorted 0.005 <= 0.05/4, 0.01 <= 0.05/3, 0.03 > 0.05/2: stop, though 0.04 <= 0.05/1.
    assert stats.holm([0.01, 0.04, 0.03, 0.005], 0.05) == [True, False, False, True]
    assert stats.holm([], 0.05) == []
    assert stats.holm([0.05], 0.05) == [True]


def test_items_to_settle_grow_as_the_rate_nears_its_limit() -> None:
    near, far = stats.items_to_settle_rate(4, 100, 0.05, 0.05), stats.items_to_settle_rate(3, 100, 0.05, 0.05)
    assert near is not None
    assert far is not None
    assert near > far > 100
    assert stats.items_to_settle_rate(5, 100, 0.05, 0.05) is None
    assert stats.items_to_settle_difference(table(5, 10, 100), 0.05, 0.05) is None


def test_no_items_settle_nothing_from_nothing() -> None:
    assert stats.items_to_settle_difference(table(0, 0, 0), 0.05, 0.05) is None
    assert stats.items_to_settle_rate(0, 0, 0.05, 0.05) is None


def test_the_items_named_do_settle_a_difference_of_the_same_rate() -> None:
    needed = stats.items_to_settle_difference(table(5, 7, 100), 0.05, 0.05)
    assert needed is not None
    scale = needed / 100
    bigger = table(round(5 * scale), round(7 * scale), needed)
    assert stats.noninferiority(bigger, 0.05)[0] < 0.055


@pytest.mark.parametrize(("p_won", "p_lost"), [(0.05, 0.15), (0.15, 0.25), (0.0, 0.1)])
def test_an_adapter_on_the_margin_passes_about_as_often_as_promised(p_won: float, p_lost: float) -> None:
    rng = np.random.default_rng(0)
    draws = rng.multinomial(100, [p_won, p_lost, 1 - p_won - p_lost], size=4000)

    @cache
    def passes(won: int, lost: int) -> bool:
        return stats.noninferiority(table(won, lost, 100), 0.1)[0] < 0.05

    rate = sum(passes(int(won), int(lost)) for won, lost, _ in draws) / len(draws)
    assert 0.02 <= rate <= 0.07


@pytest.mark.parametrize(("hits", "n"), [(0, 40), (3, 60), (12, 60), (60, 60)])
def test_a_rate_of_independent_items_is_tested_by_the_binomial_distribution(hits: int, n: int) -> None:
    p_pass, p_fail = rate_below(hits, n, 0.1)
    assert p_pass == pytest.approx(binom.cdf(hits, n, 0.1), abs=1e-12)
    assert p_fail == pytest.approx(binom.sf(hits - 1, n, 0.1), abs=1e-12)


def test_items_that_fall_together_prove_as_little_as_half_as_many() -> None:
    """Pairs that always agree, at the limit: the test of 400 items for 800 keeps its level, that of 800 does not."""
    draws = np.random.default_rng(0).binomial(400, 0.05, size=4000)
    passed = {
        effect: np.mean([rate_below(2 * int(hits), 800, 0.05, effect)[0] < 0.05 for hits in draws])
        for effect in (1.0, 2.0)
    }
    assert passed[2.0] <= 0.055 < 0.08 < passed[1.0]
