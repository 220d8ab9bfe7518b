"""The sentences of the evidence list and of the limits of a verdict, in English and Japanese side by side."""

from __future__ import annotations

EVIDENCE: dict[str, tuple[str, str]] = {
    "rows_held": (
        "This page holds {n} of {m} probes, the worst first. All of them are in {file}, beside this page.",
        "このページには、{m} 件のプローブのうち悪い順に {n} 件を収めています。"
        "全件はこのページと同じ場所の {file} にあります。",
    ),
    "filters": ("Filters", "絞り込み"),
    "filter_against": ("Mark what differs from", "違いを示す相手"),
    "filter_unmarked": ("nothing", "示さない"),
    "outcome_changed": ("answers unlike the base", "ベースと異なる回答"),
    "legend_recited": ("as in the training reply", "学習データの応答と同じ"),
    "legend_differs": ("differs from the chosen arm", "選んだアームとの違い"),
    "js_between": ("{from}–{to} of {m}", "{m} 件中 {from}–{to} 件目"),
    "js_earlier": ("Show the {n} before", "前の {n} 件を表示"),
    "js_searching": ("Searching: {n} of {m}", "検索中：{m} 件中 {n} 件"),
    "js_packed": (
        "This browser cannot unpack the list. The same rows are in the files beside this page.",
        "このブラウザーでは一覧を展開できません。同じ内容は、このページと同じ場所のファイルにあります。",
    ),
    "js_causes_others": ("Rows further off: {n}", "次に近い {n} 行"),
    "js_recited": ("holds words of its training reply", "学習データの応答と同じ部分あり"),
    # Limits
    "checks_unmeasured": (
        "Checks without a number ({n}), each with its reason under “Limits of this verdict”:",
        "数値を得られなかった検査（{n} 件。理由は「この判定の限界」にあります）：",
    ),
    "limits_unmeasured": ("Not measured", "測定していないこと"),
    "limits_all_measured": (
        "Every check of the policy was measured.",
        "ポリシーの検査はすべて測定しました。",
    ),
    "limits_off": ("Switched off by the policy", "ポリシーで無効"),
    "limits_undecided": ("Measured, and not decided", "測定したが判定できなかったこと"),
    "limits_informs": (
        "For information only, whatever they find",
        "結果によらず参考にとどまる検査",
    ),
    "limits_waivers": ("Waivers", "免除"),
    "limits_no_waivers": ("No waiver was used.", "免除は使っていません。"),
    "waiver_line": (
        "{owner} answers for it until {expires}: {reason}",
        "{expires} まで {owner} が責任を負う：{reason}",
    ),
    "limits_answers": (
        "Answers that could not be graded, or only in part",
        "採点できない、または一部しか採点できない回答",
    ),
    "limits_answers_lead": (
        "An answer that is missing or empty is never counted as a number; some probes are put to the base alone.",
        "回答のないものや空の回答を数値として数えることはありません。ベースだけに出すプローブもあります。",
    ),
    "answers_given": ("Answered", "回答あり"),
    "answers_missing": ("No answer", "回答なし"),
    "answers_empty": ("Empty", "空"),
    "answers_cut": ("Cut at the token limit", "上限で打ち切り"),
    "limits_power": ("What these numbers of items can tell", "この件数で分かること"),
    "limits_power_lead": (
        "An adapter whose true number lies this far inside its limit passes in 80 of 100 such runs, and one that lies "
        "as far beyond fails in as many. By the width of the interval, in normal approximation.",
        "真の値が限度の内側にこれだけ離れていれば 100 回中 80 回は合格し、"
        "外側に同じだけ離れていれば同じ割合で不合格になります。"
        "区間の幅から正規近似で求めています。",
    ),
    "power_told": ("Told from the limit at", "限度と区別できる距離"),
    "limits_general": ("Besides", "そのほか"),
    "limits_left_out": ("Probes left out: {n}", "除いたプローブ {n} 件"),
    "limit_watched": (
        "Bundled probes left out because they chose an adapter's checkpoint: {n}.",
        "チェックポイントの選択に使ったため、同梱のプローブ {n} 件を除きました。",
    ),
    "limit_thinned": (
        "Of suite {suite} {asked} of {of} probes were asked.",
        "問題集 {suite} は {of} 件中 {asked} 件を出題しました。",
    ),
    "limit_no_nulls": (
        "No adapter trained to do no harm was measured beside, so this run's own rate of false alarms is unknown.",
        "無害な学習をしたアダプターを同時に測定していないため、この実行での誤報の割合は分かりません。",
    ),
    # Provenance
    "prov_suites": ("Suites of probes", "問題集"),
    "prov_engine": ("engine {engine}", "エンジン {engine}"),
    "prov_tier": ("Tier", "規模"),
    "prov_after": ("Second look after", "先に行った簡易の規模の実行"),
    "prov_files": ("Files of this run", "この実行のファイル"),
}
