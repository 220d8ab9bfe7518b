"""The messages of errors and the lines of progress in Japanese: every one in the code, its fields kept."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from loracheck import cli, progress
from loracheck.cli.japanese.hints_chosen import CHOSEN
from loracheck.cli.japanese.messages import MESSAGES, OWN
from loracheck.cli.japanese.messages_system import SYSTEM
from loracheck.cli.japanese.usage import in_japanese
from loracheck.curate.config import CurateConfig
from loracheck.curate.ledger import Ledger, length_bin
from loracheck.errors import DataError
from loracheck.progress import Progress
from loracheck.words.progress import SENTENCES
from loracheck.words.progress import in_japanese as work_in_japanese

ROOT = Path(__file__).parents[2]
FOLDERS = ("loracheck", "curate", "train", "evaluate", "reports")
JAPANESE = re.compile("[ぁ-んァ-ヶ一-龠]")
ERRORS = re.compile(r"\w*(Error|Fault)$")
SAYING = {"say", "announce", "track", "_announce"}
ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}")
FIELD = re.compile(r"7\d{5}")


Scope = dict[str, list[ast.expr]]
"""What the names of a function are set to."""


class Filling:
    """Fills what differs with numbers that stand nowhere else."""

    def __init__(self) -> None:
        self.last = 700000

    def texts(self, value: ast.expr, scope: Scope) -> list[str]:
        """Return what an expression can be, a name by what it is set to."""
        match value:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.JoinedStr(values=parts):
                filled = [""]
                for part in parts:
                    filled = [before + choice for before in filled for choice in self.part(part, scope)]
                return filled
            case ast.FormattedValue(
                value=ast.Name() | ast.Attribute() | ast.IfExp() | ast.JoinedStr() as inner
            ):
                return self.texts(inner, scope)
            case ast.IfExp(body=first, orelse=second):
                return [*self.texts(first, scope), *self.texts(second, scope)]
            case ast.BinOp(left=first, op=ast.Add(), right=second):
                ends = self.texts(second, scope)
                return [begin + end for begin in self.texts(first, scope) for end in ends]
            case ast.Call(func=ast.Attribute(value=inner, attr="strip")):
                return self.texts(inner, scope)
            case ast.Attribute(attr="unit"):  # of a row in a file of probes
                return ["line", "row"]
            case ast.Name(id=name) if all(isinstance(v, WORDED) for v in scope.get(name, [value])):
                rest = scope | {name: [value]}
                return [text for one in scope[name] for text in self.texts(one, rest)]
        self.last += 1
        return [str(self.last)]

    def part(self, part: ast.expr, scope: Scope) -> list[str]:
        """Return what a part of an f-string can be."""
        return [str(part.value)] if isinstance(part, ast.Constant) else self.texts(part, scope)


WORDED = (ast.Constant, ast.JoinedStr, ast.IfExp)


def calls(node: ast.AST, scope: Scope) -> Iterator[tuple[ast.Call, Scope]]:
    """Yield every call below, with what names are set to around it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield child, scope
        yield from calls(child, assigned(child) if isinstance(child, ast.FunctionDef) else scope)


def assigned(function: ast.FunctionDef) -> Scope:
    found: Scope = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, []).append(node.value)
    return found


