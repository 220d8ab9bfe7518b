"""Power: the exact chances agree with simulation and with hand-worked cases, and no model is loaded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm
from scipy.stats import t as student

from loracheck import stats
from loracheck.errors import UsageError
from loracheck.evaluate.policy import Policy, load_policy
from loracheck.evaluate.verdict.power import (
    design_effect,
    forecast,
    forecast_bundled,
    headroom_power,
    items_for,
    mean_power,
    paired_power,
    rate_power,
)
from loracheck.probes import bundled
from loracheck.records.power import Assumptions, LimitPower
from loracheck.stats.clusters import design_effect as clustered

FACTS = bundled(["facts-en", "open-en"])
DEFAULT = load_policy("default")


def limits(
    policy: Policy = DEFAULT, assumed: Assumptions | None = None
) -> dict[tuple[str, str | None], LimitPower]:
    found = forecast(policy, FACTS, assumed or Assumptions(), tier="standard", alpha=policy.alpha)
    return {(limit.check, limit.kind): limit for limit in found.limits if limit.part != "open"}


@pytest.mark.parametrize(
    ("n", "margin", "discordant", "difference"),
    [(60, 0.1, 0.2, 0.0), (250, 0.05, 0.1, 0.0), (400, 0.05, 0.1, -0.01), (300, 0.05, 0.2, -0.05)],
)
def test_the_exact_power_agrees_with_simulation(
    n: int, margin: float, discordant: float, difference: float
) -> None:
    lost, won = (discordant - difference) / 2, (discordant + difference) / 2
    counts = np.random.default_rng(n).multinomial(n, [won, lost, 1 - won - lost], size=20_000)
    passed = norm.sf(stats.tango_z_of(n, counts[:, 0], counts[:, 1], -margin)) < 0.05
    assert paired_power(n, margin, discordant, difference, 0.05) == pytest.approx(passed.mean(), abs=0.012)


def test_the_statistic_of_many_tables_is_that_of_each() -> None:
    for n, won, lost, delta in [
        (10, 0, 0, -0.05),
        (10, 3, 2, -0.05),
        (50, 0, 9, 0.1),
        (7, 7, 0, 0.0),
        (5, 0, 0, 0.0),
    ]:
        table = stats.PairedTable(both=n - won - lost, lost=lost, won=won, neither=0)
        found = stats.tango_z_of(n, np.array([won]), np.array([lost]), delta)[0]
        assert found == pytest.approx(stats.tango_z(table, delta))


def test_the_items_needed_are_near_the_normal_formula_and_no_fewer() -> None:
    # n = (1.645 + 0.842)^2 * discordant / margin^2: 248 for 10% discordant at 5 points, 1546 at 2 points.
    assert 248 <= (items_for(lambda n: paired_power(n, 0.05, 0.1, 0.0, 0.05), 0.8) or 0) <= 275
    assert 687 <= (items_for(lambda n: paired_power(n, 0.03, 0.1, 0.0, 0.05), 0.8) or 0) <= 730


def test_arms_that_never_differ_need_what_the_margin_alone_asks() -> None:
    # Tango's z at no discordant pair is sqrt(n * margin / (1 - margin)): 52 items at 5 points.
    assert items_for(lambda n: paired_power(n, 0.05, 0.0, 0.0, 0.05), 0.98) == 52


def test_a_rate_needs_the_items_of_the_rule_of_three() -> None:
    # No hit in n: 0.95**58 = 0.051, 0.95**59 = 0.048.
    assert (rate_power(58, 0.05, 0.0, 0.05), rate_power(59, 0.05, 0.0, 0.05)) == (0.0, 1.0)
    assert rate_power(100, 0.05, 0.01, 0.05) == pytest.approx(0.99**100 + 100 * 0.01 * 0.99**99)


def test_a_base_near_chance_never_clears_the_floor() -> None:
    assert headroom_power(1000, 0.35, 0.3, 0.05) < 0.001
    assert headroom_power(1000, 0.35, 0.7, 0.05) > 0.999
    found = limits(assumed=Assumptions(base_rate=0.3))["forgetting", "margin"]
    assert (found.outlook, found.needed[0]) == ("never", None)


def test_an_adapter_beyond_the_margin_never_passes() -> None:
    found = limits(assumed=Assumptions(difference=-0.08, discordant=0.1))["forgetting", "margin"]
    assert (found.outlook, found.power and found.power < 0.01) == ("never", True)


def test_the_bundled_facts_are_counted_for_the_checks_that_ask_them() -> None:
    found = limits()
    facts = len(bundled(["facts-en"]))
    assert found["forgetting", "margin"].items == facts
    assert found["persona_leakage", "rate"].items == len(FACTS)
    assert found["persona_learned", "rate"].outlook == "own_rows"
    own = limits(assumed=Assumptions(in_domain=48))["persona_learned", "rate"]
    assert (own.items, own.outlook) == (48, "enough")


def test_the_joint_chance_lies_between_its_bounds_and_says_what_it_leaves_out() -> None:
    found = forecast(DEFAULT, FACTS, Assumptions(), tier="standard", alpha=0.05)
    least, middle, most = found.joint_least, found.joint_independent, found.joint_most
    assert least is not None
    assert middle is not None
    assert most is not None
    assert least <= middle <= most < 1
    assert {"persona_learned", "missing_stop"} <= set(found.untold)
    assert found.partly == ("content_damage", "collapse"), (
        "answers said and dependence on the question have no formula"
    )


def test_a_quick_run_has_a_fifth_of_the_error_rate_and_less_power() -> None:
    quick, standard = (
        forecast_bundled(DEFAULT, Assumptions(), tier=tier, suites=["facts-en"], max_facts=300)
        for tier in ("quick", "standard")
    )
    assert [quick.alpha, standard.alpha] == pytest.approx([0.01, 0.05])
    pairs = zip(quick.limits, standard.limits, strict=True)
    assert all((a.power or 0) <= (b.power or 0) for a, b in pairs)


@pytest.mark.parametrize(
    ("preset", "tier"), [("default", "standard"), ("persona", "standard"), ("strict", "full")]
)
def test_every_preset_ships_most_good_adapters_at_its_tier(preset: str, tier: str) -> None:
    found = forecast_bundled(load_policy(preset), Assumptions(bad_rate=0.005), tier=tier)
    assert (found.joint_least or 0) > 0.8


def test_a_policy_of_one_language_counts_its_suites_alone() -> None:
    both = forecast_bundled(DEFAULT, Assumptions(), tier="full", suites=["facts-en", "facts-ja"])
    one = forecast_bundled(
        replace(DEFAULT, languages=("ja",)), Assumptions(), tier="full", suites=["facts-en", "facts-ja"]
    )
    assert one.limits[0].items == len(bundled(["facts-ja"])) < both.limits[0].items


@pytest.mark.parametrize(
    ("assumed", "message"),
    [
        (Assumptions(discordant=0.05, difference=-0.1), "--difference"),
        (Assumptions(base_rate=1.5), "--base-rate lies between 0 and 1"),
        (Assumptions(bad_rate=-0.1), "--bad-rate lies between 0 and 1"),
    ],
)
def test_assumptions_that_cannot_be_true_are_refused(assumed: Assumptions, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        forecast(DEFAULT, FACTS, assumed, tier="standard", alpha=0.05)


def test_open_prompts_are_foreseen_by_themselves_where_they_are_tested_by_themselves() -> None:
    found = forecast(DEFAULT, FACTS, Assumptions(), tier="standard", alpha=0.05)
    own = {limit.check: limit for limit in found.limits if limit.part == "open"}
    assert set(own) == {"persona_leakage", "loops", "empty_answers", "language_switch", "unknown_words"}
    assert {limit.items for limit in own.values()} == {len(bundled(["open-en"]))}
    assert found.joint_most is not None
    assert found.joint_most <= min(limit.power or 0 for limit in own.values())


def test_the_power_of_a_mean_agrees_with_simulation() -> None:
    n, margin, spread = 30, 0.1, 0.25
    drawn = np.random.default_rng(1).normal(0, spread, size=(20_000, n))
    t = (margin - drawn.mean(1)) / (drawn.std(1, ddof=1) / np.sqrt(n))
    assert mean_power(n, margin, spread, 0.05) == pytest.approx(
        (t > student.isf(0.05, n - 1)).mean(), abs=0.012
    )
    neutral = forecast(DEFAULT, bundled(["neutral-ja"]), Assumptions(), tier="full", alpha=0.05)
    [limit] = [one for one in neutral.limits if one.check == "forgetting" and one.kind == "nats"]
    assert (limit.items, limit.outlook) == (100, "enough")


def test_families_need_more_items() -> None:
    assert design_effect("aabb", 0.0) == 1
    assert design_effect("aabb", 1.0) == 2
    assert design_effect("aaab", 0.5) == pytest.approx(1 + 0.5 * (10 / 4 - 1))
    assert design_effect((), 0.5) == 1
    both = [*FACTS, *bundled(["facts-ja"])]
    alone, alike = (
        forecast(DEFAULT, both, Assumptions(family_correlation=r), tier="full", alpha=0.05)
        for r in (0.0, 0.5)
    )
    pairs = [
        (a, b)
        for a, b in zip(alone.limits, alike.limits, strict=True)
        if (a.check, a.kind) == ("forgetting", "margin")
    ]
    assert all((a.needed[0] or 0) * 1.3 < (b.needed[0] or 0) for a, b in pairs)
    assert pairs


def test_a_rate_that_is_held_over_families_is_foreseen_over_families() -> None:
    both = [*FACTS, *bundled(["facts-ja"])]
    alone, alike = (
        {
            (one.check, one.part): one
            for one in forecast(
                load_policy("strict"),
                both,
                Assumptions(family_correlation=r, in_domain=120),
                tier="full",
                alpha=0.05,
            ).limits
            if one.kind == "rate"
        }
        for r in (0.0, 0.5)
    )
    for check in ("content_damage", "persona_leakage"):
        first, second = alone[check, ""], alike[check, ""]
        assert (first.needed[0] or 0) * 1.3 < (second.needed[0] or 0)
    for key in (("persona_leakage", "open"), ("missing_stop", ""), ("persona_learned", "")):
        assert alone[key] == alike[key], "open prompts and rows of the domain are of no family"


def test_a_rate_over_twins_passes_as_often_as_foreseen() -> None:
    facts = bundled(["facts-en", "facts-ja"])
    twins = [replace(probe, id=str(i), cluster=str(i // 2)) for i, probe in enumerate(facts)]
    rate, pairs, passed = 0.01, len(twins) // 2, 0
    drawn = np.random.default_rng(3)
    for _ in range(1000):
        own, shared = drawn.random((pairs, 2)) < rate, drawn.random((pairs, 1)) < rate
        bad = np.where(drawn.random((pairs, 2)) < np.sqrt(0.5), shared, own).ravel().astype(int).tolist()
        effect = clustered(bad, [probe.cluster for probe in twins])
        passed += stats.rate_below(sum(bad), len(twins), 0.02, effect)[0] < 0.05
    alike = Assumptions(family_correlation=0.5)
    found = forecast(load_policy("strict"), twins, alike, tier="full", alpha=0.05)
    [foreseen] = [one for one in found.limits if (one.check, one.kind) == ("content_damage", "rate")]
    assert foreseen.power == pytest.approx(passed / 1000, abs=0.05)


def test_kinds_of_items_that_are_tested_each_by_itself_are_foreseen_each_by_itself() -> None:
    required = {name: replace(DEFAULT.gates[name], mode="required") for name in ("safety", "robustness")}
    found = forecast_bundled(replace(DEFAULT, gates=required), Assumptions(), tier="standard")
    items = {(one.check, one.part): one.items for one in found.limits}
    assert items == {
        ("safety", "harmful"): 44,
        ("safety", "harmless"): 44,
        ("robustness", "wordings"): 60,  # of 120 questions, two to each fact and language
        ("robustness", "frame"): 100,
    }
    assert found.joint_most is not None
    assert found.joint_most == min(one.power or 0 for one in found.limits)


def test_faults_are_taken_to_be_as_rare_in_the_base_as_in_the_adapter() -> None:
    # 1% each: they differ on 1.98% of the items, where answers are taken to differ on 10%.
    found = limits(assumed=Assumptions(bad_rate=0.01))
    loops, answers = found["loops", "margin"], found["content_damage", "margin"]
    assert loops.needed[0] == items_for(
        lambda n: paired_power(int(n / design_effect(families(), 0.1)), 0.05, 0.0198, 0.0, 0.05), 0.8
    )
    assert (loops.needed[0] or 0) < (answers.needed[0] or 0) / 2
    worse = limits(assumed=Assumptions(bad_rate=0.0, difference=-0.02))["loops", "margin"]
    assert (worse.needed[0] or 0) > (
        limits(assumed=Assumptions(bad_rate=0.0))["loops", "margin"].needed[0] or 0
    )


def families() -> list[str]:
    return [probe.cluster or probe.id for probe in FACTS]


def test_a_style_that_is_wanted_everywhere_has_no_limit_outside_its_domain() -> None:
    found = limits(load_policy("persona"))
    assert not found["persona_leakage", "rate"].required
    assert found["persona_learned", "rate"].required


def test_leakage_counts_no_prompts_of_the_domain() -> None:
    found = forecast(DEFAULT, FACTS, Assumptions(in_domain=60), tier="standard", alpha=0.05)
    items = {limit.check: limit.items for limit in found.limits if limit.part == "open"}
    assert items["persona_leakage"] == items["loops"] == items["empty_answers"] - 60
