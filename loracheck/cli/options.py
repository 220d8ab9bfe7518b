"""What the verbs share: options that mean the same in each, how NAME=VALUE is read, and where -o is needed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from loracheck.errors import UsageError

PATH = click.Path(path_type=Path)

dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Say what would be done and what it takes; write nothing."
)

report_to_option = click.option(
    "--report-to",
    "trackers",
    multiple=True,
    metavar="TRACKER",
    help="Log the finished run to mlflow, wandb or tensorboard, with its report; several may be given.",
)


def needed_out(out: Path | None, example: str) -> Path:
    """Return the directory to write; only --dry-run does without one.

    Raises:
        UsageError: none was named.
    """
    if out is None:
        raise UsageError(
            "-o is missing.", kind="option_missing", hint=f"Name where to write, for instance -o {example}"
        )
    return out


def only_given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the options that were given; a configuration holds the defaults."""
    return {name: value for name, value in options.items() if value not in (None, ())}


def named_values(option: str, texts: tuple[str, ...]) -> dict[str, str]:
    """Split what an option was given as NAME=VALUE, several times.

    Raises:
        UsageError: one is of another form.
    """
    pairs = [text.partition("=") for text in texts]
    for name, sign, value in pairs:
        if not (name and sign and value):
            raise UsageError(f"{option} {name}: NAME=VALUE is wanted.", kind="option_form")
    return {name: value for name, _, value in pairs}


def named_paths(option: str, texts: tuple[str, ...]) -> dict[str, Path]:
    """Split what an option was given as NAME=PATH, once for each adapter or each arm with --completions.

    Raises:
        UsageError: one is of another form, or two have the same name.
    """
    answers = option == "--completions"
    pairs = [text.partition("=") for text in texts]
    for name, sign, path in pairs:
        if not (name and sign and path):
            form = "NAME=FILE" if answers else "NAME=PATH"
            raise UsageError(
                f"{option} {name}: {form} is wanted.",
                kind="option_form",
                hint="For instance --completions mine=mine.jsonl"
                if answers
                else f"For instance {option} mine=./adapter",
            )
    named = {name: Path(path) for name, _, path in pairs}
    if len(named) < len(pairs):
        things = "arms" if answers else "adapters"
        raise UsageError(f"{option}: two {things} have the same name.", kind="name_taken")
    return named
