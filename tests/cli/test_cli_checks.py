"""The catalogue of checks: complete, in step with its page, and helpful about a name that is none."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from loracheck.cli import cli
from loracheck.errors import UsageError
from loracheck.evaluate.checks import CHECKS

PAGE = Path(__file__).parents[2] / "docs" / "checks.md"


def test_the_page_about_the_checks_is_what_the_command_prints() -> None:
    printed = CliRunner().invoke(cli, ["checks", "--format", "markdown"]).output
    assert PAGE.read_text(encoding="utf-8") == printed, "loracheck checks --format markdown > docs/checks.md"


def test_every_check_is_there_with_all_it_says_of_itself() -> None:
    entries = json.loads(CliRunner().invoke(cli, ["checks", "--json"]).output)["checks"]
    assert [entry["name"] for entry in entries] == [check.name for check in CHECKS]
    for entry in entries:
        assert all(entry[key] for key in ("title", "mode", "what", "interval", "cost", "false_alarms"))


def test_a_policy_changes_the_limits_that_are_shown() -> None:
    shown = CliRunner().invoke(cli, ["checks", "loops", "--policy", "strict"]).output
    assert "(loops: required, margin 0.03)" in shown


def test_a_name_that_is_no_check_is_answered_with_the_nearest() -> None:
    done = CliRunner().invoke(cli, ["checks", "persona_leekage"])
    assert isinstance(done.exception, UsageError)
    assert "Did you mean persona_leakage?" in str(done.exception)
