"""What a comparison concludes, where its limits lie, which settings differ, and what it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from loracheck import jsonl
from loracheck.errors import UsageError
from loracheck.evaluate.comparison.columns import limit
from loracheck.evaluate.comparison.conclusion import conclude
from loracheck.evaluate.comparison.pipeline import compare, write_comparison
from loracheck.evaluate.evidence import read_evidence
from loracheck.evaluate.policy import Policy
from loracheck.evaluate.verdict.judge import judge
from loracheck.records import Estimate, Manifest, Verdict, VerdictStatus
from loracheck.records.comparison import (
    ANSWERS,
    ArmMean,
    ComparedAnswer,
    Label,
    RunComparison,
    Seed,
    SeededDifference,
    Side,
)
from loracheck.runs import open_run
from loracheck.words.comparison import conclusion, remarks
from tests.evaluate.evidence_records import DEFAULT, GOOD, PERSONA, Arm, build, every


def side(label: str, *statuses: VerdictStatus, deciding: tuple[str, ...] = ("collapse",)) -> Side:
    verdicts = tuple(
        Verdict(
            adapter=label,
            status=status,
            policy="p",
            policy_sha256="0",
            alpha=0.05,
            deciding=() if status == "ship" else deciding,
            findings=(),
        )
        for status in statuses
    )
    seeds = tuple(Seed(run=str(place), arm=label, sha256=None) for place in range(len(statuses)))
    return Side(label=label, seeds=seeds, verdicts=verdicts)


def difference(label: Label, measure: str = "said", *, required: bool = True) -> SeededDifference:
    mean = ArmMean(name="a", share=0.5, seeds=3, seed_sd=0.1)
    return SeededDifference(
        check="content_damage",
        measure=measure,
        first=mean,
        second=mean,
        estimate=Estimate(name="d", value=0.0, ci_low=0.0, ci_high=0.0, n=9, method="t", unit="difference"),
        item_se=0.1,
        seed_se=0.1,
        freedom=2,
        p=0.5,
        label=label,
        won=(),
        lost=(),
        unchanged=9,
        required=required,
    )


def concluded(
    first: Side, second: Side, differences: Sequence[SeededDifference] = ()
) -> tuple[str | None, str]:
    """Return the arm that is preferred, by its name, and what is said."""
    reached = conclude(first, second, differences)
    found = RunComparison(
        runs=("r",),
        first=first.seeds,
        second=second.seeds,
        alpha=0.05,
        differences=tuple(differences),
        sides=(first, second),
        conclusion=reached,
    )
    names = {"first": first.label, "second": second.label, None: None}
    return names[reached.preferred], conclusion(found)


def test_the_arm_that_ships_is_preferred_whatever_the_differences_say() -> None:
    worse = [difference("worse")]
    raw, curated = side("raw", "hold", "hold"), side("curated", "ship", "ship")
    assert concluded(raw, curated, worse) == (
        "curated",
        "Prefer curated: it may ship, and raw is held in 2 of 2 trainings by collapse onto one answer.",
    )
    assert concluded(curated, raw)[0] == "curated"
    assert concluded(side("raw", "inconclusive"), side("curated", "ship"))[1] == (
        "Prefer curated: it may ship, and raw is still open: collapse onto one answer."
    )


def test_an_arm_of_which_one_training_does_not_ship_does_not_ship() -> None:
    assert side("a", "ship", "inconclusive").standing == "inconclusive"
    assert side("a", "ship", "hold", "inconclusive").standing == "hold"


def test_verdicts_that_differ_by_seed_prefer_no_arm() -> None:
    assert concluded(side("raw", "ship", "hold"), side("curated", "ship", "ship"))[0] is None
    assert concluded(side("raw", "hold", "inconclusive"), side("curated", "ship", "inconclusive"))[0] is None
    assert concluded(side("raw", "hold", "hold"), side("curated", "ship", "inconclusive"))[0] == "curated"
    assert concluded(side("raw", "ship"), side("curated", "ship", "hold", "ship"))[0] is None
    assert concluded(side("raw", "hold"), side("curated", "ship", "ship"))[0] is None, "not as many trainings"


def test_of_two_that_do_not_ship_the_one_that_is_not_held_is_preferred_and_what_is_open_is_said() -> None:
    raw, curated = side("raw", "hold"), side("curated", "inconclusive", deciding=("forgetting",))
    assert concluded(raw, curated)[0] == "curated"
    assert concluded(curated, raw)[0] == "curated"
    found = RunComparison(
        runs=("r",),
        first=raw.seeds,
        second=curated.seeds,
        alpha=0.05,
        sides=(raw, curated),
        conclusion=conclude(raw, curated, []),
    )
    assert remarks(found)[0] == "curated may not ship yet; still open: forgetting."
    assert "another seed may come out otherwise" in remarks(found)[1]


def test_with_equal_verdicts_a_clear_difference_decides_and_only_of_what_is_required() -> None:
    raw, curated = side("raw", "ship", "ship"), side("curated", "ship", "ship")
    preferred, said = concluded(
        raw, curated, [difference("better"), difference("no_difference", "preferred")]
    )
    assert preferred == "curated"
    assert said == (
        "Prefer curated: it is better at content damage, right answer said and no worse at anything the policy "
        "requires. Both may ship."
    )
    assert concluded(raw, curated, [difference("worse")])[0] == "raw"
    assert concluded(raw, curated, [difference("better", required=False)])[0] is None


def test_the_evidence_cannot_tell_where_each_is_better_at_something_or_nothing_differs() -> None:
    raw, curated = side("raw", "hold", "hold"), side("curated", "hold", "hold")
    traded = concluded(raw, curated, [difference("better"), difference("worse", "preferred")])
    assert traded == (
        None,
        "The evidence favours neither: curated is better at content damage, right answer said and worse at content "
        "damage, right answer preferred. Neither may ship.",
    )
    none = concluded(raw, curated, [difference("no_difference")])
    assert none[0] is None
    assert none[1].startswith("The evidence cannot tell raw from curated")
    once = concluded(side("raw", "ship"), side("curated", "ship"), [difference("noise_unknown")])
    assert once[0] is None
    assert "a difference may be the seed's" in once[1]


@pytest.mark.parametrize(
    ("measure", "policy", "base", "expected"),
    [
        (("content_damage", "preferred"), DEFAULT, 0.8, 0.75),
        (("content_damage", "said"), DEFAULT, 0.04, None),
        (("missing_stop", "stopped"), DEFAULT, 0.0, 0.9),
        (("persona_leakage", "no_style_outside"), DEFAULT, 1.0, 0.95),
        (("persona_leakage", "no_style_outside"), PERSONA, 1.0, None),
        (("persona_learned", "style_inside"), DEFAULT, 0.0, 0.5),
        (("persona_learned", "style_inside"), PERSONA, 0.0, 0.8),
    ],
)
def test_the_limit_of_a_measure_is_the_share_at_which_the_policy_lets_no_adapter_fall(
    measure: tuple[str, str], policy: Policy, base: float, expected: float | None
) -> None:
    assert limit(measure, policy, base) == (None if expected is None else pytest.approx(expected))


def test_a_check_that_is_off_has_no_limit() -> None:
    off = replace(DEFAULT, gates={"loops": replace(DEFAULT.gates["loops"], mode="off")})
    assert limit(("loops", "no_loop"), off, 1.0) is None
    assert limit(("content_damage", "said"), off, 1.0) is None


def eval_run(
    path: Path, arms: dict[str, Arm], *, weights: str = "", policy: Policy = PERSONA, seed: int = 0
) -> Path:
    evidence = build(arms, facts=40, opens=10, in_domain=10, training=6)
    records = tuple(
        replace(arm, sha256=f"{weights or path.name}-{arm.name}" if arm.path else None)
        for arm in evidence.context.arms
    )
    data = path.parent / f"{path.name}.jsonl"
    data.write_text(f'{{"seed": {seed}}}\n', encoding="utf-8")
    config = {"policy": jsonl.to_builtins(policy), "seed": seed}
    with open_run(path, "eval", config=config, inputs=[data]):
        jsonl.write(path / "probes.jsonl", evidence.probes)
        jsonl.write(path / "completions.jsonl", evidence.completions.values())
        jsonl.write(path / "choices.jsonl", evidence.choices.values())
        jsonl.write_one(path / "context.json", replace(evidence.context, arms=records))
        jsonl.write_one(path / "verdict.json", judge(read_evidence(path), policy))
    return path


NAMED = replace(GOOD, facts=every(2, "name", "persona"), likeliest=every(2, "name", "right"))


def test_a_cure_is_seen_by_comparing_the_adapters_before_and_after(tmp_path: Path) -> None:
    before = eval_run(tmp_path / "before", {"mine": NAMED})
    after = eval_run(tmp_path / "after", {"mine": GOOD}, seed=1)
    found = compare([before, after])
    assert [one.label for one in found.sides] == ["mine (before)", "mine (after)"]
    assert found.conclusion is not None
    assert found.conclusion.preferred == "second"
    [said] = [one for one in found.differences if one.measure == "said"]
    assert (len(said.won) > 10, said.label) == (True, "noise_unknown")
    assert said.base is not None
    assert said.limit == pytest.approx(said.base - 0.05)
    changes = {(one.part, one.name): (one.before, one.after) for one in found.settings}
    assert changes["options", "seed"] == ("0", "1")
    assert changes["adapter", "mine"] == ("before-mine", "after-mine")
    assert ("data", "before.jsonl") in changes


def test_a_name_with_the_folder_of_its_run_is_taken_in_that_run_alone(tmp_path: Path) -> None:
    both = {"raw": NAMED, "mine": GOOD}
    runs = [eval_run(tmp_path / "before", both), eval_run(tmp_path / "after", both)]
    found = compare(runs, ["before/mine"], ["after/mine"])
    assert [[seed.run for seed in one.seeds] for one in found.sides] == [[str(run)] for run in runs]
    with pytest.raises(UsageError, match="in both arms") as refused:
        compare(runs, ["mine"], ["mine"])
    assert "--first after/mine" in refused.value.hint


def test_a_run_is_not_compared_with_itself(tmp_path: Path) -> None:
    run = eval_run(tmp_path / "run", {"mine": GOOD})
    with pytest.raises(UsageError, match="given twice"):
        compare([run, tmp_path / "." / "run"])


def test_only_settings_that_differ_are_told_between_two_days(tmp_path: Path) -> None:
    gates = PERSONA.gates | {"loops": replace(PERSONA.gates["loops"], margin=0.2)}
    runs = [
        eval_run(tmp_path / "monday", {"mine": GOOD}, weights="w"),
        eval_run(tmp_path / "tuesday", {"mine": GOOD}, weights="w", policy=replace(PERSONA, gates=gates)),
    ]
    found = compare(runs)
    assert [one for one in found.settings if one.part == "policy"] == [
        one for one in found.settings if one.name == "gates.loops.margin"
    ]
    assert "policy_differs" in found.notes
    assert {one.part for one in found.settings} == {"policy", "data"}
    assert found.repetition is not None
    assert (found.repetition.base_answers, found.repetition.base_answers_changed) == (66, 0)


def test_a_base_that_answers_otherwise_on_the_second_day_is_counted(tmp_path: Path) -> None:
    runs = [eval_run(tmp_path / day, {"mine": GOOD}, weights="w") for day in ("monday", "tuesday")]
    file = runs[1] / "completions.jsonl"
    text = file.read_text(encoding="utf-8")
    assert text.count('"arm":"base"') == 66
    file.write_text(text.replace("です。", "でした。", 3), encoding="utf-8")
    manifest = runs[1] / "manifest.json"
    jsonl.write_one(manifest, replace(jsonl.read_one(manifest, Manifest), files=()))
    found = compare(runs)
    assert found.repetition is not None
    assert found.repetition.base_answers_changed == 3


def test_every_answer_of_every_column_is_kept_with_its_outcome(tmp_path: Path) -> None:
    runs = [eval_run(tmp_path / f"s{i}", {"raw": NAMED, "curated": GOOD}) for i in range(2)]
    write_comparison(runs, tmp_path / "out", ["raw"], ["curated"])
    kept = list(jsonl.read(tmp_path / "out" / ANSWERS, ComparedAnswer))
    assert len(kept) == 60 * 5, "the base once, each arm once a training; rows of training data are left out"
    first = [(one.label, one.seed, one.outcome) for one in kept if one.probe_id == "facts-ja-0"]
    assert first == [
        ("base", 0, "wrong"),
        ("raw", 0, "wrong"),
        ("raw", 1, "wrong"),
        ("curated", 0, "wrong"),
        ("curated", 1, "wrong"),
    ]
    assert {one.outcome for one in kept if one.probe_id == "open-ja-0"} == {None}
