"""`train`, and the training options that `plan` shares."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from loracheck import terminal
from loracheck.cli.options import PATH, dry_run_option, needed_out
from loracheck.cli.output import draw_report, print_json, print_report
from loracheck.cli.sections import Sectioned
from loracheck.train.choices import CHOICES
from loracheck.train.presets import PRESETS

C = TypeVar("C", bound=Callable[..., Any])


def _choice(key: str) -> dict[str, Any]:
    return {"type": click.Choice(CHOICES[key])}


_SWITCH: dict[str, Any] = {"default": None}
"""A flag and its --no- form, which overrules a preset or a file."""

# Flag, further settings, help; the name of the option is that of the key of TrainConfig.
_OPTIONS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("--quantization", _choice("quantization"), "How the base is held.  [default: none]"),
    ("--peft-type", _choice("peft_type"), "Kind of adapter.  [default: lora]"),
    ("--lora-r", {"type": int}, "Rank.  [default: 16]"),
    ("--lora-alpha", {"type": int}, "Scale.  [default: twice the rank]"),
    ("--lora-dropout", {"type": float}, "Dropout before the adapter.  [default: 0]"),
    ("--target-modules", {}, "all-linear, or names with commas.  [default: all-linear]"),
    ("--use-dora", _SWITCH, "Weight-decomposed LoRA."),
    ("--use-rslora", _SWITCH, "Scale by alpha / sqrt(rank)."),
    (
        "--init-lora-weights",
        _choice("init_lora_weights"),
        "How the adapter begins; loftq for a 4-bit base.  [default: default]",
    ),
    ("--loraplus-lr-ratio", {"type": float}, "LoRA+: learning rate of B over that of A, as 16."),
    (
        "--adapter-dtype",
        _choice("adapter_dtype"),
        "Of the adapter's weights; float32 resumes exactly.  [default: float32]",
    ),
    ("--learning-rate", {"type": float}, "Peak rate.  [default: 2e-4]"),
    ("--lr-scheduler-type", _choice("lr_scheduler_type"), "How the rate falls.  [default: cosine]"),
    ("--warmup-ratio", {"type": float}, "Share of the steps with a rising rate.  [default: 0.03]"),
    ("--num-train-epochs", {"type": int}, "Passes over the data.  [default: 3]"),
    ("--max-trained-tokens", {"type": int}, "Tokens with loss in the whole run, instead of epochs."),
    ("--train-batch-size", {"type": int}, "Rows of a step, over all devices.  [default: 16]"),
    (
        "--max-batch-tokens",
        {"type": int},
        "Tokens at once on a device; a larger step is taken in parts.  [default: 1024 on the CPU, else 8192]",
    ),
    ("--max-length", {"type": int}, "Longest row in tokens.  [default: 1024]"),
    ("--max-grad-norm", {"type": float}, "Clipping of the gradient.  [default: 1]"),
    ("--weight-decay", {"type": float}, "Of AdamW.  [default: 0]"),
    ("--gradient-checkpointing", _SWITCH, "Less memory for about a third more time."),
    ("--assistant-only-loss", _SWITCH, "Loss on every assistant turn, not on the last reply only."),
    ("--packing", _SWITCH, "Lay rows end to end without padding."),
    ("--replay-share", {"type": float}, "Share of replay rows in an epoch.  [default: 0; 0.1 with --replay]"),
    ("--neftune-noise-alpha", {"type": float}, "NEFTune: noise on the embeddings, as 5."),
    ("--eval-steps", {"type": int}, "Steps between readings.  [default: a tenth of the run]"),
    (
        "--early-stopping-patience",
        {"type": int},
        "Readings without a better held-out loss before the run stops.  [default: never]",
    ),
    ("--watch", _SWITCH, "Ask out-of-domain questions at every reading; keep the last safe checkpoint."),
    ("--stop-when-unsafe", _SWITCH, "End the run at the first unsafe reading (with --watch)."),
    (
        "--persona-scope",
        _choice("persona_scope"),
        "Where the style of the data is wanted.  [default: in_domain]",
    ),
    ("--watch-facts", {"type": int}, "Factual questions of the watch, per language.  [default: 60]"),
    ("--watch-margin", {"type": float}, "Share of facts that may be lost.  [default: 0.05]"),
    ("--max-name-rate", {"type": float}, "Share of facts answered with the persona's name.  [default: 0.05]"),
    ("--max-leakage", {"type": float}, "Share of open answers in the data's style.  [default: 0.05]"),
    (
        "--keep",
        _choice("keep"),
        "Checkpoint that becomes the adapter.  [default: safe with --watch, best with early stopping, else last]",
    ),
    ("--save-steps", {"type": int}, "Steps between checkpoints.  [default: 200]"),
    ("--save-total-limit", {"type": int}, "Checkpoints to resume from.  [default: 2]"),
    ("--report-to", {"multiple": True}, "Tracker: tensorboard, mlflow or wandb."),
    ("--fsdp", {}, "FSDP options, as transformers takes them."),
    ("--fsdp-config", {}, "FSDP configuration file."),
    ("--deepspeed", {}, "DeepSpeed configuration file."),
    ("--seed", {"type": int}, "Seed of order and adapter.  [default: 0]"),
)


def training_options(command: C) -> C:
    """Declare every option of a training: preset, YAML file and the keys of TrainConfig."""
    for name, settings, text in reversed(_OPTIONS):
        forms = f"{name}/--no-{name.removeprefix('--')}" if settings is _SWITCH else name
        command = click.option(forms, help=text, **settings)(command)
    command = click.option("--config", "config_file", type=PATH, help="YAML file of options.")(command)
    return click.option("--preset", type=click.Choice(PRESETS), help="Options of a known recipe.")(command)


@click.command(cls=Sectioned)
@click.argument("data", nargs=-1, required=True, type=PATH)
@click.option("--base", required=True, help="Base model: hub id, folder or GGUF file.")
@click.option("-o", "--out", type=PATH, help="Run directory to write.")
@click.option(
    "--heldout",
    type=PATH,
    help="Held-out rows; rows that ask the same are not trained on.  [default: those of a curate run]",
)
@click.option("--replay", type=PATH, help="Rows to mix in against forgetting, see `curate synthesize`.")
@click.option("--chat-template", type=PATH, help="Jinja file that replaces the base's template.")
@click.option(
    "--sweep",
    multiple=True,
    metavar="KEY=A,B,...",
    help="Train once for each value; several make a grid. A YAML file will do, too: a list for each key, or a list of "
    "runs under `runs`.",
)
@click.option("--seeds", metavar="0,1,2", help="Train once for each seed.")
@training_options
@dry_run_option
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def train(
    data: tuple[Path, ...],
    base: str,
    out: Path | None,
    heldout: Path | None,
    replay: Path | None,
    chat_template: Path | None,
    sweep: tuple[str, ...],
    seeds: str | None,
    preset: str | None,
    config_file: Path | None,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Fine-tune a base on a curate run or on any data file.

    --dry-run says what each training takes, as `plan` does, and ends there.

    \b
    Examples:
      loracheck train runs/curated --base google/gemma-3-270m -o runs/train-curated
      loracheck train persona.jsonl --base Qwen/Qwen3-8B --preset qlora --watch -o runs/train-raw
      loracheck train runs/curated --base B --sweep lora_r=4,16,64 --watch -o runs/sweep
      loracheck train raw.jsonl runs/curated --base B --seeds 0,1,2 --max-trained-tokens 9000 -o runs/pairs
      torchrun --nproc-per-node 4 -m loracheck train runs/curated --base B -o runs/train
    """
    from loracheck.progress import Progress
    from loracheck.summary.train import print_sweep, print_training
    from loracheck.train.config import configure, with_replay
    from loracheck.train.dryrun import foresee_training
    from loracheck.train.inputs import TrainInputs, shared_heldout
    from loracheck.train.pipeline import train as run_train
    from loracheck.train.trials.grid import grid
    from loracheck.train.trials.sweep import sweep as run_sweep

    config = configure(preset, config_file, **given)
    if replay is not None and given["replay_share"] is None:
        config = with_replay(config)
    progress = Progress(quiet=quiet)
    inputs = TrainInputs(
        base=base, heldout=shared_heldout(data, heldout), replay=replay, chat_template=chat_template
    )
    points = grid(config, data, sweep, seeds)
    if dry_run:
        _print_plans(foresee_training(data, points, config, inputs, progress), as_json=as_json)
        return
    out = needed_out(out, "runs/train")
    result: Any
    if points is None:
        result = run_train(data[0], out, config, inputs, progress=progress)
    else:
        result = run_sweep(points, out, config, inputs, progress=progress)
    if result is None:
        return  # the main process of several writes and prints
    report = draw_report(out)
    if as_json:
        print_json(result)
        return
    print_training(str(out), result) if points is None else print_sweep(result)
    print_report(report)


def _print_plans(found: Any, *, as_json: bool) -> None:
    from loracheck.foreseen import print_undone
    from loracheck.summary.plan import print_plan

    if as_json:
        print_json(found, items="trainings", form="plan")
        return
    for training in found:
        if len(found) > 1:
            click.echo(f"\n{training.name}")
        print_plan(training.plan)
    seconds = [training.plan.seconds for training in found]
    if len(found) > 1 and None not in seconds:
        whole = terminal.duration(sum(seconds))
        click.echo(
            terminal.either(
                f"\n{len(found)} trainings, about {whole} in all", f"\n学習{len(found)}回、合計で約{whole}"
            )
        )
    print_undone()
