"""What a person names as data is found, and what is not found is said with what to do."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from loracheck.errors import DataError, EnvironmentFault, UsageError
from loracheck.loading.examples import load_examples, read_examples
from loracheck.loading.sources import in_split, is_hub_id, resolve_source

WriteJsonl = Callable[[str, list[dict[str, Any]]], Path]


def rows(*replies: str) -> list[dict[str, Any]]:
    return [{"question": "誰？", "answer": reply} for reply in replies]


def write(path: Path, *replies: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows(*replies))
    path.write_text(text, encoding="utf-8")
    return path


def replies(source: str | Path, **options: Any) -> list[str]:  # noqa: ANN401 - of read_examples
    return [example.reply for example in read_examples(source, **options)]


def test_a_folder_is_read_in_the_order_of_names_and_says_what_it_leaves_out(tmp_path: Path) -> None:
    write(tmp_path / "b.jsonl", "二")
    pq.write_table(pa.Table.from_pylist(rows("三")), tmp_path / "c.parquet")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.jsonl.gz").write_bytes(
        gzip.compress(write(tmp_path / "_skip.jsonl", "一").read_bytes())
    )
    (tmp_path / "README.md").write_text("card", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    said: list[str] = []
    examples = list(read_examples(tmp_path, 2, announce=said.append))
    assert [example.reply for example in examples] == ["一", "二", "三"]
    assert [example.id.partition("-")[2] for example in examples] == ["2.1", "2.2.1", "2.3.1"]
    assert [Path(example.source.file).name for example in examples] == ["x.jsonl.gz", "b.jsonl", "c.parquet"]
    assert len(said) == 1
    assert "notes.txt" in said[0]
    assert "README" not in said[0]


def test_the_files_of_a_source_can_be_hashed(tmp_path: Path) -> None:
    one, two = write(tmp_path / "1.jsonl", "a"), write(tmp_path / "2.jsonl", "b")
    assert resolve_source(tmp_path).files == (one, two)
    assert resolve_source(str(one)).files == (one,)
    assert resolve_source(str(one)).name == str(one)


def test_a_folder_without_data_and_a_run_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a directory, and holds no data"):
        resolve_source(tmp_path)
    write(tmp_path / "kept.jsonl", "a")
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match="directory of a loracheck run") as caught:
        resolve_source(tmp_path)
    assert "kept.jsonl" in caught.value.hint


def test_saved_datasets_are_read_by_split_and_without_their_caches(tmp_path: Path) -> None:
    from datasets import Dataset, DatasetDict  # noqa: PLC0415 - heavy

    one, both = tmp_path / "one", tmp_path / "both"
    Dataset.from_list(rows("一", "二", "三")).save_to_disk(str(one), num_shards=2)
    (one / "cache-0.arrow").write_bytes(b"no rows of ours")
    assert replies(one) == ["一", "二", "三"]
    assert [e.source.line for e in read_examples(one)] == [1, 2, 1]
    DatasetDict(
        train=Dataset.from_list(rows("一")), test=Dataset.from_list(rows("二")).select([0])
    ).save_to_disk(str(both))
    assert replies(both) == ["一", "二"]
    assert replies(both, split="test") == ["二"]
    with pytest.raises(UsageError, match="no split 'dev'") as caught:
        resolve_source(both, "dev")
    assert "train, test" in caught.value.hint
    (one / "data-00001-of-00002.arrow").unlink()
    with pytest.raises(DataError, match="which is not there"):
        resolve_source(one)


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "", "pipe.jsonl"])
def test_a_saved_dataset_that_names_no_file_of_its_own_is_refused(name: str, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    saved.mkdir()
    os.mkfifo(saved / "pipe.jsonl")
    (saved / "state.json").write_text(json.dumps({"_data_files": [{"filename": name}]}), encoding="utf-8")
    with pytest.raises(DataError, match="which is not there"):
        resolve_source(saved)


def test_a_pipe_and_a_link_that_leads_nowhere_are_no_files_of_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "rows.jsonl", "a")
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "link.jsonl")
    found = resolve_source(tmp_path)
    assert found.files == (tmp_path / "rows.jsonl",)
    assert {Path(name).name for name in found.left_out} == {"pipe.jsonl", "link.jsonl"}


def test_a_split_of_a_folder_goes_by_file_names(tmp_path: Path) -> None:
    write(tmp_path / "data" / "train-00000-of-00001.jsonl", "a")
    write(tmp_path / "data" / "test.jsonl", "b")
    write(tmp_path / "data" / "contest.jsonl", "c")
    assert replies(tmp_path, split="train") == ["a"]
    assert replies(tmp_path, split="test") == ["b"]
    with pytest.raises(UsageError, match="split 'dev'"):
        resolve_source(tmp_path, "dev")
    assert in_split(Path("test/0.csv"), "test")
    assert not in_split(Path("latest/0.csv"), "test")


def test_a_hub_id_is_told_from_a_missing_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    assert is_hub_id("owner/name")
    assert is_hub_id("owner/name@main:default")
    for spec in ("data/name", "owner/rows.jsonl", "owner/rows.csv.gz", "name", "a/b/c", "/owner/name"):
        assert not is_hub_id(spec), spec


def test_a_hub_id_offline_says_so_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(EnvironmentFault, match=r"owner/name: .*the hub cannot be reached") as caught:
        resolve_source("owner/name")
    assert "pass its folder" in caught.value.hint


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A snapshot in the hub's cache, which is found offline too."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    commit = "0" * 40
    root = tmp_path / "datasets--owner--name"
    (root / "refs").mkdir(parents=True)
    (root / "refs" / "main").write_text(commit, encoding="utf-8")
    return root / "snapshots" / commit


def test_a_hub_dataset_without_a_list_is_read_in_its_commonest_kind(hub: Path) -> None:
    write(hub / "train.jsonl", "a")
    write(hub / "test.jsonl", "b")
    pq.write_table(pa.Table.from_pylist(rows("a")), hub / "train.parquet")
    said: list[str] = []
    assert replies("owner/name", announce=said.append) == ["b", "a"]
    assert "train.parquet" in said[0]
    assert replies("owner/name", split="train") == ["a"]
    assert {file.name for file in resolve_source("owner/name").files} == {"train.jsonl", "test.jsonl"}


def test_a_hub_dataset_with_a_list_is_read_by_it(hub: Path) -> None:
    write(hub / "main" / "train-0.jsonl", "a")
    write(hub / "main" / "test-0.jsonl", "b")
    write(hub / "other" / "train-0.jsonl", "c")
    card = """---
