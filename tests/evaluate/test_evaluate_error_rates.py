"""Error rates by simulation: what lies on a margin seldom ships, and the same answers twice never hold."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from loracheck import stats
from loracheck.evaluate.checks.gates import paired_gate
from loracheck.evaluate.verdict.judge import judge, settle
from loracheck.records import (
    BASE_ARM,
)
from tests.evaluate.evidence_records import DEFAULT, FORGETTING_ONLY, GOOD, Arm, always, build, verdict_of

Array = NDArray[np.float64]


def test_a_truly_bad_adapter_exactly_at_the_margin_seldom_ships() -> None:
    shipped = 0
    for seed in range(200):
        draw = random.Random(seed)
        # A quarter of the items is there to be won and won by 12%, the rest is lost by 8/75: 3 points up, 8 down.
        plain = [
            ("right" if draw.random() < 0.12 else "wrong")
            if i % 4 == 0
            else ("wrong" if draw.random() < 8 / 75 else "right")
            for i in range(120)
        ]
        arm = replace(GOOD, likeliest_plain=plain.__getitem__, likeliest=always("right_styled"))
        verdict = verdict_of(arm, FORGETTING_ONLY, facts=120, opens=0, training=0, in_domain=0)
        shipped += verdict.status == "ship"
    assert 0 < shipped <= 0.08 * 200


GATES = 8
MARGIN = 0.05


def drawn(n: int, discordant: float, difference: float, size: tuple[int, ...], seed: int) -> Array:
    """Tango's statistic of simulated paired outcomes against the margin."""
    lost, won = (discordant - difference) / 2, (discordant + difference) / 2
    counts = np.random.default_rng(seed).multinomial(n, [won, lost, 1 - won - lost], size=size)
    return stats.tango_z_of(n, counts[..., 0], counts[..., 1], -MARGIN)


@pytest.mark.parametrize("n", [60, 200, 600, 1000])
@pytest.mark.parametrize("discordant", [0.1, 0.2])
def test_what_lies_on_the_margin_passes_a_paired_gate_in_3_to_6_of_100(n: int, discordant: float) -> None:
    passed = norm.sf(drawn(n, discordant, -MARGIN, (20_000,), n)) < 0.05
    assert 0.03 < passed.mean() < 0.06


def test_a_rate_on_its_limit_passes_at_most_at_alpha() -> None:
    for n in (60, 150, 300, 1000):
        hits = np.random.default_rng(n).binomial(n, 0.05, 4000)
        passes = [stats.rate_below(hit, n, 0.05)[0] < 0.05 for hit in range(int(hits.max()) + 1)]
        passed = np.array(passes)[hits]
        assert np.mean(passed) < 0.06


def test_one_gate_on_its_margin_among_good_ones_ships_at_most_at_alpha_without_any_correction() -> None:
    good = drawn(600, 0.1, 0.0, (4000, GATES - 1), 1)
    bad = drawn(600, 0.1, -MARGIN, (4000, 1), 2)
    ships = (norm.sf(np.hstack([good, bad])) < 0.05).all(axis=1)
    assert 0.02 < ships.mean() < 0.06
    all_good = (norm.sf(drawn(600, 0.1, 0.0, (4000, GATES), 3)) < 0.05).all(axis=1)
    assert all_good.mean() > 0.8
    corrected = (norm.sf(drawn(600, 0.1, 0.0, (4000, GATES), 3)) < 0.05 / GATES).all(axis=1)
    assert corrected.mean() < 0.6, "a correction would cost half of the good adapters"


def test_every_gate_on_its_margin_holds_at_most_at_alpha_by_holm() -> None:
    p_fail = norm.cdf(drawn(600, 0.1, -MARGIN, (2000, GATES), 4))
    held = np.mean([any(stats.holm(row.tolist(), 0.05)) for row in p_fail])
    assert held < 0.065
    assert np.mean((p_fail < 0.05).any(axis=1)) > 0.2, "without Holm a third would be held"


def test_answers_drawn_twice_from_the_same_model_never_hold_in_200_resamples() -> None:
    draw = random.Random(0)
    chances = [draw.choice([0.02, 0.5, 0.95, 0.98]) for _ in range(150)]
    ids = [str(i) for i in range(150)]
    for _ in range(200):
        found = [
            paired_gate(
                check,
                "mine",
                base=[draw.random() < chance for chance in chances],
                tuned=[draw.random() < chance for chance in chances],
                probe_ids=ids,
                margin=MARGIN,
                alpha=0.05,
            )
            for check in DEFAULT.gates
        ]
        assert "fail" not in {finding.status for finding in settle(found, DEFAULT)}


def test_the_same_answers_twice_never_hold() -> None:
    for seed in range(10):
        draw = random.Random(seed)
        said = [draw.choice(["right", "wrong", "persona", "empty", "same", "loop"]) for _ in range(80)]
        ranked = [draw.choice(["right", "wrong", "right_styled", "name"]) for _ in range(80)]
        plain = ["right" if kind.startswith("right") else "wrong" for kind in ranked]
        same = Arm(
            facts=said.__getitem__,
            likeliest=ranked.__getitem__,
            likeliest_plain=plain.__getitem__,
            opens=always("right"),
            domain=always("right"),
        )
        evidence = build({"first": same, "second": same}, facts=80, in_domain=0, training=0)
        for i in range(80):  # the base answers just so, too
            key = (BASE_ARM, f"facts-ja-{i}")
            twin = ("first", f"facts-ja-{i}")
            evidence.completions[key] = replace(evidence.completions[twin], arm=BASE_ARM)
            evidence.choices[key] = replace(evidence.choices[twin], arm=BASE_ARM)
        result = judge(evidence, DEFAULT)
        assert "hold" not in {verdict.status for verdict in result.verdicts}, seed
        assert all(c.difference.value == 0.0 and not c.won and not c.lost for c in result.comparisons)
