from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from transformers import LlamaConfig

from loracheck.cli import cli
from loracheck.cli.plan import plan
from loracheck.cli.train import train
from loracheck.errors import DataError, UsageError
from loracheck.records.training import MemoryParts, Plan
from loracheck.summary.plan import print_plan
from loracheck.terminal import duration
from loracheck.train.choices import CHOICES
from loracheck.words.training_plan import NOTES

WriteJsonl = Callable[[str, Iterable[Mapping[str, Any]]], Path]
MEMORY = MemoryParts(weights=1, adapter=2, optimizer=3, activations=4_000_000_000, logits=5, process=6)
PLAN = Plan(
    base="base\u202e\x07",
    model_type="llama",
    quantization="none",
    parameters=1000,
    quantized_parameters=0,
    trainable_parameters=10,
    adapter_bytes=500,
    memory=MEMORY,
    rows=None,
    steps=None,
    epochs=None,
    trained_tokens=None,
    tokens=None,
    longest=None,
    seconds=None,
    cost=None,
    probed=False,
    memory_bytes=3_000_000_000,
)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["plan", *(str(argument) for argument in arguments), "--quiet"])


@pytest.fixture
def rows(write_jsonl: WriteJsonl) -> Path:
    lines = [
        {"instruction": f"{n}は何ですか？", "output": "光が空気の中で散らばるからです。"} for n in range(6)
    ]
    return write_jsonl("rows.jsonl", lines)


def test_a_plan_says_what_a_training_takes(tiny_gemma: Path, rows: Path) -> None:
    done = run(rows, "--base", tiny_gemma, "--lora-r", 4, "--num-train-epochs", 2, "--price-per-hour", 2.5)
    assert done.exit_code == 0, done.output
    for part in ("(gemma3_text)", "trained", "3 x q_proj 64->128", "memory at the peak", "foreseen"):
        assert part in done.output
    assert "6 rows, 2 epochs in 2 steps" in done.output
    assert "at the price given" in done.output
    assert "held in 32 bits" in done.output


def test_json_holds_the_same_and_the_table(tiny_gemma: Path, rows: Path) -> None:
    done = run(rows, "--base", tiny_gemma, "--preset", "minimal", "--table", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["rows"] == 6
    assert found["cost"] is None
    assert found["table"][1]["trainable_parameters"] == found["trainable_parameters"]
    printed = run(rows, "--base", tiny_gemma, "--preset", "minimal", "--table").output
    assert f"{found['table'][0]['trainable_parameters']:,}" in printed
    assert "target modules" in printed


def test_without_data_tokens_and_time_stay_open(tmp_path: Path) -> None:
    config = LlamaConfig(
        vocab_size=100, hidden_size=64, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2
    )
    config.save_pretrained(tmp_path)
    done = run("--base", tmp_path, "--max-length", 32)
    assert done.exit_code == 0, done.output
    assert "unknown without data" in done.output
    assert "time" not in done.output.replace("times the time", "")


def test_several_bases_stand_side_by_side(tiny_gemma: Path, tiny_smollm: Path, rows: Path) -> None:
    bases = ("--base", tiny_gemma, "--base", tiny_smollm)
    done = run(rows, *bases, "--price-per-hour", 2)
    assert done.exit_code == 0, done.output
    head, *lines = done.output.splitlines()
    assert head.split() == ["base", "parameters", "weights", "trained", "adapter", "memory", "time", "price"]
    assert [line.split()[0] for line in lines] == [str(tiny_gemma), str(tiny_smollm)]
    assert len({len(line) for line in (head, *lines)}) == 1
    plans = json.loads(run(rows, *bases, "--json").output)["plans"]
    assert [f"{one['parameters']:,}" for one in plans] == [line.split()[1] for line in lines]
    assert "price" not in run(rows, *bases).output
    assert run(rows, *bases, "--table").output.count("q_proj,v_proj") == 2


def test_rows_that_a_training_would_refuse_are_refused(tiny_gemma: Path, write_jsonl: WriteJsonl) -> None:
    long = write_jsonl("long.jsonl", [{"instruction": "何？", "output": "空なのだ。" * n} for n in (1, 99)])
    refused = run(long, "--base", tiny_gemma, "--max-length", 32).exception
    assert isinstance(refused, DataError)
    assert "in 1 of 2 rows the stop token would not be trained" in str(refused)
    assert "long.jsonl, line 2" in str(refused)


def test_held_out_rows_are_not_planned_for(tiny_gemma: Path, rows: Path, tmp_path: Path) -> None:
    first = rows.read_text(encoding="utf-8").splitlines()[0]
    (tmp_path / "held.jsonl").write_text(first + "\n", encoding="utf-8")

    def planned(*more: object) -> int:
        return int(json.loads(run(rows, "--base", tiny_gemma, "--json", *more).output)["rows"])

    assert planned("--heldout", tmp_path / "held.jsonl") < planned()


def test_a_switch_that_is_turned_off_overrules_the_file(
    tiny_gemma: Path, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    uneven = write_jsonl(
        "uneven.jsonl", [{"instruction": "何？", "output": "空なのだ。" * n} for n in (1, 9, 2, 7)]
    )
    file = tmp_path / "train.yaml"
    file.write_text("preset: minimal\npacking: true\n", encoding="utf-8")

    def padded_tokens(*more: str) -> int:
        done = run(uneven, "--base", tiny_gemma, "--config", file, "--json", *more)
        return int(json.loads(done.output)["tokens"])

    assert padded_tokens() < padded_tokens("--no-packing")


def test_the_choices_of_an_option_are_those_of_its_key() -> None:
    options = {option.name: option.type for option in plan.params}
    for name, values in CHOICES.items():
        assert tuple(getattr(options[name], "choices", ())) == values, name


def test_wrong_targets_and_wrong_bases_are_input_errors(tiny_gemma: Path, tmp_path: Path) -> None:
    wrong = run("--base", tiny_gemma, "--target-modules", "nothing_like_it")
    assert isinstance(wrong.exception, UsageError)
    assert wrong.exception.exit_code == 2
    assert isinstance(run("--base", tmp_path).exception, UsageError)
    assert isinstance(run("--base", tiny_gemma, "--lora-r", 0).exception, UsageError)


def test_plan_takes_every_option_of_a_training() -> None:
    own = {"sweep", "seeds", "out", "dry_run"}
    names = [{parameter.name for parameter in command.params} for command in (train, plan)]
    assert names[0] - names[1] == own
    assert names[1] - names[0] == {"probe", "price_per_hour", "table"}


def test_every_note_has_a_sentence_that_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    print_plan(replace(PLAN, notes=tuple(NOTES), quantization="nf4", longest=1234))
    printed = " ".join(capsys.readouterr().out.split())
    assert printed.count("note: ") == len(NOTES)
    assert "does not fit in the memory of 3.00 GB" in printed
    assert "nf4 saves little" in printed
    assert "1,234 tokens" in printed
    assert "{" not in printed


def test_names_cannot_write_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_plan(PLAN)
    printed = capsys.readouterr().out
    assert "\u202e" not in printed
    assert "\x07" not in printed


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (89.0, "89 s"), (150.0, "2 min"), (5400.0, "1 h 30 min"), (7200.0, "2 h 0 min")],
)
def test_a_time_is_told_in_units_that_fit(seconds: float, text: str) -> None:
    assert duration(seconds) == text
