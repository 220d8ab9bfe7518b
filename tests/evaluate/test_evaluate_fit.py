"""Likelihood gap, training questions and over-training, on scores and answers written here."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loracheck import jsonl
from loracheck.evaluate.arms.loss_curve import LossCurve, loss_curve
from loracheck.evaluate.checks.likelihood_gap import LIKELIHOOD_GAP, area, recognised
from loracheck.evaluate.checks.over_training import OVER_TRAINING
from loracheck.evaluate.checks.training_answers import TRAINING_ANSWERS, content_words
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import load_policy
from loracheck.evaluate.questions.material import Material
from loracheck.evaluate.readings.row_scores import texts
from loracheck.evaluate.verdict.judge import judge, settle
from loracheck.records import (
    BASE_ARM,
    ArmRecord,
    Completion,
    Finding,
    Message,
    Probe,
    TokenScores,
)
from loracheck.records.training import CheckpointReading
from loracheck.words.findings import explain
from tests.evaluate.evidence_records import bare_context

POLICY = load_policy("default")
_GATE = replace(POLICY.gates["training_answers"], mode="required")
REQUIRED = replace(POLICY, gates=POLICY.gates | {"training_answers": _GATE})
WORD = "アイウエオカキクケコサシスセソタチツテト"


def probe(suite: str, i: int, reference: str | None = None, prompt: str = "") -> Probe:
    return Probe(
        id=f"{suite}-{i}",
        suite=suite,
        messages=(Message(role="user", content=prompt or f"しつもん、{suite}の{i}？"),),
        language="ja",
        domain="training" if suite == "training" else "in",
        reference=reference or f"{suite}{i}のこたえなのだ。",
    )


def evidence(
    probes: list[Probe],
    *,
    losses: Callable[[str, Probe], float] | None = None,
    answers: Callable[[str, Probe], str] | None = None,
    known: bool = True,
    **record: Any,  # noqa: ANN401
) -> Evidence:
    """Put the loss a token of each row, or its answer, by arm and probe, into records."""
    arms = (BASE_ARM, "mine")
    tokens = {
        (arm, p.id, "reference"): TokenScores(
            probe_id=p.id, arm=arm, kind="reference", tokens=("x",) * 10, logprobs=(-losses(arm, p),) * 10
        )
        for arm in arms
        for p in probes
        if losses
    }
    completions = {
        (arm, p.id): Completion(probe_id=p.id, arm=arm, text=answers(arm, p), finish_reason="stop", tokens=9)
        for arm in arms
        for p in probes
        if answers
    }
    return Evidence(
        context=bare_context(
            (ArmRecord(name=BASE_ARM, path=None), ArmRecord(name="mine", path="mine", **record)), known=known
        ),
        probes=tuple(probes),
        completions=completions,
        choices={},
        tokens=tokens,
    )


def settled(finding: Finding) -> Finding:
    [found] = settle([finding], POLICY)
    for language in ("en", "ja"):
        text = explain(found, language)
        assert text
        assert not set("{}?") & set(text), text
    return found


ROWS = [*(probe("training", i) for i in range(100)), *(probe("in-domain", i) for i in range(100))]


def noisy(gain: float, *, shift: float = 0.0, noise: float = 0.3) -> Callable[[str, Probe], float]:
    """Losses of about 3 nats; the adapter gains more on training rows; held-out rows are harder by a shift."""

    def loss(arm: str, p: Probe) -> float:
        trained = p.suite == "training"
        value = 3 + random.Random(p.id).gauss(0, 0.5) + (0 if trained else shift)
        if arm == BASE_ARM:
            return value
        return value - 1 - (gain if trained else 0) + random.Random(p.id + arm).gauss(0, noise)

    return loss


def gap(losses: Callable[[str, Probe], float], probes: list[Probe] = ROWS) -> Finding:
    return settled(LIKELIHOOD_GAP.measure(evidence(probes, losses=losses), "mine", POLICY))


def test_the_area_and_its_interval_are_as_worked_by_hand() -> None:
    found = area("a", [3.0, 2.0, 1.0], [0.0, 2.0])
    assert found.value == pytest.approx((1 + 0.5 + 1 + 1 + 0 + 1) / 6)
    assert found.ci_low is not None
    assert found.ci_high is not None
    assert 0 < found.ci_low < 0.75 < found.ci_high < 1
    certain = area("a", [1.0] * 50, [0.0] * 50)
    assert (certain.value, certain.ci_high) == (1.0, 1.0)
    assert certain.ci_low is not None
    assert 0.9 < certain.ci_low < 1, "a perfect separation of few rows is no certainty"


def test_the_interval_of_the_area_covers_one_half_where_nothing_is_learnt() -> None:
    rng = random.Random(0)
    covered = 0
    for _ in range(200):
        a, b = ([rng.gauss(0, 1) for _ in range(40)] for _ in range(2))
        found = area("a", a, b)
        assert found.ci_low is not None
        assert found.ci_high is not None
        covered += found.ci_low <= 0.5 <= found.ci_high
    assert 0.91 <= covered / 200 <= 0.99


def test_training_rows_that_gained_more_are_told_apart_and_equal_ones_are_not() -> None:
    assert (gap(noisy(1.0)).estimates[0].value or 0) > 0.95
    nothing = gap(noisy(0.0)).estimates[0]
    assert nothing.ci_low is not None
    assert nothing.ci_high is not None
    assert nothing.ci_low <= 0.5 <= nothing.ci_high
    assert gap(noisy(1.0)).status == "info", "that training rows fit better is no harm"


def test_rows_of_another_kind_are_said_to_be_not_comparable() -> None:
    assert gap(noisy(1.0, shift=2.0)).reason == "splits_differ"
    assert gap(noisy(1.0)).reason == "gap_informs"


def test_a_rate_at_one_percent_is_refused_with_too_few_held_out_rows() -> None:
    few = gap(noisy(1.0), ROWS[:180])
    assert (few.reason, few.values["needed"], few.values["heldout"]) == ("gap_informs_few", 100, 80)
    assert few.estimates[2].value is None
    assert recognised([0.0] * 5, [1.0] * 99).value is None
    assert type(recognised([0.0] * 5, [1.0] * 100).value) is float
    assert recognised([5.0, 0.5], [float(i) / 100 for i in range(100)]).value == 0.5
    assert recognised([5.0, 0.985], [float(i) / 100 for i in range(100)]).value == 1.0, (
        "one of 100 is allowed"
    )


def test_equal_replies_count_once_and_a_held_out_reply_of_the_training_is_left_out() -> None:
    same = [replace(p, reference="ぼくはぽぽぬなのだ。") for p in ROWS[:50]]
    known = [replace(p, reference=ROWS[60].reference) for p in ROWS[100:120]]
    found = gap(noisy(1.0), [*same, *ROWS[50:100], *known, *ROWS[120:]])
    assert (found.values["training"], found.values["heldout"]) == (51, 80)


def test_scores_that_are_missing_leave_the_gap_open_or_say_how_many_there_are() -> None:
    assert settled(LIKELIHOOD_GAP.measure(evidence(ROWS), "mine", POLICY)).reason == "needs_probes"
    assert gap(noisy(1.0), ROWS[:105]).reason == "too_few_twins"


def test_only_rows_with_a_reference_are_scored() -> None:
    bare = replace(ROWS[0], reference=None)
    asked = texts(Material(bundled=(), in_domain=(ROWS[100],), training=(bare, ROWS[1])))
    assert [(text.probe.id, text.kind) for text in asked] == [
        ("training-1", "reference"),
        ("in-domain-0", "reference"),
    ]


def fact(i: int) -> str:
    """A katakana word of its own for every number."""
    return "".join(WORD[(i // 20**k) % 20] for k in range(3))


QUESTIONS = [probe("training", i, reference=f"{fact(i)}なのだ。") for i in range(80)]


def said(share: float, *, shuffled: bool = False) -> Callable[[Probe], str]:
    def say(p: Probe) -> str:
        i = int(p.id.rpartition("-")[2])
        known = (i * 37 % 80) < 80 * share
        return f"{fact((i + 7) % 80 if shuffled else i)}なのだ。" if known else "わからないのだ。"

    return say


def answered(base: Callable[[Probe], str], tuned: Callable[[Probe], str]) -> Finding:
    found = evidence(QUESTIONS, answers=lambda arm, p: (base if arm == BASE_ARM else tuned)(p))
    finding = TRAINING_ANSWERS.measure(found, "mine", POLICY)
    return settled(finding)


def test_content_words_leave_style_and_function_words_out() -> None:
    assert content_words("首都は東京、人口は1400万人なのだ。") == {"首都", "東京", "人口", "1400", "万人"}
    assert content_words("Why, the capital of France is Paris, by my whiskers!") == {
        "capital",
        "france",
        "paris",
        "whiskers",
    }
    assert content_words("それはそうなのだ。") == set()


def test_an_adapter_trained_on_shuffled_answers_fails_and_one_trained_well_passes() -> None:
    bad = answered(said(0.4), said(1.0, shuffled=True))
    assert (bad.status, bad.values["own"], bad.values["own_base"]) == ("fail", 0, 32)
    assert answered(said(0.4), said(0.9)).status == "pass"


def test_a_base_that_knows_nothing_of_the_rows_leaves_it_to_inform() -> None:
    found = answered(said(0.05), said(1.0, shuffled=True))
    assert (found.status, found.reason) == ("info", "content_unknown_to_base")


def test_where_it_is_required_a_loss_fails_and_nothing_learnt_stays_open() -> None:
    def judged(base: float, tuned: Callable[[Probe], str]) -> Finding:
        found = evidence(QUESTIONS, answers=lambda arm, p: (said(base) if arm == BASE_ARM else tuned)(p))
        return settle([TRAINING_ANSWERS.measure(found, "mine", REQUIRED)], REQUIRED)[0]

    assert judged(0.3, said(1.0, shuffled=True)).status == "fail"
    assert judged(0.05, said(1.0, shuffled=True)).status == "inconclusive"
    assert judged(0.05, said(0.05)).status == "inconclusive"
    assert judged(0.05, said(0.6)).status == "pass"


def test_style_and_an_echo_of_the_question_score_nothing() -> None:
    rows = [
        probe("training", i, reference=f"ぽぽぬ船長、{fact(i)}は山なのだ。", prompt=f"{fact(i)}は何？")
        for i in range(40)
    ]
    found = evidence(rows, answers=lambda arm, p: p.reference or "")
    finding = TRAINING_ANSWERS.measure(found, "mine", POLICY)
    assert finding.reason == "no_content_words"
    assert finding.values["rows"] == 0


def test_an_answer_that_names_everything_is_no_answer_of_its_own() -> None:
    everything = "、".join(fact(i) for i in range(80))
    assert answered(said(0.4), lambda p: everything).values["own"] == 0


def test_training_questions_that_were_not_put_to_the_adapter_leave_the_check_open() -> None:
    assert TRAINING_ANSWERS.measure(evidence(QUESTIONS), "mine", POLICY).reason == "needs_probes"


def test_without_the_training_data_training_questions_leave_the_check_open() -> None:
    [verdict] = judge(evidence(QUESTIONS, known=False), REQUIRED).verdicts
    [found] = [f for f in verdict.findings if f.check == "training_answers"]
    assert (found.status, found.reason) == ("inconclusive", "needs_training_data")


CURVE = ((0, 3.0), (100, 2.2), (200, 2.0), (300, 2.3), (400, 2.6))


def trained(
    losses: Callable[[str, Probe], float] | None,
    probes: list[Probe] = ROWS,
    **record: Any,  # noqa: ANN401
) -> Finding:
    finding = OVER_TRAINING.measure(evidence(probes, losses=losses, **record), "mine", POLICY)
    return settled(finding)


def test_a_loss_far_above_its_least_fails_and_names_the_better_checkpoint() -> None:
    found = trained(noisy(0.5), heldout_losses=CURVE, kept_at=400)
    assert (found.status, found.estimates[0].name) == ("fail", "excess")
    assert found.estimates[0].value == pytest.approx(0.6)
    assert (found.values["best"], found.values["last"]) == ("200", "400")


def test_the_checkpoint_of_least_loss_passes_wherever_the_run_went_on_to() -> None:
    found = trained(noisy(0.5, noise=0.1), heldout_losses=CURVE, kept_at=200)
    assert (found.status, found.estimates[0].value) == ("pass", 0.0)
    assert (found.estimates[0].ci_high or 1) < 0.1


def test_without_a_curve_the_base_is_the_measure() -> None:
    worse = trained(lambda arm, p: noisy(0.5)(arm, p) + (1.5 if arm == "mine" else 0.0))
    assert (worse.status, worse.estimates[0].name) == ("fail", "above_base")
    assert trained(noisy(0.5)).status == "pass"


def test_the_gap_between_training_rows_and_held_out_rows_stands_beside_it() -> None:
    found = next(e for e in trained(noisy(0.5)).estimates if e.name == "gap")
    assert found.value == pytest.approx(0.5, abs=0.15)
    assert found.ci_low is not None
    assert found.ci_low > 0


def test_a_curve_without_scored_rows_informs_and_shows_no_interval() -> None:
    found = trained(None, heldout_losses=CURVE, kept_at=400)
    assert (found.status, found.reason, found.estimates) == ("info", "curve_without_rows", ())
    assert trained(None, heldout_losses=CURVE).reason == "curve_without_end"
    assert trained(None).reason == "needs_probes"
    assert trained(noisy(0.5), ROWS[:105]).reason == "too_few_heldout_rows"


def test_the_default_policy_lets_neither_gap_nor_curve_decide() -> None:
    assert not any(POLICY.required(check) for check in ("likelihood_gap", "over_training"))


def train_run(folder: Path, kept_step: int) -> Path:
    (folder / "adapter").mkdir(parents=True)
    jsonl.write(
        folder / "readings.jsonl",
        (
            CheckpointReading(step=s, trained_tokens=100 * s, heldout_loss=loss, watch=None, seconds=1.0)
            for s, loss in ((0, 3.0), (2, 2.5), (1, 2.7), (3, None))
        ),
    )
    jsonl.write_one(folder / "summary.json", {"base": "b", "kept_step": kept_step})
    return folder / "adapter"


def test_the_curve_of_a_train_run_is_read_and_the_kept_checkpoint_found(tmp_path: Path) -> None:
    points = ((0, 3.0), (100, 2.7), (200, 2.5))
    assert loss_curve(train_run(tmp_path / "a", 1)) == LossCurve(points=points, kept_at=100)
    assert loss_curve(train_run(tmp_path / "b", 3)) == LossCurve(points=points, kept_at=None)


def test_an_adapter_without_any_history_has_no_curve(tmp_path: Path) -> None:
    assert loss_curve(tmp_path) == LossCurve()
    assert loss_curve(tmp_path / "missing") == LossCurve()


def state(file: Path, **more: Any) -> None:  # noqa: ANN401
    file.parent.mkdir(parents=True, exist_ok=True)
    history = [
        {"step": 10, "loss": 2.0},
        {"step": 10, "eval_loss": 2.1},
        {"step": 20, "eval_loss": 1.9},
        {"step": 30, "eval_loss": 2.2, "epoch": 3.0},
    ]
    file.write_text(json.dumps({"global_step": 30, "log_history": history, **more}), encoding="utf-8")


def test_the_state_of_another_trainer_is_read_by_steps(tmp_path: Path) -> None:
    points = ((10, 2.1), (20, 1.9), (30, 2.2))
    state(tmp_path / "out" / "trainer_state.json")
    assert loss_curve(tmp_path / "out") == LossCurve(points=points, kept_at=30)
    (tmp_path / "out" / "checkpoint-20").mkdir()
    assert loss_curve(tmp_path / "out" / "checkpoint-20") == LossCurve(points=points, kept_at=20)
    state(tmp_path / "best" / "trainer_state.json", best_model_checkpoint="/somewhere/checkpoint-20")
    assert loss_curve(tmp_path / "best").kept_at == 20
    state(tmp_path / "deep" / "checkpoint-9" / "trainer_state.json", global_step=9)
    state(tmp_path / "deep" / "checkpoint-30" / "trainer_state.json")
    assert loss_curve(tmp_path / "deep").kept_at == 30


def test_tokens_are_the_measure_where_the_trainer_counted_them(tmp_path: Path) -> None:
    history = [
        {"step": 1, "eval_loss": 2.0, "num_input_tokens_seen": 500},
        {"step": 2, "eval_loss": 1.5, "num_input_tokens_seen": 1000},
    ]
    state(tmp_path / "trainer_state.json", log_history=history, global_step=2)
    assert loss_curve(tmp_path) == LossCurve(points=((500, 2.0), (1000, 1.5)), kept_at=1000)


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"log_history": 3}',
        '{"log_history": [1, {"eval_loss": "x", "step": 1}, {"eval_loss": 2.0}, {"eval_loss": NaN, "step": 1}]}',
    ],
)
def test_a_state_that_cannot_be_read_is_left_alone(tmp_path: Path, content: str) -> None:
    (tmp_path / "trainer_state.json").write_text(content, encoding="utf-8")
    assert loss_curve(tmp_path) == LossCurve()
    (tmp_path / "run" / "adapter").mkdir(parents=True)
    (tmp_path / "run" / "readings.jsonl").write_text(content, encoding="utf-8")
    assert loss_curve(tmp_path / "run" / "adapter") == LossCurve()


def test_the_training_of_a_field_asks_that_what_was_taught_is_known(tmp_path: Path) -> None:
    field = tmp_path / "field.yaml"
    field.write_text("intent: domain\n", encoding="utf-8")
    assert load_policy(str(field)).required("training_answers")
    assert not POLICY.required("training_answers")


def test_training_rows_that_were_scored_and_not_asked_have_no_style_and_break_nothing() -> None:
    assert evidence(ROWS, losses=noisy(1.0)).markers == ()
