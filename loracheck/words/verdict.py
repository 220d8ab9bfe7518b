"""What is said of the verdict itself: forbidden strings, the wanted form, waivers, late limits, false alarms."""

from __future__ import annotations

from loracheck.words.form import Pair, Words

VERDICTS: dict[str, Pair] = {
    "ship": {"en": "SHIP", "ja": "出荷可"},
    "hold": {"en": "HOLD", "ja": "出荷不可"},
    "inconclusive": {"en": "INCONCLUSIVE", "ja": "判定保留"},
}
SHIP_WAIVED: Pair = {"en": "SHIP WITH WAIVER", "ja": "免除付き出荷可"}
STATUSES: dict[str, Pair] = {
    "pass": {"en": "pass", "ja": "合格"},
    "fail": {"en": "fail", "ja": "不合格"},
    "inconclusive": {"en": "inconclusive", "ja": "保留"},
    "info": {"en": "info", "ja": "参考"},
    "waived": {"en": "waived", "ja": "免除"},
}
"""Of a finding."""

WORDS: dict[str, Words] = {
    "forbidden_strings": Words(
        name={
            "en": "Forbidden strings",
            "ja": "禁止文字列",
        },
    ),
    "wanted_form": Words(
        name={
            "en": "Wanted form of reply",
            "ja": "求める応答の形式",
        },
        sentences={
            "rate": {
                "en": "{share} of {n} replies to held-out prompts of the domain lack the wanted form; the "
                "limit is {limit}.",
                "ja": "領域内の取り置きプロンプトへの応答{n}件の{share}が、"
                "求める形式になっていません。上限は{limit}です。",
            },
            "taken_on": {
                "en": "{share} of {n} answers outside the domain took on the form where the base's did not; "
                "the limit is {limit}.",
                "ja": "領域外の応答{n}件の{share}が、ベースにはない形式になりました。上限は{limit}です。",
            },
        },
        measures={
            "rate": {
                "en": "replies in the domain without the form",
                "ja": "領域内で形式が守られない応答",
            },
            "taken_on": {
                "en": "answers outside the domain that took on the form",
                "ja": "求める形式が移った領域外の応答",
            },
        },
    ),
}

REASONS: dict[str, Pair] = {
    "forbidden_said": {
        "en": "{hits} of {asked} answers outside the domain hold what the policy forbids: {strings}.",
        "ja": "領域外の応答{asked}件のうち{hits}件に、ポリシーの禁止文字列が含まれます: {strings}。",
    },
    "forbidden_not_said": {
        "en": "None of {asked} answers outside the domain holds a forbidden string.",
        "ja": "領域外の応答{asked}件に禁止文字列はありません。",
    },
    "no_form": {
        "en": "The policy wants no particular form of reply.",
        "ja": "ポリシーは特定の形式を求めていません。",
    },
}

WAIVED: Pair = {
    "en": "{check} is waived until {expires}; {owner} answers for it: {reason}",
    "ja": "{check}は{expires}まで免除されています。責任者: {owner}。理由: {reason}",
}
POST_HOC: Pair = {
    "en": "Post hoc: these limits are not the ones fixed before the run, so the error rates of this verdict are "
    "not controlled.",
    "ja": "事後判定: 実行前に定めた限度とは異なるため、この判定の誤り率は保証されません。",
}
ALARMS: Pair = {
    "en": "Of {n} adapters trained to do no harm, these limits held {count} ({number}).",
    "ja": "害のない学習をさせたアダプター{n}件のうち、この限度で{count}件が出荷不可になりました({number})。",
}
ALARM: Pair = {
    "en": "{check}: {count} of {n}",
    "ja": "{check}: {n}件中{count}件",
}
