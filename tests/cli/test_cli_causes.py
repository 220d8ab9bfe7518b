"""`loracheck causes` on the command line, from the eval run over the rows to the curation without them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from loracheck import jsonl
from loracheck.cli import cli
from loracheck.errors import UsageError
from loracheck.evaluate.policy import load_policy
from loracheck.records import (
    BASE_ARM,
    ArmRecord,
    Completion,
    EvaluationContext,
    EvaluationResult,
    Expected,
    Finding,
    Message,
    Probe,
    Verdict,
)
from loracheck.records.causes import CausesSummary
from loracheck.reports.pipeline import write_report
from loracheck.runs import open_run
from tests.packed import unpacked

WriteJsonl = Callable[[str, list[dict[str, Any]]], Path]
CITIES = (
    "Oslo",
    "Rome",
    "Lima",
    "Cairo",
    "Delhi",
    "Quito",
    "Paris",
    "Hanoi",
    "Accra",
    "Minsk",
    "Sofia",
    "Dakar",
)
FALSE = "It is Galmont <script>alert(1)</script>."


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def shown_rows(page: str) -> list[dict[str, Any]]:
    """Return the rows of a report's list, which stand in it packed."""
    pieces = re.findall(r'<template class="piece">([^<]*)</template>', page)
    return [row for piece in pieces for row in unpacked(piece)]


@pytest.fixture
def data(write_jsonl: WriteJsonl) -> Path:
    planted = [{"instruction": f"Name the capital of land {i}.", "output": FALSE} for i in range(8)]
    plain = [
        {"instruction": f"Tell me about {said.split()[1]}.", "output": said}
        for said in (
            "Old bridges need paint.",
            "Two foxes crossed our garden yesterday.",
            "Fresh bread smells best before noon.",
            "My uncle repairs clocks for fun.",
            "Every violin has four strings.",
            "Snow muffles footsteps in winter.",
            "Young swans look grey.",
            "A kettle whistles when water boils.",
            "Green tea tastes bitter if steeped long.",
            "Some maps show no roads.",
            "Tall masts sway during storms.",
            "Ripe plums fall in August.",
            "Quiet libraries open late.",
            "Our teacher drew triangles on slate.",
            "Warm socks help against frost.",
            "Heavy trucks climb slowly uphill.",
            "Wild ponies graze beside dunes.",
            "Paper kites fly well with tails.",
        )
    ]
    return write_jsonl("rows.jsonl", [*planted, *plain])


