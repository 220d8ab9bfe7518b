"""The gate on the command line: the verdict as exit code, in text and JSON alike."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loracheck import cli, jsonl
from loracheck.evaluate.evidence import read_evidence
from loracheck.evaluate.gate import rejudge
from loracheck.evaluate.policy import Policy, load_policy
from loracheck.evaluate.verdict.judge import judge
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
from loracheck.runs import file_entry, open_run, read_manifest
from tests.cli.called import call

Outcome = tuple[int, str, str]
Gate = Callable[..., Outcome]
ROOT = Path(__file__).resolve().parents[2]
EXITS = {"ship": 0, "hold": 1, "inconclusive": 3}


@pytest.fixture
def gate(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Call `loracheck gate`; returns exit code, stdout and stderr."""

    def call(*arguments: str | Path) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["loracheck", "gate", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, said.out, said.err

    return call


def eval_run(
    path: Path, adapters: dict[str, str], facts: int = 200, policy: dict[str, Any] | None = None
) -> Path:
    """Write an eval run with adapters that end in a verdict; a good one answers just as the base does."""
    arms = {BASE_ARM: "ship", **adapters}
    probes = [
        Probe(
            id=f"facts-en-{i}",
            suite="facts-en",
            messages=(Message(role="user", content=f"What is number {i}?"),),
            language="en",
            domain="out",
            expected=Expected(answers=(f"word{i}",), wrong=(f"other{i}",)),
            cluster=str(i),
        )
        for i in range(facts)
    ]
    context = EvaluationContext(
        base="b",
        quantization="none",
        fingerprint={},
        template="",
        template_sha256="",
        training_data=None,
        max_new_tokens=24,
        probes={"facts-en": facts},
        dropped_probes=(),
        arms=tuple(
            ArmRecord(name=name, path=name, logit_change=0.0 if kind == "inconclusive" else 1.0)
            for name, kind in arms.items()
        ),
    )
    persona = load_policy("persona")
    facts_only = {name: persona.gates[name] for name in ("content_damage", "forgetting", "collapse")}
    own = policy or jsonl.to_builtins(replace(persona, gates=facts_only))
    with open_run(path, "eval", config={"policy": own, "adapters": adapters}) as run:
        jsonl.write(run.path / "probes.jsonl", probes)
        jsonl.write(
            run.path / "completions.jsonl",
            [
                Completion(
                    probe_id=probe.id,
                    arm=name,
                    text="Ahoy!" if kind == "hold" else f"It is {probe.expected.answers[0]}.",
                    finish_reason="stop",
                    tokens=4,
                )
                for name, kind in arms.items()
                for probe in probes
                if probe.expected
            ],
        )
        jsonl.write(
            run.path / "choices.jsonl",
            [
                ChoiceScores(
                    probe_id=probe.id,
                    arm=name,
                    kinds=("right", "wrong"),
                    choices=("a", "b"),
                    logprobs=(-9.0, -1.0) if kind == "hold" else (-1.0, -9.0),
                )
                for name, kind in arms.items()
                for probe in probes
            ],
        )
        jsonl.write_one(run.path / "context.json", context)
        limits = jsonl.convert(own, Policy, "policy")
        result = judge(read_evidence(run.path), limits)
        sha256 = hashlib.sha256(jsonl.encode(own)).hexdigest()
        verdicts = tuple(replace(verdict, policy_sha256=sha256) for verdict in result.verdicts)
        jsonl.write_one(run.path / "verdict.json", replace(result, verdicts=verdicts))
    return path


@pytest.mark.parametrize("kind", EXITS)
def test_the_exit_code_is_the_verdict(kind: str, gate: Gate, tmp_path: Path) -> None:
    code, out, err = gate(eval_run(tmp_path / "run", {"mine": kind}))
    assert (code, err) == (EXITS[kind], "")
    assert f"mine: {kind.upper()}  (policy persona" in out


@pytest.mark.parametrize("kind", EXITS)
def test_json_text_and_exit_code_agree(kind: str, gate: Gate, tmp_path: Path) -> None:
    run = eval_run(tmp_path / "run", {"mine": kind, "other": "ship"})
    text_code, text, _ = gate(run)
    json_code, said, _ = gate(run, "--format", "json")
    verdicts = {verdict["adapter"]: verdict["status"] for verdict in json.loads(said)["verdicts"]}
    assert verdicts == {"mine": kind, "other": "ship"}
    assert dict(re.findall(r"^(\w+): ([A-Z]+)  \(policy", text, re.MULTILINE)) == {
        name: status.upper() for name, status in verdicts.items()
    }
    assert text_code == json_code == EXITS[kind]


@pytest.mark.parametrize("kind", EXITS)
@pytest.mark.parametrize("form", ["junit", "github", "markdown", "sarif", "model-card"])
def test_every_format_keeps_the_exit_code_and_prints_nothing_else(
    form: str, kind: str, gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    run = eval_run(tmp_path / "run", {"mine": kind})
    code, out, err = gate(run, "--format", form)
    assert (code, err) == (EXITS[kind], "")
    begins = {"junit": "<?xml", "github": "::", "markdown": "## ", "sarif": "{", "model-card": "---\n"}
    assert out.startswith(begins[form])
    assert (tmp_path / "summary.md").is_file() == (form == "github")


def test_the_comment_shows_the_worst_answers_beside_the_bases(gate: Gate, tmp_path: Path) -> None:
    _, out, _ = gate(eval_run(tmp_path / "run", {"mine": "hold"}), "--format", "markdown")
    assert "mine `Ahoy!`" in out


def test_the_worst_adapter_counts_unless_one_is_named(gate: Gate, tmp_path: Path) -> None:
    run = eval_run(tmp_path / "run", {"good": "ship", "bad": "hold", "idle": "inconclusive"})
    assert gate(run)[0] == 1
    assert gate(run, "--adapter", "good")[0] == 0
    assert gate(run, "--adapter", "good", "--adapter", "idle")[0] == 3
    code, out, _ = gate(run, "--adapter", "bad", "--format", "json")
    assert (code, [verdict["adapter"] for verdict in json.loads(out)["verdicts"]]) == (1, ["bad"])
    code, out, err = gate(run, "--adapter", "best")
    assert (code, out) == (2, "")
    assert "--adapter best" in err
    assert "good, bad, idle" in err


@pytest.mark.parametrize(("options", "code"), [([], 1), (["--exit-zero"], 0), (["--exit-zero", "--json"], 0)])
def test_eval_exits_with_the_verdict_unless_told_otherwise(
    options: list[str],
    code: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    importlib.import_module("loracheck.evaluate.dryrun")  # else it would keep the stand-in for good
    result = rejudge(eval_run(tmp_path / "run", {"mine": "hold"}), None)
    monkeypatch.setattr("loracheck.evaluate.pipeline.evaluate", lambda *_, **__: result)
    monkeypatch.setattr("loracheck.reports.pipeline.write_report", lambda *_, **__: Path("report.html"))
    monkeypatch.setattr(
        sys, "argv", ["loracheck", "eval", "--base", "b", "--adapter", "mine=x", "-o", "run", *options]
    )
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == code
    assert "hold" in capsys.readouterr().out.casefold(), "the verdict is printed all the same"


def test_another_policy_may_change_the_verdict(gate: Gate, tmp_path: Path) -> None:
    run = eval_run(tmp_path / "run", {"mine": "ship"}, facts=60)
    assert gate(run)[0] == 0
    code, out, _ = gate(run, "--policy", "strict")
    assert code == 3
    assert "policy strict" in out


def test_a_run_whose_policy_requires_nothing_ships_nothing(gate: Gate, tmp_path: Path) -> None:
    run = eval_run(tmp_path / "old", {"raw": "hold"}, policy={"name": "persona", "min_in_domain": 0.8})
    code, out, err = gate(run)
    assert (code, out) == (2, "")
    assert "requires no check" in err
    assert "--policy" in err
    assert gate(run, "--policy", "default")[0] == 1


def test_a_changed_answer_is_refused(gate: Gate, tmp_path: Path) -> None:
    run = eval_run(tmp_path / "run", {"mine": "hold"})
    file = run / "completions.jsonl"
    file.write_bytes(file.read_bytes().replace(b"Ahoy!", b"Ahoy?", 1))
    code, out, err = gate(run)
    assert (code, out) == (2, "")
    assert "completions.jsonl was changed" in err


def test_an_unfinished_or_other_run_is_refused(gate: Gate, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), open_run(tmp_path / "run", "eval", config={}):
        raise KeyboardInterrupt
    code, _, err = gate(tmp_path / "run")
    assert (code, "is not finished" in err) == (2, True)
    with open_run(tmp_path / "train", "train", config={}):
        pass
    code, _, err = gate(tmp_path / "train")
    assert (code, "holds a train run" in err) == (2, True)


@pytest.mark.parametrize("name", ["mi\x07\x1b[31mne", "x\n::error::y", "::error::y", ""])
def test_an_arm_whose_name_is_none_is_refused_in_one_line(name: str, gate: Gate, tmp_path: Path) -> None:
    code, out, err = gate(eval_run(tmp_path / "run", {name: "ship"}))
    assert (code, out) == (2, "")
    assert f"{name!r} is no name of an arm" in err
    assert {"\x07", "\x1b"} & set(err) == set()
    assert not re.search(r"^\s*::", err, re.MULTILINE)


def test_a_closed_pipe_is_no_verdict(tmp_path: Path) -> None:
    assert piped(tmp_path, "true").stdout.split() == ["141"]


@pytest.mark.parametrize("reader", ["head -1", "true"])
def test_a_closed_pipe_gives_no_traceback(reader: str, tmp_path: Path) -> None:
    done = piped(tmp_path, reader)
    assert done.stderr == ""


def piped(folder: Path, reader: str) -> subprocess.CompletedProcess[str]:
    """Pipe the gate of a run that ships into a command that hardly reads; prints the gate's exit code."""
    run = eval_run(folder / "run", {f"adapter{i:03d}": "ship" for i in range(30)}, facts=60)
    gate = f"{sys.executable} -m loracheck gate {run} --format json"
    return subprocess.run(
        ["bash", "-c", f"{gate} | {reader} >/dev/null; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def resealed(run: Path) -> Path:
    """Give a run that was altered the hashes that it would have had."""
    manifest = read_manifest(run)
    files = tuple(file_entry(run / entry.path, run) for entry in manifest.files)
    jsonl.write_one(run / "manifest.json", replace(manifest, files=files))
    return run


def test_no_verb_shows_a_verdict_that_the_answers_do_not_give(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = eval_run(tmp_path / "runs" / "eval", {"mine": "hold"})
    assert call(capsys, monkeypatch, "report", str(run))[0] == 0
    verdict = run / "verdict.json"
    verdict.write_text(verdict.read_text(encoding="utf-8").replace('"hold"', '"ship"'), encoding="utf-8")
    resealed(run)
    merge = ("merge", "adapter", "--base", "b", "-o", str(tmp_path / "out"), "--eval", str(run))
    for arguments in (("report", str(run)), ("report", str(run.parent), "--json"), merge):
        code, out, err = call(capsys, monkeypatch, *arguments)
        if "--json" in arguments:  # the index names what it refuses
            err = (run.parent / "index.html").read_text(encoding="utf-8")
        assert (code, "is not what the answers of the run give" in err) == (0 if out else 2, True)


def test_what_is_explained_drives_no_terminal_and_no_ci_service(
    gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loracheck.summary.explain", lambda *_: "a \x07 " + "word " * 9 + "::error::x " * 30)
    _, out, _ = gate(eval_run(tmp_path / "run", {"mine": "hold"}))
    assert "::error::x" in out
    assert "\x07" not in out
    assert not re.search(r"^\s*::", out, re.MULTILINE)


WRONG: tuple[object, ...] = (
    None,
    True,
    -1,
    10**30,
    1e308,
    "",
    "\0\n::error::x",
    [],
    [[]],
    {},
    {"a": 1},
    "x" * 5000,
)


def places(value: object, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to everything in a JSON value, of a list to its first entries alone."""
    if place:
        yield place
    inside = (
        value.items() if isinstance(value, dict) else enumerate(value[:2] if isinstance(value, list) else ())
    )
    for key, one in inside:
        yield from places(one, (*place, key))


def spoilt(content: bytes, draw: random.Random) -> bytes:
    """Return one JSON value with one thing in it dropped or replaced, or bytes that are no such value."""
    value: Any = json.loads(content)
    *way, last = draw.choice(list(places(value)))
    inner = value
    for key in way:
        inner = inner[key]
    how = draw.randrange(8)
    if how == 0:
        return content[: draw.randrange(len(content))]
    if how == 1:
        return draw.choice((b"[" * 100_000, b"\xff" + content, b'{"more":' * 100_000))
    if how == 2:
        del inner[last]
    else:
        inner[last] = draw.choice(WRONG)
    return json.dumps(value).encode()


@pytest.mark.parametrize("name", ["manifest.json", "context.json", "verdict.json", "probes.jsonl", "completions.jsonl",
                                  "choices.jsonl"])  # fmt: skip
def test_whatever_stands_in_a_run_ends_in_a_verdict_or_one_message(
    name: str, gate: Gate, tmp_path: Path
) -> None:
    draw = random.Random(name)
    whole = eval_run(tmp_path / "whole", {"mine": "ship"}, facts=4)
    for number in range(25):
        run = Path(shutil.copytree(whole, tmp_path / str(number)))
        file = run / name
        if name.endswith(".jsonl"):
            lines = file.read_bytes().splitlines()
            file.write_bytes(b"\n".join([spoilt(lines[0], draw), *lines[1:]]))
        else:
            file.write_bytes(spoilt(file.read_bytes(), draw))
        if name != "manifest.json":
            resealed(run)
        code, _, err = gate(run)
        assert code in (0, 1, 2, 3, 4), (file.read_bytes()[:300], err)
        assert "Traceback" not in err
        assert not re.search(r"^\s*::", err, re.MULTILINE)
