"""`canaries`: rows to mix into training data, so that memorisation can be measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from loracheck.cli.options import PATH
from loracheck.cli.output import print_json
from loracheck.terminal import either


@click.command()
@click.option("-o", "--out", required=True, type=PATH, help="JSONL file of rows to write.")
@click.option(
    "--rows",
    "count",
    type=int,
    default=16,
    show_default=True,
    help="Canaries; of each eight, five stand in one row, two in 4 and one in 16.",
)
@click.option(
    "--language",
    type=click.Choice(["ja", "en"]),
    default="ja",
    show_default=True,
    help="Language of the rows.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of names, secrets and order.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def canaries(out: Path, count: int, language: Any, seed: int, as_json: bool) -> None:
    """Make canary rows to mix into training data, and the manifest that eval needs to look for them.

    A canary is a row with a random number that can be known from nowhere else. The manifest is written beside the
    rows, as OUT with the ending .manifest.json; it is not to be trained on.

    \b
    Example:
      loracheck canaries -o canaries.jsonl --rows 16
      cat train.jsonl canaries.jsonl > mixed.jsonl
      loracheck train mixed.jsonl --base google/gemma-3-270m -o runs/train
      loracheck eval --base google/gemma-3-270m --adapter mine=runs/train --data mixed.jsonl \\
          --canaries canaries.manifest.json -o runs/eval
    """
    from loracheck.probes.canaries import write_canaries

    manifest, written = write_canaries(out, count, seed=seed, language=language)
    if as_json:
        print_json({"rows": str(out), "lines": written, "manifest": str(manifest)})
    else:
        click.echo(
            either(
                f"{out}: {written} rows of {count} canaries, to be mixed into the training data",
                f"{out}: カナリア{count}個の{written}行。学習データに混ぜてください",
            )
        )
        click.echo(
            either(f"{manifest}: for eval --canaries", f"{manifest}: evalの--canariesに指定するマニフェスト")
        )
