"""`loracheck compare`: text, JSON and compare.json say the same of the same runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from loracheck import cli, jsonl
from loracheck.evaluate.evidence import read_evidence
from loracheck.evaluate.policy import load_policy
from loracheck.evaluate.verdict.judge import judge
from loracheck.records import (
    BASE_ARM,
    ArmRecord,
    Completion,
    EvaluationContext,
    Expected,
    FinishReason,
    Message,
    Probe,
)
from loracheck.runs import open_run


def eval_run(path: Path, rights: dict[str, int], weights: str = "") -> Path:
    """Write an eval run of 40 facts; an arm answers so many of them right."""
    probes = [
        Probe(
            id=f"facts-en-{i}",
            suite="facts-en",
            messages=(Message(role="user", content=f"What is number {i}?"),),
            language="en",
            domain="out",
            expected=Expected(answers=(f"word{i}",)),
        )
        for i in range(40)
    ]
    ends: FinishReason = "stop"
    policy = jsonl.to_builtins(load_policy("default"))
    with open_run(path, "eval", config={"policy": policy, "name": path.name}):
        jsonl.write(path / "probes.jsonl", probes)
        jsonl.write(
            path / "completions.jsonl",
            [
                Completion(
                    probe_id=probe.id,
                    arm=arm,
                    text=f"It is word{i}." if i < right else f"No idea of {i}.",
                    finish_reason=ends,
                    tokens=4,
                )
                for arm, right in {BASE_ARM: 30, **rights}.items()
                for i, probe in enumerate(probes)
            ],
        )
        jsonl.write_one(
            path / "context.json",
            EvaluationContext(
                base="b",
                quantization="none",
                fingerprint={},
                template="",
                template_sha256="",
                training_data=None,
                max_new_tokens=24,
                probes={"facts-en": 40},
                dropped_probes=(),
                arms=(
                    ArmRecord(name=BASE_ARM, path=None),
                    *(
                        ArmRecord(name=n, path=n, sha256=f"{weights or path.name}{n}", logit_change=1.0)
                        for n in rights
                    ),
                ),
            ),
        )
        jsonl.write_one(path / "verdict.json", judge(read_evidence(path), load_policy("default")))
    return path


def called(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str | Path
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["loracheck", "compare", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out, err = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, out, err


def test_text_json_and_file_agree_over_seeds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [eval_run(tmp_path / f"s{i}", {"raw": 10 + i, "curated": 35 - i}) for i in range(5)]
    code, text, _ = called(capsys, monkeypatch, *runs, "-o", tmp_path / "out")
    assert code == 0
    assert (
        "raw 30.0% over 5 seeds (seed SD 4.0 points); curated 82.5% over 5 seeds (seed SD 4.0 points)" in text
    )
    assert "Content damage, right answer said: better" in text
    json_code, said, _ = called(capsys, monkeypatch, *runs, "--json")
    kept = json.loads((tmp_path / "out" / "compare.json").read_text(encoding="utf-8"))
    assert (json_code, json.loads(said)) == (0, {"schema_version": 1, "kind": "compare"} | kept)
    [one] = [found for found in kept["differences"] if found["measure"] == "said"]
    assert (one["label"], len(one["won"]), one["lost"]) == ("better", 25, [])


def test_one_seed_says_noise_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = eval_run(tmp_path / "run", {"raw": 5, "curated": 40})
    _, text, _ = called(capsys, monkeypatch, run)
    assert "right answer said: noise unknown" in text
    assert "seed SD unknown" in text
    assert ": better" not in text


def test_a_repetition_shows_the_flips(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [
        eval_run(tmp_path / day, {"mine": n}, weights="w") for day, n in (("monday", 30), ("tuesday", 28))
    ]
    code, text, _ = called(capsys, monkeypatch, *days)
    assert code == 0
    assert "2 of 40 answers differ" in text
    assert "right answer said: 2 flipped: facts-en-28 -, facts-en-29 -" in text


def test_a_mismatch_is_an_input_error_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = eval_run(tmp_path / "run", {"raw": 5})
    code, out, err = called(capsys, monkeypatch, run, "-o", tmp_path / "out")
    assert (code, out, (tmp_path / "out").exists()) == (2, "", False)
    assert "--first" in err


def test_with_a_directory_it_writes_a_page_in_the_language_asked_for_and_does_nothing_the_second_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = eval_run(tmp_path / "run", {"raw": 5, "curated": 40})
    given = (run, "-o", tmp_path / "out", "--language", "ja")
    code, text, _ = called(capsys, monkeypatch, *given)
    page = tmp_path / "out" / "report.html"
    assert (code, f"report: {page}" in text) == (0, True)
    assert '<html lang="ja">' in page.read_text(encoding="utf-8")
    before = (tmp_path / "out" / "manifest.json").read_bytes()
    assert called(capsys, monkeypatch, *given)[0] == 0
    assert (tmp_path / "out" / "manifest.json").read_bytes() == before


def test_a_page_is_not_what_o_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = eval_run(tmp_path / "run", {"raw": 5, "curated": 40})
    code, _, err = called(capsys, monkeypatch, run, "-o", tmp_path / "page.html")
    assert (code, (tmp_path / "page.html").exists()) == (2, False)
    assert f"-o {tmp_path / 'page'}" in err
