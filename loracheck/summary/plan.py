"""What `plan` prints: the figures of a training before it starts, and advice in sentences."""

from __future__ import annotations

from collections.abc import Sequence

import click

from loracheck.records.training import Plan
from loracheck.terminal import columns, either, language, padded, visible, wrapped
from loracheck.words import Pair

_EXCEEDS_IN_FEW_BITS: Pair = {
    "en": "This does not fit in the memory of {memory}. Lower --max-batch-tokens or --max-length, add "
    "--gradient-checkpointing, or take a larger machine.",
    "ja": "{memory}のメモリーに収まりません。--max-batch-tokensか--max-lengthを下げる、"
    "--gradient-checkpointingを付ける、またはメモリーの多い機械を使ってください。",
}
NOTES: dict[str, Pair] = {
    "exceeds_memory": {
        "en": "This does not fit in the memory of {memory}. Lower --max-batch-tokens or --max-length, add "
        "--gradient-checkpointing, or hold the base in 4 bits with --quantization nf4.",
        "ja": "{memory}のメモリーに収まりません。--max-batch-tokensか--max-lengthを下げる、"
        "--gradient-checkpointingを付ける、"
        "または--quantization nf4でベースを4ビットにしてください。",
    },
    "quantization_saves_little": {
        "en": "{quantization} saves little here: most of the memory is not the layers that it "
        "reaches, but embeddings, activations and the libraries. Without it training is at least as fast.",
        "ja": "{quantization}の効果はわずかです。メモリーの大半は、量子化される層ではなく、埋め込み、"
        "活性値、ライブラリーです。"
        "使わないほうが遅くなることはありません。",
    },
    "longest_row_dominates": {
        "en": "The longest row has {longest:,} tokens, far more than the others, and decides on the "
        "peak. A lower --max-length cuts the beginning of such prompts.",
        "ja": "最長の行は{longest:,}トークンと際立って長く、最大メモリーを決めています。"
        "--max-lengthを下げると、その質問の先頭が切り詰められます。",
    },
    "adapts_outside_language_model": {
        "en": "The target modules also reach layers outside the language model (an image or "
        "audio tower), which training on text does not train. Name the language model's layers.",
        "ja": "対象モジュールに言語モデル以外(画像や音声)の層も含まれますが、文章では学習されません。"
        "言語モデルの層を指定してください。",
    },
    "weights_in_float32": {
        "en": "The base is held in 32 bits, as its configuration says: twice the memory, and several "
        "times the time, of a 16-bit copy.",
        "ja": "ベースは設定どおり32ビットで扱います。16ビットに比べてメモリーは2倍、時間は数倍かかります。",
    },
    "computes_in_float32": {
        "en": "This processor has no fast products in 16 bits, so the base computes in 32: twice the memory, and "
        "several times the time, of a processor with AVX-512 or of a GPU.",
        "ja": "このCPUは16ビットの積を速く計算できないため、ベースは32ビットで計算します。AVX-512のあるCPUや"
        "GPUに比べて、メモリーは2倍、時間は数倍かかります。",
    },
    "activations_guessed": {
        "en": "The architecture could not be played through without its weights, so memory and time are "
        "rough guesses. --probe measures them.",
        "ja": "この構造は重みなしで試せなかったため、メモリーと時間は大まかな推測です。"
        "--probeで測定できます。",
    },
    "stock_loss": {
        "en": "The head cannot be applied by tiles, as an adapter is on it or the architecture has another "
        "one, so the logits of all positions are held.",
        "ja": "出力層にアダプターが付くか、構造が特殊なため、出力層を分割して計算できません。"
        "全位置のロジットを保持します。",
    },
    "tokens_guessed": {
        "en": "The tokenizer of the base is not here, so the tokens are guessed from the characters of the "
        "rows. They are exact once the base has been downloaded.",
        "ja": "ベースのトークナイザーが手元にないため、トークン数は文字数からの推測です。"
        "ダウンロード後は正確になります。",
    },
}
_PARTS: dict[str, str] = {
    "weights": "重み",
    "adapter": "アダプター",
    "optimiser": "オプティマイザー",
    "activations": "活性値",
    "logits": "ロジット",
    "process": "プロセス",
}
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
        in_few_bits = note == "exceeds_memory" and plan.quantization != "none"
        text = (_EXCEEDS_IN_FEW_BITS if in_few_bits else NOTES[note])[language()].format(
            memory=_size(plan.memory_bytes or 0), quantization=plan.quantization, longest=plan.longest or 0
        )
        _fill(f"{either('note', '注意')}: ", text)


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
    of = either(f"{peak} of {whole}", f"{peak}／この機械は{whole}") if plan.memory_bytes else peak
    _line(either("memory at the peak", "最大メモリー"), either(f"{of}, {_how(plan)}", f"{of}({_how(plan)})"))
    parts = {
        "weights": memory.weights,
        "adapter": memory.adapter,
        "optimiser": memory.optimizer,
        "activations": memory.activations,
        "logits": memory.logits,
        "process": memory.process,
    }
    _line(
        "", ", ".join(f"{either(name, _PARTS[name])} {_size(size)}" for name, size in parts.items() if size)
    )


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


def duration(seconds: float) -> str:
    """Return a time in the two units that fit it."""
    if seconds < 90:
        return either(f"{seconds:.0f} s", f"{seconds:.0f}秒")
    minutes = round(seconds / 60)
    if minutes < 90:
        return either(f"{minutes} min", f"{minutes}分")
    hours, rest = divmod(minutes, 60)
    return either(f"{hours} h {rest} min", f"{hours}時間{rest}分")
