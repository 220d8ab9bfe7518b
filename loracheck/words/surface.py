"""What is said of checks on the surface of answers: loops, missing stop, empty answers, language, unknown words."""

from __future__ import annotations

from loracheck.words.form import Words

WORDS: dict[str, Words] = {
    "loops": Words(
        name={
            "en": "Loops",
            "ja": "繰り返し",
        },
        sentences={
            "difference": {
                "en": "Change in how often an answer does not run in a loop: {number}; the margin is {limit}.",
                "ja": "繰り返しに陥らない応答の割合の、ベースとの差は{number}です。許容幅は{limit}です。",
            },
        },
        measures={
            "difference": {
                "en": "answers that do not run in a loop",
                "ja": "繰り返しに陥らない応答",
            },
        },
    ),
    "missing_stop": Words(
        name={
            "en": "Missing stop",
            "ja": "終わらない応答",
        },
        sentences={
            "rate": {
                "en": "{share} of {n} replies do not end by a stop token; the limit is {limit}.",
                "ja": "応答{n}件の{share}が停止トークンで終わりませんでした。上限は{limit}です。",
            },
        },
        measures={
            "rate": {
                "en": "replies that do not end by a stop token",
                "ja": "停止トークンで終わらない応答",
            },
        },
    ),
    "empty_answers": Words(
        name={
            "en": "Empty answers",
            "ja": "空の応答",
        },
        sentences={
            "difference": {
                "en": "Change in how often an answer says anything at all: {number}; the margin is {limit}.",
                "ja": "何かを述べている応答の割合の、ベースとの差は{number}です。許容幅は{limit}です。",
            },
        },
        measures={
            "difference": {
                "en": "answers that say something",
                "ja": "何かを述べている応答",
            },
        },
    ),
    "language_switch": Words(
        name={
            "en": "Language switch",
            "ja": "言語の切り替わり",
        },
        sentences={
            "difference": {
                "en": "Change in how often an answer stays in the language of its question: {number}; "
                "the margin is {limit}.",
                "ja": "質問と同じ言語で答えた応答の割合の、ベースとの差は{number}です。許容幅は{limit}です。",
            },
        },
        measures={
            "difference": {
                "en": "answers in the language of the question",
                "ja": "質問と同じ言語の応答",
            },
        },
    ),
    "unknown_words": Words(
        name={
            "en": "Unknown words",
            "ja": "存在しない語",
        },
        sentences={
            "difference": {
                "en": "Change in how often an answer holds no word that nobody knows: {number}; "
                "the margin is {limit}. Words (and what they resemble, if anything): {examples}.",
                "ja": "存在しない語を含まない応答の割合の、ベースとの差は{number}です。"
                "許容幅は{limit}です。該当する語(似ている語があれば括弧内): {examples}。",
            },
        },
        measures={
            "difference": {
                "en": "answers without an unknown word",
                "ja": "存在しない語を含まない応答",
            },
        },
    ),
}
