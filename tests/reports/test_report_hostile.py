"""Hostile strings in every string field of every report's input: nothing runs or is fetched, and all are text.

Two views of the same question. The file: with any payload in every field, the elements and attributes of the page
are those of the harmless page. The browser: nothing runs, no request leaves, each payload can be read.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser

from loracheck.reports.folder import write_index
from loracheck.reports.html import shown
from loracheck.reports.pipeline import write_report

TURNS = 4
PAGES = ("eval", "curate", "train", "sweep", "scale", "index")
VOID = {"meta", "input", "br", "hr", "img", "link", "base", "embed", "source"}
IMPLIED = {"p", "li", "dt", "dd", "option", "thead", "tbody", "tr", "th", "td"}
"""Elements whose end tag a page may leave out."""


@pytest.fixture(autouse=True)
def plain_wording() -> None:
    """Leave the real sentences in place, which put names and values into themselves."""


class Skeleton(HTMLParser):
    """The elements of a page with the names of their attributes, in order, its texts left out.

    Left out as well are the frames around hidden characters: as many as a payload has of them.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if attrs != [("class", "control")]:
            self.parts.append(" ".join([tag, *(name for name, _ in attrs)]))
        if tag not in VOID | IMPLIED:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag in IMPLIED or self.open.pop() == tag, f"{tag} closes another element"

    def handle_comment(self, data: str) -> None:
        self.parts.append("comment")

    def unknown_decl(self, data: str) -> None:
        self.parts.append("declaration")

    def handle_pi(self, data: str) -> None:
        self.parts.append("instruction")


def skeleton(path: Path) -> list[str]:
    reader = Skeleton()
    reader.feed(path.read_text(encoding="utf-8"))
    reader.close()
    assert reader.open == []
    return reader.parts


def taking_turns(payloads: tuple[str, ...], first: int) -> Callable[[str], str]:
    """Return a spoiler that gives each new string the next payload, the first one from a given place."""
    taken: dict[str, str] = {}

    def spoil(value: str) -> str:
        payload = payloads[(first + len(taken)) % len(payloads)]
        return taken.setdefault(value, f"{value}{payload}")

    return spoil


def spoilt_page(
    every_run: dict[str, Path],
    folder: Path,
    spoiling: ModuleType,
    kind: str,
    spoil: Callable[[str], str],
    *,
    meant: bool = False,
) -> Path:
    """Draw the page of a kind from copies of the runs with a hostile string in every field."""
    kinds = {"eval": ("eval", "causes", "curate", "train"), "index": tuple(every_run)}.get(kind, (kind,))
    for name in kinds:
        shutil.copytree(every_run[name], folder / name)
        assert spoiling.spoil_run(folder / name, name, spoil, meant=meant) > 10
    if kind == "index":
        for name in kinds:
            (folder / name / "report.html").touch()
        return write_index(folder)
    return write_report(folder / kind, related=[folder / name for name in kinds if name != kind])


@pytest.fixture(scope="session")
def harmless(
    every_run: dict[str, Path], tmp_path_factory: pytest.TempPathFactory, spoiling: ModuleType
) -> dict[str, list[str]]:
    """The skeleton of each page with a harmless string in every field."""
    return {
        kind: skeleton(
            spoilt_page(
                every_run,
                tmp_path_factory.mktemp(f"harmless-{kind}"),
                spoiling,
                kind,
                taking_turns((" harmless",), 0),
            )
        )
        for kind in PAGES
    }


