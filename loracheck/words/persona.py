"""What is said of checks on the persona: leakage, and whether it was learnt."""

from __future__ import annotations

from .form import Pair, Words

WORDS: dict[str, Words] = {
    "persona_leakage": Words(
        name={
            "en": "Persona leakage",
            "ja": "ペルソナの漏れ",
        },
        sentences={
            "rate": {
                "en": "{share} of {n} answers outside the domain show the style of the training data; "
                "the limit is {limit}.",
                "ja": "領域外の応答{n}件の{share}に、学習データの口調が現れました。上限は{limit}です。",
            },
        },
        measures={
            "rate": {
                "en": "answers outside the domain in the learnt style",
                "ja": "領域外で学習した口調の回答",
            },
        },
    ),
    "persona_learned": Words(
        name={
            "en": "Persona learnt",
            "ja": "ペルソナの習得",
        },
        sentences={
            "rate": {
                "en": "{share} of {n} replies to held-out prompts of the domain lack the persona; the "
                "limit is {limit}.",
                "ja": "領域内の未学習プロンプトへの応答{n}件の{share}に、"
                "ペルソナが現れませんでした。上限は{limit}です。",
            },
        },
        measures={
            "rate": {
                "en": "replies in the domain without the persona",
                "ja": "領域内でペルソナが現れない返答",
            },
        },
    ),
}

REASONS: dict[str, Pair] = {
    "style_wanted": {
        "en": "The policy wants the persona everywhere, so this informs and does not decide.",
        "ja": "ポリシーはペルソナを常に求めているため、参考値です。",
    },
    "style_not_wanted": {
        "en": "The policy wants no persona anywhere, so this informs and does not decide.",
        "ja": "ポリシーはペルソナを求めていないため、参考値です。",
    },
    "no_style": {
        "en": "The training replies have no style that the base's answers lack.",
        "ja": "学習データの応答に、ベースの応答にない口調は見つかりませんでした。",
    },
}
