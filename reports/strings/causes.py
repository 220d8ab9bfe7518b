"""The sentences about training rows behind failures, in English and Japanese side by side."""

from __future__ import annotations

CAUSES: dict[str, tuple[str, str]] = {
    "causes_title": ("Training rows behind the failures", "失敗の原因となった学習データの行"),
    "causes_named": (
        "{rows} rows explain {share} {interval} of the {failures} failures looked at ({of} in all). Of other answers "
        "they explain {unrelated}, and a random set of as many rows at most {chance} in 95 of 100 draws.",
        "{rows} 行が、調べた失敗 {failures} 件（全 {of} 件）の {share} {interval} を説明します。"
        "失敗でない回答では {unrelated}、無作為に選んだ同数の行では 100 回中 95 回まで {chance} 以下です。",
    ),
    "causes_none": (
        "No row stands out: looked at {failures} of {of} failures.",
        "突出した行はありません（失敗 {of} 件中 {failures} 件を調査）。",
    ),
    "causes_too_few": (
        "Too few failures with an answer of their own to tell: {failures} of {of}.",
        "固有の回答を持つ失敗が少なすぎて判断できません（{of} 件中 {failures} 件）。",
    ),
    "causes_alike": ("{n} rows like", "同様の {n} 行："),
    "causes_more": ("More groups: {n}", "ほか {n} 組"),
    "js_causes": ("Training rows nearest to what {arm} answered", "{arm} の回答に最も近い学習データの行"),
    "js_cause_rank": ("place {n}", "{n} 位"),
    "js_cause_run": ("shares “{run}”", "共通部分「{run}」"),
    "js_cause_share": (
        "holds {n}% of what is the answer's own",
        "回答に固有の部分の {n}% を含む",
    ),
    "js_cause_method": ("{method} {score} (place {n})", "{method} {score}（{n} 位）"),
}
