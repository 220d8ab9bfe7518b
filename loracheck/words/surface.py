"""What is said of checks on the surface of answers: loops, missing stop."""

from __future__ import annotations

from .form import Words

WORDS: dict[str, Words] = {
    "loops": Words(
        name={
            "en": "Loops",
            "ja": "繰り返し",
        },
        sentences={
            "difference": {
                "en": "Change in how often an answer does not run in a loop: {number}; the margin is {limit}.",
                "ja": "繰り返しに陥らない応答の割合の、ベースとの差は{number}です。許容は{limit}です。",
            },
        },
        measures={
            "difference": {
                "en": "answers that do not run in a loop",
                "ja": "繰り返しに陥らない回答",
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
                "ja": "応答{n}件の{share}が終了トークンで終わりませんでした。上限は{limit}です。",
            },
        },
        measures={
            "rate": {
                "en": "replies that do not end by a stop token",
                "ja": "終了トークンで終わらない返答",
            },
        },
    ),
}
