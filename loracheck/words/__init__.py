"""What terminal and report both say, in English and Japanese: of findings and checks, plans, runs, rows."""

from __future__ import annotations

from loracheck.words import adapter, conduct, knowledge, memory, persona, surface, tier, verdict
from loracheck.words.form import Pair, Words

__all__ = ["REASONS", "WORDS", "Pair", "Words"]

WORDS: dict[str, Words] = (
    adapter.WORDS
    | conduct.WORDS
    | knowledge.WORDS
    | memory.WORDS
    | persona.WORDS
    | surface.WORDS
    | tier.WORDS
    | verdict.WORDS
)
"""By check."""

REASONS: dict[str, Pair] = (
    adapter.REASONS
    | conduct.REASONS
    | memory.REASONS
    | persona.REASONS
    | tier.REASONS
    | verdict.REASONS
    | {
        "no_headroom": {
            "en": "The base itself is too close to chance for a loss to show, so this cannot pass.",
            "ja": "ベース自体が偶然の水準に近く、低下が見えないため、合格にはできません。",
        },
        "not_enough_evidence": {"en": "Not enough evidence.", "ja": "証拠が足りません。"},
        "not_learnt": {
            "en": "It was not learnt. That harms nobody, so it does not hold the adapter, and cannot pass.",
            "ja": "学習されていません。害ではないため出荷不可の理由にはなりませんが、合格にはできません。",
        },
        "base_does_not_end": {
            "en": "The base does not end its replies either, and many of them stand here word for word: this adapter "
            "took nothing from it, and did not teach it to end.",
            "ja": "ベースも応答を終えず、その応答の多くがそのまま現れています。アダプターが壊したのではありませんが、"
            "終わり方を教えてもいません。",
        },
        "too_few_items": {
            "en": "The policy wants at least {least} items for this check, so it cannot pass.",
            "ja": "ポリシーはこの検査に{least}件以上を求めているため、合格にはできません。",
        },
        "training_data_unknown": {
            "en": "The training data was not given (--data), so what is wanted of this is not known.",
            "ja": "学習データ(--data)が指定されていないため、そのどこまでが望まれた変化なのか分かりません。",
        },
        "needs_training_data": {
            "en": "The training data was not given (--data), so this could not be measured.",
            "ja": "学習データ(--data)が指定されていないため、測定できません。",
        },
        "no_in_domain_probes": {
            "en": "No held-out prompts of the domain were given (--in-domain), so this could not be decided.",
            "ja": "領域内の取り置きプロンプト(--in-domain)が指定されていないため、判定できません。",
        },
        "needs_choices": {
            "en": "The engine gives no likelihoods, so choices could not be ranked and nothing stands in for them.",
            "ja": "このエンジンは尤度を返さないため、選択肢を比較できません。代わりの値は使いません。",
        },
        "needs_likelihoods": {
            "en": "No likelihoods of texts were measured, so this could not be decided; nothing stands in for them.",
            "ja": "文章の尤度が測定されていないため、判定できません。代わりの値は使いません。",
        },
        "needs_probes": {
            "en": "No probe of the kind that this check needs was asked.",
            "ja": "この検査に必要な種類のプローブがありません。",
        },
        "needs_weights": {
            "en": "The adapter's weights were not at hand, so this could not be measured.",
            "ja": "アダプターの重みが手元にないため、測定できません。",
        },
    }
)
"""By the code of the rule that set a finding's status."""
