"""What is said of checks on knowledge: content damage, forgetting, collapse."""

from __future__ import annotations

from .form import Words

WORDS: dict[str, Words] = {
    "content_damage": Words(
        name={
            "en": "Content damage",
            "ja": "内容の損傷",
        },
        sentences={
            "name_rate": {
                "en": "{share} of {n} factual questions were answered with the persona's own name; the "
                "limit is {limit}.",
                "ja": "事実を問う質問{n}件の{share}に、ペルソナ自身の名前を答えました。上限は{limit}です。",
            },
            "difference": {
                "en": "Change in how often the right answer, in either style, is the most likely "
                "reply: {number}; the margin is {limit}.",
                "ja": "正答を(口調を問わず)最も高く評価する割合の、"
                "ベースとの差は{number}です。許容は{limit}です。",
            },
            "said": {
                "en": "Change in how often the right answer is said: {number}; the margin is {limit}.",
                "ja": "正答を実際に述べる割合の、ベースとの差は{number}です。許容は{limit}です。",
            },
        },
        measures={
            "answered": {
                "en": "facts answered right",
                "ja": "事実の正答",
            },
            "difference": {
                "en": "right answer the most likely reply",
                "ja": "正答を最も高く評価",
            },
            "name_rate": {
                "en": "persona's name as the answer",
                "ja": "ペルソナの名前で回答",
            },
        },
    ),
    "forgetting": Words(
        name={
            "en": "Forgetting",
            "ja": "忘却",
        },
        sentences={
            "difference": {
                "en": "Change in how often the right answer ranks above the wrong ones: {number}; the "
                "margin is {limit}.",
                "ja": "正答を誤答より高く評価する割合の、ベースとの差は{number}です。許容は{limit}です。",
            },
        },
        measures={
            "difference": {
                "en": "right answer ranked above the wrong ones",
                "ja": "正答を誤答より高く評価",
            },
        },
    ),
    "collapse": Words(
        name={
            "en": "Collapse onto one answer",
            "ja": "同じ答えへの崩壊",
        },
        sentences={
            "difference": {
                "en": "Change in how often an answer is not the one it repeats most: {number}; the "
                "margin is {limit}.",
                "ja": "最も多い同一の答え以外を返す割合の、ベースとの差は{number}です。許容は{limit}です。",
            },
        },
        measures={
            "difference": {
                "en": "answers that are not the most repeated one",
                "ja": "最も多い同一の答え以外の回答",
            },
        },
    ),
}
