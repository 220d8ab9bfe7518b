"""Runs that a stranger made or altered, all hashes right: what was left out, made up or relabelled is refused."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import loracheck
from loracheck import jsonl
from loracheck.adapters.files import ADAPTER
from loracheck.api import report
from loracheck.cli import cli
from loracheck.errors import LoracheckError, RunError
from loracheck.evaluate.asked import confirmed, read_asked
from loracheck.evaluate.comparison.pipeline import compare
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.evidence import read_evidence
from loracheck.evaluate.gate import rejudge
from loracheck.evaluate.pipeline import evaluate
from loracheck.evaluate.policy import Policy, load_policy
from loracheck.evaluate.score import score
from loracheck.progress import Progress
from loracheck.records import EvaluationResult, FileEntry, Manifest
from loracheck.runs import file_entry, identity, open_run
from loracheck.train.config import TrainConfig
from loracheck.train.inputs import TrainInputs
from loracheck.train.pipeline import train
from tests.evaluate.evidence_records import GOOD, PERSONA, always, build, write_run

QUIET = Progress(quiet=True)
Rows = list[dict[str, Any]]
Change = Callable[[Any], Any]


@pytest.fixture(scope="module")
def finished(tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An eval run that was made by asking models."""
    folder = tmp_path_factory.mktemp("finished")
    rows = folder / "rows.jsonl"
    lines = ({"instruction": f"{i}は何？", "output": f"{i}なのだ。"} for i in range(24))
    rows.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    train(
        rows,
        folder / "train",
        TrainConfig(max_trained_tokens=100),
        TrainInputs(base=str(tiny_gemma)),
        progress=QUIET,
    )
    asked_of(tiny_gemma, folder, folder / "eval")
    return folder / "eval"


def asked_of(base: Path, folder: Path, out: Path) -> EvaluationResult:
    """Evaluate the adapter that was trained in a folder."""
    config = EvalConfig(
        suites=("facts-ja", "open-en"),
        tier="quick",
        max_facts=12,
        max_open=6,
        max_training=4,
        max_new_tokens=4,
    )
    return evaluate(
        str(base),
        {"mine": folder / "train" / ADAPTER},
        out,
        config,
        load_policy("default"),
        data=[folder / "rows.jsonl"],
        progress=QUIET,
    )


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "eval"))


def sealed(run: Path) -> Path:
    """Give a run that was altered the hashes that it would have had."""
    file = run / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    inputs = [FileEntry(**entry) for entry in manifest["inputs"]]
    manifest["identity"] = identity(manifest["kind"], manifest["config"], inputs)
    manifest["files"] = [jsonl.to_builtins(file_entry(run / one["path"], run)) for one in manifest["files"]]
    file.write_text(json.dumps(manifest), encoding="utf-8")
    return run


def altered(run: Path, name: str, change: Change) -> Path:
    """Alter the rows, or the one record, of a file and seal the run again."""
    file = run / name
    text = file.read_text(encoding="utf-8")
    if name.endswith(".jsonl"):
        rows = change([json.loads(line) for line in text.splitlines()])
        file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    else:
        file.write_text(json.dumps(change(json.loads(text)), ensure_ascii=False), encoding="utf-8")
    return sealed(run)


def without(arm: str, beginning: str) -> Change:
    """Leave out the first row of an arm on a probe whose id begins so."""

    def change(rows: Rows) -> Rows:
        gone = next(row for row in rows if row["arm"] == arm and row["probe_id"].startswith(beginning))
        return [row for row in rows if row is not gone]

    return change


