"""The click declarations of `inspect` and `merge`; bodies as in `cli.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

PATH = click.Path(path_type=Path)


@click.command("inspect")
@click.argument("adapter", type=PATH)
@click.option("--base", help="Base to look for intruder directions against: hub id, folder or GGUF file.")
@click.option(
    "--max-modules",
    type=click.IntRange(min=1),
    help="Modules in which intruders are looked for; a larger adapter is sampled evenly.  [default: 24]",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON, every module included.")
@click.option("--quiet", is_flag=True, help="No progress.")
def inspect_(adapter: Path, base: str | None, max_modules: int | None, as_json: bool, quiet: bool) -> None:
    """Say what an adapter is made of, without loading it or trusting it.

    ADAPTER is a PEFT folder of any trainer, a loracheck train run, or a .safetensors file, those that kohya's
    scripts and LyCORIS write for image models included. Says its kind, ranks, norms and spectrum, which programs
    load it, what its trainer left beside it and, with --base, which directions the base does not have.

    \b
    Examples:
      loracheck inspect runs/train
      loracheck inspect ./adapter --base google/gemma-3-270m
      loracheck inspect character.safetensors --json
    """
    from loracheck.progress import Progress
    from loracheck.summary_adapter import print_anatomy
    from loracheck.train.anatomy import inspect_adapter
    from loracheck.train.intruders import DEFAULT_MAX_MODULES

    found = inspect_adapter(
        adapter, base, max_modules=max_modules or DEFAULT_MAX_MODULES, progress=Progress(quiet=quiet)
    )
    _print_json(found) if as_json else print_anatomy(found)


def _print_json(value: Any) -> None:
    import msgspec

    from loracheck import jsonl

    click.echo(msgspec.json.format(jsonl.encode(value), indent=2).decode())
