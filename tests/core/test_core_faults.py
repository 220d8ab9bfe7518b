"""Every error that is raised carries an id of the catalogue, and the catalogue holds none that is never raised."""

from __future__ import annotations

import ast
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import pytest

from loracheck import errors
from loracheck.cli import cli
from loracheck.errors import EnvironmentFault, LoracheckError, RunError
from loracheck.faults import IDS, Kind
from loracheck.faults.catalogue import CATALOGUE, GROUPS, as_markdown, find, nearest, said
from loracheck.records import UiLanguage
from loracheck.terminal import columns

ROOT = Path(__file__).parents[2]
PACKAGE = ("loracheck", "curate", "train", "evaluate", "reports")
CLASSES = {
    name: value
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, LoracheckError)
}
ELSEWHERE = {"unknown_command", "unknown_option", "wrong_usage", "file_refused", "internal", "interrupted"}
"""Kinds that the command line gives to what it catches; nobody raises them."""
LANGUAGES: tuple[UiLanguage, ...] = ("en", "ja")


def errors_made(source: str) -> Iterator[tuple[str, int, list[str]]]:
    """Yield each call that makes an error: its class, its line, and its kinds, "" for one that is not written out."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in CLASSES:
            given = [keyword.value for keyword in node.keywords if keyword.arg == "kind"]
            yield name, node.lineno, kinds_of(given[0]) if given else []


def kinds_of(value: ast.expr) -> list[str]:
    """Return the kinds of an expression: a word, one of two words, or the kind of another error."""
    if isinstance(value, ast.Constant):
        return [str(value.value)]
    if isinstance(value, ast.IfExp):
        return kinds_of(value.body) + kinds_of(value.orelse)
    return [""] if isinstance(value, ast.Attribute) and value.attr == "kind" else []


def modules() -> list[Path]:
    return [
        path
        for folder in PACKAGE
        for path in sorted((ROOT / folder).rglob("*.py"))
        if not any(parent.is_symlink() for parent in path.parents)
    ]


def test_every_error_that_is_made_names_a_kind_of_the_catalogue_and_ends_by_its_exit_code() -> None:
    exit_codes: dict[str, int] = {kind: fault.exit_code for kind, fault in CATALOGUE.items()}
    for path in modules():
        for name, line, kinds in errors_made(path.read_text(encoding="utf-8")):
            place = f"{path.relative_to(ROOT)}:{line}"
            assert kinds, f"{place}: {name} without kind=; see loracheck/faults/__init__.py"
            for kind in filter(None, kinds):
                assert exit_codes.get(kind) == CLASSES[name].exit_code, f"{place}: {name} of kind {kind}"


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("raise DataError('x')", []),
        ("raise errors.RunError('x', hint='y')", []),
        ("raise DataError('x', kind=word)", []),
        ("raise DataError('x', kind='no_rows')", ["no_rows"]),
        ("raise DataError('x', kind='no_rows' if a else 'bad_row')", ["no_rows", "bad_row"]),
        ("raise DataError('x', kind=fault.kind)", [""]),
    ],
)
def test_the_test_above_sees_an_error_without_a_kind(source: str, kinds: list[str]) -> None:
    assert [found for _, _, found in errors_made(source)] == [kinds]


def test_the_catalogue_holds_every_kind_once_and_none_that_is_never_used() -> None:
    raised = {
        kind
        for path in modules()
        for *_, kinds in errors_made(path.read_text(encoding="utf-8"))
        for kind in kinds
    }
    assert set(get_args(Kind)) == set(IDS) == set(CATALOGUE)
    assert (raised - {""}) | ELSEWHERE == set(IDS)


def test_ids_are_unique_and_stand_in_the_group_of_their_number() -> None:
    assert len(set(IDS.values())) == len(IDS)
    assert all(re.fullmatch(r"LC-[1-9]\d\d", identifier) for identifier in IDS.values())
    assert {identifier[3] for identifier in IDS.values()} == set(GROUPS)
    assert list(IDS.values()) == sorted(IDS.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_is_explained_in_both_languages(language: UiLanguage) -> None:
    for kind in IDS:
        says = said(kind, language)
        texts = [says.title, says.meaning, *says.causes, says.mending]
        assert len(says.causes) == len(said(kind, "en").causes) >= 1, kind
        assert all(text.strip() for text in texts), kind
        japanese = [bool(re.search(r"[ぁ-んァ-ヶ一-龠]", text)) for text in texts]
        assert all(japanese) if language == "ja" else not any(japanese), (kind, texts)
        assert columns(says.title) <= 60, kind


def commands() -> list[str]:
    lines = (line for fault in CATALOGUE.values() for line in fault.command.splitlines())
    return [line for line in lines if line.startswith("loracheck ") and "VERB" not in line]


def test_every_command_of_the_catalogue_has_a_verb_and_options_that_exist() -> None:
    assert len(commands()) > 20
    for line in commands():
        words = line.split()[1:]
        name = " ".join(words[:2]) if " ".join(words[:2]) in cli.commands else words[0]
        known = cli if name.startswith("-") else cli.commands[name]
        flags = {flag for parameter in known.params for flag in parameter.opts} | {"--help"}
        assert {word for word in words if word.startswith("-")} <= flags, line


@pytest.mark.parametrize(("language", "page"), [("en", "errors.md"), ("ja", "errors.ja.md")])
def test_the_page_of_errors_is_what_the_command_writes(language: UiLanguage, page: str) -> None:
    written = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert written == as_markdown(language), (
        f"loracheck --lang {language} explain --format markdown > docs/{page}"
    )


@pytest.mark.parametrize("text", ["LC-202", "lc-202", "LC202", "202", "LC-2O2", "broken_json", "broken-json"])
def test_an_error_is_found_however_its_id_is_written(text: str) -> None:
    assert find(text) == "broken_json"


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("LC-299", "unsound_mask"),
        ("LC-999", "interrupted"),
        ("brokn_json", "broken_json"),
    ],
)
def test_for_an_unknown_id_the_nearest_is_proposed(text: str, near: Kind) -> None:
    assert find(text) is None
    assert nearest(text) == near


def test_an_error_comes_out_of_a_worker_process_whole() -> None:
    sent = EnvironmentFault("memory ran out", kind="out_of_memory", hint="Take fewer workers.")
    for made in (sent, RunError("no", kind="not_a_run")):
        found = pickle.loads(pickle.dumps(made))
        assert type(found) is type(made)
        assert (found.message, found.hint, found.kind, found.id) == (
            made.message,
            made.hint,
            made.kind,
            made.id,
        )


def test_click_lets_no_verb_take_the_name_of_another() -> None:
    assert isinstance(cli.commands["explain"], click.Command)
    assert cli.commands["explain"] is not cli.commands["curate explain"]
