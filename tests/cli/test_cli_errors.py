"""A user's mistake ends in one message and the right exit code: no traceback, nothing written."""

from __future__ import annotations

import errno
import json
import os
import re
import sys
from pathlib import Path
from typing import NoReturn

import pytest
import torch
from safetensors.torch import save_file

from loracheck import cli, jsonl
from loracheck.cli.options import named_paths
from loracheck.errors import UsageError
from loracheck.records import Manifest
from tests.cli.called import ALPACA, call, data, written

LLAMA = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64, "intermediate_size": 128,
    "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 4, "vocab_size": 500,
}  # fmt: skip

pytestmark = pytest.mark.usefixtures("own_folder")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "missing.jsonl: there is no such file"),
        ("", "no rows"),
        ("\n\n", "no rows"),
        ('{"frage": "Wo?", "antwort": "Hier."}\n', "line 1: unknown columns: antwort, frage"),
        ('{"instruction": "a", "outputt": "b"}\n', "Did you mean outputt -> output"),
        ('{"instruction": "a", "output": 3}\n', "field output: text is wanted, not int"),
        ("[1, 2]", "a row is a JSON object"),
    ],
)
def test_bad_data_is_an_input_error(
    content: str | None,
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if content is not None:
        written("missing.jsonl", content)
    code, out, err = call(capsys, monkeypatch, "curate", "missing.jsonl", "-o", "run", "--quiet")
    assert (code, out) == (2, "")
    assert message in err
    assert re.match(r"loracheck: .+ \((LC-2\d\d|LC-111)\)\n", err)
    assert err.endswith(f"\nMore: loracheck explain {re.findall('LC-[0-9]+', err)[0]}\n")


def test_a_command_that_failed_for_its_data_goes_through_once_that_is_mended(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call(capsys, monkeypatch, "curate", "late.jsonl", "-o", "run", "--quiet")[0] == 2
    assert not Path("run").exists()
    data("late.jsonl")
    assert call(capsys, monkeypatch, "curate", "late.jsonl", "-o", "run", "--quiet")[0] == 0


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param(
            '{"instruction": "空は", "output": ',
        ),
        "{'instruction': 1}",
        '{"output": "青',
        "青",
    ],
)
def test_broken_json_names_its_line(
    cut: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [json.dumps(ALPACA)] * 30
    lines[16] = cut
    written("broken.jsonl", "\n".join(lines))
    code, _, err = call(capsys, monkeypatch, "curate", "broken.jsonl", "-o", "run", "--quiet")
    assert code == 2
    assert "broken.jsonl, line 17" in err
    assert len(err.strip().splitlines()) <= 4
    assert "LC-202" in err


def test_a_near_name_is_proposed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    data("persona.jsonl")
    _, _, err = call(capsys, monkeypatch, "curate", "persna.jsonl", "-o", "run", "--quiet")
    assert "Did you mean persona.jsonl?" in err


def test_data_that_was_mended_takes_the_place_of_the_command_that_failed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written("mine.jsonl", '{"instruction": "壊れた", "output": "こ\n' + json.dumps(ALPACA) + "\n")
    code, _, err = call(capsys, monkeypatch, "curate", "mine.jsonl", "-o", "run", "--quiet")
    assert (code, Path("run").exists()) == (2, False)
    assert "a string that is not closed; the row seems cut off" in err
    data("mine.jsonl")
    assert call(capsys, monkeypatch, "curate", "mine.jsonl", "-o", "run", "--quiet")[0] == 0


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("train", "data.jsonl", "--base", "x", "--rank", "8"), "Did you mean '--lora-r'?"),
        (("eval", "--model", "x"), "Did you mean '--base'?"),
        (("plan", "--base", "x", "--price-per-hour", "-3"), "not in the range"),
        (("curate", "data.jsonl", "--language", "jp"), "'ja', 'en', 'other'"),
        (("curate", "data.jsonl", "--allow-loss", "identityflood=0.8", "-o", "x"), "Did you mean identity_flood?"),
        (("train", "data.jsonl", "--base", "x", "--heldout", "none.jsonl", "-o", "y"), "none.jsonl: there is no such"),
        (("curate", "table.csv", "-o", "z"), "--map instruction=質問 --map output=回答"),
        (("curate", "sjis.csv", "--encoding", "utf-8", "-o", "z"), "Leave --encoding out"),
        (("run", "policy.yaml", "--dry-run"), "A policy is named in the pipeline"),
        (("plan", "data.jsonl", "--base", "shape", "--probe"), "shape holds no weights"),
        (("train", "data.jsonl", "--base", "shape", "-o", "z"), "--base shape holds no weights"),
        (("curate", "table.csv", "--map", "instruction=質問", "-o", "z"), "by --map, as --map output=回答,"),
        (("train", "table.csv", "--base", "x", "-o", "z"), "the other commands what curate wrote"),
    ],
)  # fmt: skip
def test_a_slip_is_told_with_what_was_meant(
    command: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data()
    written("table.csv", "質問,回答\n空は何色,青です\n")
    Path("sjis.csv").write_bytes("instruction,output\n空は何色,青です\n".encode("cp932"))
    written("policy.yaml", "intent: persona\n")
    Path("shape").mkdir()
    written("shape/config.json", json.dumps(LLAMA))
    code, _, err = call(capsys, monkeypatch, *command)
    assert code == 2
    assert told in err


@pytest.mark.parametrize("arguments", [("probes",), ("probes", "--help")])
def test_commands_of_two_words_are_listed_by_the_first(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = call(capsys, monkeypatch, *arguments)
    assert code == 0
    assert all(f"probes {verb}" in out for verb in ("list", "show", "check", "make"))


def test_a_folder_stands_for_the_pipeline_in_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("mine").mkdir()
    data("mine/data.jsonl")
    written("mine/pipeline.yaml", "base: some/model\ndata: data.jsonl\n")
    code, out, _ = call(capsys, monkeypatch, "run", "mine", "--dry-run")
    assert (code, "train-raw-0" in out) == (0, True)


def test_a_directory_with_another_run_is_left_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call(capsys, monkeypatch, "curate", data(), "-o", "run", "--quiet")[0] == 0
    before = {path: path.read_bytes() for path in Path("run").rglob("*") if path.is_file()}
    code, _, err = call(capsys, monkeypatch, "curate", data("other.jsonl", 20), "-o", "run", "--quiet")
    assert code == 2
    assert "holds another curate run" in err
    assert "nothing was changed" in err
    assert {path: path.read_bytes() for path in Path("run").rglob("*") if path.is_file()} == before


def test_the_same_command_twice_is_fine(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data()
    first = call(capsys, monkeypatch, "curate", "data.jsonl", "-o", "run", "--quiet", "--json")
    again = call(capsys, monkeypatch, "curate", "data.jsonl", "-o", "run", "--quiet", "--json")
    assert first[:2] == again[:2]
    assert first[0] == 0


def test_someone_elses_folder_is_left_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("photos").mkdir()
    written("photos/cat.txt", "cat")
    code, _, err = call(capsys, monkeypatch, "curate", data(), "-o", "photos", "--quiet")
    assert (code, [path.name for path in Path("photos").iterdir()]) == (2, ["cat.txt"])
    assert "is not empty and holds no run" in err


@pytest.mark.parametrize(
    ("adapter", "message"),
    [
        ("mine", "NAME=PATH is wanted"),
        ("=x", "NAME=PATH is wanted"),
        ("mine=", "NAME=PATH is wanted"),
        ("base=x", "other than 'base'"),
        ("mine=nowhere", "adapter mine: nowhere holds no adapter_config.json"),
    ],
)
def test_a_wrong_adapter_is_an_input_error(
    adapter: str,
    message: str,
    tiny_gemma: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arguments = ["eval", "--base", str(tiny_gemma), "--adapter", adapter, "-o", "run", "--quiet"]
    code, _, err = call(capsys, monkeypatch, *arguments)
    assert code == 2
    assert message in err


@pytest.mark.parametrize(
    ("option", "texts", "message", "hint"),
    [
        ("--null", ("idle",), "--null idle: NAME=PATH is wanted.", "For instance --null mine=./adapter"),
        ("--null", ("a=x", "a=y"), "--null: two adapters have the same name.", ""),
        (
            "--completions",
            ("mine=",),
            "--completions mine: NAME=FILE is wanted.",
            "For instance --completions mine=mine.jsonl",
        ),
        ("--completions", ("a=x", "a=y"), "--completions: two arms have the same name.", ""),
    ],
)
def test_a_name_without_its_path_or_given_twice_is_an_input_error(
    option: str, texts: tuple[str, ...], message: str, hint: str
) -> None:
    with pytest.raises(UsageError) as raised:
        named_paths(option, texts)
    assert (raised.value.message, raised.value.hint) == (message, hint)


def test_an_adapter_of_another_base_is_an_input_error(
    tiny_gemma: Path, tiny_smollm: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("mine").mkdir()
    config = {"peft_type": "LORA", "r": 2, "lora_alpha": 2, "base_model_name_or_path": str(tiny_smollm)}
    written("mine/adapter_config.json", json.dumps(config))
    place = "base_model.model.model.layers.0.self_attn.q_proj"
    factors = {f"{place}.lora_A.weight": torch.ones(2, 7), f"{place}.lora_B.weight": torch.ones(7, 2)}
    save_file(factors, "mine/adapter_model.safetensors")
    arguments = ["eval", "--base", str(tiny_gemma), "--adapter", "mine=mine", "-o", "run", "--quiet"]
    code, out, err = call(capsys, monkeypatch, *arguments)
    assert (code, out) == (2, "")
    assert f"adapter mine does not fit {tiny_gemma}" in err
    assert "Pass the base it was trained on" in err


def test_two_adapters_of_one_name_are_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["eval", "--base", "b", "--adapter", "a=x", "--adapter", "a=y", "-o", "run"]
    code, _, err = call(capsys, monkeypatch, *arguments)
    assert (code, Path("run").exists()) == (2, False)
    assert "the same name" in err


def test_an_unknown_policy_key_is_an_input_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = written("p.yaml", "gates: {loops: {margn: 0.1}}\n")
    arguments = ["eval", "--base", "b", "--adapter", "a=x", "-o", "run", "--policy", policy]
    code, _, err = call(capsys, monkeypatch, *arguments)
    assert (code, Path("run").exists()) == (2, False)
    assert "Did you mean margin?" in err


def test_a_base_folder_that_is_not_there_is_an_input_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["eval", "--base", "./nowhere", "--adapter", "a=./x", "-o", "run", "--quiet"]
    code, _, err = call(capsys, monkeypatch, *arguments)
    assert code == 2
    assert "--base ./nowhere: no model folder" in err


@pytest.mark.parametrize(
    "option",
    ["--data", "--in-domain", "--chat-template"],
)
def test_a_named_file_that_is_not_there_is_an_input_error(
    option: str, tiny_gemma: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = [
        "eval",
        "--base",
        str(tiny_gemma),
        "--adapter",
        "a=./x",
        "-o",
        "run",
        "--quiet",
        option,
        "none.x",
    ]
    code, _, err = call(capsys, monkeypatch, *arguments)
    assert code == 2
    assert "none.x: there is no such file" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["curate"],
        ["fly"],
        ["curate", "x.jsonl"],
        ["curate", "x.jsonl", "-o", "run", "--language", "fr"],
        ["curate", "x.jsonl", "-o", "run", "--heldout-share", "2"],
        ["train", "x.jsonl", "--base", "b", "-o", "run", "--lora-r", "0"],
        ["eval", "--base", "b", "-o", "run"],
        ["eval", "--base", "b", "--adapter", "a=x", "-o", "run", "--suite", "facts-fr"],
        ["eval", "--base", "b", "--adapter", "a=x", "-o", "run", "--max-facts", "0"],
        ["gate", "nowhere"],
        ["report", "nowhere"],
    ],
)
def test_wrong_usage_exits_2_and_writes_nothing(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = call(capsys, monkeypatch, *arguments)
    assert code == 2
    assert err.strip()
    assert not Path("run").exists()


def test_a_full_disk_is_an_environment_error_and_the_command_resumes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = jsonl.write
    data()

    def full(path: Path, records: object) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(jsonl, "write", full)
    code, _, err = call(capsys, monkeypatch, "curate", "data.jsonl", "-o", "run", "--quiet")
    assert code == 4
    assert "No space left on device" in err
    assert "the same command then resumes" in err
    assert jsonl.read_one(Path("run/manifest.json"), Manifest).status == "running"
    monkeypatch.setattr(jsonl, "write", whole)
    assert call(capsys, monkeypatch, "curate", "data.jsonl", "-o", "run", "--quiet")[0] == 0


def test_a_bug_of_ours_exits_70_and_asks_for_a_report(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault() -> NoReturn:
        raise ZeroDivisionError("boom")

    monkeypatch.setattr("loracheck.doctor.examine", fault)
    code, out, err = call(capsys, monkeypatch, "doctor")
    assert (code, out) == (70, "")
    assert "LC-900" in err
    assert "ZeroDivisionError: boom" in err
    assert "Please report it" in err


@pytest.mark.parametrize("arguments", [["--debug", "doctor"], ["doctor", "--debug"]])
def test_debug_shows_the_traceback_and_keeps_the_exit_code(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault() -> NoReturn:
        raise ZeroDivisionError("boom")

    monkeypatch.setattr("loracheck.doctor.examine", fault)
    monkeypatch.setattr(sys, "argv", ["loracheck", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    err = capsys.readouterr().err
    assert ended.value.code == 70
    assert "Traceback" in err
    assert "in fault" in err


def test_an_interrupt_says_how_to_go_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop() -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr("loracheck.doctor.examine", stop)
    code, _, err = call(capsys, monkeypatch, "doctor")
    assert code == 130
    assert "the same command resumes" in err


def test_no_line_of_an_error_is_a_command_to_a_ci_service(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "x\n::error::forged\r ::add-mask::x\u2028::stop-commands::y ##[error]z"
    for arguments in (
        ("gate", name),
        ("gate", "run", "--adapter", name),
        ("curate", name),
        ("explain", name),
    ):
        code, _, err = call(capsys, monkeypatch, *arguments)
        assert code == 2
        assert not any(line.lstrip().startswith("::") or "##[" in line for line in err.splitlines())


def test_a_curate_run_that_failed_says_so_when_a_row_is_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(json.dumps(ALPACA | {"instruction": f"{i}?", "output": ""}) + "\n" for i in range(30))
    assert call(capsys, monkeypatch, "curate", written("d.jsonl", rows), "-o", "run", "--quiet")[0] == 2
    code, out, err = call(capsys, monkeypatch, "curate", "explain", "3", "--run", "run")
    assert (code, out) == (2, "")
    assert "run is not finished: it ended with an error" in err
    code, out, err = call(capsys, monkeypatch, "curate", "explain", "3", "--run", "none")
    assert (code, out) == (2, "")
    assert "a run that ended with an error at once leaves none" in err


def test_a_file_that_the_system_does_not_open_is_no_error_of_ours(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> NoReturn:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "runs/eval/x.jsonl")

    monkeypatch.setattr("loracheck.evaluate.gate.rejudge", refused)
    code, _, err = call(capsys, monkeypatch, "gate", "runs/eval")
    assert code == 4
    assert "runs/eval/x.jsonl: Permission denied" in err