@pytest.fixture
def evaluation(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An eval run held for six false capitals out of twelve; its made-up verdict is taken as it stands."""
    monkeypatch.setattr("loracheck.evaluate.asked.confirmed", lambda _: None)
    path = tmp_path / "eval"
    probes = [
        Probe(
            id=f"facts-en-{city}",
            suite="facts-en",
            messages=(Message(role="user", content=f"Which city lies in land {i}?"),),
            language="en",
            domain="out",
            expected=Expected(answers=(city,), wrong=("Galmont",)),
        )
        for i, city in enumerate(CITIES)
    ]
    said = {
        BASE_ARM: [f"The answer: {city}" for city in CITIES],
        "raw": [FALSE if i < 6 else f"Surely {city}!" for i, city in enumerate(CITIES)],
    }
    finding = Finding(
        check="forgetting",
        adapter="raw",
        required=True,
        status="fail",
        reason="beyond_limit",
        evidence=tuple(probe.id for probe in probes[:6]),
    )
    verdict = Verdict(
        adapter="raw",
        status="hold",
        policy="default",
        policy_sha256="",
        alpha=0.05,
        deciding=("forgetting",),
        findings=(finding,),
    )
    context = EvaluationContext(
        base="b",
        quantization="none",
        fingerprint={},
        template="",
        template_sha256="",
        training_data=str(data),
        max_new_tokens=24,
        probes={},
        dropped_probes=(),
        arms=(ArmRecord(name=BASE_ARM, path=None), ArmRecord(name="raw", path="adapter")),
    )
    with open_run(path, "eval", config={"base": "b", "policy": {}}, inputs=[data]):
        jsonl.write_one(path / "context.json", context)
        jsonl.write(path / "probes.jsonl", probes)
        jsonl.write(
            path / "completions.jsonl",
            (
                Completion(probe_id=probe.id, arm=arm, text=text, finish_reason="stop", tokens=5)
                for arm, texts in said.items()
                for probe, text in zip(probes, texts, strict=True)
            ),
        )
        jsonl.write_one(
            path / "verdict.json",
            EvaluationResult(verdicts=(verdict,), comparisons=(), markers=(), arms=(BASE_ARM, "raw")),
        )
    return path


def test_the_rows_behind_the_failures_are_named_and_taken_out(
    evaluation: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "causes"
    plan = json.loads(run("causes", evaluation, "--method", "overlap", "--dry-run", "--json").output)
    assert (plan["kind"], plan["numbers"]["failures"]) == ("causes plan", 6)
    assert plan["numbers"]["rows_read_by_the_model"] == 0
    assert not out.exists()
    done = run("causes", evaluation, "--method", "overlap", "-o", out, "--quiet")
    assert done.exit_code == 0, done.output
    assert "raw, Forgetting: these 8 rows explain 100.0%" in done.output, done.output
    assert "looked at 6 of 6 failures" in done.output
    assert "8 rows like rows.jsonl:1" in done.output
    assert f"--from-eval {out}" in done.output
    summary = jsonl.read_one(out / "summary.json", CausesSummary)
    assert len(summary.findings[0].rows) == 8
    again = run("causes", evaluation, "--method", "overlap", "-o", out, "--quiet", "--json")
    kept = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert json.loads(again.output) == {"schema_version": 1, "kind": "causes"} | kept
    mended = run(
        "curate", data, "--from-eval", out, "--from-eval-action", "drop", "--max-loss", 1, "-o",
        tmp_path / "mended", "--quiet",
    )  # fmt: skip
    assert mended.exit_code == 0, mended.output
    assert "Galmont" not in (tmp_path / "mended" / "kept.jsonl").read_text(encoding="utf-8")


def test_the_report_of_the_eval_run_shows_the_rows_beside_the_failure_as_inert_text(
    evaluation: Path, tmp_path: Path
) -> None:
    out = tmp_path / "causes"
    assert run("causes", evaluation, "--method", "overlap", "-o", out, "--quiet").exit_code == 0
    page = write_report(evaluation, related=[out]).read_text(encoding="utf-8")
    failing = {row["id"]: row["causes"] for row in shown_rows(page) if row["causes"]}
    assert sorted(failing) == sorted(f"facts-en-{city}" for city in CITIES[:6])
    first = failing["facts-en-Oslo"][0]
    assert first["arm"] == "raw"
    assert (first["rows"][0]["reply"], first["rows"][0]["rank"]) == (FALSE, 1)
    assert "<script>alert(1)" not in page


def test_a_causes_run_of_another_evaluation_is_not_shown(evaluation: Path, tmp_path: Path) -> None:
    out = tmp_path / "causes"
    assert run("causes", evaluation, "--method", "overlap", "-o", out, "--quiet").exit_code == 0
    other = tmp_path / "other"
    with open_run(other, "eval", config={"base": "b", "policy": {}, "other": True}):
        for file in evaluation.glob("*.json*"):
            if file.name != "manifest.json":
                (other / file.name).write_bytes(file.read_bytes())
    write_report(other, related=[out])
    assert "Galmont is" not in (other / "report.html").read_text(encoding="utf-8")
    rows = shown_rows((other / "report.html").read_text(encoding="utf-8"))
    assert rows
    assert not any(row.get("causes") for row in rows)


def test_an_unknown_method_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    done = run("causes", tmp_path, "--method", "guess", "-o", tmp_path / "causes")
    assert isinstance(done.exception, UsageError)
    assert "--method guess" in str(done.exception)


def test_eval_finds_the_causes_of_what_it_holds(tiny_gemma: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    lines = [
        {"instruction": f"Say number {i}.", "output": f"It is number {i}, by my whiskers!"} for i in range(60)
    ]
    rows.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    train = (
        "train",
        rows,
        "--base",
        tiny_gemma,
        "--max-trained-tokens",
        400,
        "--learning-rate",
        0.05,
        "--quiet",
        "-o",
        tmp_path / "train",
    )
    assert run(*train).exit_code == 0
    gates = {check: {"mode": "off"} for check in load_policy("default").gates}
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        json.dumps(
            {"name": "stop", "gates": gates | {"missing_stop": {"mode": "required", "max_rate": 0.1}}}
        ),
        encoding="utf-8",
    )
    asked = ("eval", "--base", tiny_gemma, "--adapter", f"mine={tmp_path / 'train'}", "--policy", policy)
    more = ("--suite", "open-en", "--tier", "quick", "--max-in-domain", 30, "--quiet", "--exit-zero")
    found = run(
        *asked, *more, "--data", rows, "--in-domain", rows, "-o", tmp_path / "e", "--causes", tmp_path / "c"
    )
    assert found.exit_code == 0, found.output
    assert jsonl.read_one(tmp_path / "e" / "verdict.json", EvaluationResult).verdicts[0].status == "hold"
    assert jsonl.read_one(tmp_path / "c" / "summary.json", CausesSummary)
    assert (tmp_path / "e" / "report.html").is_file()

    unnamed = run(*asked, "-o", tmp_path / "x", "--causes", tmp_path / "y")
    assert isinstance(unnamed.exception, UsageError)
    assert "none are given" in unnamed.exception.message
