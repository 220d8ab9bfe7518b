"""Runs compared: seeds beside items, nothing significant from one seed, flips of the same adapter, mismatches named."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from loracheck import jsonl
from loracheck.errors import RunError, UsageError
from loracheck.evaluate.comparison.pipeline import compare
from loracheck.evaluate.evidence import Evidence, read_evidence
from loracheck.evaluate.policy import Policy
from loracheck.evaluate.verdict.judge import judge
from loracheck.records.comparison import RunComparison, SeededDifference
from loracheck.runs import open_run
from loracheck.stats.seeds import contrast
from tests.evaluate.evidence_records import GOOD, PERSONA, Arm, always, build, every

Change = Callable[[Evidence], Evidence]


def asked(
    path: Path,
    arms: dict[str, Arm],
    change: Change | None = None,
    policy: Policy = PERSONA,
    prefix: str = "",
) -> Path:
    """Write an eval run; the weights of an adapter are told apart by run and name unless a prefix is given."""
    evidence = build(arms, facts=200, opens=60, in_domain=40, training=20)
    records = tuple(
        replace(arm, sha256=f"{prefix or path.name}-{arm.name}" if arm.path else None)
        for arm in evidence.context.arms
    )
    evidence = replace(evidence, context=replace(evidence.context, arms=records))
    evidence = change(evidence) if change else evidence
    with open_run(path, "eval", config={"policy": jsonl.to_builtins(policy), "name": path.name}):
        jsonl.write(path / "probes.jsonl", evidence.probes)
        jsonl.write(path / "completions.jsonl", evidence.completions.values())
        jsonl.write(path / "choices.jsonl", evidence.choices.values())
        counts = Counter(probe.suite for probe in evidence.probes)
        jsonl.write_one(path / "context.json", replace(evidence.context, probes=dict(counts)))
        jsonl.write_one(path / "verdict.json", judge(read_evidence(path), policy))
    return path


def failing(share: float, seed: int) -> Arm:
    """Say the right answer but for a share of the facts, others under each seed."""
    draw = random.Random(seed)
    said = ["wrong_persona" if draw.random() < share else "persona" for _ in range(200)]
    return replace(GOOD, facts=said.__getitem__)


def seeds(folder: Path, raw: float, curated: float, count: int) -> RunComparison:
    paths = [
        asked(
            folder / f"seed{seed}",
            {"raw": failing(raw, seed), "curated": failing(curated, 100 + seed)},
        )
        for seed in range(count)
    ]
    return compare(paths, ["raw"], ["curated"])


def said(found: RunComparison) -> SeededDifference:
    [difference] = [one for one in found.differences if one.measure == "said"]
    return difference


def test_a_large_difference_over_five_seeds_is_better_with_its_seed_sd_beside_it(tmp_path: Path) -> None:
    one = said(seeds(tmp_path, raw=0.6, curated=0.1, count=5))
    assert (one.label, one.first.seeds, one.second.seeds) == ("better", 5, 5)
    assert one.freedom > 4, "items make most of the noise here, and there are many"
    assert one.first.seed_sd is not None
    assert 0 < one.first.seed_sd < 0.1
    assert one.estimate.value == pytest.approx(one.second.share - one.first.share)
    assert one.estimate.ci_low is not None
    assert 0.3 < one.estimate.ci_low < 0.5
    assert len(one.won) + len(one.lost) + one.unchanged == 200
    assert len(one.won) > 10 * len(one.lost)


def test_one_seed_is_never_significant_however_large_the_difference(tmp_path: Path) -> None:
    one = said(seeds(tmp_path, raw=1.0, curated=0.0, count=1))
    assert one.estimate.value == pytest.approx(1.0)
    assert (one.label, one.p, one.seed_se, one.first.seed_sd) == ("noise_unknown", None, None, None)
    assert "seed noise unknown" in one.estimate.method


def test_one_arm_with_one_seed_leaves_the_noise_unknown(tmp_path: Path) -> None:
    paths = [
        asked(tmp_path / "a", {"raw": failing(0.5, 1), "curated": failing(0.1, 2)}),
        asked(tmp_path / "b", {"raw": failing(0.5, 3)}),
    ]
    one = said(compare(paths, ["raw"], ["curated"]))
    assert (one.label, one.first.seeds, one.second.seeds) == ("noise_unknown", 2, 1)
    assert one.first.seed_sd is not None


def test_the_names_of_several_seeds_in_one_run_are_given_by_a_pattern(tmp_path: Path) -> None:
    arms = {f"raw-{i}": failing(0.5, i) for i in range(5)} | {
        f"curated-{i}": failing(0.1, 9 + i) for i in range(5)
    }
    found = compare([asked(tmp_path / "run", arms)], ["raw*"], ["curated*"])
    assert [seed.arm for seed in found.first] == [f"raw-{i}" for i in range(5)]
    assert said(found).label == "better"


def test_seeds_that_differ_widely_hide_a_difference_that_items_alone_would_show() -> None:
    draw = np.random.default_rng(0)
    shares = {"first": (0.3, 0.6, 0.9), "second": (0.5, 0.75, 0.95)}
    rows = {name: [(draw.random(600) < share).tolist() for share in found] for name, found in shares.items()}
    clusters = [str(i) for i in range(600)]
    found = contrast(("first", "second"), rows["first"], rows["second"], clusters)
    assert found.item_se is not None
    assert found.seed_se is not None
    assert found.value > 5 * found.item_se, "by items alone this would be beyond doubt"
    assert found.seed_se > 5 * found.item_se
    assert found.p is not None
    assert found.p > 0.3


def test_a_few_items_that_all_differ_alike_are_as_likely_as_coins_that_fall_alike() -> None:
    def p(items: int, clusters: list[str]) -> float | None:
        return contrast(("a", "b"), [[False] * items] * 2, [[True] * items] * 2, clusters).p

    assert p(2, ["1", "2"]) == pytest.approx(0.5)
    assert p(10, [str(i) for i in range(10)]) == pytest.approx(2 / 1024)
    assert p(10, [str(i // 5) for i in range(10)]) == pytest.approx(0.5)
    same = contrast(("a", "b"), [[True] * 3] * 2, [[True] * 3] * 2, ["1", "2", "3"])
    assert same.p == 1.0


def test_the_variance_is_that_of_items_and_seeds_in_a_case_worked_by_hand() -> None:
    # Shares of the seeds: 0.5 and 0.0 against 1.0 and 0.5; SD of each arm sqrt(0.125), seed variance 2 * 0.125 / 2.
    first = [[True, True, False, False], [False, False, False, False]]
    second = [[True, True, True, True], [True, True, False, False]]
    found = contrast(("a", "b"), first, second, ["1", "2", "3", "4"])
    assert found.items == (0.5, 0.5, 0.5, 0.5)
    assert (found.value, found.item_se) == (0.5, 0.0)
    assert found.seed_se == pytest.approx(0.125**0.5)
    # Two equal variances of one degree of freedom each make two; t of 0.5 / 0.3536 = 1.4142: p = 1 - 1.4142 / 2.
    assert found.freedom == pytest.approx(2.0)
    assert found.p == pytest.approx(0.2929, abs=1e-4)


def test_trainings_of_one_recipe_are_seldom_called_different() -> None:
    draw = np.random.default_rng(1)
    clusters = [str(i) for i in range(100)]
    called = 0
    for _ in range(400):
        arms = [
            [(draw.random(100) < min(max(draw.normal(0.7, 0.08), 0), 1)).tolist() for _ in range(3)]
            for _ in range(2)
        ]
        found = contrast(("a", "b"), arms[0], arms[1], clusters)
        assert found.p is not None
        called += found.p < 0.05
    assert called <= 0.05 * 400


def test_the_same_adapter_on_two_days_shows_what_flipped(tmp_path: Path) -> None:
    looping = replace(GOOD, facts=every(5, "loop", "persona"))
    before = asked(tmp_path / "monday", {"mine": GOOD}, prefix="same")
    after = asked(tmp_path / "tuesday", {"mine": looping}, prefix="same")
    found = compare([before, after])
    assert found.repetition is not None
    [pair] = found.repetition.verdicts
    assert (pair.before, pair.after) == ("ship", "hold")
    [rule] = [flip for flip in found.repetition.rules if flip.check == "loops"]
    assert (rule.before, rule.after, rule.reason_after) == ("pass", "fail", "beyond_limit")
    flips = {flip.probe_id for flip in found.repetition.examples if flip.measure == "no_loop"}
    assert flips == {f"facts-ja-{i}" for i in range(0, 200, 5)}
    assert found.repetition.answers_changed == 40
    assert found.differences == ()


def test_the_same_answers_on_two_days_flip_nothing(tmp_path: Path) -> None:
    paths = [asked(tmp_path / day, {"mine": GOOD}, prefix="same") for day in ("monday", "tuesday")]
    repeated = compare(paths).repetition
    assert repeated is not None
    assert (repeated.rules, repeated.examples, repeated.answers_changed) == ((), (), 0)


def test_two_runs_of_one_adapter_each_compare_the_two(tmp_path: Path) -> None:
    paths = [
        asked(tmp_path / "old", {"mine": failing(0.4, 1)}),
        asked(tmp_path / "new", {"mine": failing(0.1, 2)}),
    ]
    one = said(compare(paths))
    assert (one.first.name, one.second.name, one.label) == ("mine (old)", "mine (new)", "noise_unknown")


def test_the_same_weights_are_no_second_seed(tmp_path: Path) -> None:
    arms = {"raw": failing(0.5, 1), "curated": failing(0.1, 2)}
    paths = [asked(tmp_path / name, arms, prefix="same") for name in ("a", "b")]
    with pytest.raises(UsageError, match="no second seed"):
        compare(paths, ["raw"], ["curated"])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            lambda e: replace(e, context=replace(e.context, fingerprint={"shell": "other"})),
            "the base (shell)",
        ),
        (lambda e: replace(e, context=replace(e.context, template_sha256="x")), "the chat template"),
        (lambda e: replace(e, context=replace(e.context, quantization="nf4")), "nf4"),
        (lambda e: replace(e, probes=e.probes[1:]), "1 probes only in the first (facts-ja-0)"),
        (
            lambda e: replace(e, probes=(replace(e.probes[0], cluster="else"), *e.probes[1:])),
            "1 probes with other content (facts-ja-0)",
        ),
    ],
)
def test_runs_that_did_not_ask_the_same_are_refused_by_what_differs(
    tmp_path: Path, change: Change, named: str
) -> None:
    def known(evidence: Evidence) -> Evidence:
        return replace(evidence, context=replace(evidence.context, fingerprint={"shell": "one"}))

    first = asked(tmp_path / "first", {"raw": GOOD, "curated": GOOD}, known)
    other = asked(tmp_path / "other", {"raw": GOOD, "curated": GOOD}, lambda e: change(known(e)))
    with pytest.raises(RunError) as caught:
        compare([first, other])
    assert named in str(caught.value)
    assert str(other) in str(caught.value)


def test_a_style_found_otherwise_leaves_the_persona_out_and_says_so(tmp_path: Path) -> None:
    def other_style(evidence: Evidence) -> Evidence:
        probes = tuple(
            replace(p, reference=f"{p.id}でござる。") if p.domain == "training" else p
            for p in evidence.probes
        )
        return replace(evidence, probes=probes)

    arms = {"raw": failing(0.5, 1), "curated": failing(0.1, 2)}
    found = compare(
        [asked(tmp_path / "a", arms), asked(tmp_path / "b", arms, other_style)], ["raw"], ["curated"]
    )
    assert found.notes == ("style_differs",)
    assert not {"no_style_outside", "style_inside"} & {one.measure for one in found.differences}
    kept = compare([tmp_path / "a"], ["raw"], ["curated"])
    assert {"no_style_outside", "style_inside"} <= {one.measure for one in kept.differences}


def test_what_cannot_be_told_apart_is_asked_for(tmp_path: Path) -> None:
    run = asked(tmp_path / "run", {"one": GOOD, "two": GOOD, "three": GOOD})
    with pytest.raises(UsageError, match="--first"):
        compare([run])
    with pytest.raises(UsageError, match=r"--second lost: no adapter"):
        compare([run], ["one"], ["lost"])


def test_an_altered_run_is_refused(tmp_path: Path) -> None:
    run = asked(tmp_path / "run", {"raw": GOOD, "curated": replace(GOOD, opens=always("right"))})
    file = run / "completions.jsonl"
    file.write_bytes(file.read_bytes().replace("セ".encode(), "ソ".encode(), 1))
    with pytest.raises(RunError, match="was changed"):
        compare([run])
