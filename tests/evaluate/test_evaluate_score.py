"""Stored answers: read back, found complete or refused, and judged without a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from loracheck import jsonl
from loracheck.engines.stored import read_stored
from loracheck.errors import DataError, LoracheckError, UsageError
from loracheck.evaluate.arms.lineup import Elsewhere
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.evidence import read_evidence
from loracheck.evaluate.pipeline import evaluate
from loracheck.evaluate.policy import Policy, load_policy
from loracheck.evaluate.score import score
from loracheck.progress import Progress
from loracheck.records import (
    Completion,
    EvaluationResult,
    Expected,
    Finding,
    Message,
    Probe,
)

QUIET = Progress(quiet=True)
CORE = ("content_damage", "forgetting", "collapse", "persona_leakage", "loops", "missing_stop")


def only_core(name: str) -> Policy:
    policy = load_policy(name)
    return replace(policy, gates={check: policy.gates[check] for check in CORE})


POLICY = only_core("persona")


def fact(number: int) -> Probe:
    return Probe(
        id=f"facts-en-{number}",
        suite="facts-en",
        messages=(Message(role="user", content=f"What is number {number}?"),),
        language="en",
        domain="out",
        expected=Expected(answers=(f"word{number}",), wrong=(f"other{number}",)),
        cluster=str(number),
    )


FACTS = [fact(number) for number in range(60)]
GOOD = {probe.id: f"It is word{number}." for number, probe in enumerate(FACTS)}
BAD = dict.fromkeys(GOOD, "Ahoy!")


@pytest.fixture
def probes(tmp_path: Path) -> Path:
    path = tmp_path / "probes.jsonl"
    jsonl.write(path, FACTS)
    return path


def rows(path: Path, answers: Mapping[str, str], **more: Any) -> Path:  # noqa: ANN401
    lines = [{"id": i, "text": text, **more} for i, text in answers.items()]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def batch(path: Path, answers: Mapping[str, str | None], failed: str = "") -> Path:
    """Write what OpenAI's batch interface gives back."""
    lines = []
    for i, text in answers.items():
        body = {
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            ],
            "usage": {"prompt_tokens": 9, "completion_tokens": 5},
        }
        response = {"status_code": 200, "request_id": "r", "body": body}
        if i == failed:
            response = {"status_code": 429, "request_id": "r", "body": {"error": {"message": "slow down"}}}
        lines.append({"id": f"batch_req_{i}", "custom_id": i, "response": response, "error": None})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def found(result: EvaluationResult, adapter: str = "mine") -> dict[str, Finding]:
    [verdict] = [verdict for verdict in result.verdicts if verdict.adapter == adapter]
    return {finding.check: finding for finding in verdict.findings}


def test_stored_answers_are_judged_and_leave_an_eval_run(probes: Path, tmp_path: Path) -> None:
    files = {
        "base": rows(tmp_path / "base.jsonl", GOOD),
        "good": rows(tmp_path / "good.jsonl", {i: text + " Yes." for i, text in GOOD.items()}),
        "bad": batch(tmp_path / "bad.jsonl", BAD),
    }
    result = score(probes, files, tmp_path / "run", POLICY, base="A base", assume_base=True, progress=QUIET)
    statuses = {verdict.adapter: verdict.status for verdict in result.verdicts}
    assert statuses == {"good": "inconclusive", "bad": "hold"}
    assert "collapse" in result.verdicts[1].deciding
    assert found(result, "good")["collapse"].status == "pass"
    assert found(result, "good")["forgetting"].reason == "needs_choices"
    assert found(result, "good")["sanity"].values["changed"] == 60
    evidence = read_evidence(tmp_path / "run")
    assert evidence.context.base == "A base"
    assert [arm.engine for arm in evidence.context.arms] == ["stored"] * 3
    assert evidence.completions["bad", "facts-en-3"].tokens == 5
    assert evidence.completions["good", "facts-en-3"].finish_reason == "unknown"
    assert result.outcomes["base"]["facts-en-3"].startswith("right")


def test_a_finished_score_is_left_as_it_is(probes: Path, tmp_path: Path) -> None:
    files = {"base": rows(tmp_path / "base.jsonl", GOOD), "mine": rows(tmp_path / "mine.jsonl", BAD)}
    result = score(probes, files, tmp_path / "run", POLICY, progress=QUIET)
    before = (tmp_path / "run" / "manifest.json").read_bytes()
    assert score(probes, files, tmp_path / "run", POLICY, progress=QUIET) == result
    assert (tmp_path / "run" / "manifest.json").read_bytes() == before


def test_unvouched_for_arms_stay_open(probes: Path, tmp_path: Path) -> None:
    files = {"base": rows(tmp_path / "base.jsonl", GOOD), "mine": rows(tmp_path / "mine.jsonl", BAD)}
    result = score(probes, files, tmp_path / "run", POLICY, progress=QUIET)
    assert found(result)["sanity"].reason == "base_not_provable"
    files["mine"] = files["base"]
    result = score(probes, files, tmp_path / "same", POLICY, assume_base=True, progress=QUIET)
    assert found(result)["sanity"].reason == "answers_are_the_bases"


