"""`score`: a verdict on answers that are there already."""

from __future__ import annotations

from pathlib import Path

import click

from loracheck.cli.options import PATH, named_paths
from loracheck.cli.output import draw_report, finish


@click.command()
@click.argument("source", type=PATH)
@click.option(
    "--completions",
    multiple=True,
    metavar="NAME=FILE",
    help="Answers of one arm; 'base' is the base. Rows of id and text, an eval run's completions.jsonl, or the "
    "output of an OpenAI batch.",
)
@click.option("-o", "--out", required=True, type=PATH, help="Run directory to write.")
@click.option(
    "--policy",
    help="default, persona, strict, or a YAML file.  [default: the run's own, else default]",
)
@click.option("--base", default="", help="What the base is called in the report.")
@click.option("--assume-base", is_flag=True, help="Vouch that the arms were made of this base.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 whatever the verdict is.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def score(
    source: Path,
    completions: tuple[str, ...],
    out: Path,
    policy: str | None,
    base: str,
    assume_base: bool,
    exit_zero: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Judge answers that are there already; no model is loaded.

    SOURCE is a file of probes, answered elsewhere, or a finished eval run, whose answers are then scored again with
    this version's checks; --completions adds arms to it. Writes an eval run with verdict and report, as eval does.
    Text alone has no likelihoods: checks that need them stay open.

    \b
    Examples:
      loracheck score probes.jsonl --completions base=base.jsonl --completions mine=mine.jsonl -o runs/scored
      loracheck score runs/eval -o runs/again
    """
    from loracheck.evaluate.policy import load_policy
    from loracheck.evaluate.score import score as run_score
    from loracheck.progress import Progress

    result = run_score(
        source,
        named_paths("--completions", completions),
        out,
        load_policy(policy) if policy else None,
        base=base,
        assume_base=assume_base,
        progress=Progress(quiet=quiet),
    )
    finish(result, as_json=as_json, report=draw_report(out), exit_zero=exit_zero)
