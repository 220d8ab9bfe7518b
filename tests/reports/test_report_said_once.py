"""What holds for many adapters, or many rows, is said once."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Browser

from loracheck import jsonl
from loracheck.records import EvaluationResult, Example, Manifest, Source
from loracheck.reports.charts.intervals import PointChart
from loracheck.reports.evaluation import checks
from loracheck.reports.pipeline import write_report
from loracheck.reports.strings.frame import UiLanguage
from tests.reports.drawings import SVG

SIX = ("raw", "a", "b", "c", "d", "curated")


@pytest.fixture(autouse=True)
def plain_wording() -> None:
    """Leave the real sentences in place: they are what was repeated."""


def result_of(path: Path, build: ModuleType, arms: tuple[str, ...]) -> EvaluationResult:
    return jsonl.read_one(build.write_eval(path, arms=arms) / "verdict.json", EvaluationResult)


def groups_of(result: EvaluationResult, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = next(one["groups"] for one in checks.view(result) if one["name"].en == name)
    return found


def test_of_six_adapters_a_measure_and_its_limit_stand_once_above_their_numbers(
    tmp_path: Path, build: ModuleType
) -> None:
    result = result_of(tmp_path / "eval", build, SIX)
    (group,) = groups_of(result, "Persona leakage")
    assert group["stem"] is not None and group["stem"].en.endswith("limit\N{NO-BREAK SPACE}5.0%:")
    lines = [(line["status"], line["adapters"], line["number"].en) for line in group["lines"]]
    gap = "\N{NO-BREAK SPACE}"
    assert lines == [
        ("fail", list(SIX[:-1]), f"97.0% [95.2,{gap}98.8], n=150"),
        ("pass", ["curated"], f"2.0% [0.2,{gap}3.8], n=150"),
    ]
    damage = groups_of(result, "Content damage")  # adapters are not all decided by the same measure
    assert len(damage) == 2 and len({group["stem"] for group in damage}) == 2


def test_the_same_sentence_of_several_adapters_stands_once(tmp_path: Path, build: ModuleType) -> None:
    for arms in (("raw", "curated"), SIX):
        (group,) = groups_of(result_of(tmp_path / str(len(arms)), build, arms), "Adapter sanity")
        (line,) = group["lines"]
        assert line["adapters"] == list(arms)


def test_two_adapters_keep_their_whole_sentences(tmp_path: Path, build: ModuleType) -> None:
    (group,) = groups_of(result_of(tmp_path / "eval", build, ("raw", "curated")), "Persona leakage")
    assert group["stem"] is None
    assert [line["rest"].en.count("the limit is 5.0%") for line in group["lines"]] == [1, 1]


@pytest.mark.parametrize("arms", [("raw", "curated"), SIX])
def test_points_of_many_adapters_have_numbers_with_a_key_and_those_of_one_place_share_a_label(
    tmp_path: Path, build: ModuleType, arms: tuple[str, ...]
) -> None:
    picture = checks.picture(result_of(tmp_path / "eval", build, arms))
    assert isinstance(picture, PointChart)
    root = ET.fromstring(str(picture.svg("en")))
    labels = [node.text for node in root.iter(f"{SVG}text") if node.get("class") == "point-label"]
    key = [node.text for node in root.iter(f"{SVG}text") if node.get("class") == "key-name"]
    if len(arms) == 2:
        assert (sorted(map(str, labels)), key) == (["base", "curated", "raw"], [])
    else:
        assert labels[:3] == ["base", "1, 2, 3, 4, 5", "6"]
        assert (labels[3:], key) == (list("123456"), list(arms))
    assert {row[0].en.partition(":")[0] for row in picture.table().rows} == {"base", *arms}


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_only_source_of_a_curation_is_named_once(
    tmp_path: Path, build: ModuleType, browser: Browser, browsing: ModuleType, language: UiLanguage
) -> None:
    run = build.write_curate(tmp_path / "curate")
    with browsing.opened(browser, write_report(run, language=language)) as page:
        said = page.locator("#evidence").inner_text()
        assert said.count("raw.jsonl") == 1
        assert re.search({"en": r"\bline 3\b", "ja": r"3\s行目"}[language], said)


def test_where_there_are_several_sources_each_row_names_its_own(
    tmp_path: Path, build: ModuleType, browser: Browser, browsing: ModuleType
) -> None:
    run = build.write_curate(tmp_path / "curate")
    first, *rest = jsonl.read(run / "kept.jsonl", Example)
    jsonl.write(run / "kept.jsonl", [replace(first, source=Source(file="other.jsonl", line=1)), *rest])
    manifest = jsonl.read_one(run / "manifest.json", Manifest)
    jsonl.write_one(run / "manifest.json", replace(manifest, files=()))
    with browsing.opened(browser, write_report(run)) as page:
        said = page.locator("#evidence").inner_text()
        assert "other.jsonl, line 1" in said
        assert said.count("raw.jsonl, line") == 11