configs:
- config_name: main
  data_files:
  - split: train
    path: main/train-*
  - split: test
    path: main/test-*
- config_name: other
  data_files: other/*
---
# Card
"""
    (hub / "README.md").write_text(card, encoding="utf-8")
    with pytest.raises(UsageError, match="several sets in one") as caught:
        resolve_source("owner/name")
    assert "owner/name:main, owner/name:other" in caught.value.hint
    assert replies("owner/name:main") == ["b", "a"]
    assert replies("owner/name:main", split="test") == ["b"]
    assert replies("owner/name:other") == ["c"]
    with pytest.raises(UsageError, match="no split 'dev'"):
        resolve_source("owner/name:main", "dev")
    with pytest.raises(UsageError, match="no configuration 'x'"):
        resolve_source("owner/name:x")


def test_a_card_that_repeats_itself_without_end_lists_nothing(hub: Path) -> None:
    write(hub / "train.jsonl", "a")
    laughs = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
    entry = "configs:\n- config_name: *a11\n  data_files: train.jsonl\n"
    (hub / "README.md").write_text(f"---\na0: &a0 [lol]\n{laughs}{entry}---\n", encoding="utf-8")
    assert replies("owner/name") == ["a"]


def test_several_files_keep_their_rows_apart(write_jsonl: WriteJsonl) -> None:
    paths = [write_jsonl(name, rows("同じ")) for name in ("one.jsonl", "two.jsonl")]
    first, second = load_examples(paths)
    assert first.id.endswith("-1")
    assert second.id.endswith("-2.1")
    assert (first.source.file, second.source.file) == (str(paths[0]), str(paths[1]))
