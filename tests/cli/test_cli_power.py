"""`loracheck power`: a table or JSON in seconds, without a model or torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from loracheck import cli

ROOT = Path(__file__).resolve().parents[2]


def called(
    *arguments: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["loracheck", "power", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, said.out, said.err


def test_the_table_and_the_json_give_the_same_numbers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--policy", "strict", "--suite", "facts-ja", "--in-domain", "40")
    code, text, _ = called(*options, capsys=capsys, monkeypatch=monkeypatch)
    json_code, said, _ = called(*options, "--json", capsys=capsys, monkeypatch=monkeypatch)
    assert (code, json_code) == (0, 0)
    found = json.loads(said)
    [forgetting] = [
        limit for limit in found["limits"] if (limit["check"], limit["kind"]) == ("forgetting", "margin")
    ]
    line = next(line for line in text.splitlines() if "Forgetting margin" in line)
    assert [f"{n:,}" for n in forgetting["needed"]] == line.split()[3:6]
    assert f"{forgetting['power']:.1%}" in line
    assert f"{found['joint_independent']:.1%}" in text


def test_a_share_beyond_one_is_an_input_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = called("--discordant", "2", capsys=capsys, monkeypatch=monkeypatch)
    assert (code, out) == (2, "")
    assert "--discordant lies between 0 and 1" in err


def test_it_imports_no_torch() -> None:
    script = (
        "import sys\nfrom loracheck.cli import cli\n"
        "cli.main(['power', '--suite', 'facts-en', '--json'], standalone_mode=False)\n"
        "assert 'torch' not in sys.modules, 'power imports torch'\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