def test_a_missing_answer_is_named_and_nothing_is_written(probes: Path, tmp_path: Path) -> None:
    part = {i: text for i, text in BAD.items() if i not in ("facts-en-7", "facts-en-41")}
    files = {"base": rows(tmp_path / "base.jsonl", GOOD), "mine": rows(tmp_path / "mine.jsonl", part)}
    with pytest.raises(
        UsageError, match=r"mine answers 58 of 60 probes; missing: facts-en-7, facts-en-41\n"
    ) as e:
        score(probes, files, tmp_path / "run", POLICY, progress=QUIET)
    assert "No verdict was made" in e.value.hint
    assert not (tmp_path / "run").exists()
    files["base"] = rows(tmp_path / "base.jsonl", dict(list(GOOD.items())[:30]))
    with pytest.raises(UsageError, match=r"base answers 30 of 60 .* and 10 more"):
        score(probes, files, tmp_path / "run", POLICY, progress=QUIET)


def test_a_request_of_a_batch_that_failed_is_missing(probes: Path, tmp_path: Path) -> None:
    files = {
        "base": rows(tmp_path / "base.jsonl", GOOD),
        "mine": batch(tmp_path / "mine.jsonl", BAD, failed="facts-en-9"),
    }
    with pytest.raises(UsageError, match="mine answers 59 of 60 probes; missing: facts-en-9"):
        score(probes, files, tmp_path / "run", POLICY, progress=QUIET)


