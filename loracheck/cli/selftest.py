"""`selftest`: adapters with known faults, and whether they are caught."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from loracheck.cli.options import PATH, dry_run_option
from loracheck.cli.output import print_json


@click.command()
@click.option(
    "-o", "--out", type=PATH, default=Path("selftest-run"), show_default=True, help="Folder for the runs."
)
@click.option(
    "--language",
    type=click.Choice(["ja", "en", "both"]),
    default="both",
    show_default=True,
    help="In which language the adapters are made and asked.",
)
@click.option("--base", help="Another base than the embedded Gemma 3 270M.")
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Seed of the choice of rows and of the trainings."
)
@dry_run_option
@click.option("--json", "as_json", is_flag=True, help="Print the expectations as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def selftest(
    out: Path, language: str, base: str | None, seed: int, dry_run: bool, as_json: bool, quiet: bool
) -> None:
    """Test this very installation: make a ruined and a harmless adapter, and see that the first is held.

    On the embedded model, in Japanese and in English, within minutes. Exits 0 only if each ruined adapter is held
    for leakage and for damage to content, and no harmless one is held; else 1, with a table of what came out.

    \b
    Examples:
      loracheck selftest
      loracheck selftest --language ja -o /tmp/selftest
    """
    from loracheck.demo.dryrun import foresee_selftest
    from loracheck.demo.selftest import LANGUAGES, print_expectations, run_selftest
    from loracheck.foreseen import print_foreseen
    from loracheck.progress import Progress

    if dry_run:
        plan = foresee_selftest(out, LANGUAGES[language], base=base, seed=seed)
        print_json(plan, form="plan") if as_json else print_foreseen(plan)
        return
    found = run_selftest(out, LANGUAGES[language], base=base, seed=seed, progress=Progress(quiet=quiet))
    print_json(found, items="expectations") if as_json else print_expectations(found)
    sys.stdout.flush()
    sys.exit(0 if found and all(expectation.met for expectation in found) else 1)
