"""What `plan` prints: the figures of a training before it starts, and advice in sentences."""

from __future__ import annotations

import textwrap

import click

from loracheck.text import visible
from loracheck.training_records import Plan

NOTES = {
    "exceeds_memory": "This does not fit in the memory of {memory}. Lower --max-batch-tokens or --max-length, add "
    "--gradient-checkpointing, or hold the base in 4 bits with --quantization nf4.",
    "quantization_saves_little": "{quantization} saves little here: most of the memory is not the layers that it "
    "reaches, but embeddings, activations and the libraries. Without it training is at least as fast.",
    "longest_row_dominates": "The longest row has {longest:,} tokens, far more than the others, and decides on the "
    "peak. A lower --max-length cuts the beginning of such prompts.",
    "adapts_outside_language_model": "The target modules also reach layers outside the language model (an image or "
    "audio tower), which training on text does not train. Name the language model's layers.",
    "weights_in_float32": "The base is held in 32 bits, as its configuration says: twice the memory, and several "
    "times the time, of a 16-bit copy.",
    "activations_guessed": "The architecture could not be played through without its weights, so memory and time are "
    "rough guesses. --probe measures them.",
    "stock_loss": "The head of this architecture cannot be applied by tiles, so the logits of all positions are held.",
    "tokens_guessed": "The tokenizer of the base is not here, so the tokens are guessed from the characters of the "
    "rows. They are exact once the base has been downloaded.",
}
_WIDTH = 110
_LABEL = 18


def print_plan(plan: Plan) -> None:
    """Print the figures, the table if there is one, and the advice."""
    held = "" if plan.quantization == "none" else f", held in {plan.quantization}"
    click.secho(f"{visible(plan.base)} ({visible(plan.model_type)}){held}", bold=True)
    quantized = f", {plan.quantized_parameters:,} of them quantised" if plan.quantized_parameters else ""
    _line("parameters", f"{plan.parameters:,}{quantized}")
    share = 100 * plan.trainable_parameters / plan.parameters
    _line(
        "trained",
        f"{plan.trainable_parameters:,} ({share:.2f}%), saved as an adapter of {_size(plan.adapter_bytes)}",
    )
    layers = [
        f"{count} x {visible(name)} {inputs}->{outputs}"
        for name, (count, inputs, outputs) in plan.reached.items()
    ]
    _line("layers", ", ".join(layers))
    _print_memory(plan)
    _print_run(plan)
    if plan.table:
        _print_table(plan)
    for note in plan.notes:
        text = NOTES[note].format(
            memory=_size(plan.memory_bytes or 0), quantization=plan.quantization, longest=plan.longest or 0
        )
        click.echo(textwrap.fill(text, _WIDTH, initial_indent="note: ", subsequent_indent="      "))


def _print_memory(plan: Plan) -> None:
    memory = plan.memory
    how = "measured by a probe" if plan.probed else "foreseen"
    of = f" of {_size(plan.memory_bytes)}" if plan.memory_bytes else ""
    _line("memory at the peak", f"{_size(memory.peak)}{of}, {how}")
    parts = {
        "weights": memory.weights,
        "adapter": memory.adapter,
        "optimiser": memory.optimizer,
        "activations": memory.activations,
        "logits": memory.logits,
        "process": memory.process,
    }
    _line("", ", ".join(f"{name} {_size(size)}" for name, size in parts.items() if size))


def _print_run(plan: Plan) -> None:
    if plan.rows is None or plan.tokens is None or plan.epochs is None:
        _line("run", "unknown without data: memory is that of a full micro-batch of the longest rows")
        return
    about = "about " if "tokens_guessed" in plan.notes else ""
    _line(
        "run",
        f"{plan.rows:,} rows, {plan.epochs:g} epochs in {plan.steps:,} steps, the longest row {plan.longest:,} tokens",
    )
    _line(
        "", f"{about}{plan.trained_tokens:,} trained tokens, {about}{plan.tokens:,} with prompts and padding"
    )
    if plan.seconds is not None:
        how = "measured by a probe" if plan.probed else "foreseen"
        cost = "" if plan.cost is None else f", {plan.cost:,.2f} at the price given"
        _line("time", f"{duration(plan.seconds)}, {how}{cost}")


def _print_table(plan: Plan) -> None:
    width = max(len(option.target_modules) for option in plan.table)
    click.echo(f"{'rank':>6}  {'target modules':<{width}}{'trained':>15}{'adapter':>12}{'memory':>12}")
    for option in plan.table:
        peak = "unknown" if option.peak is None else _size(option.peak)
        click.echo(
            f"{option.lora_r:>6}  {visible(option.target_modules):<{width}}{option.trainable_parameters:>15,}"
            f"{_size(option.adapter_bytes):>12}{peak:>12}"
        )


def _line(label: str, text: str) -> None:
    click.echo(
        textwrap.fill(
            text, _WIDTH, initial_indent=f"  {label:<{_LABEL}}  ", subsequent_indent=" " * (_LABEL + 4)
        )
    )


def _size(count: int) -> str:
    return f"{count / 1e9:,.2f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"


def duration(seconds: float) -> str:
    """Return a time in the two units that fit it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
