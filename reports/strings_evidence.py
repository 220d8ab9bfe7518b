"""The sentences of the evidence list and of the limits of a verdict, in English and Japanese side by side."""

from __future__ import annotations

EVIDENCE: dict[str, tuple[str, str]] = {
    "rows_held": (
        "This page holds {n} of {m} probes, the worst first. All of them are in {file}, beside this page.",
        "このページには、{m} 件の問題のうち悪い順に {n} 件を収めています。"
        "全件はこのページと同じ場所の {file} にあります。",
    ),
    "filters": ("Filters", "絞り込み"),
    "filter_against": ("Mark what differs from", "違いを示す相手"),
    "filter_unmarked": ("nothing", "示さない"),
    "outcome_changed": ("answers unlike the base", "ベースと異なる回答"),
    "legend_recited": ("as in the training reply", "学習データの返答と同じ"),
    "legend_differs": ("differs from the chosen arm", "選んだアームとの違い"),
    "js_between": ("{from}–{to} of {m}", "{m} 件中 {from}–{to} 件目"),
    "js_earlier": ("Show the {n} before", "前の {n} 件を表示"),
    "js_searching": ("Searching: {n} of {m}", "検索中: {m} 件中 {n} 件"),
    "js_packed": (
        "This browser cannot unpack the list. The same rows are in the files beside this page.",
        "このブラウザーでは一覧を展開できません。同じ内容は、このページと同じ場所のファイルにあります。",
    ),
    "js_causes_others": ("{n} rows further off", "次に近い {n} 行"),
    "js_recited": ("holds words of its training reply", "学習データの返答と同じ部分あり"),
}
