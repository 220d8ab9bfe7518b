"""What terminal and page say of the plan of a training: its memory by cause, and its advice."""

from __future__ import annotations

from loracheck.records import UiLanguage
from loracheck.records.training import Plan
from loracheck.words.form import Pair

MEMORY_PARTS: dict[str, Pair] = {
    "weights": {"en": "weights", "ja": "重み"},
    "adapter": {"en": "adapter", "ja": "アダプター"},
    "optimizer": {"en": "gradients and optimiser", "ja": "勾配とオプティマイザー"},
    "activations": {"en": "activations", "ja": "活性値"},
    "logits": {"en": "logits", "ja": "ロジット"},
    "process": {"en": "process", "ja": "プロセス"},
}
"""By the field of `MemoryParts`."""

_EXCEEDS_IN_FEW_BITS: Pair = {
    "en": "This does not fit in the memory of {memory}. Lower --max-batch-tokens or --max-length, add "
    "--gradient-checkpointing, or take a larger machine.",
    "ja": "{memory}のメモリーに収まりません。--max-batch-tokensか--max-lengthを下げる、"
    "--gradient-checkpointingを付ける、またはメモリーの多いマシンを使ってください。",
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
        "使わなくても、学習が遅くなることはありません。",
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
"""By the code of an advice."""


def note_text(note: str, plan: Plan, memory: str, language: UiLanguage = "en") -> str:
    """Say an advice of a plan; its code where a newer writer knows more.

    Args:
        note: The code of the advice.
        plan: The plan.
        memory: What the machine or its GPU has, as it is shown.
        language: To say it in.
    """
    if note not in NOTES:
        return note
    in_few_bits = note == "exceeds_memory" and plan.quantization != "none"
    said = _EXCEEDS_IN_FEW_BITS if in_few_bits else NOTES[note]
    return said[language].format(memory=memory, quantization=plan.quantization, longest=plan.longest or 0)
