"""What a command would do, said under --dry-run by those that cost: the steps in their order, and what they take."""

from __future__ import annotations

from dataclasses import dataclass

import click

from loracheck.terminal import columns, either, language, padded, visible, wrapped

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
    """Print the steps, the numbers and the notes, in the language of the terminal."""
    for place, step in enumerate(found.steps, start=1):
        _fill(_said(step), f"{place}. ")
    names = [_name(name) for name in found.numbers]
    width = max(map(columns, names), default=0)
    for name, value in zip(names, found.numbers.values(), strict=True):
        click.echo(f"   {padded(name, width)}  {_number(value)}")
    for note in found.notes:
        _fill(_said(note), f"{either('note', '注意')}: ")
    print_undone()


def print_undone() -> None:
    """Say at the end of a plan that it is one."""
    click.echo(
        either(
            "nothing was done: leave out --dry-run to do it",
            "何も行っていません。実行するには--dry-runを外してください",
        )
    )


def _said(sentence: str) -> str:
    if language() == "ja":
        from loracheck.words.plans import in_japanese  # noqa: PLC0415 - only Japanese needs it

        sentence = in_japanese(sentence)
    return visible(sentence)


def _name(name: str) -> str:
    if language() == "ja":
        from loracheck.words.plans import NUMBERS  # noqa: PLC0415 - only Japanese needs it

        return NUMBERS.get(name, name)
    return name.replace("_", " ")


def _fill(text: str, mark: str) -> None:
    indent = columns(mark)
    click.echo(mark + f"\n{' ' * indent}".join(wrapped(text, _WIDTH - indent)))


def _number(value: float | None) -> str:
    if value is None:
        return either("unknown", "不明")
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"
