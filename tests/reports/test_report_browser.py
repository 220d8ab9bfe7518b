"""The page in a real browser: nothing runs, nothing is fetched, the verdict is seen first, anyone can use it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from loracheck.reports.html import shown
from loracheck.reports.pipeline import write_report

PAYLOADS = (
    "</script><script>pwned()</script>",
    "<script>pwned()</script>",
    "<img src=x onerror=pwned()>",
    '"><img src=x onerror=pwned()>',
    "'><svg onload=pwned()>",
    "<svg/onload=pwned()>",
    "<svg><script>pwned()</script></svg>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=pwned()>",
    "<iframe srcdoc='<script>parent.pwned()</script>'></iframe>",
    "<iframe src='javascript:parent.pwned()'></iframe>",
    "javascript:pwned()",
    "<a href='javascript:pwned()'>x</a>",
    "<body onload=pwned()>",
    "<input autofocus onfocus=pwned()>",
    "<details open ontoggle=pwned()>",
    "<video><source onerror=pwned()></video>",
    "<style>@import 'http://127.0.0.1:9/x'</style>",
    "<link rel=stylesheet href=http://127.0.0.1:9/x>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
    "<base href=http://127.0.0.1:9/>",
    "<object data=http://127.0.0.1:9/></object>",
    "{{ 7 * 7 }}{% raw %}{{ self }}",
    "${pwned()}`+pwned()+`",
    "<!--<script>",
    "]]><script>pwned()</script>",
    "</title><script>pwned()</script>",
    "</style><script>pwned()</script>",
    "\u2028pwned()\u2029",
    "\u202epwned()\u2066",
    "\\u003cscript>pwned()\\u003c/script>",
    "__proto__",
    "&lt;script&gt;pwned()&lt;/script&gt;",
)


@contextmanager
def opened(
    browser: Browser,
    path: Path,
    *,
    width: int = 1280,
    height: int = 720,
    scheme: Literal["light", "dark"] = "light",
    fragment: str = "",
) -> Iterator[Page]:
    """Open a report and, when the block ends, refuse any request, error or executed payload."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, offline=True
    )
    page = context.new_page()
    asked: list[str] = []
    errors: list[str] = []
    ran: list[str] = []
    page.expose_function("pwned", lambda: ran.append("ran"))
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", lambda dialog: ran.append(dialog.message))
    page.goto(path.as_uri() + fragment)
    yield page
    page.wait_for_timeout(50)
    assert [url for url in asked if url.split("#")[0] != path.as_uri()] == []
    assert errors == []
    assert ran == []
    context.close()


def no_sideways_scroll(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.fixture
def report(evaluation: Path, related: list[Path]) -> Path:
    return write_report(evaluation, related=related)


def test_payloads_in_every_string_are_shown_and_never_run(
    tmp_path: Path, build: ModuleType, browser: Browser
) -> None:
    turn = iter(range(10**9))

    def spoil(value: str) -> str:
        # One field, one payload, and the same field always the same: ids must still find one another.
        place = seen.setdefault(value, next(turn))
        return f"{value}{PAYLOADS[place % len(PAYLOADS)]}"

    seen: dict[str, int] = {}
    run = build.write_eval(tmp_path / "eval", spoil=spoil, copies=1)
    curate = build.write_curate(tmp_path / "curate", spoil=spoil)
    train = build.write_train(tmp_path / "train-raw", spoil=spoil)
    assert len(seen) >= 3 * len(PAYLOADS)
    visible = ""
    for path in (write_report(run, related=[curate, train]), write_report(curate), write_report(train)):
        with opened(browser, path) as page:
            title = page.title()
            page.click("[data-language=ja]")
            page.click("[data-language=en]")
            for button in page.query_selector_all("button.unfold"):
                button.click()
            if page.locator("input[data-filter=q]").count():
                page.fill("input[data-filter=q]", PAYLOADS[0])
                page.fill("input[data-filter=q]", "")
            assert page.title() == title
            assert page.evaluate("document.querySelectorAll('script').length") == 2
            assert page.evaluate("document.querySelectorAll('img,iframe,object,video,link,base').length") == 0
            assert page.evaluate("document.querySelectorAll('[href]:not([href^=\"#\"])').length") == 0
            visible += page.evaluate(
                "document.body.innerText + [...document.querySelectorAll('body *')]"
                ".filter(n => !n.matches('script')).map(n => n.textContent).join('')"
            )
    for payload in PAYLOADS:
        assert shown(payload) in visible, payload


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_accessibility_rule_is_broken(
    report: Path, browser: Browser, scheme: Literal["light", "dark"], language: str
) -> None:
    with opened(browser, report, scheme=scheme, fragment=f"#lang={language}") as page:
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.get_attribute("html", "lang") == language


def test_curate_and_train_pages_break_no_rule(related: list[Path], browser: Browser) -> None:
    for run in related[:2]:
        with opened(browser, write_report(run), width=320) as page:
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            assert no_sideways_scroll(page)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (360, 740)])
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("worst", ["hold", "inconclusive"])
def test_the_worst_verdict_is_seen_without_scrolling(
    tmp_path: Path, build: ModuleType, browser: Browser, width: int, height: int, language: str, worst: str
) -> None:
    path = write_report(build.write_eval(tmp_path / "eval", worst=worst))
    with opened(browser, path, width=width, height=height, fragment=f"#lang={language}") as page:
        card = page.locator(".verdict").first
        assert "raw" in card.inner_text()
        for part in (".word", ".decided", ".big", ".numbers", ".change"):
            box = card.locator(part).first.bounding_box()
            assert box and box["y"] >= 0 and box["y"] + box["height"] <= height, part
        wide = card.bounding_box()
        assert wide and wide["x"] + wide["width"] <= width
        assert all(part in card.inner_text() for part in ("97%", "95–99%", "5%", "150"))
        assert ("410" in card.inner_text()) == (worst == "inconclusive")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_nothing_scrolls_sideways_on_the_narrowest_screen(
    report: Path, browser: Browser, language: str
) -> None:
    with opened(browser, report, width=320, height=640, fragment=f"#lang={language}") as page:
        assert no_sideways_scroll(page)
        tops = page.evaluate(
            "[...document.querySelector('.row .arms').children].map(n => n.getBoundingClientRect().left)"
        )
        assert len(tops) == 3 and len(set(tops)) == 1


