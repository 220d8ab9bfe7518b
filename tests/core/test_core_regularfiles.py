"""What is no regular file is refused by every reader and never waited for."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from loracheck import jsonl
from loracheck.engines.stored import read_stored
from loracheck.errors import DataError, UsageError
from loracheck.evaluate.policy import load_policy
from loracheck.loading.bytestreams import open_bytes
from loracheck.loading.sources import resolve_source
from loracheck.probes.lm_eval_files import is_results, read_results
from loracheck.probes.userfiles import read_probe_file
from loracheck.records import Manifest
from loracheck.settings import read_yaml_file
from loracheck.validation import validate

READERS: dict[str, Callable[[Path], object]] = {
    "data": resolve_source,
    "bytes": lambda path: open_bytes(path).__enter__(),
    "probes": read_probe_file,
    "results": is_results,
    "scores": read_results,
    "answers": lambda path: read_stored("mine", path),
    "settings": read_yaml_file,
    "policy": lambda path: load_policy(str(path)),
    "any": validate,
    "record": lambda path: jsonl.read_one(path, Manifest),
    "records": lambda path: list(jsonl.read(path, Manifest)),
}


@pytest.mark.parametrize("reads", READERS.values(), ids=READERS)
def test_a_device_is_refused_by_every_reader(reads: Callable[[Path], object]) -> None:
    with pytest.raises(UsageError, match=f"{os.devnull} is no regular file"):
        reads(Path(os.devnull))


def test_a_pipe_in_a_saved_dataset_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "dataset_dict.json").write_text(json.dumps({"splits": ["train"]}), encoding="utf-8")
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "state.json").symlink_to(os.devnull)
    with pytest.raises(UsageError, match="is no regular file"):
        resolve_source(tmp_path)


def test_a_folder_and_what_is_missing_are_told_as_before(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        jsonl.read_one(tmp_path, Manifest)
    with pytest.raises(DataError, match="cannot be read"):
        jsonl.read_one(tmp_path / "none", Manifest)
