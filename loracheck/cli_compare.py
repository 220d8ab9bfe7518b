"""The click declaration of `compare`; the body as in `cli.py`."""

from __future__ import annotations

from pathlib import Path

import click

from loracheck.cli_output import print_json

PATH = click.Path(path_type=Path)


@click.command()
@click.argument("runs", nargs=-1, required=True, type=PATH)
@click.option(
    "--first",
    multiple=True,
    metavar="NAME",
    help="Adapters of the first arm; a pattern such as 'raw*' takes each that fits, in any run, as one seed.",
)
@click.option("--second", multiple=True, metavar="NAME", help="Adapters of the second arm.")
@click.option("-o", "--out", type=PATH, help="Run directory to write compare.json to.  [default: none]")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
def compare(
    runs: tuple[Path, ...], first: tuple[str, ...], second: tuple[str, ...], out: Path | None, as_json: bool
) -> None:
    """Compare eval runs of the same probes and base: curated against raw over seeds, or one adapter on two days.

    A difference of two arms is held against the noise of items and of seeds: train each arm with several --seed,
    evaluate them, and give all runs. With one seed an arm, every difference is labelled "noise unknown". Two runs
    of the same adapter show which verdicts, rules and examples flipped. Loads no model.

    \b
    Examples:
      loracheck compare runs/eval-seed0 runs/eval-seed1 runs/eval-seed2 --first raw --second curated
      loracheck compare runs/monday runs/tuesday -o runs/drift
    """
    from loracheck.evaluate.compare import compare as run_compare
    from loracheck.evaluate.compare import write_comparison
    from loracheck.summary_compare import print_comparison

    found = write_comparison(runs, out, first, second) if out else run_compare(runs, first, second)
    if as_json:
        print_json(found)
    else:
        print_comparison(found)
        if out:
            click.echo(f"\n{out / 'compare.json'}")
