"""Manners of every verb: help, errors as JSON, nearest names, colours, and flags on either side of the verb."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from loracheck import cli
from loracheck.errors import UsageError
from tests.cli.called import call

pytestmark = pytest.mark.usefixtures("own_folder")
ROOT = Path(__file__).resolve().parents[2]


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
