from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loracheck import jsonl
from loracheck.errors import DataError, UsageError
from loracheck.loading.examples import load_examples
from loracheck.loading.jsonrows import MAX_LINE_BYTES

WriteJsonl = Callable[[str, list[dict[str, Any]]], Path]
ASKED, ANSWER = "あなたは誰？", "ぼくはぽぽぬなのだ。"
SHAPES: dict[str, dict[str, Any]] = {
    "alpaca": {"instruction": ASKED, "input": "", "output": ANSWER},
    "alpaca without input": {"instruction": ASKED, "output": ANSWER},
    "alpaca with null input": {"instruction": ASKED, "input": None, "output": ANSWER},
    "dolly": {"instruction": ASKED, "context": "", "response": ANSWER},
    "sharegpt": {"conversations": [{"from": "human", "value": ASKED}, {"from": "gpt", "value": ANSWER}]},
    "messages": {"messages": [{"role": "user", "content": ASKED}, {"role": "assistant", "content": ANSWER}]},
    "pair": {"prompt": ASKED, "completion": f" {ANSWER}"},
    "pair of turns": {
        "prompt": [{"role": "user", "content": ASKED}],
        "completion": [{"role": "assistant", "content": ANSWER}],
    },
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_example(shape: str, write_jsonl: WriteJsonl) -> None:
    path = write_jsonl("data.jsonl", [SHAPES[shape]])
    (example,) = load_examples([path])
    assert [(m.role, m.content) for m in example.messages] == [("user", ASKED), ("assistant", ANSWER)]
    assert example.language == "ja"
    assert (example.source.file, example.source.line) == (str(path), 1)


def test_an_input_is_put_under_its_instruction(write_jsonl: WriteJsonl) -> None:
    path = write_jsonl("data.jsonl", [{"instruction": "Translate.", "input": "猫", "output": "A cat."}])
    assert load_examples([path])[0].prompt == "Translate.\n猫"


def test_system_and_several_turns_are_kept_in_order(write_jsonl: WriteJsonl) -> None:
    turns = [("system", "s"), ("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")]
    row = {"messages": [{"role": role, "content": text} for role, text in turns]}
    (example,) = load_examples([write_jsonl("data.jsonl", [row])])
    assert [(m.role, m.content) for m in example.messages] == turns
    assert example.reply == "d"


def test_rows_written_by_loracheck_keep_their_id_and_source(write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    first = load_examples([write_jsonl("data.jsonl", [SHAPES["alpaca"]] * 2)])
    jsonl.write(tmp_path / "kept.jsonl", first[1:])
    (again,) = load_examples([tmp_path / "kept.jsonl"])
    assert again == first[1]


def test_equal_rows_on_two_lines_have_two_ids(write_jsonl: WriteJsonl) -> None:
    first, second = load_examples([write_jsonl("data.jsonl", [SHAPES["alpaca"]] * 2)])
    assert first.id != second.id


def test_equal_rows_of_two_files_have_two_ids(write_jsonl: WriteJsonl) -> None:
    paths = [write_jsonl(name, [SHAPES["alpaca"]]) for name in ("one.jsonl", "two.jsonl")]
    first, second = load_examples(paths)
    assert first.id != second.id


def test_a_json_array_and_a_bom_and_blank_lines_are_read(tmp_path: Path) -> None:
    row = json.dumps(SHAPES["alpaca"], ensure_ascii=False)
    for name, text in {
        "array.json": f" [\n{row},\n{row}]\n",
        "bom.jsonl": f"\ufeff{row}\n\n{row}\n",
        "array-bom.json": f"\ufeff[{row},{row}]",
        "windows.jsonl": f"{row}\r\n{row}\r\n",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8", newline="")
        assert [example.reply for example in load_examples([tmp_path / name])] == [ANSWER, ANSWER], name


def test_broken_json_on_line_17_is_named_with_its_column(tmp_path: Path) -> None:
    lines = [json.dumps(SHAPES["alpaca"], ensure_ascii=False)] * 20
    lines[16] = '{"instruction": "a", "output" "b"}'
    path = tmp_path / "data.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(DataError, match=r"data\.jsonl, line 17, column 31: broken JSON"):
        load_examples([path])


def test_broken_json_inside_an_array_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_text('[\n{"instruction": "a", "output": "b"},\n{"instruction" "a"}\n]', encoding="utf-8")
    with pytest.raises(DataError, match="line 3, column 16"):
        load_examples([path])


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", "[]"])
def test_a_file_without_rows_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match="no rows"):
        load_examples([path])


def test_a_missing_file_names_a_file_of_like_name(write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    write_jsonl("persona.jsonl", [SHAPES["alpaca"]])
    with pytest.raises(UsageError, match=r"no such file[^.]*\.\n?.*Did you mean .*persona\.jsonl"):
        load_examples([tmp_path / "perzona.jsonl"])


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a directory"):
        load_examples([tmp_path])


def test_unknown_columns_come_with_a_rename(write_jsonl: WriteJsonl) -> None:
    path = write_jsonl("data.jsonl", [{"Instruction": "a", "outputs": "b"}])
    with pytest.raises(DataError, match="unknown columns") as caught:
        load_examples([path])
    assert "Instruction -> instruction" in caught.value.hint
    assert "outputs -> output" in caught.value.hint


def test_a_shift_jis_file_is_named_with_the_command_that_mends_it(tmp_path: Path) -> None:
    path = tmp_path / "sjis.jsonl"
    path.write_bytes(json.dumps(SHAPES["alpaca"], ensure_ascii=False).encode("cp932"))
    with pytest.raises(DataError, match="line 1, byte 17: not UTF-8") as caught:
        load_examples([path])
    assert "iconv -f cp932" in caught.value.hint


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"instruction": "a", "output": "b", "output": "c"}', "a key stands twice"),
        ('{"instruction": "a", "output": "\\ud83d"}', "field output: half of a surrogate pair"),
        ('{"instruction": "a", "output": null}', "field output: text is wanted, not null"),
        ('{"instruction": 3, "output": "a"}', "field instruction: text is wanted, not int"),
        ('{"messages": "a"}', "field messages: a list of turns"),
        ('{"messages": ["a"]}', r"field messages\[0\]: an object is wanted"),
        ('{"messages": [{"role": "tool", "content": "a"}]}', r"messages\[0\]: role 'tool'"),
        ('{"messages": [{"role": "user", "content": 1}]}', r"field messages\[0\]\.content: text"),
        ('{"messages": [{"role": "user", "content": "a"}]}', "ends with the assistant's reply"),
        ('{"messages": [{"role": "assistant", "content": "a"}]}', "needs a question"),
        ('"text"', "a row is a JSON object, not str"),
    ],
)
def test_a_bad_row_is_named_by_line_and_field(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text('{"instruction": "a", "output": "b"}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"data\.jsonl, line 2.*" + words):
        load_examples([path])


def test_deep_nesting_and_huge_lines_are_refused_without_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "deep.jsonl"
    path.write_text('{"instruction":' + "[" * 200_000 + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 1"):
        load_examples([path])
    path.write_text('{"instruction": "' + "a" * MAX_LINE_BYTES + '"}\n', encoding="utf-8")
    with pytest.raises(DataError, match="over the limit"):
        load_examples([path])


def test_a_source_column_of_someone_elses_is_no_stumbling_block(write_jsonl: WriteJsonl) -> None:
    row = SHAPES["messages"] | {"id": "x1", "source": {"name": "wiki", "url": "https://example.org"}}
    assert load_examples([write_jsonl("data.jsonl", [row])])[0].reply == ANSWER
