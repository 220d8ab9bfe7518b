"""The command `explain`: what an error means, what usually causes it, and how it is mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loracheck.cli.output import print_json

if TYPE_CHECKING:
    from loracheck.faults import Kind

_WIDTH = 100


@click.command("explain")
@click.argument("error", required=False, metavar="[ID]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="What to print; markdown is the whole catalogue.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def explain_error(error: str | None, form: str, as_json: bool) -> None:
    """Say what an error means, what usually causes it and how to mend it; without ID, list them all.

    ID is what an error prints, such as LC-202.

    \b
    Examples:
      loracheck explain LC-202
      loracheck --lang ja explain LC-202
      loracheck explain
    """
    from loracheck.errors import UsageError
    from loracheck.faults import IDS
    from loracheck.faults.catalogue import CATALOGUE, as_markdown, as_record, find, nearest, said
    from loracheck.terminal import language

    kind = find(error) if error is not None else None
    if error is not None and kind is None:
        near = nearest(error)
        raise UsageError(
            f"there is no error {error}.",
            kind="unknown_name",
            hint=f"Did you mean {IDS[near]} ({said(near, language()).title})?",
        )
    if as_json or form == "json":
        if kind:
            print_json(as_record(kind, language()))
        else:
            print_json([as_record(each, language()) for each in CATALOGUE], items="errors")
    elif form == "markdown":
        click.echo(as_markdown(language()), nl=False)
    elif kind:
        _print_entry(kind)
    else:
        _print_list()


def _print_entry(kind: Kind) -> None:
    from loracheck.faults import IDS
    from loracheck.faults.catalogue import CATALOGUE, HEADINGS, said
    from loracheck.terminal import either, language, wrapped

    fault, says = CATALOGUE[kind], said(kind, language())
    click.secho(f"{IDS[kind]}  {says.title}", bold=True, nl=False)
    click.echo(f"  ({kind}, {either('exit code', '終了コード')} {fault.exit_code})\n")
    for line in wrapped(says.meaning, _WIDTH):
        click.echo(f"  {line}")
    click.secho(f"\n  {HEADINGS['causes'][language()]}", bold=True)
    for cause in says.causes:
        first, *more = wrapped(cause, _WIDTH - 4)
        click.echo("\n      ".join([f"    - {first}", *more]))
    click.secho(f"\n  {HEADINGS['mending'][language()]}", bold=True)
    for line in wrapped(says.mending, _WIDTH - 2):
        click.echo(f"    {line}")
    for command in fault.command.splitlines():
        click.echo(f"    $ {command}")


def _print_list() -> None:
    from loracheck.faults import IDS
    from loracheck.faults.catalogue import CATALOGUE, GROUPS, said
    from loracheck.terminal import either, language

    group = ""
    for kind in CATALOGUE:
        if IDS[kind][3] != group:
            group = IDS[kind][3]
            click.secho(f"\n{GROUPS[group][language()]}", bold=True)
        click.echo(f"  {IDS[kind]}  {said(kind, language()).title}")
    click.echo(
        either("\nloracheck explain LC-202 says more of one.", "\n個別の説明: loracheck explain LC-202")
    )
