"""`validate`: files looked over before a run."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import click

from loracheck.cli.failure import in_words
from loracheck.cli.options import PATH, named_values
from loracheck.cli.output import print_json
from loracheck.terminal import either, language

SHOWN = 20
ALIKE = 2
"""Problems that differ in nothing but their row are shown so often."""

_ROW = re.compile(r", (?:line|row) \d+(?=[:,])")


@click.command()
@click.argument("files", nargs=-1, required=True, type=PATH)
@click.option(
    "--as",
    "kind",
    type=click.Choice(["rows", "probes", "policy", "pipeline", "curate", "train", "sweep"]),
    help="What the files are.  [default: found out]",
)
@click.option(
    "--map",
    "columns",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Your column for a field of rows: output=回答.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@click.option("--quiet", is_flag=True, help="Name only files with problems.")
def validate(
    files: tuple[Path, ...], kind: Any, columns: tuple[str, ...], as_json: bool, quiet: bool
) -> None:
    """Check the form of training rows, probes, policies, pipelines and options; load no model.

    Every row is read by the reader that `curate` and `train` use; a problem names file, line and field. Exits 2
    where there is one. Made for a pre-commit hook. What a pipeline names elsewhere, its base and data, is not
    looked for.

    \b
    Examples:
      loracheck validate train.jsonl policy.yaml pipeline.yaml
      loracheck validate rows.csv --map instruction=質問 --map output=回答
      loracheck validate questions.csv --as probes --json
    """
    from loracheck.validation import validate as check

    found = [check(path, kind, named_values("--map", columns)) for path in files]
    if as_json:
        print_json(found, items="files")
    else:
        for file in found:
            _print(file, quiet=quiet)
    sys.exit(2 if any(file.problems for file in found) else 0)


def _print(found: Any, *, quiet: bool) -> None:
    told: set[str] = set()
    alike: Counter[str] = Counter()
    for problem in found.problems:
        same = _ROW.sub("", problem.message)
        if alike[same] == ALIKE or alike.total() == SHOWN:
            continue
        alike[same] += 1
        line = (
            either(f" (line {problem.line})", f" ({problem.line}行目)")
            if problem.line and f"line {problem.line}" not in problem.message
            else ""
        )
        click.echo(f"{in_words(problem.message, language())}{line}")
        if problem.hint and problem.hint not in told:
            told.add(problem.hint)
            click.echo(f"  {in_words(problem.hint, language())}")
    rest = len(found.problems) - alike.total() + found.more
    if rest > 0:
        click.echo(
            either(f"{found.file}: {rest:,} more of the kind.", f"{found.file}: 同様のものがほかに{rest:,}件")
        )
    if not found.problems and not quiet:
        rows = (
            ""
            if found.rows is None
            else either(f", {found.rows:,} row{'s' * (found.rows != 1)}", f"、{found.rows:,}行")
        )
        click.echo(
            either(
                f"{found.file}: a {found.kind} file{rows}: in order.",
                f"{found.file}: {found.kind}のファイル{rows}、問題なし",
            )
        )
