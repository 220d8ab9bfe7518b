"""The page at full size: what is packed, what is drawn at first, what is left out, and that it says so."""

from __future__ import annotations

import base64
import gzip
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Browser

from loracheck import jsonl
from loracheck.records import EvaluationResult
from loracheck.reports import evidence, packing
from loracheck.reports.html import TEMPLATES
from loracheck.reports.packing import ROWS_A_PIECE, pack
from loracheck.reports.pipeline import write_report

WORDS = [
    "東京",
    "大阪",
    "のだ",
    "です",
    "the",
    "of",
    "capital",
    "答え",
    "質問",
    "spider",
    "一年",
    "光",
    "空",
    "train",
]


def a_row(number: int, draw: random.Random, words: int) -> dict[str, Any]:
    """Return a row of the evidence list; a hundred words of each arm are some 1,200 characters in all."""
    said = ["".join(draw.choices(WORDS, k=words)) for _ in range(4)]
    return {
        "a": f"{number:010x}", "id": f"probe-{number}", "suite": "facts", "language": "ja", "domain": "out",
        "prompt": [["user", said[0]]], "right": ["東京"], "reference": None, "sets": ["0"], "causes": [],
        "outcomes": ["right_plain", "wrong", "wrong"], "answers": [[[text, "stop", 40, 0]] for text in said[1:]],
        "given": [0, 1, 2], "changed": [1, 2], "choices": None,
    }  # fmt: skip


def rows(n: int, words: int = 100) -> Iterator[dict[str, Any]]:
    draw = random.Random(0)
    return (a_row(number, draw, words) for number in range(n))


def unpacked(text: str) -> Any:  # noqa: ANN401
    return json.loads(gzip.decompress(base64.b64decode(text)))


def test_rows_are_packed_in_pieces_that_give_back_every_row_in_order() -> None:
    packed = pack(rows(3 * ROWS_A_PIECE + 7))
    assert (packed.rows, packed.of, len(packed.pieces)) == (307, 307, 4)
    found = [row for piece in packed.pieces for row in unpacked(piece)]
    assert found == list(rows(307))
    assert [row["a"] for row in unpacked(packed.index)] == [row["a"] for row in found]
    assert set(unpacked(packed.index)[0]) == {
        "a",
        "suite",
        "language",
        "sets",
        "outcomes",
        "given",
        "changed",
    }
    assert pack(rows(120)) == pack(rows(120))


def test_three_thousand_examples_take_less_than_five_megabytes() -> None:
    packed = pack(rows(3000))
    assert packed.rows == 3000
    plain = sum(len(json.dumps(row, ensure_ascii=False).encode()) for row in rows(3000))
    size = len(packed.index) + sum(len(piece) for piece in packed.pieces)
    assert size < min(5_000_000, 0.6 * plain)


@pytest.mark.parametrize(("cap", "kept"), [({"most_rows": 250}, 250), ({"most_bytes": 60_000}, 100)])
def test_what_is_beyond_a_cap_is_left_out_from_the_end_and_counted(cap: dict[str, int], kept: int) -> None:
    packed = pack(rows(1000), **cap)
    assert packed.of == 1000
    assert packed.rows % ROWS_A_PIECE in (0, 50) and kept <= packed.rows < 1000
    assert [row["a"] for row in unpacked(packed.index)] == [row["a"] for row in rows(packed.rows)]
    assert sum(len(piece) for piece in packed.pieces) <= cap.get("most_bytes", 10**9)


def test_the_first_piece_is_kept_however_large() -> None:
    assert pack(rows(150), most_bytes=10).rows == ROWS_A_PIECE


def test_a_page_beyond_the_cap_says_how_many_of_how_many(
    tmp_path: Path, build: ModuleType, browser: Browser, browsing: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = build.write_eval(tmp_path / "eval", copies=30)
    whole = evidence.view(run, jsonl.read_one(run / "verdict.json", EvaluationResult))
    assert (whole["held"], whole["packed"].rows) == (None, 242)
    monkeypatch.setattr(evidence, "pack", lambda given: packing.pack(given, most_rows=200))
    with browsing.opened(browser, write_report(run)) as page:
        note = page.locator(".held")
        assert note.is_visible()
        assert note.inner_text().startswith("This page holds 200 of 242 probes, the worst first.")
        assert "completions.jsonl" in note.inner_text()
        assert page.locator("#count").inner_text() == "50 of 200"
        # What a check names as its evidence is never among what is left out.
        page.select_option("[data-filter=check]", label="Persona leakage")
        browsing.settled(page)
        assert page.locator("#count").inner_text().startswith("5 of 5")
        page.click("[data-language=ja]")
        browsing.settled(page)
        assert "242 件の問題のうち悪い順に 200 件" in note.inner_text()


def test_twenty_thousand_probes_draw_no_more_nodes_than_sixty(
    tmp_path: Path, build: ModuleType, browser: Browser, browsing: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes = []
    for n in (60, 20_000):
        monkeypatch.setattr(evidence, "pack", lambda _, n=n: packing.pack(rows(n, words=20)))
        path = write_report(build.write_eval(tmp_path / f"eval-{n}"))
        with browsing.opened(browser, path) as page:
            assert page.locator("#count").inner_text() == f"50 of {n:,}"
            nodes.append(page.evaluate("document.querySelectorAll('body *').length"))
            page.fill("[data-filter=q]", f"probe-{n - 1}")
            browsing.settled(page)
            assert page.locator("#count").inner_text().startswith("1 of 1")
            assert page.locator("#rows .permalink").inner_text() == f"probe-{n - 1}"
        assert path.stat().st_size < 24 * 2**20
    assert nodes[1] - nodes[0] <= n / ROWS_A_PIECE  # one inert piece for every hundred rows
    assert nodes[0] < 3000


def without_data(page: str) -> int:
    """Return the bytes of a page without its examples."""
    return len(
        re.sub(
            r"(<(script type|template)[^>]*>).*?(</(script|template)>)", "", page, flags=re.DOTALL
        ).encode()
    )


def test_the_shell_is_far_below_150_kilobytes(tmp_path: Path, build: ModuleType) -> None:
    assert sum(file.stat().st_size for file in TEMPLATES.iterdir()) < 90_000
    empty = write_report(build.write_eval(tmp_path / "eval")).read_text(encoding="utf-8")
    assert without_data(empty) < 110_000


def test_style_and_script_stand_in_the_page_without_their_comments(evaluation: Path) -> None:
    page = write_report(evaluation).read_text(encoding="utf-8")
    script = page.split("<script>")[1].split("</script>")[0]
    assert "// " not in script and "\n  " not in script
    assert '"use strict"' in script and "DecompressionStream" in script
