"""The verbs are alike: each prints versioned JSON, the long ones can be quiet, the costly ones can be planned."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from loracheck.cli import cli
from loracheck.errors import UsageError

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


@pytest.mark.parametrize(
    "file", sorted((ROOT / "loracheck" / "cli").glob("*.py")), ids=lambda file: file.name
)
def test_no_verb_encodes_json_by_itself(file: Path) -> None:
    if file.name == "failure.py":
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


@pytest.fixture(scope="module")
def adapter(tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("even") / "adapter"
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(tiny_gemma),
        LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM"),
    )
    model.save_pretrained(str(out))
    return out


def test_plans_of_train_scale_and_merge_say_what_it_takes_and_write_nothing(
    adapter: Path, tiny_gemma: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [{"instruction": f"{thing}は好き？", "output": f"{thing}は好きなのだ。"} for thing in "空花星海"]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    base = ("--base", tiny_gemma, "--dry-run", "--quiet", "--json")

    sweep = called("train", "rows.jsonl", "--sweep", "lora_r=2,4", *base)
    assert sweep["kind"] == "train plan"
    assert [one["name"] for one in sweep["trainings"]] == ["lora_r-2", "lora_r-4"]
    parameters = [one["plan"]["trainable_parameters"] for one in sweep["trainings"]]
    assert parameters[1] == 2 * parameters[0]

    scaled = called(
        "scale", adapter, "--data", "rows.jsonl", "--strengths", "0,0.5,1", "--watch-facts", 4, *base
    )
    assert (scaled["kind"], scaled["numbers"]["strengths"]) == ("scale plan", 3)
    assert scaled["numbers"]["answers"] > 3 * 4

    merged = called("merge", adapter, *base)
    assert (merged["kind"], merged["numbers"]["modules_changed"]) == ("merge plan", 3)
    assert merged["numbers"]["bytes_written"] > 100_000
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]


def test_what_is_wrong_is_refused_by_a_plan_as_well(adapter: Path, tiny_gemma: Path, tmp_path: Path) -> None:
    (tmp_path / "merged").mkdir()
    (tmp_path / "merged" / "mine.txt").touch()
    arguments = ["merge", adapter, "--base", tiny_gemma, "-o", tmp_path / "merged", "--dry-run"]
    done = CliRunner().invoke(cli, list(map(str, arguments)))
    assert isinstance(done.exception, UsageError)
    assert "is not empty" in str(done.exception)
