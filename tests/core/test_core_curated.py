"""What a curate run hands on: its rows to train on and those held out, verified once for both."""

from __future__ import annotations

from pathlib import Path

import pytest

from loracheck import runs
from loracheck.curated import HELDOUT, KEPT, given_rows
from loracheck.errors import RunError
from loracheck.runs import open_run


def curated(folder: Path, heldout: str) -> Path:
    with open_run(folder, "curate", config={}) as run:
        (run.path / KEPT).write_text("{}\n", encoding="utf-8")
        (run.path / HELDOUT).write_text(heldout, encoding="utf-8")
    return folder


def test_every_file_of_a_run_is_hashed_once_for_all_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = curated(tmp_path / "run", "{}\n")
    hashed: list[str] = []
    whole = runs.hash_file

    def counting(file: Path) -> str:
        hashed.append(file.name)
        return whole(file)

    monkeypatch.setattr(runs, "hash_file", counting)
    assert given_rows(run) == (run / KEPT, run / HELDOUT)
    assert sorted(hashed) == sorted([KEPT, HELDOUT])


def test_a_run_that_held_nothing_out_and_a_file_have_no_held_out_rows(tmp_path: Path) -> None:
    run = curated(tmp_path / "run", "")
    assert given_rows(run) == (run / KEPT, None)
    assert given_rows(run / KEPT) == (run / KEPT, None)


def test_rows_of_a_run_that_was_changed_are_refused(tmp_path: Path) -> None:
    run = curated(tmp_path / "run", "{}\n")
    (run / HELDOUT).write_text("[]\n", encoding="utf-8")
    with pytest.raises(RunError, match=f"{HELDOUT} was changed"):
        given_rows(run)
