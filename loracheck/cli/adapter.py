"""What an adapter is, and what it becomes: `inspect` and `merge`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from loracheck.cli.failure import in_words
from loracheck.cli.options import PATH, dry_run_option, needed_out, only_given
from loracheck.cli.output import print_json
from loracheck.models.quantization import Quantization
from loracheck.terminal import language

if TYPE_CHECKING:
    from loracheck.records.adapter import AdapterAnatomy, ShippedForm


@click.command("inspect")
@click.argument("adapter", type=PATH)
@click.option("--base", help="Base to look for intruder directions against: hub id, folder or GGUF file.")
@click.option(
    "--max-modules",
    type=click.IntRange(min=1),
    help="Modules in which intruders are looked for; a larger adapter is sampled evenly.  [default: 24]",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON, every module included.")
@click.option("--quiet", is_flag=True, help="No progress.")
def inspect_(adapter: Path, base: str | None, max_modules: int | None, as_json: bool, quiet: bool) -> None:
    """Say what an adapter is made of, without loading it or trusting it.

    ADAPTER is a PEFT folder of any trainer, a loracheck train run, or a .safetensors file, those that kohya's
    scripts and LyCORIS write for image models included. Says its kind, ranks, norms and spectrum, which programs
    load it, what its trainer left beside it and, with --base, which directions the base does not have.

    \b
    Examples:
      loracheck inspect runs/train
      loracheck inspect ./adapter --base google/gemma-3-270m
      loracheck inspect character.safetensors --json
    """
    from loracheck.progress import Progress
    from loracheck.summary.adapter import print_anatomy
    from loracheck.train.inspection.anatomy import inspect_adapter
    from loracheck.train.inspection.intruders import DEFAULT_MAX_MODULES

    found = inspect_adapter(
        adapter, base, max_modules=max_modules or DEFAULT_MAX_MODULES, progress=Progress(quiet=quiet)
    )
    print_json(found) if as_json else print_anatomy(_anatomy_in_words(found))


@click.command()
@click.argument("adapter", type=PATH)
@click.option("--base", required=True, help="16-bit or 32-bit base: hub id, folder or GGUF file.")
@click.option("-o", "--out", type=PATH, help="Folder to write; new or empty.")
@click.option(
    "--dtype",
    type=click.Choice(["bfloat16", "float16", "float32"]),
    help="Of the merged weights.  [default: the base's]",
)
@click.option(
    "--onto",
    type=click.Choice(["original", "trained"]),
    help="Merge into the base's own weights, or into the 4-bit or 8-bit values of the training, held in 16 bits.  "
    "[default: original]",
)
@click.option(
    "--quantization",
    type=click.Choice(get_args(Quantization)),
    help="How the base was held in training.  [default: as the adapter's card says]",
)
@click.option("--gguf", metavar="TYPE", help="Write a GGUF file, too: q8_0, q4_k_m, ... (needs llama.cpp).")
@click.option(
    "--eval", "evaluation", type=PATH, help="Eval run whose verdict on this adapter goes into the card."
)
@click.option("--probes", type=int, help="Questions compared, per language.  [default: 16]")
@click.option("--data", multiple=True, type=PATH, help="Rows whose prompts are compared as well.")
@click.option("--max-new-tokens", type=int, help="Longest compared answer.  [default: 48]")
@click.option("--chat-template", type=PATH, help="Jinja file that replaces the adapter's template.")
@click.option("--seed", type=int, help="Seed of the draw of probes and of the intervals.  [default: 0]")
@dry_run_option
@click.option("--json", "as_json", is_flag=True, help="Print shipped_form.json.")
@click.option("--quiet", is_flag=True, help="No progress.")
def merge(
    adapter: Path,
    base: str,
    out: Path | None,
    evaluation: Path | None,
    data: tuple[Path, ...],
    chat_template: Path | None,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Merge an adapter into its base and measure how far what ships is from what was trained.

    Writes an ordinary model folder with tokenizer, chat template, stop tokens and a card. LoRA, DoRA, rsLoRA, LoHa
    and LoKr. The form that was trained (say, a 4-bit base with the adapter) and the folder, loaded again, then answer
    the same probes: a mean divergence above 0.05 nats a token is warned of.

    \b
    Examples:
      loracheck merge runs/train --base google/gemma-3-270m -o merged
      loracheck merge ./qlora --base Qwen/Qwen3-8B -o merged --onto trained --gguf q4_k_m
      loracheck merge runs/train --base B -o merged --eval runs/eval --data runs/curated/heldout.jsonl
    """
    from loracheck.evaluate.asked import confirmed
    from loracheck.foreseen import print_foreseen
    from loracheck.progress import Progress
    from loracheck.summary.adapter import print_merge
    from loracheck.train.dryrun import foresee_merge
    from loracheck.train.merging.merge import MergeConfig, MergeInputs
    from loracheck.train.merging.merge import merge as run_merge

    config = MergeConfig(**only_given(given))
    if evaluation is not None:
        confirmed(evaluation)
    inputs = MergeInputs(data=data, evaluation=evaluation, chat_template=chat_template)
    progress = Progress(quiet=quiet)
    if dry_run:
        found = foresee_merge(adapter, base, out or Path("merged"), config, inputs, progress=progress)
        print_json(found, form="plan") if as_json else print_foreseen(found)
        return
    out = needed_out(out, "merged")
    form = run_merge(adapter, base, out, config, inputs, progress=progress)
    print_json(form) if as_json else print_merge(str(out), _form_in_words(form))


def _anatomy_in_words(found: AdapterAnatomy) -> AdapterAnatomy:
    """Put the sentences of an anatomy into the language that is printed in."""
    trace, summary, image = found.training, found.intruders, found.image
    if trace:
        files, notes = (tuple(map(_said, texts)) for texts in (trace.files, trace.notes))
        trace = replace(trace, files=files, notes=notes)
    if summary:
        summary = replace(
            summary, skipped={_said(reason): count for reason, count in summary.skipped.items()}
        )
    return replace(
        found,
        notices=tuple(replace(notice, text=_said(notice.text)) for notice in found.notices),
        loads=tuple(replace(entry, reason=_said(entry.reason)) for entry in found.loads),
        training=trace,
        intruders=summary,
        image=replace(image, trainer=_said(image.trainer)) if image else None,
    )


def _form_in_words(form: ShippedForm) -> ShippedForm:
    """Put the sentences of a merge into the language that is printed in."""
    return replace(
        form,
        licence=_said(form.licence),
        comparisons=tuple(
            replace(one, shipped=_said(one.shipped), reason=_said(one.reason)) for one in form.comparisons
        ),
    )


def _said(text: str) -> str:
    return in_words(text, language())