def test_a_run_that_was_made_here_is_whole_and_its_verdict_is_confirmed(finished: Path) -> None:
    assert read_asked(finished).policy == load_policy("default")
    assert confirmed(finished).verdicts[0].policy == "default"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("completions.jsonl", without("mine", "facts-ja")),
        ("completions.jsonl", without("mine", "open-en")),
        ("completions.jsonl", without("base", "facts-ja")),
        ("completions.jsonl", without("base", "training")),
        ("choices.jsonl", without("mine", "facts-ja")),
        ("choices.jsonl", lambda rows: [row | {"logprobs": []} if row is rows[-1] else row for row in rows]),
        ("likelihoods.jsonl", without("mine", "training")),
    ],
)
def test_an_answer_that_an_arm_lacks_is_named(run: Path, name: str, change: Change) -> None:
    with pytest.raises(RunError, match=r"(base|mine) gave no answer to the probe '"):
        rejudge(altered(run, name, change), None)


@pytest.mark.parametrize("name", ["completions.jsonl", "choices.jsonl"])
def test_a_question_that_both_arms_lack_is_missed_all_the_same(name: str, run: Path) -> None:
    gone = next(row.id for row in read_evidence(run).probes if row.suite == "facts-ja")
    altered(run, name, lambda rows: [row for row in rows if row["probe_id"] != gone])
    with pytest.raises(RunError, match=f"gave no answer to the probe '{gone}'"):
        rejudge(run, None)


def first(rows: Rows, **given: object) -> Rows:
    return [rows[0] | given, *rows[1:]]


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("probes.jsonl", lambda rows: rows[1:], "not those that it says it asked"),
        ("probes.jsonl", lambda rows: [rows[0], *rows[:1], *rows[2:]], "not those that it says it asked"),
        (
            "probes.jsonl",
            lambda rows: first(rows, expected={"answers": ["の"], "wrong": []}),
            "is not the one that comes with this version",
        ),
        ("probes.jsonl", lambda rows: first(rows, id="facts-ja-mine"), "is not the one that comes with"),
        (
            "context.json",
            lambda context: context | {"suites": first(context["suites"], sha256="0" * 64)},
            "its suite facts-ja is not the one",
        ),
        ("context.json", lambda context: context | {"suites": []}, "its suite facts-ja is not the one"),
        (
            "context.json",
            lambda context: context | {"arms": [*context["arms"], context["arms"][1]]},
            "stands there twice",
        ),
        ("context.json", lambda context: context | {"arms": context["arms"][1:]}, "an arm is missing"),
        ("context.json", lambda context: context | {"arms": context["arms"][:1]}, "none of its arms"),
        ("context.json", lambda context: context | {"nulls": ["other"]}, "none of its arms"),
        (
            "context.json",
            lambda context: context | {"arms": [context["arms"][0], context["arms"][1] | {"name": "a\n::b"}]},
            "is no name of an arm",
        ),
    ],
)
def test_what_no_evaluation_writes_is_refused(run: Path, name: str, change: Change, told: str) -> None:
    altered(run, name, change)
    for reads in (partial(rejudge, policy=None), confirmed):
        with pytest.raises(RunError, match="the run cannot be trusted") as caught:
            reads(run)
        assert told in caught.value.message
    with pytest.raises(LoracheckError):
        score(run, {}, run.parent / "again", None, progress=QUIET)


def test_limits_that_were_edited_in_the_manifest_alone_are_refused(run: Path) -> None:
    file = run / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    for gate in manifest["config"]["policy"]["gates"].values():
        gate["mode"] = "info"
    file.write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(RunError, match="was changed after the run began"):
        rejudge(run, None)
    with pytest.raises(RunError, match="under another policy than its manifest holds"):
        rejudge(sealed(run), None)


def test_a_verdict_that_the_answers_do_not_give_is_neither_loaded_nor_shown(run: Path) -> None:
    assert loracheck.load(run).result.verdicts  # type: ignore[union-attr]
    altered(
        run,
        "verdict.json",
        lambda result: result | {"verdicts": [one | {"status": "ship"} for one in result["verdicts"]]},
    )
    with pytest.raises(RunError, match="is not what the answers of the run give"):
        confirmed(run)
    with pytest.raises(RunError, match="is not what the answers of the run give"):
        loracheck.load(run).result  # type: ignore[union-attr]  # noqa: B018
    with pytest.raises(RunError, match="is not what the answers of the run give") as refused:
        report(run)
    assert rejudge(run, None).verdicts[0].status != "ship"
    judged = run.with_name(f"{run.name}-judged")
    assert f"loracheck score {run} -o {judged}" in refused.value.hint
    score(run, {}, judged, None, progress=QUIET)
    assert report(judged).is_file()


