"""The page of a comparison in a real browser: nothing runs, anyone can read it, and what differs is marked."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from loracheck.reports.html import shown
from loracheck.reports.pipeline import write_report

KINDS = ("seeds", "days")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, build_comparison: ModuleType) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("compared")
    return {kind: write_report(getattr(build_comparison, f"write_{kind}")(folder / kind)) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_no_accessibility_rule_is_broken_in_any_colour_or_language(
    pages: dict[str, Path], browser: Browser, browsing: ModuleType, kind: str
) -> None:
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    with browsing.opened(browser, pages[kind]) as page:
        page.wait_for_selector("#rows > li")
        page.fill("[data-filter=q]", "facts-ja-11")
        browsing.counted(page.locator("#rows > li"), 11)
        browsing.open_all(page)
        for scheme, language in zip(schemes, ("en", "ja"), strict=True):
            page.emulate_media(color_scheme=scheme)
            page.click(f"[data-language={language}]")
            assert page.get_attribute("html", "lang") == language
            browsing.refuse_violations(page)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_nothing_scrolls_sideways_or_is_cut_off_on_the_narrowest_screen(
    pages: dict[str, Path], browser: Browser, browsing: ModuleType, kind: str, language: str
) -> None:
    with browsing.opened(browser, pages[kind], width=320, height=640, fragment=f"#lang={language}") as page:
        page.wait_for_selector("#rows > li")
        browsing.open_all(page)
        assert browsing.no_sideways_scroll(page)
        outside = page.evaluate(
            "[...document.querySelectorAll('.narrow .chart text')].filter(n => {"
            "const b = n.getBoundingClientRect(); return b.left < 0 || b.right > innerWidth; }).map(n => n.textContent)"
        )
        assert outside == []
        assert page.locator(".narrow .chart:visible").count() == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize(("width", "height"), [(1280, 720), (360, 740)])
def test_sentence_and_both_verdicts_are_read_without_scrolling(
    pages: dict[str, Path],
    browser: Browser,
    browsing: ModuleType,
    kind: str,
    language: str,
    width: int,
    height: int,
) -> None:
    with browsing.opened(
        browser, pages[kind], width=width, height=height, fragment=f"#lang={language}"
    ) as page:
        for part in [page.locator(".sentence-big"), *page.locator(".verdict h3").all()]:
            box = part.bounding_box()
            assert box and box["y"] >= 0 and box["y"] + box["height"] <= height
        assert page.locator(".verdict").count() == 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("width", [1280, 360])
def test_labels_of_the_picture_do_not_lie_on_one_another(
    pages: dict[str, Path], browser: Browser, browsing: ModuleType, kind: str, language: str, width: int
) -> None:
    with browsing.opened(browser, pages[kind], width=width, height=740, fragment=f"#lang={language}") as page:
        clashes = page.evaluate(
            """() => [...document.querySelectorAll('.chart')].filter(c => c.getBoundingClientRect().width)
            .flatMap(chart => {
              const boxes = [...chart.querySelectorAll('text')].map(n => [n.textContent, n.getBoundingClientRect()]);
              const found = [];
              boxes.forEach(([name, a], i) => boxes.slice(0, i).forEach(([other, b]) => {
                const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
                const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
                if (wide > 1 && high > 6) found.push(`${name} | ${other}`);
              }));
              return found;
            })"""
        )
        assert clashes == []


def test_the_words_that_differ_are_marked_in_both_answers_by_more_than_colour(
    pages: dict[str, Path], browser: Browser, browsing: ModuleType
) -> None:
    with browsing.opened(browser, pages["days"]) as page:
        page.wait_for_selector("#rows > li")
        arms = page.locator("#rows > li").first.locator(".arm")
        marked = ["".join(arm.locator("mark.differs").all_inner_texts()) for arm in arms.all()]
        assert marked[0] == "", "the base is no part of the pair"
        assert (marked[1], marked[2]) == ("セアアアエ", "ぼくはぽぽぬ")
        look = page.evaluate(
            "(() => { const s = getComputedStyle(document.querySelector('.arm mark.differs'));"
            " return [s.outlineStyle, s.borderTopStyle, s.fontWeight]; })()"
        )
        assert "dotted" in look or "solid" in look
        chips = page.locator("#rows > li").first.locator(".row-head .chip").all_inner_texts()
        assert "lost: right answer said" in chips


def test_the_list_is_filtered_by_what_was_won_and_lost(
    pages: dict[str, Path], browser: Browser, browsing: ModuleType
) -> None:
    with browsing.opened(browser, pages["days"]) as page:
        page.wait_for_selector("#rows > li")
        page.select_option("[data-filter=check]", label="Content damage, right answer said: lost")
        expect(page.locator("#count")).to_contain_text("32 of 32")
        page.select_option("[data-filter=check]", label="Content damage, right answer said: won")
        expect(page.locator("#count")).to_contain_text("16 of 16")
        page.click("[data-language=ja]")
        expect(page.locator("#count")).to_contain_text("16 件中 16 件")


def test_every_training_of_an_arm_shows_its_answer_and_outcome(
    pages: dict[str, Path], browser: Browser, browsing: ModuleType
) -> None:
    with browsing.opened(browser, pages["seeds"]) as page:
        page.wait_for_selector("#rows > li")
        row = page.locator("#rows > li").first
        raw = row.locator(".arm").nth(1)
        assert raw.locator(".reply").count() == 4
        assert "training 4" in raw.inner_text()
        chips = page.locator("#rows > li .arm:nth-child(3) > .chip").evaluate_all(
            "all => all.map(n => n.className)"
        )
        assert {"chip o-right_persona", "chip o-wrong"} <= set(chips), (
            "trainings of one arm that differ, each graded"
        )


def test_payloads_in_every_string_are_shown_and_never_run(
    tmp_path: Path, build_comparison: ModuleType, browser: Browser, browsing: ModuleType
) -> None:
    taken: dict[str, str] = {}

    def spoil(value: str) -> str:
        payloads = browsing.PAYLOADS
        return taken.setdefault(value, value + payloads[len(taken) % len(payloads)])

    visible = ""
    for kind in KINDS:
        run = getattr(build_comparison, f"write_{kind}")(tmp_path / kind)
        build_comparison.spoil_run(run, spoil)
        with browsing.opened(browser, write_report(run)) as page:
            page.wait_for_selector("#rows > li")
            page.click("[data-language=ja]")
            page.click("[data-language=en]")
            page.fill("input[data-filter=q]", browsing.PAYLOADS[0])
            page.fill("input[data-filter=q]", "")
            page.wait_for_selector("#rows > li")
            while kind == "days" and page.locator("#more").is_visible():
                drawn = page.locator("#rows > li").count()
                page.click("#more")
                browsing.counted(page.locator("#rows > li"), min(drawn + 50, 200))
            assert page.evaluate("document.querySelectorAll('script').length") == 2
            assert page.evaluate("document.querySelectorAll('img,iframe,object,video,link,base').length") == 0
            assert page.evaluate("document.querySelectorAll('[href]:not([href^=\"#\"])').length") == 0
            visible += page.evaluate("document.body.textContent")
    assert len(taken) >= 60
    for payload in browsing.PAYLOADS:
        assert shown(payload) in visible, payload
