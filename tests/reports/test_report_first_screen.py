"""The decision without scrolling, in the words that users read, and pictures of the page for those who look."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Browser

from loracheck import jsonl
from loracheck.records import EvaluationResult, Finding, Manifest, Status, Verdict, VerdictStatus, Waiver
from loracheck.reports.pipeline import write_report
from loracheck.words.findings import check_name, verdict_word

SCREENSHOTS = "LORACHECK_SCREENSHOTS"
VERDICTS: tuple[VerdictStatus, ...] = ("ship", "hold", "inconclusive")


@pytest.fixture(autouse=True)
def plain_wording() -> None:
    """Leave the real sentences in place: they are longer than the plain ones of the other tests."""


def rewritten(run: Path, verdicts: tuple[Verdict, ...]) -> Path:
    """Put other verdicts into a run; its manifest forgets the hashes."""
    result = jsonl.read_one(run / "verdict.json", EvaluationResult)
    manifest = jsonl.read_one(run / "manifest.json", Manifest)
    jsonl.write_one(run / "verdict.json", replace(result, verdicts=verdicts))
    jsonl.write_one(run / "manifest.json", replace(manifest, files=()))
    return write_report(run)


def decided(run: Path, status: VerdictStatus, adapters: int) -> tuple[Path, Verdict]:
    """Draw the report of a run whose first verdict is of a kind, its deciding finding as the checks write it."""
    result = jsonl.read_one(run / "verdict.json", EvaluationResult)
    verdicts = [verdict for verdict in result.verdicts if verdict.adapter == "raw"] * 1
    others = [verdict for verdict in result.verdicts if verdict.adapter != "raw"]
    kinds: dict[VerdictStatus, Status] = {"ship": "pass", "hold": "fail", "inconclusive": "inconclusive"}

    def finding(one: Finding) -> Finding:
        if one.check != "persona_leakage":
            return replace(one, status="pass", reason="within_limit")
        low = status == "ship"
        lead = one.estimates[0]
        estimates = (
            replace(lead, value=0.02, ci_low=0.01, ci_high=0.04) if low else lead,
            *one.estimates[1:],
        )
        reason = {"ship": "within_limit", "hold": "beyond_limit"}.get(status, "not_enough_evidence")
        needed = 12_410 if status == "inconclusive" else None
        return replace(one, status=kinds[status], reason=reason, estimates=estimates, n_needed=needed)

    main = replace(
        verdicts[0],
        status=status,
        deciding=() if status == "ship" else ("persona_leakage",),
        findings=tuple(finding(one) for one in verdicts[0].findings if one.check != "forgetting"),
    )
    return rewritten(run, (main, *others)[:adapters]), main


@pytest.mark.parametrize("status", VERDICTS)
@pytest.mark.parametrize("adapters", [1, 2])
def test_verdict_rule_number_interval_limit_n_and_what_would_change_it_are_seen_without_scrolling(
    tmp_path: Path,
    build: ModuleType,
    browser: Browser,
    browsing: ModuleType,
    status: VerdictStatus,
    adapters: int,
) -> None:
    path, verdict = decided(build.write_eval(tmp_path / "eval"), status, adapters)
    for width, height in browsing.SIZES:
        with browsing.opened(browser, path, width=width, height=height) as page:
            for language in browsing.LANGUAGES:
                page.click(f"[data-language={language}]")
                card = page.locator(".verdict", has_text="raw").first
                for part in (".word", ".adapter", ".decided", ".big", ".numbers", ".change"):
                    box = card.locator(part).first.bounding_box()
                    assert box, part
                    inside = box["y"] >= 0 and box["y"] + box["height"] <= height
                    assert inside or (status == "ship" and adapters == 2 and width == 360), (
                        part,
                        language,
                        width,
                    )
                    assert box["x"] >= 0 and box["x"] + box["width"] <= width, part
                said = card.inner_text()
                assert verdict_word(verdict, language) in said
                assert check_name("persona_leakage", language) in said
                number = ("2.0%", "[1.0, 4.0]") if status == "ship" else ("97.0%", "[95.2, 98.8]")
                told = said.replace("\N{NO-BREAK SPACE}", " ")
                assert all(part in told for part in (*number, "5.0%", "150")), said
                assert ("12,410" in said) == (status == "inconclusive")


def test_beside_a_lone_adapter_stands_the_picture_to_remember(
    tmp_path: Path, build: ModuleType, browser: Browser, browsing: ModuleType
) -> None:
    path, _ = decided(build.write_eval(tmp_path / "eval"), "hold", 1)
    with browsing.opened(browser, path) as page:
        verdict, picture = (
            page.locator(".verdict").bounding_box(),
            page.locator(".lead-picture svg").bounding_box(),
        )
        assert verdict and picture
        assert picture["x"] > verdict["x"] + verdict["width"]
        assert picture["y"] + picture["height"] < 720
        assert page.locator("#picture-t").count() == 1
    with browsing.opened(browser, path, width=360, height=740) as page:
        verdict, picture = (
            page.locator(".verdict").bounding_box(),
            page.locator(".lead-picture svg").bounding_box(),
        )
        assert verdict and picture and picture["y"] > verdict["y"] + verdict["height"]


def test_without_a_persona_a_lone_adapter_has_what_decided_as_its_picture(
    tmp_path: Path, build: ModuleType
) -> None:
    run = build.write_eval(tmp_path / "eval")
    result = jsonl.read_one(run / "verdict.json", EvaluationResult)
    raw = next(verdict for verdict in result.verdicts if verdict.adapter == "raw")
    found = tuple(finding for finding in raw.findings if finding.check != "persona_learned")
    page = rewritten(run, (replace(raw, findings=found),)).read_text(encoding="utf-8")
    assert page.count('aria-labelledby="lead-t lead-d"') == 1
    assert "picture-t" not in page


def test_of_six_adapters_all_verdicts_are_told_with_their_numbers_before_the_first_card(
    tmp_path: Path, build: ModuleType, browser: Browser, browsing: ModuleType
) -> None:
    run = build.write_eval(tmp_path / "eval", arms=("raw", "a", "b", "c", "d", "curated"))
    path = write_report(run)
    for width, height in browsing.SIZES:
        with browsing.opened(browser, path, width=width, height=height) as page:
            overview = page.locator(".overview")
            box = overview.bounding_box()
            assert box and box["y"] + box["height"] < height
            lines = overview.locator("li")
            assert lines.count() == 6
            for line in lines.all_inner_texts():
                told = line.replace("\N{NO-BREAK SPACE}", " ")
                assert "[" in told and "n=" in told and ("HOLD" in told or "SHIP" in told), told
            page.locator(".overview a").nth(5).click()
            assert page.evaluate("document.activeElement.id") == "verdict-6"


def test_on_a_telephone_every_verdict_is_told_in_one_line_first(
    tmp_path: Path, build: ModuleType, browser: Browser, browsing: ModuleType
) -> None:
    path, _ = decided(build.write_eval(tmp_path / "eval"), "hold", 2)
    with browsing.opened(browser, path, width=360, height=740) as page:
        glance = page.locator(".glance")
        box = glance.bounding_box()
        assert box and box["y"] + box["height"] < 200
        assert glance.locator("li").all_inner_texts() == ["raw HOLD", "curated SHIP"]
    with browsing.opened(browser, path) as page:
        assert not page.locator(".glance").is_visible()


def test_the_word_of_a_verdict_is_never_broken_by_a_long_name_of_its_adapter(
    tmp_path: Path, build: ModuleType, browser: Browser, browsing: ModuleType
) -> None:
    name = "kanto-regional-assistant-2026-11-27-nightly-r64-alpha128"
    path = write_report(build.write_eval(tmp_path / "eval", arms=("raw", name)))
    for width, height in (*browsing.SIZES, (320, 740)):
        with browsing.opened(browser, path, width=width, height=height) as page:
            for language in browsing.LANGUAGES:
                page.click(f"[data-language={language}]")
                for word in page.locator(".verdict .word").all():
                    box = word.bounding_box()
                    assert box and box["height"] < 60 and box["x"] + box["width"] <= width


def test_a_waiver_and_late_limits_are_told_beside_the_verdict_and_under_its_limits(
    tmp_path: Path, build: ModuleType, browser: Browser, browsing: ModuleType
) -> None:
    run = build.write_eval(tmp_path / "eval")
    verdict = jsonl.read_one(run / "verdict.json", EvaluationResult).verdicts[-1]
    waiver = Waiver(
        check="loops", adapter="raw", owner="kei", reason="lists of steps are wanted", expires="2027-03-31"
    )
    findings = tuple(
        replace(one, status="waived" if one.check == "loops" else "pass") for one in verdict.findings
    )
    verdict = replace(verdict, status="ship", deciding=(), waived=(waiver,), post_hoc=True, findings=findings)
    with browsing.opened(browser, rewritten(run, (verdict,))) as page:
        card, limits = page.locator(".verdict"), page.locator("#limits")
        assert "SHIP WITH WAIVER" in card.inner_text()
        for part in ("kei", "2027-03-31", "lists of steps are wanted"):
            assert part in card.inner_text() and part in limits.inner_text()
        assert "Post hoc" in card.inner_text() and "Post hoc" in limits.inner_text()


@pytest.mark.skipif(not os.environ.get(SCREENSHOTS), reason=f"no folder is named by {SCREENSHOTS}")
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_of_every_page_are_kept(
    every_page: dict[str, Path], browser: Browser, browsing: ModuleType, scheme: str, language: str
) -> None:
    folder = Path(os.environ[SCREENSHOTS])
    folder.mkdir(parents=True, exist_ok=True)
    for kind, path in every_page.items():
        for width, height in browsing.SIZES:
            fragment = f"#lang={language}"
            with browsing.opened(
                browser, path, width=width, height=height, scheme=scheme, fragment=fragment
            ) as page:
                file = folder / f"{kind}-{scheme}-{language}-{width}.png"
                page.screenshot(path=file, full_page=True)
                assert file.stat().st_size > 10_000
