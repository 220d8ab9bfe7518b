"""The catalogue of checks: complete, in step with its page, and helpful about a name that is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from loracheck.cli import cli
from loracheck.errors import UsageError
from loracheck.evaluate.checks.listed import CHECKS
from loracheck.words.about import ABOUT

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(("language", "page"), [("en", "checks.md"), ("ja", "checks.ja.md")])
def test_the_page_about_the_checks_is_what_the_command_prints(language: str, page: str) -> None:
    printed = CliRunner().invoke(cli, ["--lang", language, "checks", "--format", "markdown"]).output
    command = f"loracheck --lang {language} checks --format markdown > docs/{page}"
    assert (DOCS / page).read_text(encoding="utf-8") == printed, command


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_check_is_there_and_says_how_it_works(language: str) -> None:
    entries = json.loads(CliRunner().invoke(cli, ["--lang", language, "checks", "--json"]).output)["checks"]
    assert [entry["name"] for entry in entries] == [
        "sanity",
        "forbidden_strings",
        *(check.name for check in CHECKS),
    ]
    told = ("title", "question", "method", "interval", "cost", "needs", "false_alarms", "blind")
    for entry in entries:
        assert all(entry[key] and entry[key].isascii() <= (language == "en") for key in told), entry["name"]


def test_without_names_only_the_questions_are_listed() -> None:
    listed = CliRunner().invoke(cli, ["--lang", "ja", "checks"]).output
    told = CliRunner().invoke(cli, ["--lang", "ja", "checks", "loops"]).output
    method = ABOUT["loops"].method["ja"][:20]
    assert ABOUT["loops"].question["ja"] in listed and method not in listed
    assert method in told and "検出できないもの" in told and "検査名" not in told


def test_a_policy_changes_the_limits_that_are_shown() -> None:
    shown = CliRunner().invoke(cli, ["checks", "loops", "--policy", "strict"]).output
    assert "required (margin 0.03)" in shown
    strict = CliRunner().invoke(cli, ["checks", "--policy", "strict"]).output
    assert "persona_leakage: required (persona.max_out_of_domain 0.03)" in strict


def test_a_name_that_is_no_check_is_answered_with_the_nearest() -> None:
    done = CliRunner().invoke(cli, ["checks", "persona_leekage"])
    assert isinstance(done.exception, UsageError)
    assert "Did you mean persona_leakage?" in str(done.exception)
