"""What every command prints under --json: one object that says what it is and by which schema it was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

SCHEMA_VERSION = 1
"""Of what is printed: counted up when a field is renamed or taken away, not when one is added."""


def print_json(value: Any, *, items: str = "items", form: str = "") -> None:
    """Print records as one indented JSON object; its kind is the verb's name, with the form after it.

    Args:
        value: A record, a mapping, or a list of records.
        items: Name of the list, where it is one.
        form: What else the verb prints than its usual record: "plan" under --dry-run.
    """
    import msgspec

    context = click.get_current_context(silent=True)
    verb = (context.info_name if context else None) or "loracheck"
    content = msgspec.to_builtins(value, str_keys=True, enc_hook=_path)
    if not isinstance(content, dict):
        content = {items: content}
    if "kind" in content:  # an adapter's records say of which kind it is
        content["adapter_kind"] = content.pop("kind")
    named = {"schema_version": SCHEMA_VERSION, "kind": f"{verb} {form}".strip()}
    click.echo(msgspec.json.format(msgspec.json.encode(named | content), indent=2).decode())


def print_report(path: Path) -> None:
    """Print where a report lies."""
    from loracheck.terminal import either

    click.echo(f"\n{either('report', 'レポート')}: {path}")


def _path(value: Any) -> str:
    if isinstance(value, Path):
        return str(value)
    raise TypeError(type(value).__name__)
