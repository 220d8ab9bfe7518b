"""`compare`: eval runs held against one another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from loracheck.cli.options import PATH, report_to_option
from loracheck.cli.output import draw_report, print_json, print_report
from loracheck.errors import UsageError

if TYPE_CHECKING:
    from loracheck.records import UiLanguage
    from loracheck.records.comparison import RunComparison


@click.command()
@click.argument("runs", nargs=-1, required=True, type=PATH)
@click.option(
    "--first",
    multiple=True,
    metavar="NAME",
    help="Adapters of the first arm; a pattern such as 'raw*' takes each that fits, in any run, as one seed, and "
    "'FOLDER/NAME' only those of the run in that folder.",
)
@click.option("--second", multiple=True, metavar="NAME", help="Adapters of the second arm.")
@click.option(
    "-o", "--out", type=PATH, help="Run directory to write compare.json and report.html to.  [default: none]"
)
@click.option(
    "--language",
    type=click.Choice(["en", "ja"]),
    help="Language the page opens in.  [default: that of the terminal]",
)
@report_to_option
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
def compare(
    runs: tuple[Path, ...],
    first: tuple[str, ...],
    second: tuple[str, ...],
    out: Path | None,
    language: UiLanguage | None,
    trackers: tuple[str, ...],
    as_json: bool,
) -> None:
    """Compare eval runs of the same probes and base: curated against raw over seeds, or one adapter on two days.

    A difference of two arms is held against the noise of items and of seeds: train each arm with several --seed,
    evaluate them, and give all runs. With one seed an arm, every difference is labelled "noise unknown". Two runs
    of the same adapter show which verdicts, rules, settings and examples changed. Says which arm to prefer and why,
    or that the evidence cannot tell. With -o all of it stands in a page, with every answer side by side. Loads no
    model.

    \b
    Examples:
      loracheck compare runs/eval-seed0 runs/eval-seed1 runs/eval-seed2 --first raw --second curated
      loracheck compare runs/monday runs/tuesday -o runs/drift
      loracheck compare runs/eval runs/eval-mended --first eval/mine --second eval-mended/mine -o runs/cure
    """
    from loracheck.evaluate.comparison.pipeline import compare as run_compare
    from loracheck.progress import Progress
    from loracheck.records.comparison import COMPARISON
    from loracheck.runs import REPORT
    from loracheck.summary.compare import print_comparison
    from loracheck.tracking import check_packages, log_run, of_comparison

    check_packages(trackers)
    found = _written(runs, out, first, second, language) if out else run_compare(runs, first, second)
    if trackers:
        files = [out / REPORT, out / COMPARISON] if out else []
        logged = of_comparison(found, list(map(str, runs)), files)
        log_run(trackers, logged, out or Path(), Progress(quiet=True))
    if as_json:
        print_json(found)
    else:
        print_comparison(found)
        if out:
            print_report(out / REPORT)


def _written(
    runs: tuple[Path, ...],
    out: Path,
    first: tuple[str, ...],
    second: tuple[str, ...],
    language: UiLanguage | None,
) -> RunComparison:
    from loracheck.evaluate.comparison.pipeline import write_comparison

    if out.suffix == ".html":
        raise UsageError(
            f"-o {out}: this names a run directory, which holds the page as report.html.",
            kind="option_value",
            hint=f"-o {out.with_suffix('')}",
        )
    found = write_comparison(runs, out, first, second)
    draw_report(out, language=language)
    return found
