"""`causes`: the training rows behind the failures of an eval run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from loracheck.cli.options import PATH, dry_run_option, needed_out, only_given
from loracheck.cli.output import print_json


@click.command()
@click.argument("evaluation", metavar="EVAL_RUN", type=PATH)
@click.option("-o", "--out", type=PATH, help="Run directory to write.")
@click.option(
    "--data",
    multiple=True,
    type=PATH,
    help="The training rows: curate runs or data files.  [default: those of the eval run]",
)
@click.option("--base", help="The base; without it rows are compared by overlap alone.")
@click.option(
    "--adapter", "adapters", multiple=True, help="Whose failures.  [default: every adapter that is held]"
)
@click.option(
    "--method",
    metavar="A,B,...",
    help="Of overlap, embedding and gradient; overlap alone needs no model.  [default: all three]",
)
@click.option(
    "--max-failures", type=int, help="Failures looked at of each finding, the worst first.  [default: 40]"
)
@click.option("--shown-rows", type=int, help="Rows kept for each failure.  [default: 10]")
@click.option("--dimensions", type=int, help="Numbers that a gradient is projected to.  [default: 8192]")
@click.option("--seed", type=int, help="Seed of projection and random splits.  [default: 0]")
@dry_run_option
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def causes(
    evaluation: Path,
    out: Path | None,
    data: tuple[Path, ...],
    base: str | None,
    adapters: tuple[str, ...],
    method: str | None,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Find the training rows behind the failures of an eval run.

    For every failure behind a held verdict all training rows are ranked: by what the answer says that neither the
    question nor the base's answer does, by the base's hidden states, and by the gradient of the adapter's weights. A
    group of rows is named only when it stands out among the failures as it does not among other answers. The eval run
    stays as it is. What it names is opened only where its hash is known: the base has to be given.

    \b
    Examples:
      loracheck causes runs/eval --base google/gemma-3-270m -o runs/causes
      loracheck causes runs/eval --data persona.jsonl --method overlap -o runs/causes
      loracheck report runs/eval --related runs/causes
      loracheck curate persona.jsonl --from-eval runs/causes -o runs/mended
    """
    from loracheck.evaluate.asked import confirmed
    from loracheck.evaluate.causes.config import CausesConfig
    from loracheck.evaluate.causes.dryrun import foresee_causes
    from loracheck.evaluate.causes.pipeline import causes as find_causes
    from loracheck.foreseen import print_foreseen
    from loracheck.progress import Progress
    from loracheck.summary.causes import print_causes

    options = only_given(given)
    if method is not None:
        options["methods"] = tuple(name.strip() for name in method.split(",") if name.strip())
    config = CausesConfig(**options)
    confirmed(evaluation)
    if dry_run:
        found = foresee_causes(evaluation, config, data=data, base_spec=base, adapters=adapters)
        print_json(found, form="plan") if as_json else print_foreseen(found)
        return
    out = needed_out(out, "runs/causes")
    summary = find_causes(
        evaluation,
        out,
        config,
        data=data,
        base_spec=base,
        adapters=adapters,
        progress=Progress(quiet=quiet),
    )
    print_json(summary) if as_json else print_causes(out, summary)
