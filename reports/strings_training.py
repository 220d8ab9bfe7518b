"""The sentences of the pages of train, sweep and scale runs, in English and Japanese side by side."""

from __future__ import annotations

TRAINING: dict[str, tuple[str, str]] = {
    "section_training": ("How the adapters were trained", "アダプターの学習"),
    "equal_tokens": (
        "The adapters saw the same number of trained tokens (within {percent}), so the data differ and the amount "
        "does not.",
        "各アダプターの学習トークン数は同じです（差は {percent} 以内）。違いは量ではなくデータにあります。",
    ),
    "unequal_tokens": (
        "The adapters saw different numbers of trained tokens (up to {ratio} times as many): a difference between "
        "them may come from the amount, not from the data.",
        "各アダプターの学習トークン数が異なります（最大 {ratio} 倍）。差はデータではなく量による可能性があります。",
    ),
    "loss_title": ("Training loss", "学習損失"),
    "loss_desc": (
        "Loss in nats per trained token against the number of trained tokens.",
        "学習トークン数に対する損失（1 トークンあたり nat）。",
    ),
    "axis_tokens": ("trained tokens", "学習トークン数"),
    "axis_loss": ("nats per token", "nat / トークン"),
    "col_run": ("Run", "実行"),
    "col_tokens": ("Trained tokens", "学習トークン数"),
    "col_loss": ("Loss", "損失"),
    "train_base": ("Base", "ベース"),
    "train_quantization": ("Quantisation", "量子化"),
    "train_rows": ("Rows", "行数"),
    "train_epochs": ("Epochs", "エポック"),
    "train_steps": ("Steps", "ステップ"),
    "train_tokens": ("Trained tokens", "学習トークン数"),
    "train_parameters": ("Trainable parameters", "学習パラメーター数"),
    "train_adapter": ("Adapter size", "アダプターの大きさ"),
    "train_loss": ("Loss, first to last (nats)", "損失、最初から最後（nat）"),
    "train_heldout": ("Held-out loss, before to after", "評価用データの損失、前から後"),
    "train_heldout_rows": ("Held-out rows", "評価用の行数"),
    "train_seconds": ("Time", "時間"),
    "train_memory": ("Peak memory", "最大メモリー"),
    "seconds": ("{n} s", "{n} 秒"),
    "minutes": ("{n} min", "{n} 分"),
    "audit_title": ("What the audit of the loss mask found", "損失マスクの検査結果"),
    "audit_clean": (
        "All {rows} rows train what they should: nothing truncated, every stop token trained.",
        "{rows} 行すべてが正しく学習対象になっています。切り詰めはなく、終了トークンもすべて学習します。",
    ),
    "audit_rows": ("Rows", "行数"),
    "audit_truncated": ("Truncated", "切り詰め"),
    "audit_prefix_mismatches": ("Prompt tokens that differ from use", "使用時と異なるプロンプトのトークン"),
    "audit_untrained_stop": ("Stop token not trained", "終了トークンが学習対象外"),
    "audit_nothing_to_learn": ("Nothing to learn", "学習対象なし"),
    "audit_double_bos": ("Start token twice", "開始トークンの重複"),
    "audit_control_tokens": ("Control tokens in the text", "本文中の制御トークン"),
    "loss_last": ("Last training loss", "最後の学習損失"),
    "loss_unit": ("nats per trained token, over {n} tokens", "nat / 学習トークン（{n} トークン）"),
    "no_verdict": (
        "Training loss does not say whether an adapter may ship: evaluate it next.",
        "学習損失だけでは出荷の可否は決まりません。続けて評価してください。",
    ),
}