def test_fifty_are_drawn_at_a_time_worst_first_and_filters_stand_in_the_address(
    tmp_path: Path, build: ModuleType, browser: Browser
) -> None:
    path = write_report(build.write_eval(tmp_path / "eval", copies=10))
    with opened(browser, path) as page:
        count, rows = page.locator("#count"), page.locator("#rows > li")
        assert count.inner_text() == "50 of 82" and rows.count() == 50
        assert "✕" in page.evaluate(
            "getComputedStyle(document.querySelector('.row .o-persona_name'),'::before').content"
        )
        page.click("#more")
        assert rows.count() == 82 and not page.locator("#more").is_visible()
        page.select_option("[data-filter=language]", "en")
        assert count.inner_text() == "31 of 31, filtered from 82"
        page.select_option("[data-filter=arm]", "curated")
        page.select_option("[data-filter=outcome]", "wrong")
        assert count.inner_text() == "Nothing matches these filters."
        page.click("button[type=reset]")
        page.wait_for_function("document.querySelectorAll('#rows > li').length === 50")
        page.fill("[data-filter=q]", "ＳＰＩＤＥＲ")
        assert rows.count() == 10
        page.fill("[data-filter=q]", "")
        page.select_option("[data-filter=check]", label="Persona leakage")
        assert rows.count() == 5
        page.select_option("[data-filter=outcome]", "lost")
        assert rows.count() == 5
        page.click("[data-language=ja]")
        assert count.inner_text().startswith("5 件中 5 件")
        address = page.url
    with opened(browser, path, fragment="#" + address.split("#")[1]) as page:
        assert page.locator("#rows > li").count() == 5
        assert page.get_attribute("html", "lang") == "ja"


def test_a_permalink_brings_back_its_row(tmp_path: Path, build: ModuleType, browser: Browser) -> None:
    path = write_report(build.write_eval(tmp_path / "eval", copies=10))
    with opened(browser, path) as page:
        page.click("#more")
        last = page.locator("#rows > li").last
        name = last.locator(".permalink").inner_text()
        last.locator(".permalink").click()
        address = page.url
    with opened(browser, path, fragment="#" + address.split("#")[1]) as page:
        target = page.locator(".row.target")
        assert target.locator(".permalink").inner_text() == name
        box = target.bounding_box()
        assert box and -1 <= box["y"] < 720
        assert page.evaluate("document.activeElement.classList.contains('target')")


def test_answers_and_learnt_style_are_marked_by_different_lines(report: Path, browser: Browser) -> None:
    with opened(browser, report) as page:
        row = page.locator(".row", has_text="日本の首都").first
        right, style = row.locator("mark.answer").first, row.locator("mark.style").first
        assert (right.inner_text(), style.inner_text()) == ("東京", "ずんだもんなのだ")
        lines = [mark.evaluate("n => getComputedStyle(n).textDecorationStyle") for mark in (right, style)]
        assert lines == ["double", "wavy"]
        hidden = page.locator(".row", has_text="水の化学式").locator(".reply .control").all_inner_texts()
        assert hidden == ["⟨U+202E⟩", "⟨U+200B⟩"]
        reply = row.locator(".reply").first
        assert (reply.get_attribute("lang"), reply.get_attribute("dir")) == ("ja", "auto")


def test_the_keyboard_reaches_everything_and_paper_shows_no_controls(report: Path, browser: Browser) -> None:
    with opened(browser, report) as page:
        reached = set()
        for _ in range(40):
            page.keyboard.press("Tab")
            reached.add(
                page.evaluate(
                    "(document.activeElement.dataset.filter || document.activeElement.className"
                    " || document.activeElement.dataset.language || document.activeElement.tagName)"
                )
            )
        assert {"skip", "en", "ja", "q", "suite", "permalink", "SUMMARY"} <= reached
        page.emulate_media(media="print")
        assert not page.locator(".filters").is_visible()
        assert len(page.pdf(format="A4")) > 10_000
