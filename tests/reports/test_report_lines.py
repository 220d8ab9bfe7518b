"""Where a line may not end: inside an option of the command line, and between a number and what it counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Browser

from loracheck import jsonl
from loracheck.records import EvaluationResult, Manifest
from loracheck.reports.html import say
from loracheck.reports.pipeline import write_report
from loracheck.reports.strings.frame import Both, together

REASON = "base_says_nothing"
STYLED = "space => document.querySelectorAll('.whole').forEach(n => { n.style.whiteSpace = space; })"
LINES = "[...document.querySelectorAll('.whole')].map(n => [n.textContent, n.getClientRects().length])"


@pytest.fixture(autouse=True)
def plain_wording() -> None:
    """Leave the real sentences in place: one of them names an option."""


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_line_ends_inside_an_option(
    tmp_path: Path, build: ModuleType, browser: Browser, browsing: ModuleType, language: str
) -> None:
    run = build.write_eval(tmp_path / "eval")
    result = jsonl.read_one(run / "verdict.json", EvaluationResult)
    verdicts = tuple(
        replace(
            one, findings=tuple(replace(f, reason=REASON) if f.check == "sanity" else f for f in one.findings)
        )
        for one in result.verdicts
    )
    jsonl.write_one(run / "verdict.json", replace(result, verdicts=verdicts))
    manifest = jsonl.read_one(run / "manifest.json", Manifest)
    jsonl.write_one(run / "manifest.json", replace(manifest, files=()))
    with browsing.opened(browser, write_report(run), fragment=f"#lang={language}") as page:
        broken = 0
        for width in range(320, 620, 12):
            page.set_viewport_size({"width": width, "height": 700})
            lines = page.evaluate(LINES)
            assert "--base" in {option for option, _ in lines}
            assert {count for _, count in lines} == {1}, (width, lines)
            page.evaluate(STYLED, "normal")
            broken += any(count > 1 for _, count in page.evaluate(LINES))
            page.evaluate(STYLED, "")
        assert broken, "no width tried would have broken an option anyway"


def test_only_an_option_of_a_sentence_is_kept_whole() -> None:
    said = Both("Give --base and -o, not a-b, -1 or <--x>.", "--base と -o を指定してください。")
    assert str(say(said, "en")).count('<span class="whole">') == 3
    assert "&lt;<span" in say(said, "en")
    assert str(say(Both("runs/--x -o", "runs/--x -o"), "en")) == "runs/--x -o"  # what a stranger wrote


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("11 件のうち 9 件が合格", "11~件のうち 9~件が合格"),
        ("事実の喪失（−8.3 ポイント）", "事実の喪失（−8.3~ポイント）"),
        ("95% 区間", "95%~区間"),
        ("約52件、約 {n} 件", "約~52件、約~{n}~件"),
        ("it is 59 points below", "it is 59~points below"),
        ("{n} 件、{m} rows", "{n}~件、{m} rows"),
        ("facts kept in 3 runs", "facts kept in 3 runs"),
    ],
)
def test_a_number_stays_with_what_it_counts(said: str, kept: str) -> None:
    assert together(said) == kept.replace("~", "\N{NO-BREAK SPACE}")