@pytest.mark.parametrize("step", [23, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", PAGES)
def test_no_payload_in_any_field_changes_an_element_of_the_page(
    every_run: dict[str, Path],
    harmless: dict[str, list[str]],
    browsing: ModuleType,
    spoiling: ModuleType,
    tmp_path: Path,
    kind: str,
    step: int,
) -> None:
    # Each pass moves the payloads on by a field; with a step of 1 every field meets every payload.
    payloads = browsing.PAYLOADS
    assert len(set(payloads)) >= 60
    for first in range(0, len(payloads), step):
        folder = tmp_path / str(first)
        page = spoilt_page(every_run, folder, spoiling, kind, taking_turns(payloads, first))
        assert skeleton(page) == harmless[kind], payloads[first]
        shutil.rmtree(folder)


@pytest.mark.parametrize("kind", PAGES)
def test_nothing_runs_nothing_is_fetched_and_every_payload_can_be_read(
    every_run: dict[str, Path],
    browser: Browser,
    browsing: ModuleType,
    spoiling: ModuleType,
    tmp_path: Path,
    kind: str,
) -> None:
    payloads = browsing.PAYLOADS
    seen, missing = "", list(payloads)
    for turn in range(TURNS):
        spoil = taking_turns(payloads, turn * len(payloads) // TURNS)
        path = spoilt_page(every_run, tmp_path / str(turn), spoiling, kind, spoil)
        with browsing.opened(browser, path) as page:
            title = page.title()
            page.click("[data-language=ja]")
            browsing.settled(page)
            browsing.open_all(page)
            page.evaluate("document.querySelectorAll('button.unfold').forEach(b => b.click())")
            seen += page.evaluate("document.body.innerText + document.body.textContent")
            page.click("[data-language=en]")
            if page.locator("[data-filter=q]").count():
                page.fill("[data-filter=q]", payloads[turn])
                browsing.settled(page)
            assert page.title() == title
            wrong = page.evaluate(
                """[...document.querySelectorAll('*')].filter(n =>
                n.matches('img,iframe,object,embed,video,audio,link,base,math,animate,set,use,marquee,foreignObject')
                || (n.matches('[href]:not([href^="#"])') && !n.closest('#runs'))
                || [...n.attributes].some(a => a.name.startsWith('on') || a.name === 'style' || a.name === 'srcdoc'))
                .map(n => n.outerHTML.slice(0, 99))"""
            )
            assert wrong == []
            assert page.evaluate("document.querySelectorAll('script').length") == 2
            assert page.evaluate("({}).polluted") is None
        flat = " ".join(seen.split())
        missing = [payload for payload in payloads if " ".join(shown(payload).split()) not in flat]
        if kind == "index":  # shows little of what the runs hold: the verdict of each adapter
            missing = (
                []
                if all(" ".join(shown(spoil(name)).split()) in flat for name in ("raw", "curated"))
                else ["raw"]
            )
        if turn and not missing:
            break
    assert missing == []


def test_folders_named_by_payloads_are_text_on_the_index_and_its_links_lead_to_them(
    every_run: dict[str, Path], browser: Browser, browsing: ModuleType, tmp_path: Path
) -> None:
    names = [
        payload
        for payload in browsing.PAYLOADS
        if not set(payload) & {"/", "\0"} and len(payload.encode()) < 200 and payload[:1] != "."
    ]
    assert len(names) >= 30
    for name in names:
        (tmp_path / name).mkdir()
        for file in ("manifest.json", "summary.json"):
            shutil.copy(every_run["scale"] / file, tmp_path / name / file)
        (tmp_path / name / "report.html").touch()
    with browsing.opened(browser, write_index(tmp_path)) as page:
        flat = " ".join(page.evaluate("document.body.textContent").split())
        assert [name for name in names if " ".join(shown(name).split()) not in flat] == []
        links = page.evaluate("[...document.querySelectorAll('#runs a')].map(n => new URL(n.href).pathname)")
    found = {Path(unquote(link)).resolve().parent.name for link in links}
    assert found == set(names)


def test_names_of_checks_and_numbers_that_nobody_knows_are_shown_as_they_are(
    every_run: dict[str, Path], browser: Browser, browsing: ModuleType, spoiling: ModuleType, tmp_path: Path
) -> None:
    spoil = taking_turns(browsing.PAYLOADS, 0)
    path = spoilt_page(every_run, tmp_path / "meant", spoiling, "eval", spoil, meant=True)
    with browsing.opened(browser, path) as page:
        assert shown(spoil("content_damage")) in page.evaluate("document.body.textContent")
