"""No broken rule of axe, best practices included, in any colour, language, verdict and state of any page."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Browser, Page

from loracheck.reports.pipeline import write_report


def in_every_colour_and_language(page: Page, browsing: ModuleType, only: str | None = None) -> None:
    for scheme in browsing.SCHEMES:
        page.emulate_media(color_scheme=scheme)
        for language in browsing.LANGUAGES:
            page.click(f"[data-language={language}]")
            browsing.settled(page)
            assert page.get_attribute("html", "lang") == language
            browsing.refuse_violations(page, only)


# The pages of train, sweep and scale runs have the same test of their own.
@pytest.mark.parametrize("kind", ["eval", "curate", "index"])
def test_no_rule_is_broken_on_any_page_with_everything_open(
    every_page: dict[str, Path], browser: Browser, browsing: ModuleType, kind: str
) -> None:
    with browsing.opened(browser, every_page[kind]) as page:
        browsing.open_all(page)
        in_every_colour_and_language(page, browsing)


@pytest.mark.parametrize("worst", ["ship", "hold", "inconclusive"])
def test_no_rule_is_broken_whatever_the_verdict(
    tmp_path: Path, build: ModuleType, browser: Browser, browsing: ModuleType, worst: str
) -> None:
    path = write_report(build.write_eval(tmp_path / "eval", worst=worst))
    with browsing.opened(browser, path) as page:
        in_every_colour_and_language(page, browsing, only=".verdicts")


def test_no_rule_is_broken_in_any_state_of_the_list(
    tmp_path: Path, build: ModuleType, browser: Browser, browsing: ModuleType
) -> None:
    run = build.write_eval(tmp_path / "eval", spoil=lambda text: text * 2 if len(text) > 500 else text)
    states = {
        "": "filtered by nothing",
        "suite=facts-ja&outcome=lost&arm=raw&against=base": "four filters and differences framed",
        "q=zzzz": "no match",
        "check=0&language=ja": "one check",
    }
    with browsing.opened(browser, write_report(run)) as page:
        for fragment in states:
            page.evaluate("f => { location.hash = f; }", fragment)
            browsing.settled(page)
            browsing.refuse_violations(page)
        page.evaluate("location.hash = ''")
        browsing.settled(page)
        page.locator("a.permalink").nth(1).click()
        browsing.settled(page)
        page.locator("button.unfold").first.click()
        browsing.refuse_violations(page)


@pytest.mark.parametrize("kind", ["eval", "curate", "index"])
def test_nothing_scrolls_sideways_at_320_pixels(
    every_page: dict[str, Path], browser: Browser, browsing: ModuleType, kind: str
) -> None:
    with browsing.opened(browser, every_page[kind], width=320, height=640) as page:
        browsing.open_all(page)
        for language in browsing.LANGUAGES:
            page.click(f"[data-language={language}]")
            browsing.settled(page)
            assert browsing.no_sideways_scroll(page)
        browsing.refuse_violations(page)
        if kind == "eval":
            tops = page.evaluate(
                "[...document.querySelector('.row .arms').children].map(n => n.getBoundingClientRect().left)"
            )
            assert len(tops) == 3 and len(set(tops)) == 1  # the arms stand below one another


@pytest.mark.parametrize("kind", ["eval", "curate", "train"])
def test_every_chart_has_a_title_and_a_table(
    every_page: dict[str, Path], browser: Browser, browsing: ModuleType, kind: str
) -> None:
    with browsing.opened(browser, every_page[kind]) as page:
        bare = page.evaluate(
            "[...document.querySelectorAll('main svg.chart')].filter(n => !n.querySelector('title')"
            " || !(n.closest('figure, section').querySelector('table'))).map(n => n.outerHTML.slice(0, 80))"
        )
        assert bare == []
