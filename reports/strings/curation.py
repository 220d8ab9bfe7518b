"""The sentences of the page of a curate run, in English and Japanese side by side."""

from __future__ import annotations

CURATION: dict[str, tuple[str, str]] = {
    "section_curation": ("What curation did", "データ精選の内容"),
    "curation_counts": (
        "{read} rows read: {kept} kept, {heldout} held out, {dropped} dropped.",
        "{read} 行を読み込み、{kept} 行を採用、{heldout} 行を評価用に取り置き、{dropped} 行を除外しました。",
    ),
    "curation_characters": (
        "The kept rows hold {kept} of {read} reply characters ({share}).",
        "採用した行は、応答 {read} 文字のうち {kept} 文字（{share}）を占めます。",
    ),
    "curation_unscored": (
        "Scores not measured: {n}; they count as unscored, not as zero.",
        "{n} 件のスコアは測っていません。ゼロではなく未採点として扱います。",
    ),
    "funnel_title": ("From rows read to rows kept", "読み込みから採用まで"),
    "funnel_desc": (
        "One line for each step and reason; the dark part is what the step dropped, the pale part what was left.",
        "工程と理由ごとに一行。濃い部分が除外、薄い部分が残りです。",
    ),
    "funnel_read": ("read", "読み込み"),
    "funnel_kept": ("kept", "採用"),
    "funnel_heldout": ("held out", "取り置き"),
    "col_step": ("Step", "工程"),
    "col_dropped": ("Dropped", "除外"),
    "col_left": ("Left", "残り"),
    "dropped_title": ("Dropped, for example", "除外した行の例"),
    "dropped_repeats": ("repeats {id}", "{id} の繰り返し"),
    "dropped_related": ("the row it repeats", "繰り返し元の行"),
    "section_rows": ("Rows", "行の一覧"),
    "rows_source": ("Every row is of {file}.", "どの行も {file} のものです。"),
    "rows_lead": (
        "Up to {cap} rows of each kind and reason are shown; all are in kept.jsonl, heldout.jsonl, dropped.jsonl and "
        "quarantined.jsonl.",
        "種類と理由ごとに最大 {cap} 行を表示します。全件は kept.jsonl、heldout.jsonl、dropped.jsonl、"
        "quarantined.jsonl にあります。",
    ),
    "rows_of": ("{kind}: {n} of {m}", "{kind}：{m} 件中 {n} 件"),
    "section_groups": ("Groups of rows", "関連する行のまとまり"),
    "groups_lead": (
        "Rows that share something. They stay, but each group deserves a look: conflicts teach two answers to one "
        "question, one reply to many questions teaches a model to answer everything alike.",
        "共通点を持つ行のまとまりです。除外はしていませんが、確認する価値があります。同じ質問への異なる応答は矛盾を、"
        "多くの質問への同じ応答は何にでも同じように答える癖を教えます。",
    ),
    "col_group": ("What they share", "共通点"),
    "col_rows": ("Rows", "行数"),
    "col_shared": ("Text in common", "共通の文"),
    "section_curves": ("Other thresholds", "しきい値を変えた場合"),
    "curves_lead": (
        "How many rows a rule would have dropped at another threshold, all else as it was.",
        "ほかの条件はそのままに、しきい値だけを変えた場合に除外される行数です。",
    ),
    "col_threshold": ("Threshold ({option})", "しきい値（{option}）"),
    "col_would_drop": ("Rows dropped", "除外される行数"),
    "chosen_threshold": ("{value} (chosen)", "{value}（採用）"),
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
        "Rows with personal data: {n}.",
        "個人情報が {n} 行で見つかりました。",
    ),
    "histogram_key": (
        "Filled: rows that were kept or held out. Outlined: rows that were dropped. The outer bars hold all beyond "
        "them; a dashed line is the limit.",
        "塗りつぶし：採用または取り置いた行。枠のみ：除外した行。"
        "両端の棒には範囲外の値も含みます。破線は限度です。",
    ),
    "histogram_desc": (
        "Rows by score; the filled part was kept, the outlined part was dropped.",
        "スコアごとの行数。塗りつぶしが採用、枠のみが除外です。",
    ),
    "chart_limit": ("limit {value}", "限度 {value}"),
    "col_from": ("From", "以上"),
    "col_to": ("To", "まで"),
    "score_ifd": ("IFD: difficulty of the reply given its question", "IFD（質問を与えたときの応答の難しさ）"),
    "score_fit": ("Fit of the reply to its question", "質問と応答の適合度"),
    "score_gain": ("Gain by the question (nats per token)", "質問による改善（ナット / トークン）"),
    "score_perplexity": ("Perplexity of the reply", "応答のパープレキシティ"),
    "score_educational-value": ("Educational value, by the judge", "教育的価値（審査モデル）"),
    "score_helpfulness": ("Helpfulness, by the judge", "有用性（審査モデル）"),
    "score_safety": ("Safety, by the judge", "安全性（審査モデル）"),
    "score_predicted": ("Score predicted by the classifier", "分類器の予測点"),
    "section_judge": ("The judge", "審査モデル"),
    "judge_lead": (
        "A judge scores rows by a rubric. Its scores veto the bottom and crown nothing; a call without a score is a "
        "state of its own and never a number.",
        "審査モデルは採点基準に沿って行を採点します。点の低い行を除くためだけに使い、高い行を優遇しません。"
        "採点できなかった呼び出しは数値にせず、状態として記録します。",
    ),
    "col_fact": ("Fact", "項目"),
    "judge_model": ("Model", "モデル"),
    "judge_rubrics": ("Rubrics", "採点基準"),
    "judge_rows": ("Rows put to the judge", "審査した行"),
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
        "（フィルター、重複、同じ内容の過多）は含みません。",
    ),
    "map_title": ("Rows by likeness", "類似度による行の配置"),
    "map_desc": (
        "{n} clusters. Dots are kept rows, rings held-out ones, crosses dropped ones.",
        "{n} 個のクラスター。点は採用、丸は取り置き、×は除外した行です。",
    ),
    "map_key": ("{kind}: {n}", "{kind}：{n}"),
    "col_cluster": ("Cluster, by a row in its midst", "クラスター（中央付近の行）"),
}
