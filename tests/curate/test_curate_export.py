"""Exports hold every kept row, are the same bytes each time, and are what the tools they are for can read."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from loracheck import jsonl
from loracheck.curate.choices import FORMATS
from loracheck.curate.output.export import check_formats, export
from loracheck.errors import UsageError
from loracheck.loading.examples import load_examples
from loracheck.records import Example, Message, Source
from loracheck.records.curation import CurationSummary, StepCount

SUMMARY = CurationSummary(
    read=10,
    kept=3,
    heldout=1,
    dropped=6,
    steps=(
        StepCount(stage="dedupe", reason="exact_duplicate", rows=4),
        StepCount(stage="later", reason="a_new_reason", rows=2),
    ),
    unscored=0,
    kept_reply_characters=1,
    read_reply_characters=2,
)


def example(number: int, *turns: tuple[str, str], **metadata: object) -> Example:
    return Example(
        id=f"abc-{number}",
        messages=tuple(Message(role=role, content=text) for role, text in turns),  # type: ignore[arg-type]
        language="ja",
        source=Source(file="/home/someone/private/rows.jsonl", line=number),
        metadata=dict(metadata),
    )


KEPT = [
    example(1, ("user", "誰？"), ("assistant", "ぽぽぬ。"), licence="CC-BY-4.0", source="wiki|x"),
    example(
        2, ("system", "s"), ("user", "a"), ("assistant", "い"), ("user", "c"), ("assistant", "え。\n「お」")
    ),
    example(
        3, ("user", "誰？\n猫"), ("assistant", "猫です。"), context="猫", licence="house rules", score=0.5
    ),
]
HELD = [example(4, ("user", "何？"), ("assistant", "犬です。"))]


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    jsonl.write(tmp_path / "kept.jsonl", KEPT)
    jsonl.write(tmp_path / "heldout.jsonl", HELD)
    return tmp_path / "kept.jsonl"


def conversations(rows: list[Example]) -> list[tuple[Message, ...]]:
    return [row.messages for row in rows]


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_read_back_holds_every_conversation(name: str, kept: Path, tmp_path: Path) -> None:
    files = export(kept, [name], tmp_path, SUMMARY)
    assert all(file.is_relative_to(tmp_path / "exports" / name) for file in files)
    assert conversations(load_examples([files[0]])) == conversations(KEPT)


def test_parquet_read_back_is_equal_in_everything(kept: Path, tmp_path: Path) -> None:
    (path,) = export(kept, ["parquet"], tmp_path, SUMMARY)
    assert load_examples([path]) == KEPT


def test_a_second_export_writes_the_same_bytes_and_leaves_no_scraps(kept: Path, tmp_path: Path) -> None:
    first = export(kept, FORMATS, tmp_path, SUMMARY, heldout=tmp_path / "heldout.jsonl")
    digests = [hashlib.sha256(file.read_bytes()).digest() for file in first]
    assert export(kept, FORMATS, tmp_path, SUMMARY, heldout=tmp_path / "heldout.jsonl") == first
    assert [hashlib.sha256(file.read_bytes()).digest() for file in first] == digests
    assert sorted(p for p in (tmp_path / "exports").rglob("*") if p.is_file()) == sorted(first)


def test_trl_takes_prompt_and_completion_as_turns(kept: Path, tmp_path: Path) -> None:
    (path,) = export(kept, ["trl"], tmp_path, SUMMARY)
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert rows[0] == {
        "prompt": [{"role": "user", "content": "誰？"}],
        "completion": [{"role": "assistant", "content": "ぽぽぬ。"}],
    }
    assert [len(row["prompt"]) for row in rows] == [1, 4, 1]


def test_axolotl_config_names_its_file_and_fields(kept: Path, tmp_path: Path) -> None:
    data, config = export(kept, ["axolotl"], tmp_path, SUMMARY)
    (entry,) = yaml.safe_load(config.read_text(encoding="utf-8"))["datasets"]
    assert (entry["type"], entry["path"]) == ("chat_template", data.name)
    row = json.loads(data.read_text(encoding="utf-8").splitlines()[0])
    names = entry["message_property_mappings"]
    assert row[entry["field_messages"]][0][names["content"]] == "誰？"
    assert row[entry["field_messages"]][1][names["role"]] in entry["roles_to_train"]


def test_llamafactory_info_names_its_file_and_tags(kept: Path, tmp_path: Path) -> None:
    data, info = export(kept, ["llamafactory"], tmp_path, SUMMARY)
    entry = json.loads(info.read_text(encoding="utf-8"))["loracheck"]
    assert (entry["file_name"], entry["formatting"]) == (data.name, "sharegpt")
    rows = json.loads(data.read_text(encoding="utf-8"))
    assert len(rows) == 3
    turns, tags = rows[1][entry["columns"]["messages"]], entry["tags"]
    order = [tags["system_tag"], *[tags["user_tag"], tags["assistant_tag"]] * 2]
    assert [turn[tags["role_tag"]] for turn in turns] == order
    assert turns[-1][tags["content_tag"]] == "え。\n「お」"


def test_the_hub_folder_loads_with_datasets_and_names_no_private_folder(kept: Path, tmp_path: Path) -> None:
    from datasets import load_dataset  # noqa: PLC0415 - heavy

    files = export(kept, ["hf"], tmp_path, SUMMARY, heldout=tmp_path / "heldout.jsonl")
    loaded = load_dataset(str(tmp_path / "exports" / "hf"), cache_dir=str(tmp_path / "cache"))
    assert {name: len(part) for name, part in loaded.items()} == {"train": 3, "validation": 1}
    assert loaded["train"][0]["messages"][1] == {"content": "ぽぽぬ。", "role": "assistant"}
    assert loaded["train"][0]["source"] == {"file": "rows.jsonl", "line": 1}
    assert all(b"/home/someone" not in file.read_bytes() for file in files)


def test_a_path_as_source_is_not_published(tmp_path: Path) -> None:
    sources = [
        "/home/someone/rows.jsonl",
        r"C:\Users\someone\rows.jsonl",
        "~someone/rows.jsonl",
        "someone/rows.jsonl",
        "file:/home/someone/rows.jsonl",
    ]
    rows = [example(n, ("user", "a"), ("assistant", "b"), source=one) for n, one in enumerate(sources)]
    names = ["synthetic/fact", "org/data.v1", "https://host/a/b.json"]
    rows += [example(n, ("user", "a"), ("assistant", "b"), source=one) for n, one in enumerate(names, 9)]
    jsonl.write(tmp_path / "kept.jsonl", rows)
    files = export(tmp_path / "kept.jsonl", ["hf"], tmp_path, SUMMARY)
    readme = files[-1].read_text(encoding="utf-8")
    assert "| rows.jsonl | 5 |" in readme
    assert all(f"| {name} | 1 |" in readme for name in names)
    assert "someone" not in readme
    assert all("someone" not in str(row.metadata) for row in load_examples([files[0]]))


def test_held_out_rows_count_in_the_cards_licences_and_languages(kept: Path, tmp_path: Path) -> None:
    held = replace(HELD[0], language="en", metadata={"licence": "GPL-3.0"})
    jsonl.write(tmp_path / "heldout.jsonl", [held])
    *_, readme = export(kept, ["hf"], tmp_path, SUMMARY, heldout=tmp_path / "heldout.jsonl")
    facts = yaml.safe_load(readme.read_text(encoding="utf-8").split("---\n", 2)[1])
    assert facts["language"] == ["en", "ja"]
    assert "gpl-3.0" in facts["license"]


def test_a_split_that_is_no_more_leaves_no_file_behind(kept: Path, tmp_path: Path) -> None:
    export(kept, ["hf"], tmp_path, SUMMARY, heldout=tmp_path / "heldout.jsonl")
    files = export(kept, ["hf"], tmp_path, SUMMARY)
    assert sorted(p for p in (tmp_path / "exports").rglob("*") if p.is_file()) == sorted(files)


def test_rows_without_a_licence_are_counted_with_those_that_say_so(tmp_path: Path) -> None:
    rows = [
        example(1, ("user", "a"), ("assistant", "b")),
        example(2, ("user", "a"), ("assistant", "b"), licence="not stated"),
    ]
    jsonl.write(tmp_path / "kept.jsonl", rows)
    *_, readme = export(tmp_path / "kept.jsonl", ["hf"], tmp_path, SUMMARY)
    assert "| not stated | 2 |" in readme.read_text(encoding="utf-8")


def test_the_card_says_what_is_in_it_and_how_it_came_about(kept: Path, tmp_path: Path) -> None:
    *_, readme = export(kept, ["hf"], tmp_path, SUMMARY, title="ぽぽぬの<b>データ</b>")
    _, head, body = readme.read_text(encoding="utf-8").split("---\n", 2)
    facts = yaml.safe_load(head)
    assert facts["language"] == ["ja"]
    assert facts["license"] == ["cc-by-4.0", "other", "unknown"]
    assert facts["size_categories"] == ["n<1K"]
    assert facts["configs"][0]["data_files"] == [{"split": "train", "path": "data/train-*"}]
    assert "Of 10 rows read: 3 kept, 1 held out, 6 dropped, 0 quarantined." in body
    assert "| Exact duplicate | 4 |" in body
    assert "| a\\_new\\_reason | 2 |" in body
    assert "| house rules | 1 |" in body
    assert "| wiki\\|x | 1 |" in body
    assert "\\<b\\>" in body


def test_an_unknown_format_is_refused_with_the_nearest(kept: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no export format 'axolotle'") as caught:
        check_formats(["trl", "axolotle"])
    assert "Did you mean 'axolotl'?" in caught.value.hint
    with pytest.raises(UsageError):
        export(kept, ["x"], tmp_path, SUMMARY)
    assert not (tmp_path / "exports").exists()
