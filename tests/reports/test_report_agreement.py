"""Text, JSON, JUnit, HTML and the exit code say the same of a thousand random results."""

from __future__ import annotations

import json
import random
import re
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from loracheck.cli.output import print_json
from loracheck.evaluate.verdict.judge import exit_code
from loracheck.records import EvaluationResult
from loracheck.reports.charts.intervals import Table
from loracheck.reports.formats.junit import junit
from loracheck.reports.html import render
from loracheck.reports.parts import verdicts
from loracheck.reports.parts.packing import pack
from loracheck.reports.strings.frame import UiLanguage, same
from loracheck.summary import print_result
from loracheck.words.findings import verdict_word

RESULTS = 1000
CODES = {"ship": 0, "hold": 1, "inconclusive": 3}


@pytest.fixture(autouse=True)
def plain_wording() -> None:
    """Leave the real words in place: they are what has to agree."""


def page(result: EvaluationResult, language: UiLanguage) -> str:
    """Render the page of a result alone, as the report of a run renders it."""
    nothing = same("")
    ranked = sorted(result.verdicts, key=lambda verdict: verdicts.ORDER[verdict.status])
    view: dict[str, Any] = {
        "title": nothing, "kicker": nothing, "heading": nothing, "sections": [], "picture": None, "lead_picture": None,
        "checks": [], "unmeasured": [], "comparisons": [], "alarms": None, "markers": [], "causes": [], "held": None,
        "row_filters": {}, "rows_file": "", "packed": pack([]), "curations": [], "training": None, "data": {},
        "cards": [verdicts.card(verdict) for verdict in ranked],
        "limits": {
            "unmeasured": [], "off": [], "undecided": [], "informs": [], "waivers": [], "power": None, "general": [],
            "answers": Table(head=(), rows=()), "left_out": [], "left_out_more": None, "left_out_title": nothing,
        },
        "provenance": {"command": "", "lines": [], "inputs": [], "inputs_left": 0},
        "run": SimpleNamespace(finished="", created="", loracheck="", run_id=""),
    }  # fmt: skip
    return render("evaluation.html.j2", view, language)


def of_page(html: str) -> list[tuple[str, str, str]]:
    """Return of each card its status, its word and its adapter."""
    return re.findall(
        r'<article class="verdict v-(\w+)".*?class=word[ >].*?(?<=>)([^<]+).*?class=adapter>([^<]+)',
        html,
        re.DOTALL,
    )


def test_text_json_junit_html_and_the_exit_code_agree_on_a_thousand_random_results(
    formats: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = set()
    for seed in range(RESULTS):
        draw = random.Random(seed)
        weights = draw.choice([(8, 0, 0, 1, 1), (4, 0, 1, 1, 1), (4, 1, 1, 1, 1)])
        result = formats.a_result(
            [
                formats.a_verdict(f"arm{i}", draw.choices(formats.STATUSES, weights, k=len(formats.CHECKS)))
                for i in range(draw.randint(1, 3))
            ]
        )
        code = exit_code(result.verdicts)
        seen.add(code)
        expected = {verdict.adapter: verdict.status for verdict in result.verdicts}

        assert formats.of_junit(junit(result)) == code

        print_json(result)
        told = {one["adapter"]: one["status"] for one in json.loads(capsys.readouterr().out)["verdicts"]}
        assert told == expected

        print_result(result, verbose=False)
        text = capsys.readouterr().out
        by_word = {verdict_word(verdict, "en"): verdict for verdict in result.verdicts}
        assert all(
            any(f"{name}: {word}" in text for word, verdict in by_word.items() if verdict.status == status)
            for name, status in expected.items()
        )

        language: UiLanguage = draw.choice(["en", "ja"])
        cards = of_page(page(result, language))
        assert {adapter: status for status, _, adapter in cards} == expected
        words = {verdict.adapter: verdict_word(verdict, language) for verdict in result.verdicts}
        assert {adapter: word for _, word, adapter in cards} == words
        # The first card is the one that a hurried reader goes by.
        assert CODES[cards[0][0]] == code
    assert seen == {0, 1, 3}
