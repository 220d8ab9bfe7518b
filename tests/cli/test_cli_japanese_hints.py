"""The hints of errors in Japanese: every one that is the same at each time, and no Japanese that is of no use."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from loracheck import cli
from loracheck.cli.japanese.hints import HINTS
from loracheck.cli.japanese.usage import in_japanese
from loracheck.words.sentences import patterns, translated

ROOT = Path(__file__).parents[2]
FOLDERS = ("loracheck", "curate", "train", "evaluate", "reports")
JAPANESE = re.compile("[ぁ-んァ-ヶ一-龠]")
TYPED = re.compile(r"(pip install|loracheck \w+ -|-o |mkdir )")
"""A hint that is a command: it stays as it is typed."""


def texts(value: ast.expr) -> Iterator[str]:
    """Yield what a hint can be, with 7 for what is filled in."""
    match value:
        case ast.Constant(value=str(text)) if text:
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in parts)
        case ast.IfExp(body=first, orelse=second):
            yield from texts(first)
            yield from texts(second)


@pytest.fixture(scope="module")
def hints() -> set[str]:
    """Return the hints of all errors, as they are filled."""
    found: set[str] = set()
    for folder in FOLDERS:
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.keyword) and node.arg == "hint":
                    found |= {text for text in texts(node.value) if not TYPED.match(text)}
    return found


def test_every_hint_that_is_the_same_at_each_time_has_its_japanese(hints: set[str]) -> None:
    constant = {hint for hint in hints if "7" not in hint}
    assert len(constant) > 100
    assert not {hint for hint in constant if not JAPANESE.search(in_japanese(hint))}


def test_no_hint_is_left_over(hints: set[str]) -> None:
    unused = {
        key
        for key in HINTS
        if key not in hints and not any(translated(hint, patterns({key: "x"})) == "x" for hint in hints)
    }
    assert not unused


@pytest.mark.parametrize("hint", HINTS)
def test_what_is_typed_stands_in_both_languages(hint: str) -> None:
    typed = re.findall(r"--[a-z][a-z-]*|\{\}|\b[\w*]+\.[a-z]+\b|\b[A-Z][A-Z_]{3,}\b|https?:\S+", hint)
    assert JAPANESE.search(HINTS[hint])
    for word in typed:
        assert HINTS[hint].count(word) == hint.count(word), word


def test_an_error_ends_with_its_hint_in_japanese_and_a_program_reads_english(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = ["train", "x.jsonl", "--base", "b", "--seeds", "0,0", "-o", "out"]
    for language, expected in (
        ("ja", "二つある値の一方を外してください。"),
        ("en", "Take out the value that"),
    ):
        monkeypatch.setattr(sys, "argv", ["loracheck", "--lang", language, *asked])
        with pytest.raises(SystemExit):
            cli.main()
        assert expected in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["loracheck", "--lang", "ja", *asked, "--json"])
    with pytest.raises(SystemExit):
        cli.main()
    assert json.loads(capsys.readouterr().out)["hint"].startswith("Take out")


def test_what_differs_is_filled_in() -> None:
    assert in_japanese("Name where to write, for instance -o runs/eval") == (
        "書き込む場所を指定してください。例: -o runs/eval"
    )
    assert in_japanese("Did you mean forgetting?") == "forgettingではありませんか?"
    assert in_japanese("Known keys: a, b") == "使えるキー: a, b"


@pytest.mark.parametrize(
    ("language", "hint"), [("ja", "一方の列名を変えてください。"), ("en", "Rename one of the columns.")]
)
def test_validate_says_what_mends_a_table(language: str, hint: str, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("a,a\n1,2\n", encoding="utf-8")
    printed = CliRunner().invoke(cli.cli, ["--lang", language, "validate", str(file), "--as", "rows"]).output
    assert f"\n  {hint}\n" in printed
