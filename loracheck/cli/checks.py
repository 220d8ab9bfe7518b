"""The command `checks`: what is looked for, how it decides, and what may set it off."""

from __future__ import annotations

import textwrap

import click

from loracheck.cli.output import print_json


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
    """Say what each check asks, decides by, costs and may be set off by.

    \b
    Examples:
      loracheck checks
      loracheck checks persona_leakage --policy persona
    """
    import difflib

    from loracheck.errors import UsageError
    from loracheck.evaluate.catalogue import as_markdown, catalogue
    from loracheck.evaluate.policy import load_policy

    entries = catalogue(load_policy(policy))
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
        click.echo(as_markdown(chosen, policy), nl=False)
    else:
        for entry in chosen:
            limits = ", ".join(f"{name} {value:g}" for name, value in entry.limits.items())
            click.secho(entry.title, bold=True, nl=False)
            click.echo(f"  ({entry.name}: {entry.mode}{', ' if limits else ''}{limits})")
            lines = (entry.what, f"Decided by {entry.interval}.", f"May be set off by {entry.false_alarms}.")
            for line in lines:
                click.echo(textwrap.fill(line, 100, initial_indent="  ", subsequent_indent="  "))
