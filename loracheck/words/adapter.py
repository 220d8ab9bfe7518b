"""What is said of the adapter's own soundness."""

from __future__ import annotations

from .form import Pair, Words

WORDS: dict[str, Words] = {
    "sanity": Words(
        name={
            "en": "Adapter sanity",
            "ja": "アダプターの健全性",
        },
    ),
}

REASONS: dict[str, Pair] = {
    "adapter_sound": {
        "en": "It fits this base, is finite and changes the base's logits (by up to {logit_change}).",
        "ja": "このベースに適合し、有限の値のみを持ち、ロジットを変化させます(最大{logit_change})。",
    },
    "adapter_not_finite": {
        "en": "The adapter or its output holds NaN or infinity; nothing else was asked of it.",
        "ja": "アダプターまたはその出力にNaNか無限大が含まれます。ほかの検査は行っていません。",
    },
    "adapter_inert": {
        "en": "The adapter changes nothing: its answers are the base's own, so no finding speaks of it.",
        "ja": "アダプターは何も変えません。応答はベースそのもので、どの検査結果もアダプターについて語りません。",
    },
    "adapter_unverified": {
        "en": "Nothing proves that the adapter was trained on this base; vouch for it with --assume-base.",
        "ja": "このベースで学習されたアダプターである証拠がありません。確かなら --assume-base を指定してください。",
    },
}
