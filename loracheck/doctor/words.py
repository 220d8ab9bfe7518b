"""The Japanese of what `doctor` prints of the machine; bug reports and what servers say stay English."""

from __future__ import annotations

from loracheck.doctor.words_examined import SENTENCES as EXAMINED
from loracheck.records import UiLanguage
from loracheck.words import Pair, sentences

STATUSES: dict[str, Pair] = {
    "ok": {"en": "ok", "ja": "良好"},
    "note": {"en": "note", "ja": "注意"},
    "missing": {"en": "missing", "ja": "不足"},
}
_NAMES: dict[str, str] = {
    "gpu": "GPU",
    "torch for GPU": "torchのGPU対応",
    "processor": "CPU",
    "memory": "メモリー",
    "disk": "ディスク",
    "japanese font": "日本語フォント",
    "embedded model": "内蔵モデル",
    "endpoint": "サーバー",
    "models": "モデル",
    "chat": "応答",
    "base": "ベース",
    "adapter": "アダプター",
    "chat template": "テンプレート",
    "stop token": "停止トークン",
    "stop": "停止文字列",
    "seeds": "シード",
    "logprobs": "対数確率",
    "likelihoods": "尤度",
    "begun replies": "書きかけの応答",
    "vocabulary": "語彙",
    "loss mask": "損失マスク",
    "tokenizer hash": "語彙の指紋",
    "template hash": "テンプレートの指紋",
    "fingerprint": "ベースの指紋",
    "fingerprint match": "指紋の照合",
    "template match": "テンプレートの照合",
    "base match": "ベースの照合",
    "trained on": "学習時のベース",
    "saved template": "保存テンプレート",
    "trained with": "学習ツール",
    "traces": "学習の記録",
    "pad token": "パディングトークン",
}

# By the English sentence; {} stands for what differs, and goes into the Japanese in the same order.
SENTENCES: dict[str, str] = {
    "not installed": "未導入",
    "{}, but {} is needed": "{}ですが、{}が必要です",
    "none: small models run on the CPU": "なし: 小さなモデルはCPUで動きます",
    "{}{}, driver {}{}": "{}{}、ドライバー{}{}",
    "built for the CPU, and there is no GPU": "CPU用。GPUはありません",
    "this torch is built without CUDA, so {} stays idle": "このtorchはCUDAなしで作られているため、"
    "{}が使われません",
    "built for CUDA {}": "CUDA {}用",
    "torch is built for CUDA {}, the driver runs up to {}: the GPU stays idle": "torchはCUDA {}用ですが、"
    "ドライバーは{}までのため、GPUが使われません",
    "update the NVIDIA driver, or {}": "NVIDIAのドライバーを更新するか、{}",
    "has a library for CUDA {}.{}": "CUDA {}.{}用のライブラリーがあります",
    "has no library for torch's CUDA {}.{} (only {}): 4-bit and 8-bit bases cannot be held on the GPU": "torchのCUDA "
    "{}.{}用のライブラリーがない({}のみ)ため、4ビットと8ビットのベースをGPUで扱えません",
    "has fast products in bfloat16": "bfloat16の積を速く計算できます",
    "no fast products in 16 bits (no AVX-512): a base computes in float32, in twice the memory": "16ビットの積を"
    "速く計算できません(AVX-512なし)。ベースはfloat32で計算し、メモリーを2倍使います",
    "unknown on this system": "このシステムでは分かりません",
    "{} GB, of which this container may use {} GB": "{} GB。このコンテナーで使えるのは{} GB",
    "the demonstration wants {} GB": "デモには{} GB必要です",
    "{} GB free for {}": "空き{} GB({})",
    "free some space, or point LORACHECK_CACHE at another disk": "空きを作るか、"
    "LORACHECK_CACHEで別のディスクを指定してください",
    "comes with the system": "システムに付属",
    "unknown: there is no fc-list; reports open elsewhere all the same": "不明: fc-listがありません。"
    "レポートはほかのマシンでも開けます",
    "none: a browser on this machine shows boxes for Japanese in the reports": "なし: "
    "このマシンのブラウザーでは、"
    "レポートの日本語が四角になります",
    "apt-get install fonts-noto-cjk, or open the reports on another machine": "apt-get install "
    "fonts-noto-cjk、"
    "またはほかのマシンでレポートを開いてください",
    "not installed: `loracheck demo` needs it": "未導入: `loracheck demo`に必要です",
}


def name_of(name: str, language: UiLanguage) -> str:
    """Return what is examined, in words."""
    return _NAMES.get(name, name) if language == "ja" else name


def translated(sentence: str, language: UiLanguage) -> str:
    """Return a sentence in a language; one without Japanese, such as a command or a version, as it is."""
    if language == "en":
        return sentence
    return sentences.translated(sentence, _PATTERNS)


_PATTERNS = sentences.patterns(SENTENCES | EXAMINED)
