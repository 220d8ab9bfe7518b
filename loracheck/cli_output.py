"""What every command prints under --json."""

from __future__ import annotations

from typing import Any

import click


def print_json(value: Any) -> None:
    """Print records as indented JSON."""
    import msgspec

    from loracheck import jsonl

    click.echo(msgspec.json.format(jsonl.encode(value), indent=2).decode())
