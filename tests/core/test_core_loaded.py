"""Finished runs as typed objects and frames, and the stages as functions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import loracheck
from loracheck import jsonl
from loracheck.errors import RunError
from loracheck.loaded import LoadedEvaluation, LoadedRun
from loracheck.records import (
    ChoiceScores,
    Completion,
    Estimate,
    EvaluationContext,
    EvaluationResult,
    Finding,
    Message,
    Probe,
    Verdict,
)
from loracheck.runs import open_run


def evaluation(path: Path, adapter: str = "mine") -> Path:
    estimate = Estimate(
        name="difference", value=-0.3, ci_low=-0.4, ci_high=-0.2, n=50, method="tango", unit="difference"
    )
    found = Finding(
        check="forgetting", adapter=adapter, required=True, status="fail", reason="beyond_limit",
        estimates=(estimate,), threshold=-0.05,
    )  # fmt: skip
    verdict = Verdict(
        adapter=adapter, status="hold", policy="default", policy_sha256="ab", alpha=0.05,
        deciding=("forgetting",), findings=(found,),
    )  # fmt: skip
    context = EvaluationContext(
        base="b", quantization="none", fingerprint={}, template="", template_sha256="", training_data=None,
        max_new_tokens=24, probes={"facts-en": 1}, dropped_probes=(), arms=(),
    )  # fmt: skip
    probe = Probe(
        id="p",
        suite="facts-en",
        messages=(Message(role="user", content="Why?"),),
        language="en",
        domain="out",
    )
    with open_run(path, "eval", config={}) as run:
        jsonl.write(run.path / "probes.jsonl", [probe])
        answers = {"base": "Because.", adapter: "<b>Arr</b>"}
        jsonl.write(
            run.path / "completions.jsonl",
            [
                Completion(probe_id="p", arm=arm, text=text, finish_reason="stop", tokens=3)
                for arm, text in answers.items()
            ],
        )
        choice = ChoiceScores(
            probe_id="p", arm="base", kinds=("right", "wrong"), choices=("a", "b"), logprobs=(-1.0, -2.0)
        )
        jsonl.write(run.path / "choices.jsonl", [choice])
        jsonl.write_one(run.path / "context.json", context)
        result = EvaluationResult(verdicts=(verdict,), comparisons=(), markers=(), arms=("base", adapter))
        jsonl.write_one(run.path / "verdict.json", result)
    return path


@pytest.fixture
def unconfirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a made-up verdict as it stands, whatever the answers give."""
    monkeypatch.setattr(
        "loracheck.evaluate.asked.confirmed",
        lambda run: jsonl.read_one(run / "verdict.json", EvaluationResult),
    )


@pytest.mark.usefixtures("unconfirmed")
def test_an_eval_run_loads_as_verdicts_and_frames(tmp_path: Path) -> None:
    run = loracheck.load(evaluation(tmp_path / "eval"))
    assert isinstance(run, LoadedEvaluation)
    assert run.verdict("mine").status == "hold"
    [row] = run.findings_frame().to_dict("records")
    assert (row["check"], row["value"], row["n"], row["limit"]) == ("forgetting", -0.3, 50, -0.05)
    [number] = run.estimates_frame().to_dict("records")
    assert (number["check"], number["ci_low"], number["ci_high"], number["unit"]) == (
        "forgetting", -0.4, -0.2, "difference",
    )  # fmt: skip
    assert set(run.choices_frame()["logprob"]) == {-1.0, -2.0}
    [answers] = run.answers_frame().to_dict("records")
    assert (answers["prompt"], answers["base"], answers["mine"]) == ("Why?", "Because.", "<b>Arr</b>")
    with pytest.raises(KeyError):
        run.verdict("other")


@pytest.mark.usefixtures("unconfirmed")
def test_what_a_notebook_shows_is_escaped(tmp_path: Path) -> None:
    shown: Any = loracheck.load(evaluation(tmp_path / "eval", "<img src=x onerror=alert(1)>"))
    html = shown._repr_html_()
    assert "HOLD" in html
    assert "<img" not in html


@pytest.mark.usefixtures("unconfirmed")
def test_what_a_prompt_shows_of_a_run_is_one_line(tmp_path: Path) -> None:
    run: Any = loracheck.load(evaluation(tmp_path / "eval", "Because."))
    assert repr(run) == f"<eval run {str(tmp_path / 'eval')!r}, {run.manifest.created}>"


def test_a_run_of_another_kind_loads_as_what_all_runs_have(tmp_path: Path) -> None:
    with open_run(tmp_path / "other", "other", config={}):
        pass
    run = loracheck.load(tmp_path / "other")
    assert type(run) is LoadedRun
    assert run.manifest.kind == "other"


def test_an_altered_or_missing_run_is_refused(tmp_path: Path) -> None:
    path = evaluation(tmp_path / "eval")
    (path / "completions.jsonl").write_bytes(b"")
    with pytest.raises(RunError, match="was changed"):
        loracheck.load(path)
    with pytest.raises(RunError, match="no such directory"):
        loracheck.load(tmp_path / "nothing")


def test_the_stages_are_functions_under_their_own_names() -> None:
    script = (
        "import sys, loracheck\n"
        "assert 'pandas' not in sys.modules and 'torch' not in sys.modules\n"
        "from loracheck.api import curate, evaluate, gate, load, report, train\n"
        "assert curate.__module__ == 'loracheck.curate.pipeline'\n"
        "assert all(callable(stage) for stage in (curate, train, evaluate, gate, load, report))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_unknown_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError):
        loracheck.loda  # noqa: B018
