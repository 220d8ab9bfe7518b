"""`plan`: what a training will take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from loracheck.cli.options import PATH
from loracheck.cli.output import print_json
from loracheck.cli.sections import Sectioned
from loracheck.cli.train import training_options


@click.command(cls=Sectioned)
@click.argument("data", required=False, type=PATH)
@click.option(
    "--base",
    required=True,
    multiple=True,
    help="Base model: hub id, folder, one with config.json only, or GGUF; several are set side by side.",
)
@click.option(
    "--heldout",
    type=PATH,
    help="Held-out rows; rows that ask the same are not trained on.  [default: those of a curate run]",
)
@click.option("--replay", type=PATH, help="Rows to mix in against forgetting.")
@click.option("--chat-template", type=PATH, help="Jinja file that replaces the base's template.")
@click.option("--probe", is_flag=True, help="Run a few real steps, and correct memory and time by them.")
@click.option("--price-per-hour", type=click.FloatRange(min=0), help="Price of the machine, in any currency.")
@click.option("--table", is_flag=True, help="Also other ranks and target modules.")
@training_options
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def plan(
    data: Path | None,
    base: tuple[str, ...],
    heldout: Path | None,
    replay: Path | None,
    chat_template: Path | None,
    probe: bool,
    price_per_hour: float | None,
    table: bool,
    preset: str | None,
    config_file: Path | None,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Say what a training will take: parameters, adapter, memory, tokens, time and price.

    Takes the options of `train`. Of a base on the hub the configuration alone is fetched, nothing is written, and
    without --probe no weight is read.

    \b
    Examples:
      loracheck plan runs/curated --base google/gemma-3-270m
      loracheck plan --base Qwen/Qwen3-8B --preset qlora --table
      loracheck plan persona.jsonl --base Qwen/Qwen3-0.6B --base Qwen/Qwen3-4B --base Qwen/Qwen3-8B
      loracheck plan persona.jsonl --base B --lora-r 8 --probe --price-per-hour 1.20
    """
    from loracheck.progress import Progress
    from loracheck.summary.plan import print_plan, print_side_by_side
    from loracheck.train.config import configure, with_replay
    from loracheck.train.inputs import TrainInputs
    from loracheck.train.planning.plan import PlanOptions
    from loracheck.train.planning.plan import plan as run_plan

    config = configure(preset, config_file, **given)
    if replay is not None and given["replay_share"] is None:
        config = with_replay(config)
    found = [
        run_plan(
            data,
            config,
            TrainInputs(base=one, heldout=heldout, replay=replay, chat_template=chat_template),
            PlanOptions(price_per_hour=price_per_hour, table=table, probe=probe),
            progress=Progress(quiet=quiet),
        )
        for one in base
    ]
    if as_json:
        print_json(found if len(found) > 1 else found[0], items="plans")
    elif len(found) > 1:
        print_side_by_side(found)
    else:
        print_plan(found[0])
