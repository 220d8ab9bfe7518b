"""Scoring stored answers on the command line: no model, the verdict as exit code, a report."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from loracheck import jsonl
from loracheck.records import Expected, Message, Probe
from tests.cli.called import call

ROOT = Path(__file__).resolve().parents[2]
FACTS = [
    Probe(
        id=f"facts-en-{number}",
        suite="facts-en",
        messages=(Message(role="user", content=f"What is number {number}?"),),
        language="en",
        domain="out",
        expected=Expected(answers=(f"word{number}",), wrong=(f"other{number}",)),
        cluster=str(number),
    )
    for number in range(40)
]
HEAVY = ("torch", "transformers", "peft", "bitsandbytes", "datasets")


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    jsonl.write(Path("probes.jsonl"), FACTS)
    answers("base.jsonl", {probe.id: f"word{number}" for number, probe in enumerate(FACTS)})
    answers("bad.jsonl", {probe.id: "Ahoy!" for probe in FACTS})


def answers(name: str, texts: Mapping[str, str]) -> None:
    lines = [json.dumps({"probe_id": i, "text": text, "finish_reason": "stop"}) for i, text in texts.items()]
    Path(name).write_text("\n".join(lines) + "\n", encoding="utf-8")


BOTH = ("--completions", "base=base.jsonl", "--completions", "mine=bad.jsonl")


def test_a_bad_arm_is_held_and_the_run_can_be_gated_reported_and_scored_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = call(capsys, monkeypatch, "score", "probes.jsonl", *BOTH, "-o", "run", "--quiet")
    assert code == 1
    assert "mine: HOLD" in out
    assert "report: run/report.html" in out
    assert Path("run/report.html").stat().st_size > 1000
    assert call(capsys, monkeypatch, "gate", "run")[0] == 1
    code, out, _ = call(capsys, monkeypatch, "score", "run", "-o", "again", "--json", "--exit-zero")
    assert code == 0
    assert [(verdict["adapter"], verdict["status"]) for verdict in json.loads(out)["verdicts"]] == [
        ("mine", "hold")
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none.jsonl", "-o", "run"], "none.jsonl: there is no such file or run"),
        (["probes.jsonl", "-o", "run"], "the base's answers are missing"),
        (["probes.jsonl", "--completions", "mine", "-o", "run"], "NAME=FILE is wanted"),
        (["probes.jsonl", *BOTH, *BOTH[2:], "-o", "run"], "two arms have the same name"),
        (["probes.jsonl", *BOTH[:2], "--completions", "mine=none.jsonl", "-o", "run"], "no such file"),
    ],
)
def test_a_mistake_is_told_and_writes_nothing(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = call(capsys, monkeypatch, "score", *arguments)
    assert (code, out) == (2, "")
    assert told in err
    assert not Path("run").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--concurrency", "3"], "--concurrency says how a server is asked, and none is given"),
        (["--tokenizer", "x"], "--tokenizer says how a server is asked"),
        (["--endpoint", "localhost:8000"], "is no web address"),
        (["--endpoint", "http://127.0.0.1:1/v1", "--concurrency", "0"], "--concurrency must be at least 1"),
        (["--seeds", "2"], "greedy answers are the same under every seed"),
        (["--completions", "mine=bad.jsonl"], "another arm has that name"),
    ],
)
def test_options_of_an_evaluation_that_contradict_one_another_are_refused(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = call(
        capsys, monkeypatch, "eval", "--base", "b", "--adapter", "mine=x", "-o", "run", *arguments
    )
    assert code == 2
    assert told in err


def test_scoring_loads_no_model_library() -> None:
    script = (
        "import sys\n"
        "from loracheck.cli import cli\n"
        f"arguments = ['score', 'probes.jsonl', *{BOTH!r}, '-o', 'run']\n"
        "try:\n"
        "    cli.main(arguments)\n"
        "except SystemExit as end:\n"
        "    assert end.code == 1, end.code\n"
        f"found = sorted(set({HEAVY!r}) & set(sys.modules))\n"
        "assert not found, found\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    assert Path("run/verdict.json").is_file()
