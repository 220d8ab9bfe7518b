"""Where a line may not end: inside an option of the command line, and between a number and what it counts."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Browser

from loracheck.reports.html import say
from loracheck.reports.pipeline import write_report
from loracheck.reports.strings.frame import Both, together

LINES = "[...document.querySelectorAll('.whole')].map(n => [n.textContent, n.getClientRects().length])"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_line_ends_inside_an_option(
    tmp_path: Path, build_training: ModuleType, browser: Browser, browsing: ModuleType, language: str
) -> None:
    path = write_report(build_training.write_train(tmp_path / "train", watched=False))
    with browsing.opened(browser, path, fragment=f"#lang={language}") as page:
        for width in range(320, 620, 12):
            page.set_viewport_size({"width": width, "height": 700})
            lines = page.evaluate(LINES)
            assert {"--watch", "-o"} <= {option for option, _ in lines}
            assert {count for _, count in lines} == {1}, (width, lines)


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
