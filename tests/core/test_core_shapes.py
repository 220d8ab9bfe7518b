"""Every shape gives the same conversation, and what is no plain text of a known role is refused by field."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loracheck import jsonl
from loracheck.errors import DataError, UsageError
from loracheck.loading.examples import load_examples, read_examples
from loracheck.loading.shapes import METADATA_CHARACTERS, METADATA_COLUMNS
from loracheck.records import Example

WriteJsonl = Callable[[str, list[dict[str, Any]]], Path]
Q, A = "あなたは誰？", "ぼくはぽぽぬなのだ。"
TURNS = [("system", "s"), ("user", "一"), ("assistant", "二"), ("user", Q), ("assistant", A)]
ROLES = {"system": "system", "user": "human", "assistant": "gpt"}
ONE_TURN: dict[str, dict[str, Any]] = {
    "alpaca": {"instruction": Q, "input": "", "output": A},
    "dolly": {"instruction": Q, "context": "", "response": A, "category": "open_qa"},
    "question and answer": {"question": Q, "answer": A},
    "prompt and response": {"prompt": Q, "response": A},
    "pair": {"prompt": f"{Q}\n", "completion": f" {A}"},
    "parts": {
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": Q}]},
            {"role": "assistant", "content": A},
        ]
    },
    "messages as JSON in a cell": {
        "messages": json.dumps([{"role": "user", "content": Q}, {"role": "assistant", "content": A}])
    },
    "an object of lists": {"conversations": {"from": ["human", "gpt"], "value": [Q, A]}},
}
SEVERAL_TURNS: dict[str, dict[str, Any]] = {
    "openai": {"messages": [{"role": role, "content": text} for role, text in TURNS]},
    "sharegpt": {"conversations": [{"from": ROLES[role], "value": text} for role, text in TURNS]},
    "sharegpt, role and content": {
        "conversations": [{"role": role, "content": text} for role, text in TURNS]
    },
    "sharegpt, system apart": {
        "system": "s",
        "conversations": [{"from": ROLES[role], "value": text} for role, text in TURNS[1:]],
    },
    "alpaca with history": {"system": "s", "instruction": Q, "output": A, "history": [["一", "二"]]},
    "prompt of turns": {
        "prompt": [{"role": role, "content": text} for role, text in TURNS[:-1]],
        "completion": [{"role": "assistant", "content": A}],
    },
    "developer": {
        "messages": [
            {"role": "developer" if role == "system" else role, "content": text} for role, text in TURNS
        ]
    },
}


def read_one(path: Path, **options: Any) -> Example:  # noqa: ANN401 - of read_examples
    (example,) = read_examples(path, **options)
    return example


def turns(example: Example) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in example.messages]


@pytest.mark.parametrize("name", ONE_TURN)
def test_one_turn(name: str, write_jsonl: WriteJsonl) -> None:
    assert turns(read_one(write_jsonl("data.jsonl", [ONE_TURN[name]]))) == [("user", Q), ("assistant", A)]


@pytest.mark.parametrize("name", SEVERAL_TURNS)
def test_system_and_several_turns(name: str, write_jsonl: WriteJsonl) -> None:
    assert turns(read_one(write_jsonl("data.jsonl", [SEVERAL_TURNS[name]]))) == TURNS


def test_parts_of_a_turn_are_joined_by_line_breaks(write_jsonl: WriteJsonl) -> None:
    parts = [{"type": "text", "text": "一"}, {"type": "text", "text": "二"}]
    row = {"messages": [{"role": "user", "content": parts}, {"role": "assistant", "content": A}]}
    assert read_one(write_jsonl("data.jsonl", [row])).prompt == "一\n二"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            {"messages": [{"role": "tool", "content": "a"}]},
            r"messages\[0\]: role 'tool' .* tools are not trained",
        ),
        ({"conversations": [{"from": "function_call", "value": "a"}]}, "tools are not trained"),
        (
            {"messages": [{"role": "assistant", "content": "", "tool_calls": [{"id": "1"}]}]},
            r"messages\[0\]\.tool_calls: calls of tools are not trained",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}]},
            r"messages\[0\]\.content\[0\]: only parts of type text are read, not 'image_url'",
        ),
        ({"messages": [{"role": ["user"], "content": "a"}]}, r"role \['user'\] is none of"),
        ({"conversations": [{"from": "human", "value": Q}]}, "ends with the assistant's reply"),
        (
            {"messages": [{"role": r, "content": "x"} for r in ("user", "assistant", "user")]},
            "ends with the assistant's reply",
        ),
        ({"question": Q, "answer": {"text": [A]}}, "field answer: text is wanted, not dict"),
        ({"instruction": Q, "input": 3, "output": A}, "field input: text is wanted, not int"),
        ({"instruction": Q, "output": A, "history": [["一"]]}, r"field history\[0\]: a pair"),
        ({"instruction": Q, "output": A, "system": 3}, "field system: text is wanted"),
    ],
)
def test_what_is_no_plain_text_of_a_known_role_is_refused(
    row: dict[str, Any], words: str, write_jsonl: WriteJsonl
) -> None:
    with pytest.raises(DataError, match=f"line 1.*{words}"):
        load_examples([write_jsonl("data.jsonl", [row])])


def test_preference_pairs_come_with_the_mapping_that_reads_them(write_jsonl: WriteJsonl) -> None:
    path = write_jsonl("data.jsonl", [{"prompt": Q, "chosen": A, "rejected": "no"}])
    with pytest.raises(DataError, match="unknown columns") as caught:
        load_examples([path])
    assert "output=chosen" in caught.value.hint
    assert turns(read_one(path, columns={"output": "chosen"})) == [("user", Q), ("assistant", A)]


@pytest.mark.parametrize(
    ("row", "words", "hint"),
    [
        ({"instruction": Q}, "there is instruction but no reply", "output, response, answer, completion"),
        (
            {"version": "1", "data": [{"instruction": Q, "output": A}]},
            "unknown columns",
            "jq '.[\"data\"]' FILE",
        ),
        ({"dialogue": [{"role": "user", "content": Q}]}, "unknown columns", "--map messages=dialogue"),
        ({"text": f"### {Q}\n### {A}"}, "unknown columns", "write them apart"),
        ({"instruction": Q, "output": None}, "text is wanted, not null", ""),
    ],
)
def test_a_row_in_another_form_comes_with_what_mends_it(
    row: dict[str, Any], words: str, hint: str, write_jsonl: WriteJsonl
) -> None:
    with pytest.raises(DataError, match=words) as caught:
        load_examples([write_jsonl("data.jsonl", [row])])
    assert hint in caught.value.hint
    assert "instruction=" not in caught.value.hint


@pytest.mark.parametrize(("column", "reply"), [("input", "output"), ("context", "response")])
def test_a_passage_stands_in_the_turn_and_in_the_metadata(
    column: str, reply: str, write_jsonl: WriteJsonl
) -> None:
    passage = "長い文章。" * 200 + " \n"
    example = read_one(write_jsonl("data.jsonl", [{"instruction": Q, column: passage, reply: A}]))
    assert example.prompt == f"{Q}\n{passage}"
    assert example.metadata == {"context": passage}


def test_a_context_column_that_is_not_in_the_turn_is_not_called_the_passage(write_jsonl: WriteJsonl) -> None:
    row = SEVERAL_TURNS["openai"] | {"context": "elsewhere"}
    assert "context" not in read_one(write_jsonl("data.jsonl", [row])).metadata


def test_short_scalars_are_kept_and_the_rest_is_not(write_jsonl: WriteJsonl) -> None:
    row: dict[str, Any] = {
        "question": Q,
        "answer": A,
        "id": 7,
        "source": "wiki",
        "license": "cc-by-4.0",
        "category": "自己紹介",
        "checked": True,
        "score": 0.5,
        "empty": "",
        "nothing": None,
        "long": "x" * (METADATA_CHARACTERS + 1),
        "tags": ["a"],
        "meta": {"lang": "ja", "score": 9, "deep": {}},
    }
    example = read_one(write_jsonl("data.jsonl", [row]))
    assert example.metadata == {
        "id": 7,
        "source": "wiki",
        "license": "cc-by-4.0",
        "category": "自己紹介",
        "checked": True,
        "score": 0.5,
        "lang": "ja",
    }
    assert jsonl.convert(jsonl.to_builtins(example), Example, "row") == example


def test_the_number_of_columns_kept_is_limited_but_for_the_licence(write_jsonl: WriteJsonl) -> None:
    row = {"question": Q, "answer": A, **{f"c{n}": n for n in range(100)}, "licence": "mit"}
    metadata = read_one(write_jsonl("data.jsonl", [row])).metadata
    assert len(metadata) == METADATA_COLUMNS + 1
    assert metadata["licence"] == "mit"


def test_columns_are_mapped(write_jsonl: WriteJsonl) -> None:
    row = {"質問": Q, "文脈": "猫の話", "回答": A, "出典": "wiki", "messages": "unused", "備考": "済"}
    columns = {"instruction": "質問", "input": "文脈", "output": "回答", "source": "出典"}
    example = read_one(write_jsonl("data.jsonl", [row]), columns=columns)
    assert turns(example) == [("user", f"{Q}\n猫の話"), ("assistant", A)]
    assert example.metadata == {"context": "猫の話", "source": "wiki", "備考": "済"}


def test_messages_are_mapped_and_a_mapped_csv_header_is_found(
    tmp_path: Path, write_jsonl: WriteJsonl
) -> None:
    path = write_jsonl("data.jsonl", [{"会話": SEVERAL_TURNS["openai"]["messages"]}])
    assert turns(read_one(path, columns={"messages": "会話"})) == TURNS
    table = tmp_path / "data.csv"
    table.write_text(f"問,い|回答\n{Q}|{A}\n", encoding="utf-8")
    assert turns(read_one(table, columns={"instruction": "問,い", "output": "回答"}))[0] == ("user", Q)


def test_a_mapped_column_that_a_row_lacks_is_named_with_those_near(write_jsonl: WriteJsonl) -> None:
    path = write_jsonl("data.jsonl", [{"質問": Q, "回答": A}, {"質問文": Q, "回答": A}])
    with pytest.raises(
        DataError, match="line 2: there is no column '質問', which is mapped to instruction"
    ) as caught:
        list(read_examples(path, columns={"instruction": "質問", "output": "回答"}))
    assert caught.value.hint == "Near: 質問文."


def test_a_mapping_to_no_field_is_refused_with_the_nearest(write_jsonl: WriteJsonl) -> None:
    path = write_jsonl("data.jsonl", [{"質問": Q, "回答": A}])
    with pytest.raises(UsageError, match="'instructions' is no field") as caught:
        list(read_examples(path, columns={"instructions": "質問", "output": "回答"}))
    assert "Did you mean 'instruction'?" in caught.value.hint
