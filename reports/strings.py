"""Every fixed sentence of the report, in English and Japanese side by side."""

from __future__ import annotations

from typing import NamedTuple

from loracheck.records import UiLanguage

__all__ = ["Both", "UiLanguage", "same", "script_table", "text"]


class Both(NamedTuple):
    """One text in both languages of the interface."""

    en: str
    ja: str


def same(text: object) -> Both:
    """Return a text that reads the same in both languages: a name, a hash, a count."""
    return Both(str(text), str(text))


def text(key: str, **values: object) -> Both:
    """Return a sentence of the table with its places filled; a value may itself be in both languages."""
    en, ja = STRINGS[key]
    return Both(
        en.format(**{name: value.en if isinstance(value, Both) else value for name, value in values.items()}),
        ja.format(**{name: value.ja if isinstance(value, Both) else value for name, value in values.items()}),
    )


def script_table() -> dict[str, Both]:
    """Return the strings that the script of the page puts in itself."""
    return {key: Both(*pair) for key, pair in STRINGS.items() if key.startswith(("js_", "outcome_", "row_"))}


STRINGS: dict[str, tuple[str, str]] = {
    # The frame
    "title_eval": ("Release check of {name}", "{name} の出荷判定"),
    "title_curate": ("Curation of {name}", "{name} のデータ精選"),
    "title_train": ("Training of {name}", "{name} の学習"),
    "kicker_eval": ("Release check", "出荷判定"),
    "kicker_curate": ("Curation", "データ精選"),
    "kicker_train": ("Training", "学習"),
    "language": ("Language", "言語"),
    "skip": ("Skip to the content", "本文へ移動"),
    "contents": ("Contents", "目次"),
    "written": ("Written {date} by loracheck {version}", "{date} loracheck {version} が作成"),
    "no_script": (
        "The list needs JavaScript. The same rows are in {file} beside this page.",
        "一覧の表示には JavaScript が必要です。同じ内容は、このページと同じ場所の {file} にあります。",
    ),
    "as_table": ("Same numbers as a table", "同じ数値を表で見る"),
    "and_more": ("and {n} more, all in {file}", "ほか {n} 件（すべて {file} にあります）"),
    "none": ("none", "なし"),
    "unknown": ("not recorded", "記録なし"),
    "yes": ("yes", "はい"),
    "no": ("no", "いいえ"),
    # Verdict
    "section_verdict": ("Verdict", "判定"),
    "adapter": ("Adapter", "アダプター"),
    "interval": ("95% interval", "95% 区間"),
    "limit": ("limit", "限度"),
    "items": ("n", "n"),
    "change": ("What would change it", "判定を変えるには"),
    "deciding": ("Decided by", "決め手"),
    "nearest": ("Nearest to its limit", "限度に最も近い検査"),
    "also": ("Also", "ほかに"),
    "required_passed": (
        "{passed} of {required} required checks passed",
        "必須の検査 {required} 件のうち {passed} 件が合格",
    ),
    "change_below": (
        "The number has to be shown to lie below {limit}; it is {gap} above.",
        "数値が {limit} を下回ると示す必要があります。いまは {gap}上回っています。",
    ),
    "change_above": (
        "The number has to be shown to lie above {limit}; it is {gap} below.",
        "数値が {limit} を上回ると示す必要があります。いまは {gap}下回っています。",
    ),
    "change_n": (
        "About {needed} items would settle it if the rate stays as it is; {n} were asked.",
        "この割合のままなら、約 {needed} 問で決着します（今回は {n} 問）。",
    ),
    "change_more": (
        "The evidence does not settle it: it takes more items, or a clearer effect.",
        "証拠が足りません。問題を増やすか、より明確な差が必要です。",
    ),
    "change_mend": (
        "Mend what the check names, then run the evaluation again.",
        "検査が示す点を直してから、もう一度評価してください。",
    ),
    "change_ship_high": (
        "It would not ship if the number could no longer be shown to lie below {limit}; it is {gap} below.",
        "数値が {limit} を下回ると示せなくなると出荷できません。いまは {gap}下回っています。",
    ),
    "change_ship_low": (
        "It would not ship if the number could no longer be shown to lie above {limit}; it is {gap} above.",
        "数値が {limit} を上回ると示せなくなると出荷できません。いまは {gap}上回っています。",
    ),
    "change_none": (
        "Nothing measured stands near its limit.",
        "限度に近い値は測定されていません。",
    ),
    # Checks
    "section_checks": ("What was measured", "測定結果"),
    "checks_lead": (
        "Bars are 95% intervals; the dashed line is the limit that the policy sets.",
        "横線は 95% 区間、破線はポリシーが定める限度です。",
    ),
    "picture_title": ("Facts kept against persona learnt", "知識の保持とペルソナの習得"),
    "picture_desc": (
        "Each arm is a point with its 95% intervals: to the right, more of the persona was learnt; higher up, "
        "of more facts the right answer is still the most likely reply. Wanted is the upper right.",
        "各アームを 95% 区間つきの点で示します。右ほどペルソナを習得し、"
        "上ほど正答を最も高く評価しています。望ましいのは右上です。",
    ),
    "axis_learned": ("persona learnt", "ペルソナの習得"),
    "axis_kept": ("facts kept", "事実の保持"),
    "wanted": ("wanted", "望ましい"),
    "status_pass": ("pass", "合格"),
    "status_fail": ("fail", "不合格"),
    "status_inconclusive": ("inconclusive", "判定不能"),
    "status_info": ("for information", "参考"),
    "required": ("required", "必須"),
    "chart_desc": ("Share of each arm with its 95% interval.", "各アームの割合と 95% 区間。"),
    "chart_desc_difference": (
        "Difference of each adapter to the base with its 95% interval.",
        "各アダプターとベースとの差と 95% 区間。",
    ),
    "chart_desc_count": ("Count of each adapter with its interval.", "各アダプターの件数と区間。"),
    "line_limit": ("limit {value}", "限度 {value}"),
    "line_margin": ("margin {value}", "許容差 {value}"),
    "col_arm": ("Arm", "アーム"),
    "col_value": ("Value", "値"),
    "col_low": ("Low", "下限"),
    "col_high": ("High", "上限"),
    "col_n": ("n", "n"),
    "col_method": ("Method", "方法"),
    "col_number": ("Number", "数値"),
    "col_limit": ("Limit", "限度"),
    "difference_of": ("{adapter}, deciding number", "{adapter}（決め手の数値）"),
    "measure_content_damage_answered": ("facts answered right", "事実の正答"),
    "measure_content_damage_difference": ("right answer the most likely reply", "正答を最も高く評価"),
    "measure_content_damage_name_rate": ("persona's name as the answer", "ペルソナの名前で回答"),
    "measure_forgetting_difference": ("right answer ranked above the wrong ones", "正答を誤答より高く評価"),
    "measure_collapse_difference": (
        "answers that are not the most repeated one",
        "最も多い同一の答え以外の回答",
    ),
    "measure_persona_leakage_rate": (
        "answers outside the domain in the learnt style",
        "領域外で学習した口調の回答",
    ),
    "measure_persona_learned_rate": (
        "replies in the domain without the persona",
        "領域内でペルソナが現れない返答",
    ),
    "measure_loops_difference": ("answers that do not run in a loop", "繰り返しに陥らない回答"),
    "measure_missing_stop_rate": ("replies that do not end by a stop token", "終了トークンで終わらない返答"),
    "section_compare": ("Adapter against adapter", "アダプター同士の比較"),
    "compare_lead": (
        "The same probes, paired: the second adapter minus the first, in share of right answers.",
        "同じ問題を対にした比較です。2 番目から 1 番目を引いた正答率の差を示します。",
    ),
    "compare_pair": ("{second} against {first}", "{first} に対する {second}"),
    "compare_desc": (
        "Paired difference with its 95% interval; to the right of zero the second adapter is better.",
        "対にした差と 95% 区間。ゼロより右なら 2 番目のアダプターが優れています。",
    ),
    # Evidence
    "section_evidence": ("Evidence", "根拠となる回答"),
    "evidence_lead": (
        "Every probe with all arms side by side. First come the questions that the base answers right and an "
        "adapter does not.",
        "すべての問題に対する各アームの回答です。ベースが正解しアダプターが誤った問題から順に並びます。",
    ),
    "legend_answer": ("right answer", "正答"),
    "legend_marker": ("learnt style", "学習した文体"),
    "legend_control": ("hidden character", "不可視文字"),
    "filter_suite": ("Suite", "問題集"),
    "filter_language": ("Language", "言語"),
    "filter_check": ("Check", "検査"),
    "filter_outcome": ("Outcome", "結果"),
    "filter_arm": ("Arm", "アーム"),
    "filter_q": ("Text", "文字列"),
    "filter_reason": ("Reason", "理由"),
    "filter_all": ("all", "すべて"),
    "filter_clear": ("Clear filters", "絞り込みを解除"),
    "set_won": ("{second} right, {first} not", "{second} が正解、{first} が不正解"),
    "language_ja": ("Japanese", "日本語"),
    "language_en": ("English", "英語"),
    "language_other": ("other", "その他"),
    "outcome_right_plain": ("right", "正解"),
    "outcome_right_persona": ("right, in persona", "正解（ペルソナの口調）"),
    "outcome_persona_name": ("persona's name instead", "ペルソナの名前で回答"),
    "outcome_wrong": ("wrong", "不正解"),
    "outcome_empty": ("empty", "空の回答"),
    "outcome_lost": ("base right, adapter not", "ベースは正解、アダプターは不正解"),
    "outcome_gained": ("adapter right, base not", "アダプターは正解、ベースは不正解"),
    "markers_title": ("Style found in the training replies", "学習データの返答から見つかった文体"),
    "marker_kind": ("Kind", "種類"),
    "marker_text": ("Text", "文字列"),
    "marker_coverage": ("In training replies", "学習データの返答"),
    "marker_base": ("In the base's replies", "ベースの返答"),
    "marker_z": ("log-odds, in standard errors", "対数オッズ（標準誤差単位）"),
    "kind_ending": ("sentence ending", "文末"),
    "kind_opening": ("opening", "書き出し"),
    "kind_term": ("term", "語句"),
    "js_count": ("{n} of {m}", "{m} 件中 {n} 件"),
    "js_filtered": ("{n} of {m}, filtered from {all}", "{m} 件中 {n} 件（全 {all} 件から絞り込み）"),
    "js_more": ("Show {n} more", "さらに {n} 件を表示"),
    "js_none": ("Nothing matches these filters.", "条件に合うものはありません。"),
    "js_expected": ("Right answer", "正答"),
    "js_reference": ("Reply in the training data", "学習データの返答"),
    "js_no_answer": ("no answer recorded", "回答の記録なし"),
    "js_nothing": ("(empty reply)", "（空の返答）"),
    "js_same": ("same as base", "ベースと同じ"),
    "js_length": ("cut at the token limit", "トークン上限で打ち切り"),
    "js_turn": ("went on as the user", "利用者の発話まで続けた"),
    "js_tokens": ("{n} tokens", "{n} トークン"),
    "js_seed": ("seed {n}", "シード {n}"),
    "js_unfold": ("Show all {n} characters", "全 {n} 文字を表示"),
    "js_choices": ("Choices by log-likelihood (nats)", "選択肢の対数尤度（nat）"),
    "js_kind_right": ("right", "正答"),
    "js_kind_wrong": ("wrong", "誤答"),
    "js_kind_right_styled": ("right, styled", "正答・文体つき"),
    "js_kind_wrong_styled": ("wrong, styled", "誤答・文体つき"),
    "js_kind_name": ("name", "名前"),
    "js_permalink": ("Link to {id}", "{id} へのリンク"),
    "js_domain_in": ("in the training domain", "学習分野内"),
    "js_domain_out": ("outside the training domain", "学習分野外"),
    "js_domain_training": ("from the training data", "学習データから"),
    "js_repeats": ("Repeats {id}", "{id} の繰り返し"),
    "js_source": ("{file}, line {line}", "{file} の {line} 行目"),
    # Curation
    "section_curation": ("What curation did", "データ精選の内容"),
    "curation_counts": (
        "{read} rows read: {kept} kept, {heldout} held out, {dropped} dropped.",
        "{read} 行を読み込み、{kept} 行を採用、{heldout} 行を評価用に分離、{dropped} 行を除外しました。",
    ),
    "curation_characters": (
        "The kept rows hold {kept} of {read} reply characters ({share}).",
        "採用した行は、返答 {read} 文字のうち {kept} 文字（{share}）を占めます。",
    ),
    "curation_unscored": (
        "{n} scores could not be measured; they count as unscored, not as zero.",
        "{n} 件のスコアは測定できませんでした。ゼロではなく未採点として扱います。",
    ),
    "funnel_title": ("From rows read to rows kept", "読み込みから採用まで"),
    "funnel_desc": (
        "One line for each step and reason; the dark part is what the step dropped, the pale part what was left.",
        "工程と理由ごとに一行。濃い部分が除外、薄い部分が残りです。",
    ),
    "funnel_read": ("read", "読み込み"),
    "funnel_kept": ("kept", "採用"),
    "funnel_heldout": ("held out", "評価用に分離"),
    "col_step": ("Step", "工程"),
    "col_reason": ("Reason", "理由"),
    "col_dropped": ("Dropped", "除外"),
    "col_left": ("Left", "残り"),
    "dropped_title": ("Dropped, for example", "除外した行の例"),
    "dropped_repeats": ("repeats {id}", "{id} の繰り返し"),
    "dropped_related": ("the row it repeats", "繰り返し元の行"),
    "section_rows": ("Rows", "行の一覧"),
    "rows_lead": (
        "Up to {cap} rows of each kind and reason are shown; all are in kept.jsonl, heldout.jsonl and dropped.jsonl.",
        "種類と理由ごとに最大 {cap} 行を表示します。全件は kept.jsonl、heldout.jsonl、dropped.jsonl にあります。",
    ),
    "rows_of": ("{kind}: {n} of {m}", "{kind}: {m} 件中 {n} 件"),
    "row_kept": ("kept", "採用"),
    "row_heldout": ("held out", "評価用"),
    "row_dropped": ("dropped", "除外"),
    "row_quarantined": ("quarantined", "保留"),
    "section_groups": ("Groups of rows", "関連する行のまとまり"),
    "groups_lead": (
        "Rows that share something. They stay, but each group deserves a look: conflicts teach two answers to one "
        "question, one reply to many questions teaches a model to answer everything alike.",
        "共通点を持つ行のまとまりです。除外はしていませんが、確認する価値があります。同じ質問への異なる応答は矛盾を、"
        "多くの質問への同じ応答は何にでも同じように答える癖を教えます。",
    ),
    "group_conflict": ("same prompt, other replies", "同じ質問・異なる応答"),
    "group_same_reply": ("same reply, other prompts", "異なる質問・同じ応答"),
    "group_paraphrase": ("paraphrases", "言い換え"),
    "group_same_passage": ("same passage, other questions", "同じ文章・異なる質問"),
    "group_template_family": ("template family", "同じ型の行"),
    "group_statement": ("one statement in many wordings", "同じ内容の繰り返し"),
    "col_group": ("What they share", "共通点"),
    "col_rows": ("Rows", "行数"),
    "col_shared": ("Text in common", "共通の文"),
    "section_curves": ("Other thresholds", "しきい値を変えた場合"),
    "curves_lead": (
        "How many rows a rule would have dropped at another threshold, all else as it was.",
        "ほかの条件はそのままに、しきい値だけを変えた場合に除外される行数です。",
    ),
    "col_threshold": ("Threshold ({option})", "しきい値({option})"),
    "col_would_drop": ("Rows dropped", "除外される行数"),
    "chosen_threshold": ("{value} (chosen)", "{value}(採用)"),
    "section_scores": ("Scores", "スコア"),
    "scores_lead": (
        "Distribution over the scored rows; what could not be scored is counted apart.",
        "採点できた行の分布です。採点できなかった行は別に数えます。",
    ),
    "col_score": ("Score", "スコア"),
    "col_scored": ("Scored", "採点済み"),
    "col_unscored": ("Unscored", "未採点"),
    "col_lower": ("Lower quarter", "第 1 四分位"),
    "col_middle": ("Median", "中央値"),
    "col_upper": ("Upper quarter", "第 3 四分位"),
    "curation_masked": (
        "Personal data was found in {n} rows.",
        "個人情報が {n} 行で見つかりました。",
    ),
    "histogram_key": (
        "Filled: rows that were kept or held out. Outlined: rows that were dropped. The outer bars hold all beyond "
        "them; a dashed line is the limit.",
        "塗りつぶし: 採用または評価用に分離した行。枠のみ: 除外した行。"
        "両端の棒には範囲外の値も含みます。破線は基準値です。",
    ),
    "histogram_desc": (
        "Rows by score; the filled part was kept, the outlined part was dropped.",
        "スコアごとの行数。塗りつぶしが採用、枠のみが除外です。",
    ),
    "chart_limit": ("limit {value}", "基準 {value}"),
    "col_from": ("From", "以上"),
    "col_to": ("To", "まで"),
    "score_ifd": ("IFD: difficulty of the reply given its question", "IFD（質問を与えたときの応答の難しさ）"),
    "score_fit": ("Fit of the reply to its question", "質問と応答の適合度"),
    "score_gain": ("Gain by the question (nats per token)", "質問による改善（nat/トークン）"),
    "score_perplexity": ("Perplexity of the reply", "応答のパープレキシティ"),
    "score_educational-value": ("Educational value, by the judge", "教育的価値（審査モデル）"),
    "score_helpfulness": ("Helpfulness, by the judge", "有用性（審査モデル）"),
    "score_safety": ("Safety, by the judge", "安全性（審査モデル）"),
    "score_predicted": ("Score predicted by the classifier", "分類器による予測評価"),
    "section_judge": ("The judge", "審査モデル"),
    "judge_lead": (
        "A judge scores rows by a rubric. Its scores veto the bottom and crown nothing; a call without a score is a "
        "state of its own and never a number.",
        "審査モデルは評価基準に沿って行を採点します。評価の低い行を除くためだけに使い、高い行を優遇しません。"
        "採点できなかった呼び出しは数値にせず、状態として記録します。",
    ),
    "col_fact": ("Fact", "項目"),
    "judge_model": ("Model", "モデル"),
    "judge_rubrics": ("Rubrics", "評価基準"),
    "judge_rows": ("Rows put to the judge", "審査した行"),
    "judge_scored": ("Answers with a score", "採点できた回答"),
    "judge_unparsable": ("Answers that could not be read", "読み取れなかった回答"),
    "judge_refused": ("Refusals", "拒否された回答"),
    "judge_error": ("Failed calls", "失敗した呼び出し"),
    "judge_unscored": ("Left unscored for the budget", "予算により未採点"),
    "judge_canaries": ("Rows of known score taken rightly", "点数が既知の行の正答"),
    "judge_injected": (
        "Rows whose words to a grader bought a score, of those with such words",
        "採点者に向けた文言で点数が上がった行／そのような文言のある行",
    ),
    "judge_untested": ("Of those with such words, not tried", "うち、試せなかった行"),
    "judge_requests": ("Requests", "リクエスト数"),
    "judge_cached": ("Answers from the cache", "キャッシュからの回答"),
    "judge_tokens": ("Tokens", "トークン数"),
    "judge_length": ("Rank correlation with the reply's length", "応答の長さとの順位相関"),
    "classifier_agreement": (
        "Classifier against the judge, out of fold (rank correlation)",
        "分類器と審査モデルの順位相関（交差検証）",
    ),
    "classifier_length": ("Length alone against the judge", "長さだけによる順位相関"),
    "classifier_gain": ("Lead of the classifier over length", "長さに対する分類器の優位"),
    "classifier_may_drop": ("What the classifier may do", "分類器の扱い"),
    "classifier_beats": ("drop rows: it beats length", "長さを上回るため、行の除外に使えます"),
    "classifier_does_not_beat": (
        "nothing: it is no better than length",
        "長さを上回らないため、行の除外には使いません",
    ),
    "classifier_learnt_nothing": (
        "nothing: too little to learn from",
        "学習に足る採点がないため、使いません",
    ),
    "section_map": ("Map of the rows", "行の分布図"),
    "map_lead": (
        "Rows that are alike lie near each other; two axes show but part of what tells them apart. Rows that were "
        "dropped before they had a vector (filters, duplicates, flood) are not on it.",
        "似た行ほど近くに並びます。二つの軸で表せるのは違いの一部です。ベクトルを求める前に除外した行"
        "（フィルター、重複、同じ内容の繰り返し）は含みません。",
    ),
    "map_title": ("Rows by likeness", "類似度による行の配置"),
    "map_desc": (
        "{n} clusters. Dots are kept rows, rings held-out ones, crosses dropped ones.",
        "{n} 個のクラスター。点は採用、丸は評価用、×は除外した行です。",
    ),
    "map_key": ("{kind}: {n}", "{kind}: {n}"),
    "col_cluster": ("Cluster, by a row in its midst", "クラスター（中央付近の行）"),
    # Training
    "section_training": ("How the adapters were trained", "アダプターの学習"),
    "equal_tokens": (
        "The adapters saw the same number of trained tokens (within {percent}), so the data differ and the amount "
        "does not.",
        "各アダプターの学習トークン数は同じです（差は {percent} 以内）。違いは量ではなくデータにあります。",
    ),
    "unequal_tokens": (
        "The adapters saw different numbers of trained tokens (up to {ratio} times as many): a difference between "
        "them may come from the amount, not from the data.",
        "各アダプターの学習トークン数が異なります（最大 {ratio} 倍）。差はデータではなく量による可能性があります。",
    ),
    "loss_title": ("Training loss", "学習損失"),
    "loss_desc": (
        "Loss in nats per trained token against the number of trained tokens.",
        "学習トークン数に対する損失（1 トークンあたり nat）。",
    ),
    "axis_tokens": ("trained tokens", "学習トークン数"),
    "axis_loss": ("nats per token", "nat / トークン"),
    "col_run": ("Run", "実行"),
    "col_tokens": ("Trained tokens", "学習トークン数"),
    "col_loss": ("Loss", "損失"),
    "train_base": ("Base", "ベース"),
    "train_quantization": ("Quantisation", "量子化"),
    "train_rows": ("Rows", "行数"),
    "train_epochs": ("Epochs", "エポック"),
    "train_steps": ("Steps", "ステップ"),
    "train_tokens": ("Trained tokens", "学習トークン数"),
    "train_parameters": ("Trainable parameters", "学習パラメーター数"),
    "train_adapter": ("Adapter size", "アダプターの大きさ"),
    "train_loss": ("Loss, first to last (nats)", "損失、最初から最後（nat）"),
    "train_heldout": ("Held-out loss, before to after", "評価用データの損失、前から後"),
    "train_heldout_rows": ("Held-out rows", "評価用の行数"),
    "train_seconds": ("Time", "時間"),
    "train_memory": ("Peak memory", "最大メモリー"),
    "seconds": ("{n} s", "{n} 秒"),
    "minutes": ("{n} min", "{n} 分"),
    "audit_title": ("What the audit of the loss mask found", "損失マスクの検査結果"),
    "audit_clean": (
        "All {rows} rows train what they should: nothing truncated, every stop token trained.",
        "{rows} 行すべてが正しく学習対象になっています。切り詰めはなく、終了トークンもすべて学習します。",
    ),
    "audit_rows": ("Rows", "行数"),
    "audit_truncated": ("Truncated", "切り詰め"),
    "audit_prefix_mismatches": ("Prompt tokens that differ from use", "使用時と異なるプロンプトのトークン"),
    "audit_untrained_stop": ("Stop token not trained", "終了トークンが学習対象外"),
    "audit_nothing_to_learn": ("Nothing to learn", "学習対象なし"),
    "audit_double_bos": ("Start token twice", "開始トークンの重複"),
    "audit_control_tokens": ("Control tokens in the text", "本文中の制御トークン"),
    "loss_last": ("Last training loss", "最後の学習損失"),
    "loss_unit": ("nats per trained token, over {n} tokens", "nat / 学習トークン（{n} トークン）"),
    "no_verdict": (
        "Training loss does not say whether an adapter may ship: evaluate it next.",
        "学習損失だけでは出荷の可否は決まりません。続けて評価してください。",
    ),
    # Limits and provenance
    "section_limits": ("Limits of this verdict", "この判定の限界"),
    "limit_none": (
        "Every check was decided and every adapter verified.",
        "すべての検査が決着し、すべてのアダプターが確認されています。",
    ),
    "limit_unverified": (
        "Adapter {name}: nothing binds it to this base by content; it was not verified.",
        "アダプター {name}: このベースで学習されたことを内容から確認できませんでした。",
    ),
    "limit_nonfinite": (
        "Adapter {name} holds values that are not finite.",
        "アダプター {name} に有限でない値があります。",
    ),
    "limit_inert": (
        "Adapter {name} does not change the base's logits: it is the base.",
        "アダプター {name} はベースのロジットを変えません。ベースそのものです。",
    ),
    "limit_no_data": (
        "The training data was not given: style was not discovered from it, and overlap with the probes is unknown.",
        "学習データが指定されていません。文体の検出と、問題との重複の確認はできていません。",
    ),
    "limit_dropped": (
        "{n} bundled probes were left out because the training data holds the same question.",
        "学習データに同じ質問があるため、付属の問題 {n} 件を除きました。",
    ),
    "limit_greedy": (
        "Answers are cut at {n} new tokens; what a longer reply would have said was not seen.",
        "回答は {n} トークンで打ち切られます。それより長い返答の内容は確認していません。",
    ),
    "section_provenance": ("Provenance", "来歴"),
    "command": ("Command to repeat it", "再実行のコマンド"),
    "prov_run": ("Run", "実行 ID"),
    "prov_created": ("Started", "開始"),
    "prov_finished": ("Finished", "終了"),
    "prov_base": ("Base", "ベース"),
    "prov_quantization": ("Quantisation", "量子化"),
    "prov_fingerprint": ("Base fingerprint", "ベースの指紋"),
    "prov_template": ("Chat template", "チャットテンプレート"),
    "prov_data": ("Training data", "学習データ"),
    "prov_policy": ("Policy", "ポリシー"),
    "prov_alpha": ("Error level (alpha)", "有意水準（α）"),
    "prov_probes": ("Probes", "問題"),
    "prov_adapter": ("Adapter {name}", "アダプター {name}"),
    "prov_seed": ("Seed", "シード"),
    "prov_code": ("loracheck", "loracheck"),
    "prov_packages": ("Packages", "パッケージ"),
    "prov_hardware": ("Machine", "実行環境"),
    "prov_config": ("Configuration", "設定"),
    "prov_inputs": ("Input files", "入力ファイル"),
    "prov_logits": ("largest change of a logit {value}", "ロジットの最大変化 {value}"),
}
