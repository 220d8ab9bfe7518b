"""Runs in MLflow, Weights & Biases and TensorBoard: what is logged, once each, and nothing unless asked for."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import wandb
from click.testing import CliRunner, Result

from loracheck import jsonl, tracking
from loracheck.cli import cli
from loracheck.errors import EnvironmentFault, UsageError
from loracheck.evaluate.evidence import read_evidence
from loracheck.evaluate.gate import rejudge
from loracheck.evaluate.policy import load_policy
from loracheck.evaluate.verdict.judge import judge
from loracheck.progress import Progress
from loracheck.records import (
    BASE_ARM,
    ArmRecord,
    ChoiceScores,
    Completion,
    EvaluationContext,
    Expected,
    Message,
    Probe,
)
from loracheck.runs import open_run, read_manifest
from loracheck.tracking import Logged, check_packages, log_run, of_evaluation

FACTS = 40
ADAPTER = "mine"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture
def evaluation(tmp_path: Path) -> Path:
    """A finished eval run whose one adapter answers as the base does."""
    probes = [
        Probe(
            id=f"f{i}", suite="facts-en", messages=(Message(role="user", content=f"Number {i}?"),), language="en",
            domain="out", expected=Expected(answers=(f"word{i}",), wrong=(f"other{i}",)), cluster=str(i),
        )
        for i in range(FACTS)
    ]  # fmt: skip
    context = EvaluationContext(
        base="https://user:planted@host/base", quantization="none", fingerprint={}, template="",
        template_sha256="ab", training_data=None, max_new_tokens=24, probes={"facts-en": FACTS},
        dropped_probes=(),
        arms=tuple(ArmRecord(name=name, path=name, logit_change=1.0) for name in (BASE_ARM, ADAPTER)),
    )  # fmt: skip
    persona = load_policy("persona")
    policy = replace(persona, gates={name: persona.gates[name] for name in ("content_damage", "forgetting")})
    with open_run(
        tmp_path / "run", "eval", config={"policy": jsonl.to_builtins(policy), "adapters": {ADAPTER: "x"}}
    ) as opened:
        jsonl.write(opened.path / "probes.jsonl", probes)
        answers, choices = [], []
        for name in (BASE_ARM, ADAPTER):
            for i, probe in enumerate(probes):
                answers.append(
                    Completion(probe_id=probe.id, arm=name, text=f"word{i}.", finish_reason="stop", tokens=4)
                )
                choices.append(
                    ChoiceScores(
                        probe_id=probe.id,
                        arm=name,
                        kinds=("right", "wrong"),
                        choices=("a", "b"),
                        logprobs=(-1.0, -9.0),
                    )
                )
        jsonl.write(opened.path / "completions.jsonl", answers)
        jsonl.write(opened.path / "choices.jsonl", choices)
        jsonl.write_one(opened.path / "context.json", context)
        jsonl.write_one(opened.path / "verdict.json", judge(read_evidence(opened.path), policy))
    (tmp_path / "run" / "report.html").write_text("<!doctype html><p>page</p>", encoding="utf-8")
    return tmp_path / "run"


def expected(evaluation: Path) -> dict[str, Any]:
    verdicts: list[dict[str, Any]] = json.loads(run("gate", evaluation, "--json").output)["verdicts"]
    return verdicts[0]


def numbers(verdict: dict[str, Any]) -> dict[str, float]:
    """Return what must be logged of a verdict, from what the gate prints."""
    found: dict[str, float] = {}
    for finding in verdict["findings"]:
        for estimate in finding["estimates"]:
            name = f"{ADAPTER}/{finding['check']}/{estimate['name'].replace(': ', '_')}"
            if estimate["value"] is not None:
                found |= {
                    f"{name}/value": estimate["value"],
                    f"{name}/ci_low": estimate["ci_low"],
                    f"{name}/ci_high": estimate["ci_high"],
                    f"{name}/n": estimate["n"],
                }
    return found


@pytest.fixture
def mlflow_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """MLflow with a store in a folder of its own."""
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "store").as_uri())
    mlflow.set_tracking_uri((tmp_path / "store").as_uri())
    yield tmp_path / "store"
    mlflow.set_tracking_uri(None)


def test_mlflow_holds_verdict_estimates_with_bounds_policy_and_page_once(
    evaluation: Path, mlflow_store: Path
) -> None:
    from mlflow.tracking import MlflowClient  # noqa: PLC0415

    verdict = expected(evaluation)
    for _ in range(2):  # the second call goes on with the same entry
        done = run("gate", evaluation, "--report-to", "mlflow")
        assert done.exit_code == {"ship": 0, "hold": 1, "inconclusive": 3}[verdict["status"]], done.output
        assert "not logged" not in done.output, done.output
    client = MlflowClient()
    experiment = client.get_experiment_by_name("loracheck")
    assert experiment is not None
    [entry] = client.search_runs([experiment.experiment_id])
    assert entry.data.metrics.items() >= numbers(verdict).items()
    assert len(numbers(verdict)) >= 4
    assert entry.data.tags[f"verdict/{ADAPTER}"] == verdict["status"]
    assert entry.data.params["policy_sha256"] == verdict["policy_sha256"]
    assert entry.data.params["base"] == "https://***@host/base"
    assert [file.path for file in client.list_artifacts(entry.info.run_id)] == ["report.html"]
    assert entry.info.status == "FINISHED"
    assert "not logged" not in run("gate", evaluation, "--report-to", "mlflow", "--policy", "persona").output
    entries = client.search_runs([experiment.experiment_id])
    assert len({other.data.params["policy_sha256"] for other in entries}) == len(entries) == 2


def test_wandb_takes_a_run_offline(evaluation: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    done = run("gate", evaluation, "--report-to", "wandb")
    assert "not logged" not in done.output, done.output
    wandb.teardown()  # as at the end of a process: its server then writes out what it holds
    [stored] = (tmp_path / "wandb").glob("offline-run-*/*.wandb")
    content = stored.read_bytes()
    for words in (f"{ADAPTER}/forgetting", "ci_low", f"verdict/{ADAPTER}", "policy_sha256", "report.html"):
        assert words.encode() in content, words


def test_tensorboard_gets_every_number_and_the_verdict_in_words(evaluation: Path, tmp_path: Path) -> None:
    verdict = expected(evaluation)
    for _ in range(2):
        done = run("gate", evaluation, "--report-to", "tensorboard")
        assert "not logged" not in done.output, done.output
    [events] = (evaluation / "tensorboard").rglob("*tfevents*")
    content = events.read_bytes()
    for name in numbers(verdict):
        assert content.count(name.encode()) >= 1, name
    assert f"verdict/{ADAPTER}` | `{verdict['status']}".encode() in content
    assert b"planted" not in content


def test_curation_and_comparison_are_logged_too(evaluation: Path, tmp_path: Path) -> None:
    rows = [
        {"instruction": f"{thing}は好きですか？", "output": f"{thing}はとても好きなのだ。"}
        for thing in "空花星海月風雨虹"
    ]
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    done = run("curate", data, "-o", tmp_path / "curated", "--max-loss", 1, "--report-to", "tensorboard")
    assert done.exit_code == 0, done.output
    [events] = (tmp_path / "curated" / "tensorboard").rglob("*tfevents*")
    content = events.read_bytes()
    assert b"rows/kept" in content
    assert b"select.method" in content
    done = run("compare", evaluation, evaluation, "-o", tmp_path / "compared", "--report-to", "tensorboard")
    assert "not logged" not in done.output, done.output


def test_a_tracker_that_fails_is_told_of_and_changes_no_verdict(
    evaluation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> str:
        raise ConnectionError("no route to https://user:planted@tracker")

    plain = run("gate", evaluation).exit_code
    monkeypatch.setattr(tracking, "_tensorboard", broken)
    done = run("gate", evaluation, "--report-to", "tensorboard")
    assert done.exit_code == plain
    assert "--report-to tensorboard: not logged: no route to https://***@tracker" in done.output


def test_a_missing_package_is_named_before_any_work(
    evaluation: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tracking.TRACKERS, "mlflow", ("no_such_package",))
    for arguments in (
        ("gate", evaluation),
        ("curate", tmp_path / "missing.jsonl", "-o", tmp_path / "out"),
        ("eval", "--base", "b", "-o", tmp_path / "out"),
        ("compare", evaluation, evaluation),
    ):
        error = run(*arguments, "--report-to", "mlflow").exception
        assert isinstance(error, EnvironmentFault)
        assert (error.exit_code, error.hint) == (4, "pip install mlflow-skinny")
    assert not (tmp_path / "out").exists()
    with pytest.raises(UsageError, match="there are mlflow, wandb, tensorboard"):
        check_packages(["excel"])


def test_names_cannot_step_out_of_a_store(tmp_path: Path) -> None:
    for name, kept in (
        ("../../x", "_/_/x"),
        ("a`b|c", "a_b_c"),
        ("ぽぽぬ/facts", "ぽぽぬ/facts"),
        ("/", "_/_"),
    ):
        assert tracking._key(name) == kept
    hostile = Logged(id="r", kind="eval", params={"p": "x` | y\n| z"}, tags={}, metrics={"m": 1.0})
    log_run(["tensorboard"], hostile, tmp_path, Progress(quiet=True))
    [events] = tmp_path.rglob("*tfevents*")
    assert b"| `p` | `x' / y / z` |" in events.read_bytes()


def test_no_tracker_is_imported_unless_it_is_asked_for(evaluation: Path) -> None:
    script = (
        "import sys\nfrom loracheck.cli import cli\n"
        f"try:\n    cli.main(['gate', {str(evaluation)!r}], standalone_mode=True)\n"
        "except SystemExit:\n    pass\n"
        "print([n for n in ('mlflow', 'wandb', 'tensorboardX', 'torch') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={**os.environ},
    )
    assert done.stdout.strip().endswith("[]")


@pytest.mark.parametrize("run_id", ["../../up", "a' OR '1'='1", ".hidden", ""])
def test_an_id_stays_a_name_in_folders_and_filters(run_id: str, evaluation: Path) -> None:
    manifest = replace(read_manifest(evaluation), run_id=run_id)
    context = jsonl.read_one(evaluation / "context.json", EvaluationContext)
    logged = of_evaluation(rejudge(evaluation, None), context, manifest, ())
    assert re.fullmatch(r"\w[\w.-]*", logged.id)
