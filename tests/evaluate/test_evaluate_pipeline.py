"""The evaluate stage on tiny real models: what is asked, interruption, repetition, tampering."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loracheck import jsonl
from loracheck.engines import answers
from loracheck.engines import local as localengine
from loracheck.errors import RunError
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.gate import rejudge
from loracheck.evaluate.policy import load_policy
from loracheck.models.load import device_name
from loracheck.probes import IN_DOMAIN, TRAINING
from loracheck.records import ChoiceScores, Completion, EvaluationContext, EvaluationResult, Probe
from tests.evaluate.quick_evals import QUICK, only, plain_peft, run

pytestmark = pytest.mark.usefixtures("few_open_prompts")
ANSWERS = ("completions.jsonl", "choices.jsonl")


@pytest.fixture(scope="module", params=["tiny_gemma", "tiny_smollm"])
def model(request: pytest.FixtureRequest) -> Path:
    path = request.getfixturevalue(request.param)
    assert isinstance(path, Path)
    return path


@pytest.fixture(scope="module")
def gemma_adapter(tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plain_peft(tiny_gemma, tmp_path_factory.mktemp("adapter") / "mine")


def rows(path: Path, count: int, start: int = 0) -> Path:
    path.write_text(
        "".join(
            json.dumps(
                {"instruction": f"{i}番目のしつもん？", "output": f"{i}番目なのだ。"}, ensure_ascii=False
            )
            + "\n"
            for i in range(start, start + count)
        ),
        encoding="utf-8",
    )
    return path


def test_a_plain_peft_adapter_evaluates_without_training_data(model: Path, tmp_path: Path) -> None:
    adapter = plain_peft(model, tmp_path / "adapter")
    verdict = only(run(model, {"mine": adapter}, tmp_path / "eval"))
    # Random weights may answer everything with one loop.
    assert verdict.findings[0].reason in ("adapter_sound", "base_says_nothing")
    assert verdict.findings[0].values["logit_change"] > 0
    assert verdict.status != "ship", "eight questions prove nothing"
    done = list(jsonl.read(tmp_path / "eval" / "completions.jsonl", Completion))
    assert len(done) == 2 * (8 + 6 + 6), "facts, open prompts, and these again under a neutral system prompt"
    assert {(c.arm, c.probe_id) for c in done} == {(a, c.probe_id) for c in done for a in ("base", "mine")}
    ranked = list(jsonl.read(tmp_path / "eval" / "choices.jsonl", ChoiceScores))
    assert len(ranked) == 2 * 8
    assert {kind for scores in ranked for kind in scores.kinds} == {"right", "wrong"}
    assert all(logprob < 0 for scores in ranked for logprob in scores.logprobs)


def test_a_held_out_row_of_the_training_file_is_no_training_row(model: Path, tmp_path: Path) -> None:
    data, heldout = rows(tmp_path / "train.jsonl", 30), rows(tmp_path / "heldout.jsonl", 10)
    run(
        model,
        {"mine": plain_peft(model, tmp_path / "adapter")},
        tmp_path / "eval",
        data=[data],
        in_domain=[heldout],
    )
    probes = list(jsonl.read(tmp_path / "eval" / "probes.jsonl", Probe))
    asked = {s: {probe.prompt for probe in probes if probe.suite == s} for s in (IN_DOMAIN, TRAINING)}
    assert asked[IN_DOMAIN]
    assert asked[TRAINING]
    assert not asked[IN_DOMAIN] & asked[TRAINING]


def test_with_training_data_its_style_is_found_and_ranked(model: Path, tmp_path: Path) -> None:
    adapter = plain_peft(model, tmp_path / "adapter")
    data, heldout = rows(tmp_path / "train.jsonl", 30), rows(tmp_path / "heldout.jsonl", 5, 30)
    result = run(model, {"mine": adapter}, tmp_path / "eval", data=[data], in_domain=[heldout])
    assert ("ending", "番目なのだ") in {(marker.kind, marker.text) for marker in result.markers}
    ranked = list(jsonl.read(tmp_path / "eval" / "choices.jsonl", ChoiceScores))
    assert "right_styled" in ranked[0].kinds
    context = jsonl.read_one(tmp_path / "eval" / "context.json", EvaluationContext)
    assert context.computed_on == f"{device_name()}, float32"
    assert context.probes == {
        "facts-ja": 8,
        "open-ja": 6,
        "open-neutral-ja": 6,
        "in-domain": 5,
        "training": 12,
    }
    assert {f.check for f in only(result).findings} >= {"persona_learned", "missing_stop"}


def test_answers_in_the_domain_have_room_for_replies_of_the_domains_length(
    tiny_gemma: Path, tmp_path: Path
) -> None:
    model = tiny_gemma
    adapter = plain_peft(model, tmp_path / "adapter")
    heldout = tmp_path / "heldout.jsonl"
    lines = [
        {"instruction": f"{i}番目のしつもんです。", "output": "ながいこたえ。" * (200 if i == 0 else 3)}
        for i in range(40)
    ]
    heldout.write_text("\n".join(json.dumps(line) for line in lines) + "\n", encoding="utf-8")
    config = replace(QUICK, max_in_domain=40)
    result = run(model, {"mine": adapter}, tmp_path / "eval", config=config, in_domain=[heldout])
    context = jsonl.read_one(tmp_path / "eval" / "context.json", EvaluationContext)
    assert context.max_new_tokens_domain is not None
    assert context.max_new_tokens_domain > QUICK.max_new_tokens_open
    assert len(context.beyond_room) == 1, "the one reply of 1,400 letters"
    stop = next(finding for finding in only(result).findings if finding.check == "missing_stop")
    assert stop.estimates[0].n == 39
    answers = list(jsonl.read(tmp_path / "eval" / "completions.jsonl", Completion))
    longest = {
        suite: max(a.tokens or 0 for a in answers if suite in a.probe_id)
        for suite in ("open-ja", "in-domain")
    }
    assert longest["open-ja"] <= QUICK.max_new_tokens_open
    assert longest["in-domain"] <= context.max_new_tokens_domain

    taught = tmp_path / "taught.jsonl"
    taught.write_text(
        json.dumps({"instruction": "a", "output": "ながいこたえ。" * 60}) + "\n", encoding="utf-8"
    )
    more = run(
        model,
        {"mine": adapter},
        tmp_path / "taught",
        config=replace(config, max_in_domain=1),
        in_domain=[heldout],
        data=[taught],
    )
    assert only(more).findings
    wider = jsonl.read_one(tmp_path / "taught" / "context.json", EvaluationContext)
    assert wider.max_new_tokens_domain is not None
    assert wider.max_new_tokens_domain > context.max_new_tokens_domain, "what was taught may be said"

    unheld = run(model, {"mine": adapter}, tmp_path / "unheld", data=[rows(tmp_path / "seen.jsonl", 30)])
    stop = next(finding for finding in only(unheld).findings if finding.check == "missing_stop")
    assert stop.estimates[0].n == QUICK.max_training, "training prompts stand in for held-out ones"

    narrow = replace(config, max_new_tokens_domain=4)
    result = run(model, {"mine": adapter}, tmp_path / "narrow", config=narrow, in_domain=[heldout])
    stop = next(finding for finding in only(result).findings if finding.check == "missing_stop")
    assert (stop.status, stop.reason) == ("inconclusive", "needs_room"), (
        "a cut reply is no reply that never ends"
    )


def test_trained_questions_are_dropped_and_listed(
    tiny_gemma: Path, gemma_adapter: Path, tmp_path: Path
) -> None:
    data = tmp_path / "train.jsonl"
    data.write_text('{"instruction": "フランスの首都はどこですか？", "output": "パリ"}\n', encoding="utf-8")
    run(tiny_gemma, {"mine": gemma_adapter}, tmp_path / "eval", data=[data])
    context = jsonl.read_one(tmp_path / "eval" / "context.json", EvaluationContext)
    assert context.dropped_probes == ("facts-ja-capital-france",)
    assert context.probes["facts-ja"] == 7


def test_a_run_interrupted_before_the_likelihoods_resumes_to_the_same_bytes(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = plain_peft(model, tmp_path / "adapter")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    assert_resumes(model, adapter, tmp_path, monkeypatch, (answers.Answerer, "rank", stop))


@pytest.mark.parametrize(("name", "batches"), [("generate", 3), ("score_groups", 2)])
def test_a_run_interrupted_between_two_batches_resumes_to_the_same_bytes(
    name: str, batches: int, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = plain_peft(model, tmp_path / "adapter")
    whole, small = (
        getattr(localengine, name),
        {"generate": {"batch_size": 3}, "score_groups": {"batch_tokens": 160}},
    )
    monkeypatch.setattr(localengine, name, lambda *a, **k: whole(*a, **(k | small[name])))
    small_batches = getattr(localengine, name)
    done = 0

    def stop_early(*arguments: Any, **options: Any) -> Iterator[Any]:  # noqa: ANN401
        nonlocal done
        for batch in small_batches(*arguments, **options):
            if done == batches:
                raise KeyboardInterrupt
            done += 1
            yield batch

    assert_resumes(model, adapter, tmp_path, monkeypatch, (localengine, name, stop_early))


def assert_resumes(
    base: Path,
    adapter: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    spoilt: tuple[object, str, object],
) -> None:
    whole = run(base, {"mine": adapter}, folder / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(*spoilt)
        with pytest.raises(KeyboardInterrupt):
            run(base, {"mine": adapter}, folder / "broken")
    assert (folder / "broken" / "completions.jsonl").stat().st_size > 0
    assert not (folder / "broken" / "verdict.json").exists()
    assert run(base, {"mine": adapter}, folder / "broken") == whole
    for name in ANSWERS:
        assert (folder / "broken" / name).read_bytes() == (folder / "whole" / name).read_bytes(), name


@pytest.fixture(scope="module")
def finished(
    tiny_gemma: Path, gemma_adapter: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, EvaluationResult]:
    out = tmp_path_factory.mktemp("finished") / "eval"
    config = EvalConfig(suites=("facts-ja",), max_facts=8, max_new_tokens=4)
    return out, run(tiny_gemma, {"mine": gemma_adapter}, out, config=config)


def test_a_finished_run_is_left_as_it_is(
    finished: tuple[Path, EvaluationResult],
    tiny_gemma: Path,
    gemma_adapter: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, result = finished
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in out.iterdir()}
    monkeypatch.setattr("loracheck.evaluate.arms.lineup.load_base", None)  # would fail if it were called
    config = EvalConfig(suites=("facts-ja",), max_facts=8, max_new_tokens=4)
    assert run(tiny_gemma, {"mine": gemma_adapter}, out, config=config) == result
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in out.iterdir()} == before


def test_other_options_are_refused_a_finished_directory(
    finished: tuple[Path, EvaluationResult], tiny_gemma: Path, gemma_adapter: Path
) -> None:
    out, _ = finished
    before = {path: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(RunError, match="another eval run"):
        run(tiny_gemma, {"mine": gemma_adapter}, out)
    assert {path: path.read_bytes() for path in out.iterdir()} == before


def test_the_gate_computes_the_same_verdict_again(finished: tuple[Path, EvaluationResult]) -> None:
    out, result = finished
    assert rejudge(out, None) == result
    strict = rejudge(out, load_policy("strict"))
    assert only(strict).policy == "strict"
    assert only(strict).policy_sha256 != only(result).policy_sha256


@pytest.mark.parametrize("name", ["completions.jsonl", "choices.jsonl", "probes.jsonl", "verdict.json"])
def test_one_changed_byte_is_refused(finished: tuple[Path, EvaluationResult], name: str) -> None:
    file = finished[0] / name
    content = file.read_bytes()
    file.write_bytes(content[:40] + bytes([content[40] ^ 1]) + content[41:])
    try:
        with pytest.raises(RunError, match=f"{name} was changed"):
            rejudge(finished[0], None)
    finally:
        file.write_bytes(content)


def test_a_suite_of_open_prompts_alone_is_inconclusive(
    tiny_gemma: Path, gemma_adapter: Path, tmp_path: Path
) -> None:
    config = EvalConfig(suites=("open-ja",), max_new_tokens_open=2)
    verdict = only(run(tiny_gemma, {"mine": gemma_adapter}, tmp_path / "eval", config=config))
    assert verdict.status == "inconclusive"
