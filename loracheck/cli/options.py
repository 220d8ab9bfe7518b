"""What the verbs share: the options that mean the same in each, and where -o is needed."""

from __future__ import annotations

from pathlib import Path

import click

from loracheck.errors import UsageError

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
