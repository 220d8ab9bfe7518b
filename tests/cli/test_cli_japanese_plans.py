"""What --dry-run says, in Japanese: every sentence of every plan; documents for programs stay English."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner

from loracheck import cli, orchestrate, summary
from loracheck.cli.run import _STATES
from loracheck.evaluate.questions import cost as evaluate_cost
from loracheck.foreseen import Foreseen, print_foreseen
from loracheck.records import Cost
from loracheck.records.curation import CurationPlan
from loracheck.terminal import columns
from loracheck.words.plans import NUMBERS, SENTENCES, in_japanese
from loracheck.words.sentences import patterns, translated

ROOT = Path(__file__).parents[2]
PLANNERS = {
    "curate/synthesize.py": ("foresee_synthesis",),
    "evaluate/causes/dryrun.py": ("foresee_causes",),
    "train/dryrun.py": ("foresee_scale", "foresee_merge"),
    "loracheck/demo/dryrun.py": ("foresee_demo", "foresee_selftest", "_missing"),
    "curate/dryrun.py": ("_tokens", "_time_note"),
}
JAPANESE = re.compile("[ぁ-んァ-ヶ一-龠]")
FILLED = "7"
Names = dict[str, list[str]]


@pytest.fixture
def japanese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")


def told(value: ast.expr, names: Names) -> list[str]:
    """Return what a text can be, with a number for what is filled in."""
    match value:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=parts):
            return ["".join(chosen) for chosen in product(*(told(part, names) for part in parts))]
        case ast.FormattedValue(value=inner):
            return told(inner, names)
        case ast.IfExp(body=first, orelse=second):
            return told(first, names) + told(second, names)
        case ast.BoolOp(values=[_, ast.Constant(value=str(text))]):
            return [FILLED, text]
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=" and "), attr="join")):
            return [FILLED, f"{FILLED} and {FILLED}"]
        case ast.Attribute(attr="status"):
            return ["ship", "hold", "inconclusive"]
        case ast.Name(id=name) if name in names:
            return names[name]
    return [FILLED]


def planners() -> Iterator[ast.FunctionDef]:
    for file, functions in PLANNERS.items():
        found = {
            node.name: node
            for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body
            if isinstance(node, ast.FunctionDef)
        }
        yield from (found[name] for name in functions)


def texts(planner: ast.FunctionDef) -> Iterator[ast.expr]:
    """Yield the outermost texts of a function, but for its docstring, the names of numbers and what is a field."""
    waiting: list[ast.AST] = list(planner.body[1:] if ast.get_docstring(planner) else planner.body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.Constant | ast.JoinedStr):
            yield node
        elif isinstance(node, ast.Dict):
            waiting += node.values
        else:
            waiting += ast.iter_child_nodes(node)


def said() -> set[str]:
    """Return every sentence that a plan can hold, as it is filled."""
    found: set[str] = set()
    for planner in planners():
        names: Names = {}
        for node in ast.walk(planner):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                value = told(node.value, names)
                if value != [FILLED]:
                    names[node.targets[0].id] = value
        parts = {part for values in names.values() for part in values}
        found |= {
            sentence
            for text in texts(planner)
            for sentence in told(text, names)
            if len(re.findall("[a-z]{2,}", sentence)) > 2 and sentence not in parts
        }
    return found


def test_every_sentence_of_a_plan_has_its_japanese_with_all_that_is_filled_in() -> None:
    sentences = said()
    assert len(sentences) > 30
    for sentence in sentences:
        japanese = in_japanese(sentence)
        assert JAPANESE.search(japanese), sentence
        assert japanese.count(FILLED) == sentence.count(FILLED), sentence


def test_no_sentence_is_left_over() -> None:
    used = {key for key, japanese in SENTENCES.items() for one in said() if _is(key, one) and japanese}
    assert not set(SENTENCES) - used


def _is(key: str, sentence: str) -> bool:
    return translated(sentence, patterns({key: "x"})) == "x"


def test_every_number_of_a_plan_has_its_japanese_and_none_is_left_over() -> None:
    found = {
        key.value
        for planner in planners()
        for node in ast.walk(planner)
        if isinstance(node, ast.keyword) and node.arg == "numbers" and isinstance(node.value, ast.Dict)
        for key in node.value.keys
        if isinstance(key, ast.Constant)
    }
    assert set(NUMBERS) == found


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["demo"], "1. 内蔵のGemma 3 270Mを展開します"),
        (["selftest", "--language", "ja"], "2. ja: 壊れたアダプターと無害なアダプターを学習します: selftest-run/ja"),
        (["curate", "synthesize", "--base", "b", "--replay", "3"], "1. bを読み込み、3問の中立な質問に答えさせます"),
    ],
)  # fmt: skip
def test_a_plan_is_japanese_but_its_document_is_not(
    arguments: list[str], expected: str, japanese: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    printed = CliRunner().invoke(cli.cli, [*arguments, "--dry-run"]).output
    assert expected in printed
    assert printed.endswith("何も行っていません。実行するには--dry-runを外してください\n")
    document = json.loads(CliRunner().invoke(cli.cli, [*arguments, "--dry-run", "--json"]).output)
    words = " ".join([*document["steps"], *document["numbers"]])
    assert not JAPANESE.search(words.replace("ぽぽぬ", ""))


def test_the_numbers_stand_below_one_another_and_long_steps_are_broken(
    japanese: None, capsys: pytest.CaptureFixture[str]
) -> None:
    strengths = ", ".join(f"0.{place}" for place in range(100, 140))
    print_foreseen(
        Foreseen(
            steps=(f"ask 36 questions at each strength: {strengths}",),
            numbers={"answers": 3, "tokens_generated_at_most": None, "of_another_version": 1.5},
            notes=("the disk has no room for it", "what nobody knows\x1b"),
        )
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("1. 強さごとに36問を出します: 0.100, ")
    assert lines[1].startswith("   0.")
    assert max(map(columns, lines)) <= 110
    numbers = [line for line in lines if line.startswith(("   回答", "   生成", "   of_"))]
    assert [line.split()[-1] for line in numbers] == ["3", "不明", "1.5"]
    places = {columns(line) - columns(line.split()[-1]) for line in numbers}
    assert len(places) == 1
    assert lines[-3:-1] == ["注意: ディスクの空きが足りません", "注意: what nobody knows\\u001b"]


def test_a_plan_in_english_is_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    print_foreseen(Foreseen(steps=("train",), numbers={"rows_read": 1200}, notes=("slow",)))
    assert capsys.readouterr().out.splitlines() == [
        "1. train",
        "   rows read  1,200",
        "note: slow",
        "nothing was done: leave out --dry-run to do it",
    ]


def test_the_plans_of_eval_and_curate_are_japanese(
    japanese: None, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = Cost(tier="quick", arms=3, items={"facts-ja": 40}, generated=1200, prefill=9000, minutes=0.5)
    assert evaluate_cost.in_words(asked) == (
        "規模quick、比較対象3: それぞれ最大で1,200トークンを生成し、9,000トークンを読み取ります。合わせて約30秒。\n"
        "プローブ: facts-ja 40"
    )
    summary.print_plan(
        CurationPlan(
            rows=9, tokens=90, tokens_from="by the base's tokenizer on 9 rows", passing=8, reasons={}, seconds=1.0,
            time_note="without a base the rest takes about as long again", judge=None,
        )
    )  # fmt: skip
    printed = capsys.readouterr().out
    assert "約90トークン(ベースのトークナイザーで9行を数えた推定)" in printed
    assert printed.endswith("ここまで1.0秒。ベースがないため、残りにも同じくらいかかります\n")


def test_a_pipeline_is_written_and_planned_in_japanese(
    japanese: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    row = {"instruction": "空は？", "output": "青です。"}
    Path("train.jsonl").write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    run = CliRunner().invoke
    written = run(cli.cli, ["init", "--base", "b", "--data", "train.jsonl"]).output
    assert written.startswith("pipeline.yamlとpolicy.yamlを書きました。")
    planned = run(cli.cli, ["run", "pipeline.yaml", "--dry-run"]).output.splitlines()
    assert planned
    assert all(line.endswith("  これから") for line in planned)
    checked = run(cli.cli, ["validate", "train.jsonl", "pipeline.yaml"]).output
    assert "train.jsonl: rowsのファイル、1行、問題なし" in checked


def test_every_state_of_a_stage_has_its_japanese() -> None:
    source = Path(orchestrate.__file__).read_text(encoding="utf-8")
    state = next(
        node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == "_state"
    )
    returned = {
        text
        for node in ast.walk(state)
        if isinstance(node, ast.Return) and node.value
        for text in told(node.value, {})
    }
    assert returned == set(_STATES)


def test_a_sentence_takes_its_fields_in_another_order_and_those_of_its_fields() -> None:
    found = patterns({"{} of {}": "{1}の{0}", "{} of {} rows": "{1}行の{0}", "all": "すべて"})
    assert translated("all of 12 rows", found) == "12行のすべて"
    assert translated("all of it", found) == "itのすべて"
    assert translated("none at all", found) == "none at all"
