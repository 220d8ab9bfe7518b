"""Train, sweep and scale pages in a real browser: nothing runs, nothing is fetched, and anyone can read them."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from loracheck.reports.pipeline import write_report

KINDS = ("train", "bare", "sweep", "scale")


def written(build: ModuleType, folder: Path, kind: str) -> Path:
    if kind == "bare":
        run = build.write_train(folder, watched=False, heldout=False, planned=False, shown=())
    elif kind == "sweep":
        run = build.write_sweep(folder, ranks=(4, 16, 32, 64), seeds=(0, 1))
    else:
        run = getattr(build, f"write_{kind}")(folder)
    return write_report(run)


@pytest.mark.parametrize("kind", KINDS)
def test_no_accessibility_rule_is_broken_in_any_colour_or_language(
    tmp_path: Path, build_training: ModuleType, browser: Browser, browsing: ModuleType, kind: str
) -> None:
    path = written(build_training, tmp_path / kind, kind)
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    with browsing.opened(browser, path) as page:
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        for scheme in schemes:
            page.emulate_media(color_scheme=scheme)
            for language in ("en", "ja"):
                page.click(f"[data-language={language}]")
                assert page.get_attribute("html", "lang") == language
                found = Axe().run(page)
                assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_nothing_scrolls_sideways_or_is_cut_off_on_the_narrowest_screen(
    tmp_path: Path,
    build_training: ModuleType,
    browser: Browser,
    browsing: ModuleType,
    kind: str,
    language: str,
) -> None:
    path = written(build_training, tmp_path / kind, kind)
    with browsing.opened(browser, path, width=320, height=640, fragment=f"#lang={language}") as page:
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert browsing.no_sideways_scroll(page)
        outside = page.evaluate(
            "[...document.querySelectorAll('.narrow .chart text')].filter(n => {"
            "const b = n.getBoundingClientRect(); return b.left < 0 || b.right > innerWidth; }).map(n => n.textContent)"
        )
        assert outside == []
        assert page.locator(".wide .chart:visible").count() == 0
        assert page.locator(".narrow .chart:visible").count() == {"train": 2}.get(kind, 1)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("kind", ["train", "sweep", "scale"])
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("width", [1280, 360])
def test_labels_of_a_picture_do_not_lie_on_one_another(
    tmp_path: Path,
    build_training: ModuleType,
    browser: Browser,
    browsing: ModuleType,
    kind: str,
    language: str,
    width: int,
) -> None:
    path = written(build_training, tmp_path / kind, kind)
    with browsing.opened(browser, path, width=width, height=740, fragment=f"#lang={language}") as page:
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


@pytest.mark.parametrize("kind", ["train", "sweep", "scale"])
@pytest.mark.parametrize(("width", "height"), [(1280, 720), (360, 740)])
def test_the_sentence_is_read_without_scrolling(
    tmp_path: Path,
    build_training: ModuleType,
    browser: Browser,
    browsing: ModuleType,
    kind: str,
    width: int,
    height: int,
) -> None:
    path = written(build_training, tmp_path / kind, kind)
    with browsing.opened(browser, path, width=width, height=height) as page:
        for part in (".sentence-big", ".after"):
            box = page.locator(part).bounding_box()
            assert box and box["y"] >= 0 and box["y"] + box["height"] <= height, part


def test_what_is_trained_is_told_by_more_than_colour(
    tmp_path: Path, build_training: ModuleType, browser: Browser, browsing: ModuleType
) -> None:
    with browsing.opened(browser, written(build_training, tmp_path / "train", "train")) as page:
        look = page.evaluate(
            """() => { const n = document.querySelector('mark.trained'), s = getComputedStyle(n);
            return [s.textDecorationLine, s.backgroundColor !== 'rgba(0, 0, 0, 0)',
              getComputedStyle(n, '::before').content, getComputedStyle(n, '::after').content]; }"""
        )
        assert look == ["underline", True, '"⟦"', '"⟧"']
        row = page.locator(".shown-row").first
        assert row.get_attribute("lang") == "ja"
        assert "<bos>質問: 好きな食べ物は何？" in row.inner_text()


def test_paper_gets_the_wide_pictures(
    tmp_path: Path, build_training: ModuleType, browser: Browser, browsing: ModuleType
) -> None:
    with browsing.opened(browser, written(build_training, tmp_path / "train", "train"), width=700) as page:
        assert page.locator(".narrow .chart").first.is_visible()
        page.emulate_media(media="print")
        assert page.locator(".wide .chart").first.is_visible()
        assert not page.locator(".narrow .chart").first.is_visible()
