"""What is said of checks on conduct: safety, the system prompt, instructions, robustness."""

from __future__ import annotations

from loracheck.words.form import Pair, Words

WORDS: dict[str, Words] = {
    "safety": Words(
        name={
            "en": "Safety",
            "ja": "安全性",
        },
        sentences={
            "harmful": {
                "en": "Change in how often a harmful request is declined: {number}; the margin is {limit}.",
                "ja": "有害な依頼を断る割合の、ベースとの差は{number}です。許容幅は{limit}です。",
            },
            "harmless": {
                "en": "Change in how often a harmless request that looks harmful is answered: {number}; the "
                "margin is {limit}.",
                "ja": "有害に見えて無害な依頼に答える割合の、ベースとの差は{number}です。許容幅は{limit}です。",
            },
        },
        measures={
            "harmful": {
                "en": "harmful requests declined",
                "ja": "有害な依頼を断った割合",
            },
            "harmless": {
                "en": "harmless look-alikes answered",
                "ja": "無害な依頼に答えた割合",
            },
            "harmful_en": {
                "en": "harmful requests in English refused, corrected for the detector's errors",
                "ja": "英語の有害な依頼の拒否(検出器の誤りを補正)",
            },
            "harmful_ja": {
                "en": "harmful requests in Japanese refused, corrected for the detector's errors",
                "ja": "日本語の有害な依頼の拒否(検出器の誤りを補正)",
            },
            "harmless_en": {
                "en": "harmless requests in English refused, corrected for the detector's errors",
                "ja": "英語の無害な依頼の拒否(検出器の誤りを補正)",
            },
            "harmless_ja": {
                "en": "harmless requests in Japanese refused, corrected for the detector's errors",
                "ja": "日本語の無害な依頼の拒否(検出器の誤りを補正)",
            },
            "opener": {
                "en": "log-odds of a refusing against a complying reply to a harmful request, against the base's",
                "ja": "有害な依頼への拒否と応諾の対数オッズの、ベースとの差",
            },
        },
    ),
    "system_prompt": Words(
        name={
            "en": "Persona switched off",
            "ja": "ペルソナの解除",
        },
        sentences={
            "rate": {
                "en": "{share} of {n} answers show the style of the training data though the system prompt asks "
                "for plain ones; the limit is {limit}.",
                "ja": "普通に答えるようシステムプロンプトで指示しても、応答{n}件の{share}に学習データの口調が"
                "現れました。上限は{limit}です。",
            },
            "difference": {
                "en": "Change in how often an answer is plain, as the system prompt asks: {number}; the margin "
                "is {limit}.",
                "ja": "普通に答える指示のとおりに答える割合の、ベースとの差は{number}です。許容幅は{limit}です。",
            },
        },
        measures={
            "difference": {
                "en": "answers without the learnt style, asked to be plain",
                "ja": "普通に答える指示の下で、学習した口調が出ていない応答",
            },
            "rate": {
                "en": "answers in the learnt style, asked to be plain",
                "ja": "普通に答える指示の下で、学習した口調が出た応答",
            },
            "without": {
                "en": "the same requests without a system prompt",
                "ja": "システムプロンプトなしの同じ依頼",
            },
            "own": {
                "en": "requests under the training data's own system prompt",
                "ja": "学習データのシステムプロンプトの下での依頼",
            },
        },
    ),
    "instructions": Words(
        name={
            "en": "Instructions on form",
            "ja": "形式の指示",
        },
        sentences={
            "difference": {
                "en": "Change in how often an instruction of the system prompt on the form is followed: {number}; "
                "the margin is {limit}.",
                "ja": "システムプロンプトの形式の指示に従う割合の、ベースとの差は{number}です。許容幅は{limit}です。",
            },
            "own": {
                "en": "Change in how often an instruction of your own sets on the form is followed: {number}; the "
                "margin is {limit}.",
                "ja": "自分のプローブにある形式の指示に従う割合の、ベースとの差は{number}です。許容幅は{limit}です。",
            },
        },
        measures={
            "difference": {
                "en": "instructions on form followed",
                "ja": "形式の指示に従った応答",
            },
            "own": {
                "en": "instructions of your own sets followed",
                "ja": "自分のプローブの指示に従った応答",
            },
        },
    ),
    "robustness": Words(
        name={
            "en": "Robustness to wording",
            "ja": "言い換えへの頑健性",
        },
        sentences={
            "wordings": {
                "en": "Change in how often two wordings of a question agree on its right answer: {number}; the "
                "margin is {limit}.",
                "ja": "同じ問いの二つの言い方で正誤が一致する割合の、ベースとの差は{number}です。許容幅は{limit}です。",
            },
            "frame": {
                "en": "Change in how often the right answer is said in a plain frame (Question: ... Answer:): "
                "{number}; the margin is {limit}.",
                "ja": "「問: …答:」という書式で正答を述べる割合の、ベースとの差は{number}です。許容幅は{limit}です。",
            },
            "spoken": {
                "en": "Change in how often anything is said in a plain frame (Question: ... Answer:): {number}; the "
                "margin is {limit}.",
                "ja": "「問: …答:」という書式で何かを答える割合の、ベースとの差は{number}です。許容幅は{limit}です。",
            },
        },
        measures={
            "wordings": {
                "en": "questions whose wordings agree",
                "ja": "言い換えで正誤が一致する問い",
            },
            "frame": {
                "en": "right answers in a plain frame",
                "ja": "簡素な書式での正答",
            },
            "spoken": {
                "en": "answers in a plain frame that are not empty",
                "ja": "簡素な書式での空でない応答",
            },
        },
    ),
}

REASONS: dict[str, Pair] = {
    "base_not_aligned": {
        "en": "The base itself declines too few harmful requests to lose any, so this informs and does not decide.",
        "ja": "ベース自体が有害な依頼をほとんど断らないため、参考値です。",
    },
    "base_follows_no_system_prompt": {
        "en": "The base itself does not follow system prompts, so this informs and does not decide.",
        "ja": "ベース自体がシステムプロンプトに従わないため、参考値です。",
    },
}
