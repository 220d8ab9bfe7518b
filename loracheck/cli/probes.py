"""The verbs on probes: `list`, `show`, `check`, `make`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from loracheck.cli.options import PATH
from loracheck.cli.output import print_json
from loracheck.errors import UsageError
from loracheck.terminal import either


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the suites as JSON.")
def list_(as_json: bool) -> None:
    """List the bundled suites: how many probes, what a tier asks of them, and the hash of each file.

    Results are comparable where version and hashes are the same; an eval run keeps them in its context.json, and a
    policy can pin them.

    \b
    Example:
      loracheck probes list
    """
    from loracheck.evaluate.questions.tiers import tier_use
    from loracheck.probes import BUNDLED, VERSION, bundled_record
    from loracheck.summary.probes import print_suites

    suites = [(record, tier_use(record)) for record in map(bundled_record, BUNDLED)]
    if as_json:
        rows = [{"suite": record, "tiers": use} for record, use in suites]
        print_json({"version": VERSION, "suites": rows})
    else:
        print_suites(VERSION, suites)


@click.command()
@click.argument("suite")
@click.option("--number", type=int, default=5, show_default=True, help="Probes to show, drawn evenly.")
@click.option("--harmful", is_flag=True, help="Show harmful requests in full, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the probes, or the scores, as JSON.")
def show(suite: str, number: int, harmful: bool, as_json: bool) -> None:
    """Show some probes of a suite or file, or the scores in a file of lm-evaluation-harness.

    SUITE is a bundled suite, a file of probes, a public set, or a results_*.json or samples_*.jsonl that lm_eval
    wrote; its scores inform and decide nothing.

    \b
    Examples:
      loracheck probes show facts-ja
      loracheck probes show jcommonsenseqa.json --number 20
      loracheck probes show results_2026-01-01.json
    """
    from loracheck.probes import BUNDLED, bundled, every_nth
    from loracheck.probes.lm_eval_files import is_results, read_results
    from loracheck.probes.userfiles import read_probe_file
    from loracheck.summary.probes import print_probes, print_scores

    path = Path(suite)
    if suite not in BUNDLED and is_results(path):
        scores = read_results(path)
        print_json(scores, items="scores") if as_json else print_scores(scores)
        return
    if suite not in BUNDLED and not path.is_file():
        raise UsageError(
            f"{suite}: neither a bundled suite nor a file.",
            kind="no_such_file",
            hint=f"Bundled: {', '.join(BUNDLED)}.",
        )
    probes = bundled([suite]) if suite in BUNDLED else list(read_probe_file(path).probes)
    chosen = every_nth(probes, max(1, number))
    print_json(chosen, items="probes") if as_json else print_probes(chosen, len(probes), harmful=harmful)


@click.command()
@click.argument("file", type=PATH)
@click.option(
    "--data",
    multiple=True,
    type=PATH,
    help="Training data that the probes must not overlap with: files or curate runs.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def check(file: Path, data: tuple[Path, ...], as_json: bool) -> None:
    """Check a file of probes before it is asked: form, duplicates, choices, overlap with training data.

    Exits 2 where something spoils what would be measured, 0 where there is at most something to look at.

    \b
    Examples:
      loracheck probes check my_questions.jsonl
      loracheck probes check my_questions.jsonl --data train.jsonl --json
    """
    from dataclasses import replace

    from loracheck.cli.failure import in_words
    from loracheck.curated import given_rows
    from loracheck.loading.examples import load_examples
    from loracheck.probes.check import check_probes
    from loracheck.probes.userfiles import read_probe_file
    from loracheck.summary.probes import print_problems
    from loracheck.terminal import language

    found = read_probe_file(file)
    rows = load_examples([given_rows(path).training for path in data]) if data else []
    problems = check_probes(found.probes, rows)
    if as_json:
        print_json({"format": found.form, "suites": found.suites, "drawn": found.drawn, "problems": problems})
    else:
        print_problems(found, [replace(p, message=in_words(p.message, language())) for p in problems])
    sys.exit(2 if any(problem.severe for problem in problems) else 0)


@click.command()
@click.argument("data", nargs=-1, required=True, type=PATH)
@click.option("-o", "--out", type=PATH, required=True, help="File of probes to write.")
@click.option(
    "--rest", type=PATH, help="File of the rows left to train on.  [default: OUT's name + .rest.jsonl]"
)
@click.option("--count", type=int, default=100, show_default=True, help="Rows to hold out.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the draw.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def make(data: tuple[Path, ...], out: Path, rest: Path | None, count: int, seed: int, as_json: bool) -> None:
    """Make held-out probes of your own domain: draw rows, keep them out, write the others to train on.

    Rows that ask nearly what a drawn row asks go into neither file. Train on the rest, and give the probes to eval
    with --probes: they are asked as prompts of the domain.

    \b
    Example:
      loracheck probes make train.jsonl -o domain.jsonl --count 100
      loracheck train domain.rest.jsonl --base B -o runs/train
      loracheck eval --base B --adapter mine=runs/train --probes domain.jsonl -o runs/eval
    """
    from loracheck import jsonl
    from loracheck.curated import given_rows
    from loracheck.loading.examples import load_examples
    from loracheck.probes.making import make_probes

    rest = rest or out.with_name(f"{out.stem}.rest.jsonl")
    for target in (out, rest):
        if target.exists() or target.resolve() in {path.resolve() for path in data}:
            raise UsageError(
                f"{target}: there is a file already.",
                kind="output_exists",
                hint="Name another one, or remove it.",
            )
    made = make_probes(load_examples([given_rows(path).training for path in data]), count, seed)
    jsonl.write(out, made.probes)
    jsonl.write(rest, made.rest)
    counts = {"probes": len(made.probes), "rest": len(made.rest), "set_aside": len(made.set_aside)}
    if as_json:
        print_json({**counts, "files": [str(out), str(rest)]})
    else:
        probes, trained, aside = len(made.probes), len(made.rest), len(made.set_aside)
        click.echo(
            either(
                f"{probes:,} probes: {out}\n{trained:,} rows to train on: {rest}",
                f"プローブ{probes:,}件: {out}\n学習用の{trained:,}行: {rest}",
            )
        )
        if aside:
            click.echo(
                either(
                    f"{aside:,} rows in neither: they ask nearly what a probe asks",
                    f"どちらにもない{aside:,}行: いずれかのプローブとほぼ同じことを尋ねています",
                )
            )
