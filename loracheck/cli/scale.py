"""`scale`: an adapter at several strengths."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from loracheck.cli.options import PATH, dry_run_option, needed_out, only_given
from loracheck.cli.output import draw_report, print_json, print_report
from loracheck.models.quantization import Quantization


@click.command()
@click.argument("adapter", type=PATH)
@click.option("--base", required=True, help="Base model: hub id, folder or GGUF file.")
@click.option(
    "--data", required=True, type=PATH, help="Its training rows or a curate run, by which the style is found."
)
@click.option("-o", "--out", type=PATH, help="Run directory to write.")
@click.option("--in-domain", type=PATH, help="Held-out rows of the domain.  [default: those of a curate run]")
@click.option(
    "--strengths",
    metavar="A,B,...",
    help="From 0, the base, to 1, the whole adapter.  [default: every eighth from 0 to 1]",
)
@click.option(
    "--quantization",
    type=click.Choice(get_args(Quantization)),
    help="How the base is held.  [default: as in training, where the adapter says so, else none]",
)
@click.option("--chat-template", type=PATH, help="Jinja file that replaces the adapter's template.")
@click.option(
    "--persona-scope",
    type=click.Choice(["always", "in_domain", "never"]),
    help="Where the style of the data is wanted.  [default: in_domain]",
)
@click.option("--watch-facts", type=int, help="Factual questions per language.  [default: 60]")
@click.option("--watch-margin", type=float, help="Share of facts that may be lost.  [default: 0.05]")
@click.option(
    "--max-name-rate",
    type=float,
    help="Share of facts answered with the persona's name.  [default: 0.05]",
)
@click.option("--max-leakage", type=float, help="Share of open answers in the data's style.  [default: 0.05]")
@click.option(
    "--write",
    metavar="SCALE|safe",
    help="Save the adapter at this strength, or at the largest safe one, in the run's adapter folder.",
)
@click.option("--seed", type=int, help="Seed of the choice of questions.  [default: 0]")
@dry_run_option
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def scale(
    adapter: Path,
    base: str,
    data: Path,
    out: Path | None,
    in_domain: Path | None,
    strengths: str | None,
    chat_template: Path | None,
    write: str | None,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Measure an adapter at several strengths, without retraining, and save a weaker one.

    ADAPTER is a PEFT folder of any trainer (LoRA, DoRA, LoHa or LoKr) or a loracheck train run. At every strength
    it says how well the persona is learnt, how many facts are kept and how far the style leaks; the largest safe
    strength is the largest one up to which nothing is unsafe.

    \b
    Examples:
      loracheck scale runs/train --base google/gemma-3-270m --data runs/curated -o runs/scale
      loracheck scale ./adapter --base B --data persona.jsonl --in-domain heldout.jsonl --write safe -o runs/scale
      loracheck eval --base B --adapter weaker=runs/scale/adapter --data runs/curated -o runs/eval
    """
    from loracheck.foreseen import print_foreseen
    from loracheck.progress import Progress
    from loracheck.summary.scale import print_scale
    from loracheck.train.dryrun import foresee_scale
    from loracheck.train.trials.scale import ScaleConfig, ScaleInputs, parse_strengths, parse_write
    from loracheck.train.trials.scale import scale as run_scale

    options = only_given(given)
    options |= {"strengths": parse_strengths(strengths)} if strengths else {}
    options |= {"write": parse_write(write)} if write else {}
    inputs = ScaleInputs(base=base, data=data, in_domain=in_domain, chat_template=chat_template)
    config = ScaleConfig(**options)
    if dry_run:
        found = foresee_scale(adapter, config, inputs)
        print_json(found, form="plan") if as_json else print_foreseen(found)
        return
    out = needed_out(out, "runs/scale")
    summary = run_scale(adapter, out, config, inputs, progress=Progress(quiet=quiet))
    report = draw_report(out)
    if as_json:
        print_json(summary)
    else:
        print_scale(str(out), summary)
        print_report(report)
