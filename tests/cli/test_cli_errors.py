"""A user's mistake ends in one message and the right exit code: no traceback, nothing written."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest
import torch
from safetensors.torch import save_file

from loracheck import cli, jsonl
from loracheck.errors import UsageError
from loracheck.records import Manifest

ROOT = Path(__file__).resolve().parents[2]
ALPACA = {"instruction": "空は何色？", "output": "青です。"}


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LORACHECK_CACHE", str(tmp_path / "cache"))


def call(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> tuple[int, str, str]:
    """Run the command line in this process; returns exit code, stdout and stderr."""
    monkeypatch.setattr(sys, "argv", ["loracheck", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert isinstance(ended.value.code, int)
    return ended.value.code, said.out, said.err


def written(name: str, text: str) -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def data(name: str = "data.jsonl", rows: int = 30) -> str:
    lines = (
        json.dumps(ALPACA | {"instruction": f"{i}番目？", "output": f"{i}番目です。"}) for i in range(rows)
    )
    return written(name, "\n".join(lines) + "\n")


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


def test_an_adapter_of_another_base_is_an_input_error(
    tiny_gemma: Path, tiny_smollm: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("mine").mkdir()
    written("mine/adapter_config.json", json.dumps({"base_model_name_or_path": str(tiny_smollm)}))
    save_file({"x.lora_B.weight": torch.ones(2, 2)}, "mine/adapter_model.safetensors")
    arguments = ["eval", "--base", str(tiny_gemma), "--adapter", "mine=mine", "-o", "run", "--quiet"]
    code, out, err = call(capsys, monkeypatch, *arguments)
    assert (code, out) == (2, "")
    assert f"adapter mine names {tiny_smollm} as its base" in err
    assert f"Pass --base {tiny_smollm}" in err


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


def test_doctor_prints_json(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = call(capsys, monkeypatch, "doctor", "--json")
    checks = json.loads(out)["checks"]
    assert {check["name"] for check in checks} >= {
        "python",
        "torch",
        "memory",
        "disk",
        "gpu",
        "embedded model",
    }
    assert code == (4 if any(check["status"] == "missing" for check in checks) else 0)
    assert err == ""


def test_help_of_every_command_shows_an_example_and_needs_no_heavy_package() -> None:
    program = (
        "import sys; from loracheck.cli import cli\n"
        "from click.testing import CliRunner\n"
        "for name in cli.commands:\n"
        "    text = CliRunner().invoke(cli, [*name.split(), '--help']).output\n"
        "    assert 'loracheck ' + name in text, name\n"
        "assert not {'torch', 'transformers', 'peft', 'pandas', 'sklearn'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr


WRONG = [
    (["curate", "none.jsonl", "-o", "run"], "LC-111", "no_such_file", 2),
    (["gate", "nowhere"], "LC-301", "not_a_run", 2),
    (["evl"], "LC-101", "unknown_command", 2),
    (["eval", "--bse", "b"], "LC-102", "unknown_option", 2),
    (["curate"], "LC-103", "wrong_usage", 2),
    (["explain", "LC-777"], "LC-109", "unknown_name", 2),
]


@pytest.mark.parametrize(("arguments", "identifier", "name", "exit_code"), WRONG)
def test_under_json_an_error_is_one_object_on_standard_output_and_nothing_else(
    arguments: list[str],
    identifier: str,
    name: str,
    exit_code: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code, plain, told = call(capsys, monkeypatch, *arguments)
    assert (code, plain) == (exit_code, "")
    code, out, err = call(capsys, monkeypatch, *arguments, "--json")
    found = json.loads(out)
    assert list(found) == ["schema_version", "kind", "id", "name", "message", "hint", "exit_code"]
    assert (found["schema_version"], found["kind"]) == (1, "error")
    assert (found["id"], found["name"], found["exit_code"], code) == (identifier, name, exit_code, exit_code)
    assert found["message"] in err
    assert f"({identifier})" in err
    assert err == told


def test_the_json_of_an_error_is_asked_for_by_its_format_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for form in (["--format", "json"], ["--format=json"]):
        assert json.loads(call(capsys, monkeypatch, "gate", "nowhere", *form)[1])["id"] == "LC-301"
    assert call(capsys, monkeypatch, "gate", "nowhere", "--format", "junit")[1] == ""


def test_a_bug_of_ours_is_json_as_well(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault() -> NoReturn:
        raise ZeroDivisionError("boom")

    monkeypatch.setattr("loracheck.doctor.examine", fault)
    code, out, _ = call(capsys, monkeypatch, "doctor", "--json")
    assert (code, json.loads(out)["id"], json.loads(out)["exit_code"]) == (70, "LC-900", 70)


@pytest.mark.parametrize(
    ("arguments", "proposed"),
    [
        (["evl"], "eval"),
        (["evaluate"], "eval"),
        (["curat"], "curate"),
        (["probes", "lst"], "probes list"),
        (["eval", "--adaptor", "a=b"], "--adapter"),
        (["train", "--learning-rte", "1"], "--learning-rate"),
        (["gate", "run", "--polcy", "x"], "--policy"),
        (["explain", "brokn_json"], "LC-202"),
    ],
)
def test_for_a_misspelt_verb_option_or_id_the_nearest_is_proposed(
    arguments: list[str],
    proposed: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code, _, err = call(capsys, monkeypatch, *arguments)
    assert code == 2
    assert re.search(rf"Did you mean.*{re.escape(proposed)}\b", err), err


def test_control_characters_of_a_name_do_not_reach_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, err = call(capsys, monkeypatch, "curate", "a\x1b[2Jb.jsonl", "-o", "run", "--quiet")
    assert "\x1b" not in err
    assert "a\\u001b[2Jb.jsonl" in err


def coloured(arguments: list[str], **environment: str) -> str:
    """Run the command on a terminal; returns all it prints."""
    import pty  # noqa: PLC0415 - not there on Windows

    controller, terminal = pty.openpty()
    values = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    process = subprocess.Popen(
        [sys.executable, "-m", "loracheck", *arguments],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=values | {"PYTHONPATH": str(ROOT), "TERM": "xterm"} | environment,
    )
    os.close(terminal)
    printed = b""
    while True:
        try:
            piece = os.read(controller, 65536)
        except OSError:  # Linux says so at the end of a terminal
            break
        if not piece:
            break
        printed += piece
    os.close(controller)
    process.wait(timeout=60)
    return printed.decode()


@pytest.mark.parametrize("arguments", [["explain", "LC-202"], ["gate", "nowhere"], ["checks", "forgetting"]])
def test_colours_are_left_out_where_no_color_is_set(arguments: list[str]) -> None:
    assert "\x1b[" in coloured(arguments)
    assert "\x1b[" not in coloured(arguments, NO_COLOR="1")


@pytest.mark.parametrize(
    ("before", "after", "quiet"), [(["--quiet"], [], True), ([], ["--quiet"], True), ([], [], False)]
)
def test_quiet_stands_before_the_verb_and_after_it(
    before: list[str],
    after: list[str],
    quiet: bool,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def progress(*, quiet: bool) -> NoReturn:
        asked.append(quiet)
        raise UsageError("enough", kind="nothing_to_do")

    monkeypatch.setattr("loracheck.progress.Progress", progress)
    call(capsys, monkeypatch, *before, "curate", "data.jsonl", "--dry-run", *after)
    assert asked == [quiet]


@pytest.mark.parametrize("name", sorted(cli.cli.commands))
def test_every_verb_takes_lang_quiet_and_debug(name: str) -> None:
    flags = {flag for parameter in cli.cli.commands[name].params for flag in parameter.opts}
    assert flags >= {"--lang", "--quiet", "--debug"}
