"""How the tests open a page: offline, refusing every request, error and executed payload."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
LANGUAGES = ("en", "ja")
SIZES = ((1280, 720), (360, 740))


@contextmanager
def opened(
    browser: Browser,
    path: Path,
    *,
    width: int = 1280,
    height: int = 720,
    scheme: Scheme = "light",
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
    settled(page)
    yield page
    page.wait_for_timeout(50)
    assert [url for url in asked if url.split("#")[0] != path.as_uri()] == []
    assert errors == []
    assert ran == []
    context.close()


def settled(page: Page) -> None:
    """Wait until the list, if the page has one, is drawn."""
    page.locator("#rows[aria-busy=true]").wait_for(state="detached")


def counted(found: Locator, n: int) -> None:
    """Wait until so many are there: the policy of a page forbids to wait for a script's word."""
    expect(found).to_have_count(n)


def no_sideways_scroll(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def open_all(page: Page) -> None:
    """Open every folded part."""
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    page.wait_for_timeout(20)  # a part of the list is built by the event of its opening


def refuse_violations(page: Page, only: str | None = None) -> None:
    """Refuse any broken rule of axe, best practices included, on a page or on the part of it that a selector finds."""
    found = Axe().run(page, context=only)
    assert found.violations_count == 0, found.generate_report()
