"""What is said of checks on the persona: leakage, and whether it was learnt."""

from __future__ import annotations

from loracheck.words.form import Pair, Words

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
            "difference": {
                "en": "The base itself shows the style at times. Change in how often an answer outside the domain is "
                "free of it: {number}; the margin is {limit}.",
                "ja": "ベース自体にも同じ口調が現れます。領域外の応答がその口調を含まない割合の、"
                "ベースとの差は{number}です。許容幅は{limit}です。",
            },
        },
        measures={
            "rate": {
                "en": "answers outside the domain in the learnt style",
                "ja": "学習した口調が出た領域外の応答",
            },
            "difference": {
                "en": "answers outside the domain free of the learnt style",
                "ja": "学習した口調が出ていない領域外の応答",
            },
            "neutral_prompt": {
                "en": "open answers in the learnt style under a neutral system prompt",
                "ja": "中立なシステムプロンプトの下で、学習した口調が出た自由回答",
            },
            "system_prompt": {
                "en": "open answers in the learnt style under the training data's system prompt",
                "ja": "学習データのシステムプロンプトの下で、学習した口調が出た自由回答",
            },
            "lambda": {
                "en": "way from the base's style to the training data's, outside the domain",
                "ja": "領域外での、ベースの口調から学習データの口調までの移行度",
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
                "ja": "領域内の取り置きプロンプトへの応答{n}件の{share}に、"
                "ペルソナが現れませんでした。上限は{limit}です。",
            },
        },
        measures={
            "rate": {
                "en": "replies in the domain without the persona",
                "ja": "領域内でペルソナが現れない応答",
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
    "too_few_rows": {
        "en": "Fewer than ten training rows could be held against the base's answers: too few to find a style in.",
        "ja": "ベースの回答と比べられる学習データが10行に満たず、口調を見つけるには足りません。",
    },
    "no_style": {
        "en": "The training replies have no style that the base's answers lack.",
        "ja": "学習データの応答に、ベースの応答にない口調は見つかりませんでした。",
    },
}