def test_the_base_must_be_there(probes: Path, tmp_path: Path) -> None:
    files = {"mine": rows(tmp_path / "mine.jsonl", BAD)}
    with pytest.raises(UsageError, match="the base's answers are missing"):
        score(probes, files, tmp_path / "run", POLICY, progress=QUIET)
    with pytest.raises(UsageError, match="no adapter to evaluate"):
        score(probes, {"base": files["mine"]}, tmp_path / "run", POLICY, progress=QUIET)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"id": "facts-en-0", "text": "a"}\n{"id": "facts-en-1", "te', "line 2: .* may be cut off"),
        ('{"id": "facts-en-0", "text": "a"}\nnothing\n', "line 2: JSON"),
        ('{"id": "a", "text": "a"}\n{"id": "a", "text": "b"}\n', "line 2: a is answered twice"),
        ('{"id": "facts-en-0"}\n', "line 1: an id and a text are wanted"),
        ('{"text": "a"}\n', "line 1: an id and a text are wanted"),
        ('{"id": "facts-en-0", "text": 3}\n', "line 1, field text: text is wanted, not a whole number"),
        ('{"custom_id": "a", "response": {"status_code": 200, "body": {"choices": 3}}}\n', "field response.body"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_with_its_line(content: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=told):
        read_stored("mine", path)


def test_a_file_of_several_arms_gives_the_one_that_is_named(tmp_path: Path) -> None:
    path = tmp_path / "completions.jsonl"
    jsonl.write(
        path,
        [
            Completion(
                probe_id="a", arm=arm, text=f"{arm} {seed}", finish_reason="length", tokens=3, seed=seed
            )
            for arm in ("base", "raw")
            for seed in (0, 1)
        ],
    )
    [reply] = read_stored("raw", path).values()
    assert (reply.text, reply.finish_reason, reply.tokens) == ("raw 0", "length", 3)
    with pytest.raises(UsageError, match="holds the answers of base, raw, not of mine"):
        read_stored("mine", path)
    path.write_text('{"id": "a", "text": "x", "arm": "raw"}\n', encoding="utf-8")
    assert read_stored("mine", path)["a"].text == "x"
    with pytest.raises(UsageError, match="there is no such file"):
        read_stored("mine", tmp_path / "none.jsonl")


def test_an_own_file_of_probes_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(
        "".join(
            json.dumps({"id": f"q{i}", "prompt": f"What is {i}?", "answers": [f"w{i}"], "wrong": ["no"]})
            + "\n"
            for i in range(8)
        ),
        encoding="utf-8",
    )
    files = {
        "base": rows(tmp_path / "base.jsonl", {f"q{i}": f"w{i}" for i in range(8)}),
        "mine": rows(tmp_path / "mine.jsonl", {f"q{i}": "no" for i in range(8)}),
    }
    result = score(path, files, tmp_path / "run", POLICY, progress=QUIET)
    assert set(result.outcomes["base"].values()) == {"right_plain"}
    assert set(result.outcomes["mine"].values()) == {"wrong"}
    assert len(read_evidence(tmp_path / "run").completions) == 16


def test_probes_that_are_none_are_refused(tmp_path: Path) -> None:
    twice = tmp_path / "twice.jsonl"
    jsonl.write(twice, [FACTS[0], FACTS[0]])
    for source, told in ((twice, "stands there twice"), (tmp_path / "none.jsonl", "no such file or run")):
        with pytest.raises(LoracheckError, match=told):
            score(source, {}, tmp_path / "run", POLICY, progress=QUIET)


@pytest.fixture(scope="module")
def finished(tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished eval run of a real tiny model."""
    folder = tmp_path_factory.mktemp("finished")
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(tiny_gemma),
        LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False),
    )
    model.save_pretrained(str(folder / "adapter"))
    config = EvalConfig(suites=("facts-ja",), max_facts=4, max_new_tokens=4)
    evaluate(str(tiny_gemma), {"mine": folder / "adapter"}, folder / "eval", config, POLICY, progress=QUIET)
    return folder / "eval"


def test_a_run_scored_again_gives_the_same_verdict_from_the_same_answers(
    finished: Path, tmp_path: Path
) -> None:
    result = score(finished, {}, tmp_path / "again", None, progress=QUIET)
    assert result == jsonl.read_one(finished / "verdict.json", EvaluationResult)
    for name in ("completions.jsonl", "choices.jsonl", "likelihoods.jsonl", "probes.jsonl", "context.json"):
        assert (tmp_path / "again" / name).read_bytes() == (finished / name).read_bytes(), name
    limits = only_core("strict")
    strict = score(finished, {}, tmp_path / "strict", limits, progress=QUIET)
    assert strict.verdicts[0].policy == f"strict@{limits.sha256[:8]}", "not all that the preset requires"
    assert strict.verdicts[0].post_hoc


def test_a_run_takes_a_further_arm_from_a_file(finished: Path, tmp_path: Path) -> None:
    evidence = read_evidence(finished)
    texts = {probe.id: "Ahoy!" for probe in evidence.probes}
    files = {"elsewhere": rows(tmp_path / "other.jsonl", texts)}
    result = score(finished, files, tmp_path / "run", None, progress=QUIET)
    assert [verdict.adapter for verdict in result.verdicts] == ["mine", "elsewhere"]
    assert found(result)["sanity"].reason == "adapter_sound"
    assert found(result, "elsewhere")["forgetting"].reason == "needs_choices"
    with pytest.raises(UsageError, match="has an arm of this name"):
        score(finished, {"mine": files["elsewhere"]}, tmp_path / "other", None, progress=QUIET)


def test_an_evaluation_here_takes_an_arm_from_a_file(
    finished: Path, tiny_gemma: Path, tmp_path: Path
) -> None:
    adapter = finished.parent / "adapter"
    config = EvalConfig(suites=("facts-ja",), max_facts=4, max_new_tokens=4)
    texts = {probe.id: "Ahoy!" for probe in read_evidence(finished).probes}
    elsewhere = Elsewhere(completions={"other": rows(tmp_path / "other.jsonl", texts)})
    result = evaluate(
        str(tiny_gemma),
        {"mine": adapter},
        tmp_path / "run",
        config,
        POLICY,
        elsewhere=elsewhere,
        progress=QUIET,
    )
    assert result.arms == ("base", "mine", "other")
    del texts[next(iter(texts))]
    rows(tmp_path / "other.jsonl", texts)
    with pytest.raises(UsageError, match="other answers 3 of 4 probes"):
        evaluate(
            str(tiny_gemma),
            {"mine": adapter},
            tmp_path / "part",
            config,
            POLICY,
            elsewhere=elsewhere,
            progress=QUIET,
        )
    assert not (tmp_path / "part" / "completions.jsonl").exists()


def test_an_evaluation_from_files_alone_loads_no_model(finished: Path, tmp_path: Path) -> None:
    config = EvalConfig(suites=("facts-ja",), max_facts=4, max_new_tokens=4)
    answers = finished / "completions.jsonl"
    elsewhere = Elsewhere(completions={"base": answers, "mine": answers})
    result = evaluate("no/model", {}, tmp_path / "run", config, POLICY, elsewhere=elsewhere, progress=QUIET)
    assert result.outcomes == jsonl.read_one(finished / "verdict.json", EvaluationResult).outcomes
    assert found(result)["sanity"].reason == "base_not_provable"


def test_the_base_may_stand_in_a_file_while_its_adapter_is_asked_here(
    finished: Path, tiny_gemma: Path, tmp_path: Path
) -> None:
    config = EvalConfig(suites=("facts-ja",), max_facts=4, max_new_tokens=4)
    texts = {probe.id: "Ahoy!" for probe in read_evidence(finished).probes}
    elsewhere = Elsewhere(completions={"base": rows(tmp_path / "base.jsonl", texts)})
    adapter = {"mine": finished.parent / "adapter"}
    result = evaluate(
        str(tiny_gemma), adapter, tmp_path / "run", config, POLICY, elsewhere=elsewhere, progress=QUIET
    )
    evidence, before = read_evidence(tmp_path / "run"), read_evidence(finished)
    for probe in evidence.probes:
        assert evidence.text("base", probe) == "Ahoy!"
        assert evidence.text("mine", probe) == before.text("mine", probe)
    assert {arm for arm, _ in evidence.choices} == {"mine"}
    assert found(result)["forgetting"].reason == "needs_choices"
