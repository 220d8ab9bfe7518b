"""The command `checks`: what is looked for, how it decides, and what may set it off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loracheck.cli.output import print_json

if TYPE_CHECKING:
    from loracheck.evaluate.checks.catalogue import CheckEntry

_WIDTH = 100


@click.command()
@click.argument("names", nargs=-1, metavar="[CHECK]...")
@click.option("--policy", default="default", show_default=True, help="Whose limits: a preset or a YAML file.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="What to print.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def checks(names: tuple[str, ...], policy: str, form: str, as_json: bool) -> None:
    """Say how a check works: what it asks, decides by, costs, may be set off by and does not see.

    Without CHECK, list them all with the limits of the policy.

    \b
    Examples:
      loracheck checks
      loracheck checks persona_leakage --policy persona
    """
    import difflib

    from loracheck.errors import UsageError
    from loracheck.evaluate.checks.catalogue import as_markdown, catalogue
    from loracheck.evaluate.policy import load_policy
    from loracheck.terminal import language

    entries = catalogue(load_policy(policy), language())
    known = [entry.name for entry in entries]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise UsageError(
                f"there is no check {name}.",
                kind="unknown_name",
                hint=f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}.",
            )
    chosen = [entry for entry in entries if not names or entry.name in names]
    if as_json or form == "json":
        print_json(chosen, items="checks")
    elif form == "markdown":
        click.echo(as_markdown(chosen, policy, language()), nl=False)
    elif names:
        _print_entries(chosen)
    else:
        _print_list(chosen)


def _print_entries(entries: list[CheckEntry]) -> None:
    from loracheck.evaluate.checks.catalogue import facts
    from loracheck.terminal import language, wrapped

    for place, entry in enumerate(entries):
        click.secho(("\n" if place else "") + entry.title, bold=True, nl=False)
        click.echo(f"  ({entry.name})\n")
        for paragraph in (entry.question, entry.method):
            click.echo("\n".join(f"  {line}" for line in wrapped(paragraph, _WIDTH - 2)) + "\n")
        for label, text in facts(entry, language()):
            click.secho(f"  {label}", bold=True)
            click.echo("\n".join(f"    {line}" for line in wrapped(text, _WIDTH - 4)))


def _print_list(entries: list[CheckEntry]) -> None:
    from loracheck.evaluate.checks.catalogue import mode_and_limits
    from loracheck.terminal import either, language, wrapped

    for entry in entries:
        click.secho(entry.title, bold=True, nl=False)
        click.echo(f"  {entry.name}: {mode_and_limits(entry, language())}")
        click.echo("\n".join(f"  {line}" for line in wrapped(entry.question, _WIDTH - 2)))
    click.echo(
        either(
            "\nHow one works: loracheck checks NAME",
            "\n個々の検査の仕組み: loracheck --lang ja checks 検査名",
        )
    )
