"""The command line, called in this process, and small files for it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from loracheck import cli

ALPACA = {"instruction": "空は何色？", "output": "青です。"}


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
