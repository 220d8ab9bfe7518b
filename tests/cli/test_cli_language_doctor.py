"""What doctor says, and that all of it has its Japanese."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from loracheck import doctor
from loracheck.doctor import words as doctor_words


@pytest.fixture
def japanese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")


def told(value: ast.expr) -> list[str]:
    """Return the sentences of an expression, with {} for what is filled in."""
    match value:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=parts):
            return ["".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in parts)]
        case ast.IfExp(body=first, orelse=second):
            return told(first) + told(second)
    return []


@pytest.mark.parametrize("module", ["__init__", "model", "endpoint"])
def test_all_that_doctor_says_has_its_japanese(module: str) -> None:
    tree = ast.parse(Path(doctor.__file__).with_name(f"{module}.py").read_text(encoding="utf-8"))
    said = {
        sentence
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Check"
        for keyword in node.keywords
        if keyword.arg in ("detail", "mend")
        for sentence in told(keyword.value)
        if re.search("[a-z]{2}", sentence)
        and not sentence.startswith(("pip install", "Gemma", "{} at", "--base", "eval --assume"))
    }
    assert len(said) > 15
    for sentence in said:
        filled = sentence.replace("{}", "7")
        assert doctor_words.translated(filled, "en") == filled
        found = doctor_words.translated(filled, "ja")
        assert re.search("[ぁ-んァ-ヶ一-龠]", found), sentence
        assert found.count("7") == sentence.count("{}")


def test_doctor_speaks_japanese_but_its_json_does_not(japanese: None) -> None:
    checks = [
        doctor.Check(name="memory", status="note", detail="9.0 GB", mend="the demonstration wants 12 GB"),
        doctor.Check(name="disk", status="missing", detail="1.0 GB free for /cache"),
    ]
    doctor.print_checks([])
    run = CliRunner().isolation()
    with run as (out, *_):
        doctor.print_checks(checks)
        printed = out.getvalue().decode()
    assert printed.splitlines() == [
        "注意    メモリー            9.0 GB",
        "                            デモには12 GB必要です",
        "不足    ディスク            空き1.0 GB(/cache)",
        "不足1件、注意1件",
    ]
    assert doctor.as_document(checks)["checks"][0]["mend"] == "the demonstration wants 12 GB"
