"""Files checked before they are committed: what is wrong is named with file, line and field, in the blink of an eye."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from loracheck.cli import cli
from loracheck.evaluate.policy import bundled_text, load_policy
from loracheck.starter import Starter, write_starter
from loracheck.validation import MOST_PROBLEMS, validate

ROW = '{"instruction": "空は？", "output": "青いのだ。"}\n'
HEAVY = ("torch", "transformers", "peft", "bitsandbytes", "datasets", "pandas", "sklearn")


def call(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["validate", *map(str, arguments)])


def found(*arguments: object) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = json.loads(call(*arguments, "--json").output)["files"]
    return said


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_files_in_order_pass_and_say_what_they_were_taken_for(tmp_path: Path) -> None:
    pipeline, policy = write_starter(
        tmp_path, Starter(base="owner/model", data=("rows.jsonl",)), bundled_text("default")
    )
    rows = write(tmp_path / "rows.jsonl", ROW * 3)
    probes = write(
        tmp_path / "asked.jsonl", '{"prompt": "1+1?", "answers": ["2"], "wrong": ["3", "4", "5"]}\n'
    )
    options = write(tmp_path / "train.yaml", "preset: qlora\nlora_r: 8\nlearning_rate: 2e-4\n")
    curation = write(tmp_path / "curate.yaml", "preset: lima\nmax_loss: 0.5\n")
    grid = write(tmp_path / "grid.yaml", "lora_r: [4, 8]\nlearning_rate: [1e-4]\n")
    runs = write(tmp_path / "runs.yaml", "runs:\n- {lora_r: 4}\n- {target_modules: q_proj, lora_r: 8}\n")
    given = (pipeline, policy, rows, probes, options, curation, grid, runs)
    done = call(*given)
    assert done.exit_code == 0, done.output
    kinds = {Path(file["file"]).name: file["kind"] for file in found(*given)}
    assert kinds == {
        "pipeline.yaml": "pipeline",
        "policy.yaml": "policy",
        "rows.jsonl": "rows",
        "asked.jsonl": "probes",
        "train.yaml": "train",
        "curate.yaml": "curate",
        "grid.yaml": "sweep",
        "runs.yaml": "sweep",
    }
    assert call(rows, "--quiet").output == ""


def test_every_bad_row_is_named_by_line_and_field(tmp_path: Path) -> None:
    rows = write(
        tmp_path / "rows.jsonl",
        ROW + '{"instruction": "a", "output": 3}\n' + ROW + '{"instruction": "a", "outptu": "b"}\n{broken\n',
    )
    done = call(rows)
    assert done.exit_code == 2
    assert f"{rows}, line 2, field output: text is wanted, not int." in done.output
    assert "line 4: unknown columns: instruction, outptu." in done.output
    [file] = found(rows)
    assert [(problem["line"], problem["field"]) for problem in file["problems"]] == [
        (2, "output"),
        (4, ""),
        (5, ""),
    ]
    assert file["rows"] == 5


def test_the_list_of_bad_rows_ends_and_says_how_many_are_left(tmp_path: Path) -> None:
    rows = write(tmp_path / "rows.jsonl", ROW + '{"instruction": "a", "output": 3}\n' * (MOST_PROBLEMS + 30))
    checked = validate(rows)
    assert (len(checked.problems), checked.more, checked.rows) == (MOST_PROBLEMS, 30, MOST_PROBLEMS + 31)
    assert f"{MOST_PROBLEMS + 30 - 2:,} more of the kind." in call(rows).output


def test_what_is_wrong_with_every_row_does_not_hide_what_is_wrong_with_one(tmp_path: Path) -> None:
    rows = write(tmp_path / "rows.jsonl", '{"Q": "a", "A": "b"}\n' * 40 + '{"instruction": "a", "output": \n')
    said = call(rows).output.splitlines()
    assert [line.split(": ")[0] for line in said if line.startswith(f"{rows}, ")] == [
        f"{rows}, line 1",
        f"{rows}, line 2",
        f"{rows}, line 41, column 32",
    ]
    assert said[-1] == f"{rows}: 38 more of the kind."


def test_the_name_of_a_column_is_not_taken_for_a_word_of_ours(tmp_path: Path) -> None:
    rows = write(tmp_path / "rows.jsonl", '{"text": "### 質問 空は？ ### 回答 青い"}\n')
    printed = CliRunner().invoke(cli, ["--lang", "ja", "validate", str(rows)]).output
    assert f"{rows}、1行目: 不明な列があります: text\n" in printed
    assert "文字列" not in printed


@pytest.mark.parametrize(
    ("text", "line", "field", "said"),
    [
        ("gates:\n  loops: {margn: 0.1}\n", 2, "gates.loops.margn", "margin"),
        ("alpha: 0.05\ngates:\n  loops:\n    margin: 3\n", 4, "gates.loops.margin", "between 0 and 1"),
        ("intent: sales\n", 1, "intent", "persona"),
        ("base: b\ndata: d\ntrain:\n  lora_rank: 3\n", 4, "train.lora_rank", "lora_r"),
        ("base: b\ndata: d\neval:\n  tier: fast\n", 4, "eval.tier", "fast"),
        ("base: b\ndata: d\npolicy: nowhere.yaml\n", 3, "policy", "nowhere.yaml"),
        ("base: b\ndata: d\ncurate:\n  dedupe:\n    near: 1\n", 5, "curate.dedupe.near", "near_duplicate"),
        ("gates: [\n", 2, "", "YAML"),
        ("preset: best\nlora_r: 4\n", 1, "preset", "lora-paper"),
        ("lora_r: [4, four]\n", 1, "lora_r", "a whole number is wanted"),
        ("runs:\n- {lora_r: 4}\n- {lora_rank: 4}\n", 3, "runs[1].lora_rank", "lora_rank"),
        ("on: push\n", None, "", "neither"),
    ],
)
def test_a_wrong_key_or_value_in_yaml_is_named_by_its_line(
    text: str, line: int | None, field: str, said: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "some.yaml", text)
    [file] = found(path)
    [problem] = file["problems"]
    assert (problem["line"], problem["field"]) == (line, field), problem
    assert said in problem["message"] + problem["hint"]
    assert str(path) in problem["message"]
    assert call(path).exit_code == 2


def test_a_policy_that_requires_nothing_is_no_policy_in_order(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    gates = load_policy("default").gates
    write(path, "".join(["gates:\n", *(f"  {name}: {{mode: info}}\n" for name in gates)]))
    [file] = found(path)
    assert "requires no check, so every adapter would ship" in file["problems"][0]["message"]
    assert call(path).exit_code == 2


def test_columns_of_ones_own_are_told_and_read_by_map(tmp_path: Path) -> None:
    rows = write(tmp_path / "faq.csv", "質問,回答\n空は？,青い\n海は？,青い\n")
    done = call(rows)
    assert done.exit_code == 2
    assert done.output.count("unknown columns") == 2
    assert done.output.count("Known shapes") == 1, "what mends them all is said once"
    mapped = call(rows, "--map", "instruction=質問", "--map", "output=回答")
    assert (mapped.exit_code, "2 rows: in order" in mapped.output) == (0, True)
    wrong = call(rows, "--map", "question=問い", "--map", "output=回答")
    assert (wrong.exit_code, "there is no column '問い'" in wrong.output) == (2, True)


def test_a_question_asked_twice_is_a_problem_of_a_probe_file(tmp_path: Path) -> None:
    probe = '{"prompt": "1+1?", "answers": ["2"], "wrong": ["3", "4", "5"]}\n'
    path = write(tmp_path / "asked.jsonl", probe * 2)
    done = call(path)
    assert done.exit_code == 2
    assert "asks what" in done.output


def test_all_files_are_checked_after_a_bad_one_and_a_missing_one_is_a_usage_error(tmp_path: Path) -> None:
    bad, good = write(tmp_path / "bad.jsonl", "{broken\n"), write(tmp_path / "good.jsonl", ROW)
    done = call(bad, good)
    assert done.exit_code == 2
    assert "good.jsonl: a rows file, 1 row: in order." in done.output
    missing = subprocess.run(
        [sys.executable, "-m", "loracheck", "validate", str(tmp_path / "none.jsonl")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert missing.returncode == 2
    assert "none.jsonl: there is no such file." in missing.stderr


def test_no_model_library_is_loaded(tmp_path: Path) -> None:
    rows = write(tmp_path / "rows.jsonl", ROW * 100)
    pipeline, policy = write_starter(
        tmp_path, Starter(base="owner/model", data=("rows.jsonl",)), bundled_text("default")
    )
    probes = write(
        tmp_path / "asked.jsonl", '{"prompt": "1+1?", "answers": ["2"], "wrong": ["3", "4", "5"]}\n'
    )
    script = (
        "import sys\nfrom loracheck.cli import cli\ntry:\n"
        f"    cli.main(['validate', *{[str(p) for p in (rows, policy, pipeline, probes)]!r}], standalone_mode=False)\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stderr.splitlines()[-1] == "[]"


HOSTILE: dict[str, bytes] = {
    "deep.jsonl": ROW.encode()
    + b'{"instruction": "a", "output": "b", "x": '
    + b"[" * 100_000
    + b"]" * 100_000
    + b"}",
    "deep.json": b"[" * 100_000,
    "turns.jsonl": json.dumps({"messages": "[" * 100_000}).encode(),
    "metadata.jsonl": b'{"id": "a", "source": {"file": "f", "line": 1}, "instruction": "a", "output": "b", '
    b'"metadata": ' + json.dumps("[" * 100_000).encode() + b"}",
    "numbers.jsonl": b'{"instruction": "a", "output": "b", "n": ' + b"9" * 6000 + b"}",
    "numbers.json": b'[{"prompt": "a", "answers": ["b"], "wrong": ["c"], "n": ' + b"9" * 6000 + b"}]",
    "halves.jsonl": b'{"instruction": "a\\ud800", "output": "b", "category": "\\udfff"}',
    "nulls.jsonl": b"\0" * 5000,
    "mark.jsonl": b"\xef\xbb\xbf",
    "types.jsonl": b'1\nnull\n[]\n{"messages": [1]}\n{"conversations": {"a": [1]}}\n{"messages": [{"role": []}]}\n',
    "names.csv": b"instruction,output" + b"".join(b",c%d" % n for n in range(90_000)) + b"\na,b\n",
    "quote.csv": b'instruction,output\n"' + b"a\n" * 100_000,
    "cut.gz": gzip.compress(ROW.encode() * 9)[:-9],
    "pipeline.yaml": b'policy: "a\\0b"\nbase: "c\\0d"\ndata: "e\\0f"\n',
    "policy.yaml": b"gates: &a [*a]\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_file_of_a_stranger_is_an_error_of_our_own(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(HOSTILE[name])
    for form in ([], ["--as", "probes"]):
        done = call(tmp_path / name, *form)
        assert done.exit_code in (0, 2), done.output
        assert isinstance(done.exception, SystemExit | None), done.exception
