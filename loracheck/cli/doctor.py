"""`doctor`: what this machine, a server, a base or an adapter lacks."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from loracheck.cli.options import PATH
from loracheck.cli.output import print_json


@click.command()
@click.option("--endpoint", metavar="URL", help="Server to ask what it serves and what it lacks.")
@click.option("--model", metavar="NAME", help="Model on it to try.  [default: the first it lists]")
@click.option(
    "--key-variable",
    default="OPENAI_API_KEY",
    show_default=True,
    help="Environment variable that holds the server's key.",
)
@click.option("--base", help="Base whose tokenizer and template to look at: hub id, folder or GGUF file.")
@click.option("--adapter", type=PATH, help="Adapter to look at, and to hold against --base.")
@click.option("--chat-template", type=PATH, help="Jinja file that replaces the base's template.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it for a bug report, secrets removed.")
def doctor(
    endpoint: str | None,
    model: str | None,
    key_variable: str,
    base: str | None,
    adapter: Path | None,
    chat_template: Path | None,
    as_json: bool,
) -> None:
    """Check the machine, and on request a server, a base and an adapter; say the command that mends each fault.

    Without options it looks at packages, GPU, memory, disk and fonts, and loads nothing heavy. Exits 4 only where
    something is missing that is needed; what merely limits is a note.

    \b
    Examples:
      loracheck doctor
      loracheck doctor --endpoint http://localhost:8000/v1
      loracheck doctor --base google/gemma-3-270m --adapter ./adapter
      loracheck doctor --json > doctor.json
    """
    from loracheck.doctor import Check, as_document, examine, print_checks

    checks: list[Check] = examine()
    if endpoint is not None:
        from loracheck.doctor.endpoint import examine_endpoint

        checks += examine_endpoint(endpoint, model, key_variable)
    if base is not None or adapter is not None:
        from loracheck.doctor.model import examine_model

        checks += examine_model(base, adapter, chat_template)
    print_json(as_document(checks)) if as_json else print_checks(checks)
    sys.stdout.flush()
    sys.exit(4 if any(check.status == "missing" for check in checks) else 0)
