"""Every command in the documentation is one that the command line takes: its verb, its options, their values."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from loracheck.cli import cli
from tests.docs.fenced import PAGES, ROOT, RUN_PAGES, Block, Command, blocks, commands, commands_in

ALL = [command for page in PAGES for command in commands(page)]


def parse(command: Command) -> None:
    """Let click parse a call, to the end and with the real options; raises what a user would see."""
    try:
        context = cli.make_context("loracheck", list(command.arguments))
        rest = [*context._protected_args, *context.args]
        if command.elided and rest[:1] == ["VERB"]:
            return
        name, verb, rest = cli.resolve_command(context, rest)
        assert verb is not None
        if rest or not command.elided:
            verb.make_context(name, rest, parent=context)
    except click.exceptions.Exit as end:  # of --help and --version
        assert end.exit_code == 0
    except click.MissingParameter:
        if not command.elided:
            raise


def test_the_pages_hold_commands_of_every_kind() -> None:
    assert {page.name for page in RUN_PAGES} >= {"README.md", "README.ja.md", "tutorial.md", "recipes.md"}
    assert len(ALL) > 60
    assert len({command.page for command in ALL}) >= 5


@pytest.mark.parametrize("command", ALL, ids=lambda command: f"{command.page}:{command.line}")
def test_every_command_is_taken(command: Command) -> None:
    parse(command)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("loracheck evaluate --base B", click.UsageError),
        ("loracheck eval --base B --adaptr mine=x", click.NoSuchOption),
        ("loracheck eval --base B --tier fast", click.BadParameter),
        ("loracheck gate", click.MissingParameter),
        ("loracheck gate runs/eval surplus", click.UsageError),
        ("loracheck power --base-rate high", click.BadParameter),
    ],
)
def test_a_command_that_is_not_taken_is_noticed(line: str, error: type[Exception]) -> None:
    [command] = commands_in(Block(page="x.md", line=1, language="", text=line))
    with pytest.raises(error):
        parse(command)


def test_commands_are_read_over_line_ends_comments_pipes_and_prompts() -> None:
    text = "$ loracheck eval --base B \\\n    --adapter a=b  # why\nloracheck gate r --format junit > x.xml\nmake demo"
    first, second = commands_in(Block(page="x.md", line=7, language="", text=text))
    assert (first.arguments, first.line) == (("eval", "--base", "B", "--adapter", "a=b"), 7)
    assert second.arguments == ("gate", "r", "--format", "junit")


def test_every_verb_is_shown_somewhere() -> None:
    written_by_hand = {page.name for page in RUN_PAGES}
    shown = {" ".join(call.arguments) for call in ALL if call.page in written_by_hand}
    missing = [name for name in cli.commands if not any(call.startswith(name) for call in shown)]
    assert not missing, missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_or_heading_that_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, heading = target.partition("#")
        other = (page.parent / name).resolve() if name else page
        assert other.exists(), f"{page.name}: {target}"
        assert other.is_relative_to(ROOT)
        if heading:
            assert heading in anchors(other), f"{page.name}: {target}"


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings as GitHub makes them."""
    code = "\n".join(block.text for block in blocks(page))
    lines = [line for line in page.read_text(encoding="utf-8").splitlines() if re.match(r"#{1,6} ", line)]
    titles = [re.sub(r"^#+ ", "", line) for line in lines if line not in code]
    return {re.sub(r"[^\w\- ]", "", title.casefold()).replace(" ", "-") for title in titles}
