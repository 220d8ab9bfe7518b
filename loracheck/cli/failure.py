"""How an error is told: a heading with its id, what happened, what mends it; one JSON object under --json."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import click

from loracheck.cli.output import SCHEMA_VERSION
from loracheck.errors import LoracheckError
from loracheck.faults import IDS, Kind

if TYPE_CHECKING:
    from loracheck.records import UiLanguage

_MORE: dict[UiLanguage, str] = {"en": "More: loracheck explain", "ja": "詳しくは: loracheck explain"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An error as it is told.

    Attributes:
        usage: How the command is used, where it was used wrongly.
    """

    kind: Kind
    message: str
    exit_code: int
    hint: str = ""
    usage: str = ""


_ELSEWHERE = {
    "--rank": "--lora-r", "-r": "--lora-r", "--r": "--lora-r", "--alpha": "--lora-alpha", "--dropout": "--lora-dropout",
    "--lr": "--learning-rate", "--epochs": "--num-train-epochs", "--batch-size": "--train-batch-size",
    "--model": "--base", "--model-name": "--base", "--model-id": "--base", "--lora": "--adapter", "--peft": "--adapter",
    "--output": "--out", "--output-dir": "--out", "--max-seq-length": "--max-length", "--cutoff-len": "--max-length",
    "--seed": "--seeds", "--dataset": "--data", "--train-file": "--data", "--test-file": "--in-domain",
}  # fmt: skip
"""What other tools call an option."""


def failure_of(error: BaseException) -> Failure:
    """Say of which kind an error is, and by which code the command ends."""
    if isinstance(error, LoracheckError):
        return Failure(kind=error.kind, message=error.message, hint=error.hint, exit_code=error.exit_code)
    if isinstance(error, click.ClickException):
        return _of_click(error)
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return Failure(kind="interrupted", message="the same command resumes.", exit_code=130)
    if isinstance(error, OSError) and error.filename is not None:
        message = f"{error.filename}: {error.strerror}"
        return Failure(kind="file_refused", message=message, exit_code=4)
    return Failure(
        kind="internal",
        message=f"{type(error).__name__}: {error}",
        hint="Please report it, with what `loracheck --debug ...` prints.",
        exit_code=70,
    )


def _of_click(error: click.ClickException) -> Failure:
    kind: Kind = "wrong_usage"
    if isinstance(error, click.exceptions.NoSuchCommand):
        kind = "unknown_command"
    elif isinstance(error, click.NoSuchOption):
        kind = "unknown_option"
        error = _meant(error)
    usage = hint = ""
    if isinstance(error, click.UsageError) and error.ctx:
        usage = error.ctx.get_usage()
        hint = f"{error.ctx.command_path} --help"
    return Failure(
        kind=kind, message=error.format_message(), hint=hint, usage=usage, exit_code=error.exit_code
    )


def _meant(error: click.NoSuchOption) -> click.NoSuchOption:
    """Propose the option that other tools call so, which need not look alike: --rank is --lora-r."""
    known = (
        {option for parameter in error.ctx.command.params for option in parameter.opts}
        if error.ctx
        else set()
    )
    meant = _ELSEWHERE.get(error.option_name)
    if meant not in known:
        return error
    return click.NoSuchOption(error.option_name, f"{error.message} Did you mean {meant!r}?", ctx=error.ctx)


def asks_for_json(arguments: Sequence[str]) -> bool:
    """Tell whether a command line asks for JSON, even one that cannot be parsed."""
    return (
        "--json" in arguments
        or "--format=json" in arguments
        or any(pair == ("--format", "json") for pair in pairwise(arguments))
    )


def in_words(text: str, language: UiLanguage) -> str:
    """Return a message or a hint in a language; one whose Japanese is not known, as it is."""
    if language == "en":
        return text
    from loracheck.cli.japanese.usage import in_japanese

    return in_japanese(text)


def tell(failure: Failure, *, as_json: bool, language: UiLanguage) -> None:
    """Print an error on standard error, and under --json as an object on standard output, too."""
    from loracheck.faults.catalogue import said
    from loracheck.terminal import visible

    if as_json:
        record = {
            "schema_version": SCHEMA_VERSION,
            "kind": "error",
            "id": IDS[failure.kind],
            "name": failure.kind,
            "message": failure.message,
            "hint": failure.hint,
            "exit_code": failure.exit_code,
        }
        click.echo(json.dumps(record, ensure_ascii=False, indent=2))
        sys.stdout.flush()
    colour = False if os.environ.get("NO_COLOR") else None
    title = said(failure.kind, language).title
    heading = click.style(f"loracheck: {title} ({IDS[failure.kind]})", bold=True, fg="red")
    message, hint = (in_words(text, language) for text in (failure.message, failure.hint))
    body = [*failure.usage.splitlines(), *message.splitlines(), *hint.splitlines()]
    more = [] if failure.kind == "interrupted" else [f"{_MORE[language]} {IDS[failure.kind]}"]
    lines = [heading, *map(visible, body), *more]
    click.echo("\n".join(lines), err=True, color=colour)
