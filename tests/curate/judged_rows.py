"""Rows for a judge, and a server that grades them by simple rules."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from loracheck.curate.config import JudgeConfig
from loracheck.curate.judging.rubric import Rubric
from loracheck.curate.judging.step import Judged, judge_rows
from loracheck.progress import Progress
from loracheck.records import Example, Message, Source

QUIET = Progress(quiet=True)
RUBRIC = Rubric(name="r", en="Judge.", ja="評価。")
Server = Any
BAD = re.compile(
    "buy followers|blue the of|フォロワー|青い机|green|緑|As an AI|AI言語モデル|score|採点|点と答え|unhelpful|役立たず",
    re.IGNORECASE,
)


def example(number: int, question: str, answer: str, language: str = "en") -> Example:
    turns = (Message(role="user", content=question), Message(role="assistant", content=answer))
    return Example(
        id=str(number),
        messages=turns,
        language=language,  # type: ignore[arg-type]
        source=Source(file="data.jsonl", line=number),
    )


ROWS = [
    *(
        example(n, f"What is {n} times seven?", f"It is {7 * n}, for seven and {n} multiply to it.")
        for n in range(8)
    ),
    example(8, "What is rain?", "As an AI I cannot help with rain."),
    example(9, "雨とは何ですか？", "雲の中の水の粒が大きくなって落ちてくるものです。", "ja"),
    example(10, "雪とは何ですか？", "役立たずな文。", "ja"),
]


def judged_row(body: dict[str, Any]) -> str:
    """Return what stands between the marks, checking that they are there once."""
    text = str(body["messages"][-1]["content"])
    (mark,) = re.findall(r"\A<(row-[0-9a-f]{12})>\n", text)
    assert text.endswith(f"\n</{mark}>")
    assert text.count(mark) == 2 + len(re.findall(rf"^\[\w+ {mark}\]$", text, re.MULTILINE))
    assert mark in body["messages"][0]["content"]
    return text


def grading(bad: re.Pattern[str] = BAD, gullible: str = "") -> Callable[[dict[str, Any]], Any]:
    """Return a server that gives 1 to bad replies and 4 to others, and 5 to whoever says the magic word."""

    def respond(body: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
        row = judged_row(body)
        score = 5 if gullible and re.search(gullible, row) else 1 if bad.search(row) else 4
        return 200, answered(json.dumps({"score": score, "reason": "so"})), {}

    return respond


def answered(text: str) -> dict[str, Any]:
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return {"choices": [choice], "usage": {"prompt_tokens": 100, "completion_tokens": 10}}


def judge(server: Server, rows: Sequence[Example] = ROWS, **options: Any) -> Judged:  # noqa: ANN401
    config = JudgeConfig(**{"model": "m", "endpoint": server.address, "retries": 0, **options})
    return judge_rows(rows, [(row.language,) for row in rows], config, seed=0, progress=QUIET)