def test_an_evaluation_that_is_finished_already_returns_no_verdict_unconfirmed(
    finished: Path, run: Path, tiny_gemma: Path
) -> None:
    assert asked_of(tiny_gemma, finished.parent, run) == confirmed(finished)
    altered(run, "verdict.json", lambda result: result | {"verdicts": []})
    with pytest.raises(RunError, match="is not what the answers of the run give"):
        asked_of(tiny_gemma, finished.parent, run)


def test_nothing_is_built_on_a_verdict_that_the_answers_do_not_give(
    finished: Path, run: Path, tmp_path: Path
) -> None:
    altered(run, "verdict.json", lambda result: result | {"verdicts": []})
    said = "is not what the answers of the run give"
    with pytest.raises(RunError, match=said):
        compare([finished, run])
    mine = {"mine": finished.parent / "train" / ADAPTER}
    with pytest.raises(RunError, match=said):
        evaluate(
            "base", mine, tmp_path / "e", EvalConfig(), load_policy("default"), after=run, progress=QUIET
        )
    for more in (("--dry-run",), ("-o", str(tmp_path / "causes"))):
        done = CliRunner().invoke(cli, ["causes", str(run), "--method", "overlap", *more])
        assert said in str(done.exception)
    assert not (tmp_path / "causes").exists()


def test_a_number_that_two_machines_compute_a_little_differently_is_confirmed(run: Path) -> None:
    def nudged(value: object) -> object:
        if isinstance(value, dict):
            return {key: nudged(one) for key, one in value.items()}
        if isinstance(value, list):
            return [nudged(one) for one in value]
        return value * (1 + 1e-12) if isinstance(value, float) else value

    assert confirmed(altered(run, "verdict.json", nudged)).verdicts


def written(path: Path, policy: Policy) -> Path:
    return write_run(path, build({"mine": replace(GOOD, domain=always("persona"))}, facts=60), policy)


def test_no_other_limits_go_by_the_name_of_a_preset(tmp_path: Path) -> None:
    for name in ("default", "persona", "strict"):
        assert load_policy(name).title == name
    assert replace(load_policy("default"), name="ours", alpha=0.2).title == "ours"
    other = replace(PERSONA, alpha=0.2)
    said = rejudge(written(tmp_path / "eval", other), None).verdicts[0].policy
    assert said == f"persona@{hashlib.sha256(jsonl.encode(other)).hexdigest()[:8]}"


def test_answers_scored_under_other_limits_stay_post_hoc_at_the_gate(tmp_path: Path) -> None:
    source = written(tmp_path / "eval", PERSONA)
    score(source, {}, tmp_path / "loose", replace(PERSONA, alpha=0.1), progress=QUIET)
    assert confirmed(tmp_path / "loose").verdicts[0].post_hoc
    assert rejudge(tmp_path / "loose", None).verdicts[0].post_hoc
    assert not rejudge(source, None).verdicts[0].post_hoc


def test_a_manifest_without_a_policy_is_told(tmp_path: Path) -> None:
    with open_run(tmp_path / "eval", "eval", config={}):
        for name in ("probes.jsonl", "completions.jsonl"):
            jsonl.write(tmp_path / "eval" / name, [])
        jsonl.write_one(tmp_path / "eval" / "context.json", build({}).context)
    with pytest.raises(LoracheckError, match=r"config\.policy"):
        rejudge(tmp_path / "eval", None)
    assert jsonl.read_one(tmp_path / "eval" / "manifest.json", Manifest).status == "complete"
