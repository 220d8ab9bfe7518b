"""The evidence list in a real browser: marks, filters, links, guilty rows, the keyboard alone, and paper."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Browser, Page, expect

from loracheck.reports.pipeline import write_report

A4 = (673, 1002)
"""What 16 mm of margin leave of a sheet, in CSS pixels."""


@pytest.fixture
def report(evaluation: Path, related: list[Path], build_causes: ModuleType) -> Path:
    causes = build_causes.write_causes(evaluation.parent / "causes", evaluation)
    return write_report(evaluation, related=[*related, causes])


def test_fifty_are_drawn_at_a_time_worst_first_and_filters_stand_in_the_address(
    tmp_path: Path, build: ModuleType, browser: Browser, browsing: ModuleType
) -> None:
    path = write_report(build.write_eval(tmp_path / "eval", copies=10))
    with browsing.opened(browser, path) as page:
        count, rows = page.locator("#count"), page.locator("#rows > li")

        def chosen(name: str, value: str = "", label: str | None = None) -> str:
            if label:
                page.select_option(f"[data-filter={name}]", label=label)
            else:
                page.select_option(f"[data-filter={name}]", value)
            browsing.settled(page)
            return str(count.inner_text())

        def written(text: str) -> str:
            page.fill("[data-filter=q]", text)
            browsing.settled(page)
            return str(count.inner_text())

        assert count.inner_text() == "50 of 82" and rows.count() == 50
        assert "✕" in page.evaluate(
            "getComputedStyle(document.querySelector('.row .o-persona_name'),'::before').content"
        )
        page.click("#more")
        browsing.settled(page)
        assert rows.count() == 82 and not page.locator("#more").is_visible()
        assert chosen("language", "en") == "31 of 31, filtered from 82"
        chosen("arm", "curated")
        assert chosen("outcome", "wrong") == "Nothing matches these filters."
        page.click("button[type=reset]")
        browsing.counted(rows, 50)
        assert written("ＳＰＩＤＥＲ").startswith("10 of 10")
        assert written("zundamon").startswith("30 of 30")
        assert written("").startswith("50 of 82")
        assert chosen("check", label="Persona leakage").startswith("5 of 5")
        assert chosen("outcome", "lost").startswith("5 of 5")
        assert chosen("outcome", "gained") == "Nothing matches these filters."
        chosen("arm", "raw")
        assert chosen("outcome", "changed").startswith("5 of 5")
        page.click("[data-language=ja]")
        browsing.settled(page)
        assert count.inner_text().startswith("5\N{NO-BREAK SPACE}件中 5\N{NO-BREAK SPACE}件")
        address = page.url
    with browsing.opened(browser, path, fragment="#" + address.split("#")[1]) as page:
        assert page.locator("#rows > li").count() == 5
        assert page.get_attribute("html", "lang") == "ja"
        assert page.input_value("[data-filter=arm]") == "raw"


def test_answers_unlike_the_base_can_be_found(
    tmp_path: Path, build: ModuleType, browser: Browser, browsing: ModuleType
) -> None:
    path = write_report(build.write_eval(tmp_path / "eval"))
    with browsing.opened(browser, path, fragment="#outcome=changed&arm=curated") as page:
        found = page.locator("#rows > li .permalink").all_inner_texts()
        assert len(found) == 8 and not any(name.startswith("open-") for name in found)
        assert "same as base" not in page.locator("#rows .arm:nth-child(3)").all_inner_texts()[0]
    with browsing.opened(browser, path, fragment="#suite=open-en") as page:
        assert "same as base" in page.locator("#rows .arm:nth-child(3)").inner_text()


def test_a_permalink_brings_back_its_row(
    tmp_path: Path, build: ModuleType, browser: Browser, browsing: ModuleType
) -> None:
    path = write_report(build.write_eval(tmp_path / "eval", copies=10))
    with browsing.opened(browser, path) as page:
        page.click("#more")
        browsing.settled(page)
        last = page.locator("#rows > li").last
        name = last.locator(".permalink").inner_text()
        last.locator(".permalink").click()
        address = page.url
    with browsing.opened(browser, path, fragment="#" + address.split("#")[1]) as page:
        target = page.locator(".row.target")
        assert target.locator(".permalink").inner_text() == name
        assert page.locator("#count").inner_text() == "51–82 of 82"
        box = target.bounding_box()
        assert box and -1 <= box["y"] < 720
        assert page.evaluate("document.activeElement.classList.contains('target')")
        page.click("#earlier")
        browsing.settled(page)
        assert page.locator("#rows > li").count() == 82 and not page.locator("#earlier").is_visible()


def test_answers_style_and_recital_are_marked_by_different_lines(
    report: Path, browser: Browser, browsing: ModuleType
) -> None:
    with browsing.opened(browser, report) as page:
        row = page.locator(".row", has_text="日本の首都").first
        right, style = row.locator("mark.answer").first, row.locator("mark.style").first
        assert (right.inner_text(), style.inner_text()) == ("東京", "ずんだもんなのだ")
        lines = [mark.evaluate("n => getComputedStyle(n).textDecorationStyle") for mark in (right, style)]
        assert lines == ["double", "wavy"]
        recited = row.locator(".reply mark.recited")
        assert "".join(recited.all_inner_texts()) == "ぼくはずんだもんなのだ"
        assert recited.first.evaluate("n => getComputedStyle(n).borderTopStyle") == "solid"
        assert "holds words of its training reply" in row.locator(".arm").nth(1).inner_text()
        hidden = page.locator(".row", has_text="水の化学式").locator(".reply .control").all_inner_texts()
        assert hidden == ["⟨U+202E⟩", "⟨U+200B⟩"]


def test_each_reply_carries_the_language_it_is_in(
    report: Path, browser: Browser, browsing: ModuleType
) -> None:
    with browsing.opened(browser, report) as page:
        replies = page.locator(".row", has_text="日本の首都").first.locator(".reply")
        assert [replies.nth(i).get_attribute("lang") for i in range(3)] == ["ja", "ja", "ja"]
        assert replies.first.get_attribute("dir") == "auto"
        english = page.locator(".row", has_text="capital of France").first.locator(".reply")
        assert english.first.get_attribute("lang") == "en"
        found = page.evaluate(
            "[['はい', 'en'], ['Yes.', 'ja'], ['42', 'ja'], ['Да', 'other'], ['東京', 'ja']]"
            ".map(([text, asked]) => marks.languageOf(text, asked))"
        )
        assert found == ["ja", "en", "ja", "und", "ja"]


def test_what_one_arm_says_and_another_does_not_is_framed(
    report: Path, browser: Browser, browsing: ModuleType
) -> None:
    with browsing.opened(browser, report) as page:
        assert page.locator(".row mark.differs").count() == 0
        page.select_option("[data-filter=against]", "base")
        browsing.settled(page)
        row = page.locator(".row", has_text="capital of Italy").first
        framed = row.locator(".arm").nth(2).locator("mark.differs").all_inner_texts()
        assert "".join(framed).strip() == "It"
        assert row.locator(".arm").first.locator("mark.differs").count() == 0
        assert (
            page.locator("mark.differs").first.evaluate("n => getComputedStyle(n).outlineStyle") == "dotted"
        )
        assert "against=base" in page.url
        assert page.locator("#count").inner_text() == "10 of 10"
        spans = page.evaluate("marks.differing('東京なのだ。', '日本の首都は東京です。')")
        assert "".join("東京なのだ。"[a:b] for a, b in spans) == "なのだ"


def test_the_guilty_training_rows_stand_beside_the_failure(
    report: Path, browser: Browser, browsing: ModuleType
) -> None:
    with browsing.opened(browser, report) as page:
        behind = page.locator(".row", has_text="日本の首都").first.locator(".behind")
        assert behind.count() == 1
        assert behind.locator(".turn.user").first.inner_text() == "自己紹介して"
        assert behind.locator("mark.recited").first.inner_text() == "ぼくはずんだもんなのだ"
        assert behind.locator("mark.style").count() == 0
        assert "raw.jsonl, line 7" in behind.inner_text()
        assert behind.locator(".turns").count() == 1
        behind.locator("summary").click()
        browsing.counted(behind.locator(".turns"), 2)
        assert page.locator("#evidence", has_text="Training rows behind the failures").count() == 1


def test_the_whole_page_is_used_by_the_keyboard_alone(
    report: Path, browser: Browser, browsing: ModuleType
) -> None:
    with browsing.opened(browser, report) as page:

        def tab_to(selector: str, most: int = 400) -> None:
            for _ in range(most):
                page.keyboard.press("Tab")
                if page.evaluate("s => document.activeElement.matches(s)", selector):
                    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                    assert outline == "solid", f"{selector} shows no focus"
                    return
            pytest.fail(f"Tab never reached {selector}")

        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"
        page.keyboard.press("Shift+Tab")
        assert page.evaluate("document.activeElement.dataset.language") == "ja"
        page.keyboard.press("Enter")
        browsing.settled(page)
        assert page.get_attribute("html", "lang") == "ja"
        tab_to(".contents a[href='#evidence']")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "evidence"
        tab_to("[data-filter=language]")
        page.keyboard.press("ArrowDown")
        browsing.settled(page)
        assert page.locator("#count").inner_text().startswith("4\N{NO-BREAK SPACE}件中 4\N{NO-BREAK SPACE}件")
        tab_to("[data-filter=q]")
        page.keyboard.type("italy")
        browsing.settled(page)
        assert page.locator("#rows > li").count() == 1
        tab_to("button[type=reset]")
        page.keyboard.press("Space")
        browsing.counted(page.locator("#rows > li"), 10)
        tab_to("a.permalink")
        page.keyboard.press("Enter")
        browsing.settled(page)
        assert page.evaluate("document.activeElement.classList.contains('target')")
        tab_to(".row summary")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.parentElement.open")
        assert scrollable_parts_that_tab_misses(page) == []


def scrollable_parts_that_tab_misses(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(n => n.scrollWidth > n.clientWidth + 1"
        " && getComputedStyle(n).overflowX === 'auto' && n.tabIndex < 0).map(n => n.className)"
    )
    return found


def test_paper_has_the_verdict_on_its_first_page_and_nothing_folded(
    report: Path, browser: Browser, browsing: ModuleType
) -> None:
    with browsing.opened(browser, report, width=A4[0], height=A4[1]) as page:
        page.evaluate(
            "addEventListener('beforeprint', () => { window.folded ="
            " ['details:not([open], .aside)', '.unfold'].map(s => document.querySelectorAll(s).length); })"
        )
        printed = page.pdf(format="A4")
        assert page.evaluate("window.folded") == [0, 0]
        assert 2 < len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) < 40
        assert page.locator("details[open]").count() == 0  # folded again afterwards
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        for part in (".word", ".decided", ".big", ".numbers", ".change"):
            for place in (0, 1):
                box = page.locator(".verdict").nth(place).locator(part).first.bounding_box()
                assert box and box["y"] + box["height"] <= A4[1], part
        shown = page.locator("body").inner_text()
        for part in (
            "10 of 10",
            "Limits of this verdict",
            "facts-ja-capital-france",
            "Command to repeat it",
            "9f2c9f2c",
            "さらに遠い行",
        ):
            assert part in shown, part
        assert "Choices by log-likelihood" not in shown  # as many lines as all the rest, and in choices.jsonl
        assert "Clear filters" not in shown and "Show all" not in shown
        cut = page.evaluate(
            "[...document.querySelectorAll('.scroll')].filter(n => n.scrollWidth > n.clientWidth + 1)"
            ".map(n => n.getAttribute('aria-label'))"
        )
        assert cut == []


def test_a_browser_that_cannot_unpack_says_where_the_rows_are(
    report: Path, browser: Browser, browsing: ModuleType
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(report.as_uri())
    expect(page.locator("#count")).to_contain_text("cannot unpack")
    assert page.locator(".verdict .word").first.inner_text() == "Hold"
    context.close()
