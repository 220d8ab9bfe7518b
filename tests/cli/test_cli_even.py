"""The verbs are alike: each prints versioned JSON, the long ones can be quiet, the costly ones can be planned."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from loracheck.cli import cli

ROOT = Path(__file__).parents[2]

NO_DRY_RUN = {
    "canaries": "writes a few rows within a second, and overwrites nothing",
    "checks": "only prints",
    "compare": "reads finished runs, loads no model",
    "curate explain": "only prints",
    "doctor": "only looks; a server is asked for single tokens",
    "explain": "only prints",
    "gate": "only computes the verdict again",
    "init": "writes two small files, and overwrites nothing",
    "inspect": "only reads",
    "plan": "is the dry run of train",
    "power": "only computes",
    "probes check": "only reads",
    "probes list": "only prints",
    "probes make": "writes two files within a second, and overwrites nothing",
    "probes show": "only prints",
    "report": "draws again what a run holds",
    "score": "judges answers that are there; loads no model and asks none",
    "validate": "only reads",
}
LONG = {
    "causes",
    "curate",
    "curate synthesize",
    "demo",
    "eval",
    "inspect",
    "merge",
    "plan",
    "run",
    "scale",
    "score",
    "selftest",
    "train",
}


def options(name: str) -> set[str]:
    return {flag for param in cli.commands[name].params for flag in param.opts}


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_verb_prints_json(name: str) -> None:
    assert "--json" in options(name)


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_verb_that_costs_can_be_planned(name: str) -> None:
    assert ("--dry-run" in options(name)) != (name in NO_DRY_RUN), NO_DRY_RUN.get(name)


@pytest.mark.parametrize("name", sorted(LONG))
def test_every_verb_that_works_long_can_be_quiet(name: str) -> None:
    assert "--quiet" in options(name)


def test_what_stands_in_the_lists_above_exists() -> None:
    assert (set(NO_DRY_RUN) | LONG) <= set(cli.commands)
    assert all(NO_DRY_RUN.values())
    costly = {name for name in cli.commands if "--dry-run" in options(name)}
    assert costly <= LONG


def called(*arguments: object) -> dict[str, Any]:
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert not isinstance(done.exception, Exception), done.exception
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("arguments", "kind", "key"),
    [
        (["checks"], "checks", "checks"),
        (["power", "--suite", "facts-ja"], "power", "limits"),
        (["probes", "list"], "probes list", "suites"),
        (["probes", "show", "facts-ja"], "probes show", "probes"),
        (["canaries", "-o", "c.jsonl"], "canaries", "manifest"),
        (["init", "--base", "b", "--data", "d.jsonl"], "init", "pipeline"),
        (["demo", "--dry-run"], "demo plan", "steps"),
        (["selftest", "--dry-run"], "selftest plan", "steps"),
        (
            ["curate", "synthesize", "--base", "b", "--replay", "3", "--dry-run"],
            "curate synthesize plan",
            "steps",
        ),
    ],
)
def test_json_names_its_kind_and_schema(
    arguments: list[str], kind: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = called(*arguments, "--json")
    assert list(found)[:2] == ["schema_version", "kind"]
    assert (found["schema_version"], found["kind"]) == (1, kind)
    assert found[key]


@pytest.mark.parametrize("file", sorted((ROOT / "loracheck").glob("cli*.py")), ids=lambda file: file.name)
def test_no_verb_encodes_json_by_itself(file: Path) -> None:
    if file.name == "cli_failure.py":
        pytest.skip("an error is told without msgspec; its object names the schema, too")
    calls = {
        f"{node.func.value.id}.{node.func.attr}"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
    }
    assert not calls & {"json.dumps", "json.dump", "jsonl.encode"}


def test_a_plan_of_demo_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["demo", "--dry-run", "--language", "en"])
    assert "Captain Brindle" in done.output
    assert "nothing was done" in done.output
    assert not list(tmp_path.iterdir())
