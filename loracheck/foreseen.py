"""What a command would do, said under --dry-run by those that cost: the steps in their order, and what they take."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

import click

from loracheck.text import visible

_WIDTH = 110


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """A run that was not made.

    Attributes:
        steps: What would be done, one sentence each.
        numbers: What it takes, with the unit in the name; None where it is not known before.
        notes: What speaks against it, or stays open.
    """

    steps: tuple[str, ...]
    numbers: dict[str, int | float | None]
    notes: tuple[str, ...] = ()


def print_foreseen(found: Foreseen) -> None:
    """Print the steps, the numbers and the notes."""
    for place, step in enumerate(found.steps, start=1):
        _fill(visible(step), f"{place}. ")
    width = max((len(name) for name in found.numbers), default=0)
    for name, value in found.numbers.items():
        click.echo(f"   {name.replace('_', ' '):<{width}}  {_number(value)}")
    for note in found.notes:
        _fill(visible(note), "note: ")
    click.echo("nothing was done: leave out --dry-run to do it")


def _fill(text: str, mark: str) -> None:
    click.echo(textwrap.fill(text, _WIDTH, initial_indent=mark, subsequent_indent=" " * len(mark)))


def _number(value: float | None) -> str:
    if value is None:
        return "unknown"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"
