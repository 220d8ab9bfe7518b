"""What `plan` prints: the figures of a training before it starts, and advice in sentences."""

from __future__ import annotations

from collections.abc import Sequence

import click

from loracheck.records.training import Plan
from loracheck.terminal import columns, duration, either, language, padded, visible, wrapped
from loracheck.words.training_plan import MEMORY_PARTS, note_text

_WIDTH = 110
_LABEL = 18


def print_plan(plan: Plan) -> None:
    """Print the figures, the table if there is one, and the advice."""
    kind = plan.quantization
    held = "" if kind == "none" else either(f", held in {kind}", f"、{kind}で保持")
    click.secho(f"{visible(plan.base)} ({visible(plan.model_type)}){held}", bold=True)
    count = plan.quantized_parameters
    quantized = either(f", {count:,} of them quantised", f"(うち{count:,}を量子化)") if count else ""
    _line(either("parameters", "パラメーター"), f"{plan.parameters:,}{quantized}")
    share = 100 * plan.trainable_parameters / plan.parameters
    trained, size = f"{plan.trainable_parameters:,} ({share:.2f}%)", _size(plan.adapter_bytes)
    _line(
        either("trained", "学習対象"),
        either(f"{trained}, saved as an adapter of {size}", f"{trained}、保存されるアダプターは{size}"),
    )
    layers = [
        f"{count} x {visible(name)} {inputs}->{outputs}"
        for name, (count, inputs, outputs) in plan.reached.items()
    ]
    _line(either("layers", "モジュール"), ", ".join(layers))
    _print_memory(plan)
    _print_run(plan)
    if plan.table:
        _print_table(plan)
    for note in plan.notes:
        text = note_text(note, plan, _size(plan.memory_bytes or 0), language())
        _fill(f"{either('note', '注意')}: ", visible(text))


def print_side_by_side(plans: Sequence[Plan]) -> None:
    """Print the figures of several bases, a line each; then the table of each, if there is one."""
    names = [visible(plan.base) for plan in plans]
    heads = (
        either("parameters", "パラメーター"),
        either("weights", "重み"),
        either("trained", "学習対象"),
        either("adapter", "アダプター"),
        either("memory", "メモリー"),
        either("time", "時間"),
        either("price", "価格"),
    )
    wanted = len(heads) if any(plan.cost is not None for plan in plans) else len(heads) - 1
    lines = [
        (
            f"{plan.parameters:,}",
            _size(plan.memory.weights),
            f"{plan.trainable_parameters:,}",
            _size(plan.adapter_bytes),
            _size(plan.memory.peak),
            "-" if plan.seconds is None else duration(plan.seconds),
            "-" if plan.cost is None else f"{plan.cost:,.2f}",
        )
        for plan in plans
    ]
    widths = [max(map(columns, column)) + 2 for column in zip(heads, *lines, strict=True)]
    first = max(map(columns, (either("base", "ベース"), *names)))
    for name, line in zip((either("base", "ベース"), *names), (heads, *lines), strict=True):
        cells = zip(line[:wanted], widths, strict=False)
        click.echo(padded(name, first) + "".join(padded(cell, width, right=True) for cell, width in cells))
    for plan in plans:
        if plan.table:
            click.secho(f"\n{visible(plan.base)}", bold=True)
            _print_table(plan)


def _print_memory(plan: Plan) -> None:
    memory = plan.memory
    peak, whole = _size(memory.peak), _size(plan.memory_bytes or 0)
    of = either(f"{peak} of {whole}", f"{peak}／このマシンは{whole}") if plan.memory_bytes else peak
    _line(either("memory at the peak", "最大メモリー"), either(f"{of}, {_how(plan)}", f"{of}({_how(plan)})"))
    parts = ((part[language()], getattr(memory, cause)) for cause, part in MEMORY_PARTS.items())
    _line("", ", ".join(f"{name} {_size(size)}" for name, size in parts if size))


def _how(plan: Plan) -> str:
    return either("measured by a probe", "試行による実測") if plan.probed else either("foreseen", "予測")


def _print_run(plan: Plan) -> None:
    if plan.rows is None or plan.tokens is None or plan.epochs is None:
        _line(
            either("run", "実行"),
            either(
                "unknown without data: memory is that of a full micro-batch of the longest rows",
                "データがないため不明。メモリーは、最長の行だけで満たした場合の値",
            ),
        )
        return
    about = either("about ", "約") if "tokens_guessed" in plan.notes else ""
    _line(
        either("run", "実行"),
        either(
            f"{plan.rows:,} rows, {plan.epochs:g} epochs in {plan.steps:,} steps, the longest row "
            f"{plan.longest:,} tokens",
            f"{plan.rows:,}行、{plan.epochs:g}エポックで{plan.steps:,}ステップ、"
            f"最長の行は{plan.longest:,}トークン",
        ),
    )
    _line(
        "",
        either(
            f"{about}{plan.trained_tokens:,} trained tokens, {about}{plan.tokens:,} with prompts and padding",
            f"学習トークン{about}{plan.trained_tokens:,}、質問とパディングを含めて{about}{plan.tokens:,}",
        ),
    )
    if plan.seconds is not None:
        price = "" if plan.cost is None else f"{plan.cost:,.2f}"
        cost = either(f", {price} at the price given", f"、指定の単価で{price}") if price else ""
        _line(either("time", "時間"), f"{duration(plan.seconds)}{either(', ', '、')}{_how(plan)}{cost}")


def _print_table(plan: Plan) -> None:
    width = max(len(option.target_modules) for option in plan.table)
    width = max(width, columns(either("target modules", "対象モジュール")))
    heads = (either("trained", "学習対象"), either("adapter", "アダプター"), either("memory", "メモリー"))
    row = "".join(padded(head, size, right=True) for head, size in zip(heads, (15, 12, 12), strict=True))
    rank = padded(either("rank", "ランク"), 6, right=True)
    click.echo(f"{rank}  {padded(either('target modules', '対象モジュール'), width)}{row}")
    for option in plan.table:
        peak = either("unknown", "不明") if option.peak is None else _size(option.peak)
        modules = padded(visible(option.target_modules), width)
        click.echo(
            f"{option.lora_r:>6}  {modules}{option.trainable_parameters:>15,}{_size(option.adapter_bytes):>12}"
            f"{padded(peak, 12, right=True)}"
        )


def _line(label: str, text: str) -> None:
    _fill(f"  {padded(label, _LABEL)}  ", text)


def _fill(mark: str, text: str) -> None:
    """Print a text behind a mark, its further lines below its own beginning."""
    indent = columns(mark)
    click.echo(mark + f"\n{' ' * indent}".join(wrapped(text, _WIDTH - indent)))


def _size(count: int) -> str:
    return f"{count / 1e9:,.2f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"
