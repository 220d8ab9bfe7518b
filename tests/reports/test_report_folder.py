"""The index page: every run is there with its outcome and a link that leads to its report."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Browser

from loracheck.errors import RunError
from loracheck.reports.folder import find_runs, write_index
from loracheck.reports.pipeline import write_report
from loracheck.runs import open_run


def links(page: str) -> list[str]:
    return re.findall(r'<a href="([^"#]+)"', page)


def test_the_index_links_to_every_report_and_says_what_came_out(
    evaluation: Path, related: list[Path], tmp_path: Path
) -> None:
    for run in (evaluation, *related):
        write_report(run)
    page = write_index(tmp_path).read_text(encoding="utf-8")
    names = {run.relative_to(tmp_path).as_posix() for run in (evaluation, *related)}
    assert {link.removesuffix("/report.html") for link in links(page)} == names
    assert all((tmp_path / link).is_file() for link in links(page))
    assert re.search(r"data-t=\d+>raw: [^<]+<", page)
    assert 'class="below v-hold"' in page
    assert re.search(r"of [\d,]+ rows kept", page)


def test_a_sweep_and_a_scale_run_say_what_came_out_too(tmp_path: Path, build_training: ModuleType) -> None:
    build_training.write_sweep(tmp_path / "sweep", ranks=(4, 16), seeds=(0,))
    build_training.write_scale(tmp_path / "scale")
    page = write_index(tmp_path).read_text(encoding="utf-8")
    assert "trainings are beaten by no other in both facts kept and persona learnt" in page
    assert "Safe up to strength 0.6;" in page


def test_a_verdict_names_the_check_behind_it_and_a_run_of_causes_how_many_rows_stand_out(
    build_causes: ModuleType, build: ModuleType, tmp_path: Path
) -> None:
    build_causes.write_causes(tmp_path / "causes", build.write_eval(tmp_path / "eval"))
    page = write_index(tmp_path).read_text(encoding="utf-8")
    assert re.search(r">raw: Hold · Persona leakage<", page)
    assert re.search(r"\d+ training rows stand out behind \d of \d findings", page)
    assert ">Causes<" in page


def test_the_outcome_of_every_run_is_seen_on_a_telephone_without_scrolling_sideways(
    tmp_path: Path, build: ModuleType, build_training: ModuleType, browser: Browser, browsing: ModuleType
) -> None:
    build.write_eval(tmp_path / "kanto-regional-assistant-2026-11-27-nightly-r64", worst="inconclusive")
    build_training.write_sweep(tmp_path / "sweep", ranks=(4, 16, 32), seeds=(0, 1))
    with browsing.opened(browser, write_index(tmp_path), width=320, height=740) as page:
        for language in browsing.LANGUAGES:
            page.click(f"[data-language={language}]")
            fits = "document.querySelector('.scroll').scrollWidth <= document.querySelector('.scroll').clientWidth"
            assert page.evaluate(fits), language


def test_an_unfinished_run_stands_there_as_such_and_without_a_link(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), open_run(tmp_path / "half", "train", config={}):
        raise KeyboardInterrupt
    page = write_index(tmp_path).read_text(encoding="utf-8")
    assert "not finished" in page
    assert links(page) == []


def test_replaced_and_hidden_folders_and_what_lies_inside_a_run_are_left_out(tmp_path: Path) -> None:
    for name in ("a", "replaced/b", ".hidden/c", "a/inner", "deep/er/run"):
        with (
            open_run(tmp_path / name, "train", config={})
            if name != "a/inner"
            else open_run(tmp_path / "x", "train", config={})
        ):
            pass
    assert [run.relative_to(tmp_path).as_posix() for run in find_runs(tmp_path)] == ["a", "deep/er/run", "x"]


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is no run and holds none"):
        write_index(tmp_path)


def test_a_torn_manifest_is_named_and_hides_no_other_run(evaluation: Path, tmp_path: Path) -> None:
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "manifest.json").write_text("{", encoding="utf-8")
    page = write_index(tmp_path).read_text(encoding="utf-8")
    assert "manifest.json" in page
    assert evaluation.name in page


def test_a_hostile_folder_name_is_text(tmp_path: Path, build: ModuleType) -> None:
    name = "<img src=x onerror=alert(1)>"
    run: Any = build.write_eval(tmp_path / name / "eval")
    del run
    page = write_index(tmp_path).read_text(encoding="utf-8")
    assert "<img" not in page
