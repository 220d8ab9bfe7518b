"""The sentences of the page of a comparison, in English and Japanese side by side."""

from __future__ import annotations

TRACES: dict[str, tuple[str, str]] = {
    "traced_desc": (
        "{description} The lines lead from the base along a training or along the strength of an adapter, × marks "
        "what was not safe. They are read on other and fewer questions than the arms: compare their course, not "
        "their level.",
        "{description}線は、ベースから学習の進行またはアダプターの強さに沿った経路で、× は安全でなかった点です。"
        "比較対象に出したものとは別の、より少ない問題で測っているため、水準ではなく経路を比べてください。",
    ),
    "track_checkpoints": (
        "{name}: checkpoints over trained tokens",
        "{name}：学習トークンに沿ったチェックポイント",
    ),
    "track_strengths": ("{name}: strengths of the adapter", "{name}：アダプターの強さ"),
    "track_sweep": ("sweep {name}: each training", "スイープ {name} の各学習"),
    "track_base": ("base", "ベース"),
    "track_tokens": ("{n} tokens", "{n} トークン"),
}
"""Of the tracks on the picture of an eval run."""
COMPARISON: dict[str, tuple[str, str]] = {
    "title_compare": ("Comparison: {name}", "比較：{name}"),
    "kicker_compare": ("Comparison", "比較"),
    "heading_compare": ("{first} against {second}", "{first} と {second} の比較"),
    "heading_days": ("{adapters}: {first} and {second}", "{adapters}：{first} と {second}"),
    "section_differences": ("Won, lost and unchanged", "向上・悪化・変化なし"),
    "section_outcomes": ("Every check", "すべての検査"),
    "section_flips": ("Examples that flipped", "結果が変わった例"),
    "section_settings": ("Settings that differ", "異なる設定"),
    "section_answers": ("Answers side by side", "回答の並置"),
    "decided_by": ("Decided by", "決め手"),
    "still_open": ("Still open", "保留のまま"),
    "trainings": ("{n} trainings: {counts}", "学習 {n} 回：{counts}"),
    "count_of": ("{n} {word}", "{word} {n}"),
    "js_training": ("training {n}", "学習 {n}"),
    "forest_title": (
        "What {second} won and lost against {first}",
        "{first} に対して {second} が得たもの、失ったもの",
    ),
    "forest_desc": (
        "On the left the share of items done well: ○ the base, ◇ {first}, ■ {second}, a mark for each training; the "
        "dashed line is the limit of the policy. On the right {second} minus {first} on the same items: the thick line "
        "is the 95% interval by items alone, the thin one that of items and seeds. More is better.",
        "左は、うまくできた項目の割合です。○ はベース、◇ は {first}、■ は {second} で、学習ごとに印があります。"
        "破線はポリシーの限度です。右は同じ項目での {second} と {first} の差で、太線は項目だけによる 95% 区間、"
        "細線は項目とシードによる区間です。大きいほど良いことを示します。",
    ),
    "forest_desc_once": (
        "On the left the share of items done well: ○ the base, ◇ {first}, ■ {second}; the dashed line is the limit of "
        "the policy. On the right {second} minus {first} on the same items, with the 95% interval by items alone: with "
        "one training an arm, the noise of seeds is unknown. More is better.",
        "左は、うまくできた項目の割合です。○ はベース、◇ は {first}、■ は {second}、破線はポリシーの限度です。"
        "右は同じ項目での {second} と {first} の差で、線は項目だけによる 95% 区間です。"
        "学習が 1 回ずつなので、シードのばらつきは分かりません。大きいほど良いことを示します。",
    ),
    "axis_share": ("share done well", "うまくできた割合"),
    "axis_share_ends": ("share done well, 0 to 100%", "うまくできた割合（0〜100%）"),
    "axis_difference": ("{second} minus {first}, points", "{second} − {first}（ポイント）"),
    "col_measure": ("Measure", "項目"),
    "col_base": ("base", "ベース"),
    "col_difference": ("Difference", "差"),
    "col_won": ("won", "向上"),
    "col_lost": ("lost", "悪化"),
    "col_alike": ("alike", "同じ"),
    "col_outcome": ("Outcome", "結果"),
    "col_check": ("Check", "検査"),
    "col_setting": ("Setting", "設定"),
    "col_part": ("Of", "区分"),
    "seed_sd": ("seed SD {sd} over {n} trainings", "シード間 SD {sd}（{n} 回）"),
    "one_training": ("one training", "学習 1 回"),
    "counted_not": ("for information", "参考"),
    "differences_lead": (
        "An outcome is “better” or “worse” by Holm's correction over all measures, at {alpha}, beyond the noise of "
        "items and of seeds. A measure is for information where the policy does not require its check.",
        "「向上」「悪化」は、全項目にわたるホルムの補正（{alpha}）のもとで、問題とシードのばらつきを超えるものです。"
        "ポリシーが必須としない検査の項目は参考です。",
    ),
    "outcomes_lead": (
        "What each check said of each arm, those that differ first. With several trainings the worst is shown.",
        "比較対象ごとの各検査の結果です。異なるものから順に並びます。学習が複数ある場合は最も悪いものを示します。",
    ),
    "outcomes_days_lead": (
        "What each check said on each day, those that differ first.",
        "各検査の各日の結果です。異なるものから順に並びます。",
    ),
    "outcomes_silent": (
        "For information on both sides, and without a number: {checks}.",
        "どちらでも参考扱いで、数値のない検査：{checks}。",
    ),
    "of_trainings": ("{k} of {n} trainings", "学習 {n} 回中 {k} 回"),
    "flips_title": ("Examples won and lost by measure", "項目別の向上・悪化した例"),
    "flips_desc": (
        "To the left the examples done well before and no longer, to the right those done well only now.",
        "左は以前はできていて今はできない例、右は今だけできる例です。",
    ),
    "answers_changed": (
        "{changed} of {n} answers differ in their text; of the base, {base} of {of_base}.",
        "{n} 件の回答のうち {changed} 件の文が異なります。ベースでは {of_base} 件中 {base} 件です。",
    ),
    "base_moved": (
        "The base itself answers otherwise on the second day, so software or machine have a part in what changed.",
        "ベース自体の回答も変わっているため、変化にはソフトウェアや実行環境の影響が含まれます。",
    ),
    "settings_none": (
        "Every recorded setting is the same in both runs.",
        "記録された設定は両方の実行で同じです。",
    ),
    "answers_lead": (
        "Every probe with its answers. First come those that {second} does worse on, then those that it does better "
        "on, then answers that differ in their words alone. Marked is what the two do not have in common.",
        "すべてのプローブの回答です。{second} が悪化したもの、向上したもの、文だけが異なるものの順に並びます。"
        "二つの間で異なる語に印を付けています。",
    ),
    "answers_days_lead": (
        "Every probe with its answers on both days. First come those that are done worse, then those done better, then "
        "answers that differ in their words alone. Marked is what changed.",
        "すべてのプローブの両日の回答です。悪化したもの、向上したもの、文だけが異なるものの順に並びます。"
        "変わった語に印を付けています。",
    ),
    "legend_differs_pair": ("only in one of the two", "片方だけにある語"),
    "set_of": ("{measure}: {what}", "{measure}：{what}"),
    "set_any_lost": ("anything lost", "悪化あり"),
    "set_any_won": ("anything won", "向上あり"),
    "set_text": ("words alone differ", "文だけが異なる"),
    "set_alike": ("same answers", "同じ回答"),
    "chip_won": ("won: {measure}", "向上：{measure}"),
    "chip_lost": ("lost: {measure}", "悪化：{measure}"),
    "held_compared": (
        "This page holds {n} of {m} probes, those that flipped first. All of them are in {file}, beside this page.",
        "このページには、{m} 件のプローブのうち結果が変わったものから順に {n} 件を収めています。"
        "全件はこのページと同じ場所の {file} にあります。",
    ),
    "prov_compared": ("Compared runs", "比較した実行"),
}