def named(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def message_of(call: ast.Call) -> ast.expr | None:
    """Return the message of a call that makes an error or a problem of a file."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if named(call) in ("Problem", "FileProblem"):
        return given["message"]
    ours = (ERRORS.match(named(call)) and "kind" in given) or named(call) == "ShapeError"
    ours = ours or (named(call) == "error" and isinstance(call.func, ast.Attribute) and bool(call.args))
    return call.args[0] if ours and call.args else None


@lru_cache
def trees() -> list[ast.Module]:
    files = [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py"))]
    files = [file for file in files if "japanese" not in file.parts and file.parent.name != "words"]
    return [ast.parse(file.read_text(encoding="utf-8")) for file in files]


def said_by(chosen: Callable[[ast.Call], ast.expr | None]) -> set[str]:
    """Return what calls say, filled; but for texts of nothing but fields and signs."""
    filling = Filling()
    found: set[str] = set()
    for module in trees():
        for call, scope in calls(module, {}):
            if (text := chosen(call)) is not None:
                found |= set(filling.texts(text, scope))
    return {text for text in found if re.search("[a-z]", FIELD.sub("", text))}


def line_of(call: ast.Call) -> ast.expr | None:
    """Return the line of a call that says how work goes."""
    return call.args[0] if named(call) in SAYING and call.args else None


@pytest.fixture(scope="module")
def messages() -> set[str]:
    return said_by(message_of)


@pytest.fixture(scope="module")
def lines() -> set[str]:
    return said_by(line_of)


def left_in_english(said: set[str], japanese: dict[str, str]) -> list[str]:
    return sorted(t for t in said if not JAPANESE.search(japanese[t]) or ENGLISH.search(japanese[t]))


def fields_lost(said: set[str], japanese: dict[str, str]) -> list[str]:
    return sorted(
        text for text in said if Counter(FIELD.findall(text)) != Counter(FIELD.findall(japanese[text]))
    )


def test_every_message_of_an_error_has_its_japanese_with_all_it_names(messages: set[str]) -> None:
    japanese = {message: in_japanese(message) for message in messages}
    assert len(messages) > 300
    assert left_in_english(messages, japanese) == []
    assert fields_lost(messages, japanese) == []


def test_every_hint_has_its_japanese_but_for_commands() -> None:
    said = said_by(lambda call: next((k.value for k in call.keywords if k.arg == "hint"), None))
    hints = {hint for hint in said if not re.match(r"pip install |loracheck |mkdir |-o |\d+ --help", hint)}
    japanese = {hint: in_japanese(hint) for hint in hints}
    assert len(hints) > 150
    assert [hint for hint in hints if not JAPANESE.search(japanese[hint])] == []
    assert fields_lost(hints, japanese) == []


def test_every_line_of_progress_has_its_japanese_with_all_it_names(lines: set[str]) -> None:
    japanese = {line: work_in_japanese(line) for line in lines}
    assert len(lines) > 40
    assert left_in_english(lines, japanese) == []
    assert fields_lost(lines, japanese) == []


def runs(key: str) -> Iterator[str]:
    """Yield every run of a third of the words: the rest may stand elsewhere in the code."""
    words = key.split()
    length = (len(words) + 2) // 3
    return (" ".join(words[place : place + length]).strip(".,:") for place in range(len(words) - length + 1))


def test_no_japanese_is_left_over() -> None:
    filling = Filling()
    said = "\n".join(
        FIELD.sub("{}", text)
        for module in trees()
        for node in ast.walk(module)
        if isinstance(node, ast.Constant | ast.JoinedStr)
        for text in filling.texts(node, {})
    )
    assert [key for key in OWN | CHOSEN | SENTENCES if not any(run in said for run in runs(key))] == []


@pytest.mark.parametrize("english", MESSAGES | SENTENCES)
def test_what_is_typed_or_differs_stands_in_both_languages(english: str) -> None:
    japanese = (MESSAGES | SENTENCES)[english]
    assert JAPANESE.search(japanese) or not re.search("[a-z]", english.replace("Errno", ""))
    for word in re.findall(r"--[a-z][a-z-]*|\b\w+\.json\b|\b[A-Z][A-Z_]{3,}\b|https?:\S+", english):
        assert word in japanese


def test_nothing_of_a_message_is_lost_where_its_fields_hold_signs_of_their_own() -> None:
    said = in_japanese("/data/a: b, c/{x}.jsonl, line 3, column 7: broken JSON: Expecting ',' delimiter.")
    assert said == (
        "/data/a: b, c/{x}.jsonl、3行目、7文字目: JSONの形式が正しくありません: 区切りの「,」がありません"
    )


def test_what_json_and_the_system_say_inside_a_message_is_japanese_too() -> None:
    assert len(SYSTEM) > 20
    try:
        json.loads('{"a" 1}')
    except json.JSONDecodeError as error:
        assert in_japanese(f"rows.json: broken JSON: {error}") == (
            "rows.json: JSONの形式が正しくありません: 区切りの「:」がありません (1行目6文字目、先頭から5文字)"
        )
    try:
        Path("/nowhere/at/all").read_bytes()
    except OSError as error:
        assert in_japanese(f"cannot write /x: {error.strerror}") == (
            "/xに書き込めません: ファイルまたはフォルダーがありません"
        )


def test_a_long_message_of_many_signs_is_told() -> None:
    for signs in (", line 3, field x: ", "; ", " and ", " is damaged: ", "{} {", " is ", ": "):
        for translate in (in_japanese, work_in_japanese):
            assert translate(signs * 90 + "!").endswith("!"), "and it ends"


def told(arguments: list[str], capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> str:
    """Return what the end of a command by an error shows."""
    patch.setattr(sys, "argv", ["loracheck", *arguments])
    with pytest.raises(SystemExit):
        cli.main()
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["gate", "nowhere"], "nowhereは実行結果のフォルダーではありません。manifest.jsonがありません。"),
        (["curate", "none.jsonl", "-o", "out"], "none.jsonl: ファイルがありません。"),
        (["curate", "torn.jsonl", "-o", "out"], "torn.jsonl、1行目、6文字目: JSONの形式が正しくありません: "),
        (["explain", "LC-999"], "LC-999というエラーはありません。"),
        (["power", "--policy", "none"], "--policy none: ファイルがありません。プリセットは"),
        (["power", "--policy", "p.yaml"], "ポリシーp.yaml、1行目: 不明なキー'alfa'があります。"),
    ],
)
def test_an_error_is_told_in_japanese_and_a_program_reads_english(
    arguments: list[str],
    expected: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("torn.jsonl").write_text('{"a" 1}\n', encoding="utf-8")
    Path("p.yaml").write_text("alfa: 0.05\n", encoding="utf-8")
    assert expected in told(["--lang", "ja", *arguments], capsys, monkeypatch).splitlines()[1]
    assert not JAPANESE.search(told(["--lang", "en", *arguments], capsys, monkeypatch))
    monkeypatch.setattr(sys, "argv", ["loracheck", "--lang", "ja", *arguments, "--json"])
    with pytest.raises(SystemExit):
        cli.main()
    assert not JAPANESE.search(json.loads(capsys.readouterr().out)["message"])


def test_progress_in_a_pipe_speaks_the_language_of_the_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "INTERVAL_SECONDS", 0.0)
    for locale, expected in (
        ("ja_JP.UTF-8", "base: 短い回答: 2,000中1,000、ステップ1/2、損失0.500、毎秒9トークン、残り約"),
        ("C.UTF-8", "base: short answers: 1,000 of 2,000, step 1 of 2, loss 0.500, 9 tokens/s, about "),
    ):
        monkeypatch.setenv("LC_ALL", locale)
        work = Progress()
        with work.track("base: short answers", 2000) as advance:
            advance(1000, "step 1 of 2, loss 0.500, 9 tokens/s")
            advance(1000)
        work.say("a line that nobody knows")
        first, last, unknown = capsys.readouterr().err.splitlines()
        assert first.startswith(f"  {expected}")
        assert re.search(r"2,000中2,000、\d+秒$|2,000 of 2,000, \d+ s$", last)
        assert unknown == "a line that nobody knows"


@pytest.mark.parametrize(
    ("locale", "left"), [("ja_JP.UTF-8", "残り約2時間0分"), ("C.UTF-8", "about 2 h 0 min left")]
)
def test_hours_that_are_left_are_not_told_in_seconds(
    locale: str, left: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter((0.0, 3600.0, 10800.0))
    monkeypatch.setattr("loracheck.progress.time.monotonic", lambda: next(times))
    monkeypatch.setenv("LC_ALL", locale)
    with Progress().track("base: short answers", 3) as advance:
        advance(1)
    assert left in capsys.readouterr().err


def test_validate_names_the_problem_in_japanese(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("a,a\n1,2\n", encoding="utf-8")
    printed = CliRunner().invoke(cli.cli, ["--lang", "ja", "validate", str(file), "--as", "rows"]).output
    assert "rows.csv: 見出しに'a'が二度あります。\n" in printed


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [
        ("length", length_bin(20), "応答が32文字未満の"),
        ("language", "en", "言語enの"),
        ("source", "a b.jsonl", "出典a b.jsonlの"),
    ],
)
def test_the_loss_alarm_names_rule_and_rows_in_japanese(kind: str, name: str, told: str) -> None:
    config = CurateConfig(max_loss=0.3)
    ledger = Ledger({kind: [name] * 100}, config)
    for place in range(50):
        ledger.decide(place, "dropped", "flood", "identity_flood")
    with pytest.raises(DataError) as caught:
        ledger.check_losses()
    said = in_japanese(caught.value.message)
    assert said == (
        f"除外過多の警報: 規則identity_flood(同じ内容の過多)が、{told}100行のうち50行(50%)を除こうとしています。"
        "上限は30%です。"
    )
