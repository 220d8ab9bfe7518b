"""Every fixed sentence of the report, in English and Japanese side by side.

Those of curation, training, comparison and evidence stand in modules of their own, and words that the terminal has,
too, in `loracheck.words`; `text` knows all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from loracheck.records import UiLanguage
from loracheck.words import Pair, answers, rows
from loracheck.words.comparison import SETTING_PARTS
from loracheck.words.training_plan import MEMORY_PARTS
from loracheck.words.verdict import STATUSES

from .causes import CAUSES
from .comparison import COMPARISON, TRACES
from .curation import CURATION
from .evidence import EVIDENCE
from .training import TRAINING

__all__ = ["Both", "UiLanguage", "both", "marked", "same", "script_table", "text", "together"]

_COUNTED = re.compile(
    r"(?<=[\d}%]) (?=[\u3041-\u30ff\u4e00-\u9fff])|(?<=[\d}]) (?=points?\b)|(?<=約) ?(?=[\d{])"
)
"""Where a line may not end: between a number and what it counts, in Japanese and in "8.3 points", and after 約."""


class Both(NamedTuple):
    """One text in both languages of the interface."""

    en: str
    ja: str


def same(text: object) -> Both:
    """Return a text that reads the same in both languages: a name, a hash, a count."""
    return Both(str(text), str(text))


def both(told: Callable[[UiLanguage], str]) -> Both:
    """Return what is said in each language."""
    return Both(told("en"), told("ja"))


def marked(form: str, given: Both) -> Both:
    """Return a text with signs that need no translation: {} in the form, such as "{} →", stands for the text."""
    return Both(form.format(given.en), form.format(given.ja))


def text(key: str, **values: object) -> Both:
    """Return a sentence of the table with its places filled; a value may itself be in both languages."""
    en, ja = STRINGS[key]
    return Both(
        en.format(**{name: value.en if isinstance(value, Both) else value for name, value in values.items()}),
        ja.format(**{name: value.ja if isinstance(value, Both) else value for name, value in values.items()}),
    )


def together(said: str) -> str:
    """Keep a number on one line with its counter or unit."""
    return _COUNTED.sub("\N{NO-BREAK SPACE}", said)


def script_table() -> dict[str, Both]:
    """Return the strings that the script of the page puts in itself."""
    return {
        key: Both(*map(together, pair))
        for key, pair in STRINGS.items()
        if key.startswith(("js_", "outcome_", "row_"))
    }


_FRAME: dict[str, tuple[str, str]] = {
    # The frame
    "title_eval": ("Release check of {name}", "{name} の出荷判定"),
    "title_curate": ("Curation of {name}", "{name} のデータ精選"),
    "title_train": ("Training of {name}", "{name} の学習"),
    "title_index": ("Runs in {name}", "{name} の実行一覧"),
    "kicker_index": ("Runs", "実行一覧"),
    "section_runs": ("Every run", "すべての実行"),
    "index_outcome": ("Outcome", "結果"),
    "index_unfinished": ("not finished", "未完了"),
    "kicker_causes": ("Causes", "失敗の原因"),
    "index_causes": (
        "{rows} training rows stand out behind {named} of {of} findings",
        "検出 {of} 件のうち {named} 件で、学習データの {rows} 行が突出",
    ),
    "index_kept": ("{kept} of {read} rows kept", "{read} 行中 {kept} 行を採用"),
    "index_trained": ("{tokens} trained tokens", "学習トークン数 {tokens}"),
    "index_trained_heldout": (
        "{tokens} trained tokens, held-out loss {before} to {after}",
        "学習トークン数 {tokens}、取り置き行の損失 {before} → {after}",
    ),
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
    "items": ("items (n)", "件数（n）"),
    "stem": ("{measure}, limit\N{NO-BREAK SPACE}{limit}:", "{measure}、限度\N{NO-BREAK SPACE}{limit}："),
    "stem_change": (
        "{measure}, change against the base, margin\N{NO-BREAK SPACE}{limit}:",
        "{measure}、ベースとの差、許容幅\N{NO-BREAK SPACE}{limit}：",
    ),
    "change": ("What would change it", "判定を変えるには"),
    "deciding": ("Decided by", "決め手"),
    "nearest": ("Nearest to its limit", "限度に最も近い検査"),
    "required_passed": (
        "{passed} of {required} required checks passed",
        "必須の検査 {required} 件のうち {passed} 件が合格",
    ),
    "required_failed": (", {n} failed", "、{n} 件が不合格"),
    "required_open": (", {n} open", "、{n} 件が保留"),
    "change_below": (
        "The number has to be shown to lie below {limit}; it is {gap} above.",
        "数値が{limit}を下回ると示す必要があります。今は{gap}上回っています。",
    ),
    "change_above": (
        "The number has to be shown to lie above {limit}; it is {gap} below.",
        "数値が{limit}を上回ると示す必要があります。今は{gap}下回っています。",
    ),
    "change_n": (
        "About {needed} items would settle it if the rate stays as it is; {n} were asked.",
        "この割合のままなら、約 {needed} 問で決まります（今回は {n} 問）。",
    ),
    "change_more": (
        "The evidence does not settle it: it takes more items, or a clearer effect.",
        "証拠が足りません。問題を増やすか、より明確な差が必要です。",
    ),
    "change_headroom": (
        "It takes questions that the base answers better; here it is too close to chance.",
        "ベースがもっと正しく答えられる問題が必要です。今回は偶然の水準に近すぎます。",
    ),
    "change_mend": (
        "Mend what the check names, then run the evaluation again.",
        "検査が示す点を直してから、もう一度評価してください。",
    ),
    "change_ship_high": (
        "It would not ship if the number could no longer be shown to lie below {limit}; it is {gap} below.",
        "数値が{limit}を下回ると示せなくなると出荷できません。今は{gap}下回っています。",
    ),
    "change_ship_low": (
        "It would not ship if the number could no longer be shown to lie above {limit}; it is {gap} above.",
        "数値が{limit}を上回ると示せなくなると出荷できません。今は{gap}上回っています。",
    ),
    "change_none": (
        "Nothing measured stands near its limit.",
        "限度に近い値は測定されていません。",
    ),
    # Checks
    "section_checks": ("What was measured", "測定結果"),
    "checks_how": (
        "How a check works, what may set it off and what it does not see:",
        "検査の仕組み、誤報の原因、検出できないもの：",
    ),
    "checks_lead": (
        "Bars are 95% intervals; the dashed line is the limit that the policy sets.",
        "横線は 95% 区間、破線はポリシーが定める限度です。",
    ),
    "picture_title": ("Facts kept against persona learnt", "事実の保持とペルソナの習得"),
    "picture_desc": (
        "Each arm is a point with its 95% intervals: to the right, more of the persona was learnt; higher up, "
        "of more facts the right answer is still the most likely reply. Wanted is the upper right.",
        "各比較対象を 95% 区間つきの点で示します。右ほどペルソナを習得し、"
        "上ほど正答を最も高く評価しています。望ましいのは右上です。",
    ),
    "axis_learned": ("persona learnt", "ペルソナの習得"),
    "axis_kept": ("facts kept", "事実の保持"),
    "wanted": ("wanted", "望ましい"),
    "section_alarms": ("False alarms on adapters trained to do no harm", "害のない学習での誤報"),
    "alarms_check": ("Check", "検査"),
    "alarms_rate": ("Failed", "不合格の割合"),
    "required": ("required", "必須"),
    "chart_desc": ("Share of each arm with its 95% interval.", "比較対象ごとの割合と 95% 区間。"),
    "chart_desc_difference": (
        "Difference of each adapter to the base with its 95% interval.",
        "各アダプターとベースとの差と 95% 区間。",
    ),
    "chart_desc_count": ("Count of each adapter with its interval.", "各アダプターの件数と区間。"),
    "chart_desc_nats": (
        "Nats a token of each adapter with the interval.",
        "各アダプターのトークンあたりのナットと区間。",
    ),
    "chart_desc_correlation": (
        "Correlation of each adapter with the interval.",
        "各アダプターの相関と区間。",
    ),
    "line_limit": ("limit {value}", "限度 {value}"),
    "line_margin": ("margin {value}", "許容幅 {value}"),
    "col_arm": ("Arm", "比較対象"),
    "col_value": ("Value", "値"),
    "col_n": ("n", "n"),
    "col_method": ("Method", "方法"),
    "col_limit": ("Limit", "限度"),
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
        "すべてのプローブへの回答を、比較対象ごとに並べています。ベースが正解しアダプターが誤ったプローブから順に並びます。",
    ),
    "legend_answer": ("right answer", "正答"),
    "legend_marker": ("learnt style", "学習した口調"),
    "legend_control": ("hidden character", "不可視文字"),
    "filter_suite": ("Suite", "問題集"),
    "filter_language": ("Language", "言語"),
    "filter_check": ("Check", "検査"),
    "filter_outcome": ("Outcome", "結果"),
    "filter_arm": ("Arm", "比較対象"),
    "filter_q": ("Text", "文字列"),
    "filter_reason": ("Reason", "理由"),
    "filter_all": ("all", "すべて"),
    "filter_clear": ("Clear filters", "絞り込みを解除"),
    "set_won": ("{second} right, {first} not", "{second} が正解、{first} が不正解"),
    "language_ja": ("Japanese", "日本語"),
    "language_en": ("English", "英語"),
    "language_other": ("other", "その他"),
    "outcome_lost": ("base right, adapter not", "ベースは正解、アダプターは不正解"),
    "outcome_gained": ("adapter right, base not", "アダプターは正解、ベースは不正解"),
    "markers_title": ("Style found in the training replies", "学習データの応答から見つかった口調"),
    "marker_kind": ("Kind", "種類"),
    "marker_text": ("Text", "文字列"),
    "marker_coverage": ("In training replies", "学習データの応答"),
    "marker_base": ("In the base's replies", "ベースの応答"),
    "marker_z": ("log-odds, in standard errors", "対数オッズ（標準誤差単位）"),
    "js_count": ("{n} of {m}", "{m} 件中 {n} 件"),
    "js_filtered": ("{n} of {m}, filtered from {all}", "{m} 件中 {n} 件（全 {all} 件から絞り込み）"),
    "js_more": ("Show {n} more", "さらに {n} 件を表示"),
    "js_none": ("Nothing matches these filters.", "条件に合うものはありません。"),
    "js_expected": ("Right answer", "正答"),
    "js_role_system": ("system", "システム"),
    "js_role_user": ("user", "利用者"),
    "js_role_assistant": ("assistant", "アシスタント"),
    "js_reference": ("Reply in the training data", "学習データの応答"),
    "js_no_answer": ("no answer recorded", "回答の記録なし"),
    "js_nothing": ("(empty reply)", "（空の応答）"),
    "js_same": ("same as {arm}", "{arm} と同じ"),
    "js_length": ("cut at the token limit", "トークン上限で打ち切り"),
    "js_turn": ("went on as the user", "利用者の発話まで続けた"),
    "js_tokens": ("{n} tokens", "{n} トークン"),
    "js_seed": ("seed {n}", "シード {n}"),
    "js_unfold": ("Show all {n} characters", "全 {n} 文字を表示"),
    "js_choices": ("Choices by log-likelihood (nats)", "選択肢の対数尤度（ナット）"),
    "js_kind_right": ("right", "正答"),
    "js_kind_wrong": ("wrong", "誤答"),
    "js_kind_right_styled": ("right, styled", "正答・口調つき"),
    "js_kind_wrong_styled": ("wrong, styled", "誤答・口調つき"),
    "js_kind_name": ("name", "名前"),
    "js_permalink": ("Link to {id}", "{id} へのリンク"),
    "js_domain_in": ("in the training domain", "領域内"),
    "js_domain_out": ("outside the training domain", "領域外"),
    "js_domain_training": ("from the training data", "学習データから"),
    "js_repeats": ("Repeats {id}", "{id} の繰り返し"),
    "js_line": ("line {line}", "{line} 行目"),
    "js_source": ("{file}, line {line}", "{file} の {line} 行目"),
    # Limits and provenance
    "section_limits": ("Limits of this verdict", "この判定の限界"),
    "limit_unverified": (
        "Adapter {name}: nothing binds it to this base by content; it was not verified.",
        "アダプター {name}：このベースで学習されたことを内容から確認できませんでした。",
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
        "学習データが指定されていません。口調の検出と、プローブとの重複の確認はできていません。",
    ),
    "limit_dropped": (
        "Bundled probes left out because the training data holds the same question: {n}.",
        "学習データに同じ質問があるため、同梱のプローブ {n} 件を除きました。",
    ),
    "limit_greedy": (
        "Answers are cut at {n} new tokens; what a longer reply would have said was not seen.",
        "回答は {n} トークンで打ち切られます。それより長い応答の内容は確認していません。",
    ),
    "section_provenance": ("Provenance", "来歴"),
    "command": ("Command to repeat it", "再実行のコマンド"),
    "prov_run": ("Run", "実行 ID"),
    "prov_created": ("Started", "開始"),
    "prov_finished": ("Finished", "終了"),
    "prov_base": ("Base", "ベース"),
    "prov_quantization": ("Quantisation", "量子化"),
    "prov_computed": ("Computed on", "計算に使った装置と型"),
    "prov_fingerprint": ("Base fingerprint", "ベースの指紋"),
    "prov_template": ("Chat template", "チャットテンプレート"),
    "prov_data": ("Training data", "学習データ"),
    "prov_policy": ("Policy", "ポリシー"),
    "prov_alpha": ("Error level (alpha)", "有意水準（α）"),
    "prov_probes": ("Probes", "プローブ"),
    "prov_adapter": ("Adapter {name}", "アダプター {name}"),
    "prov_seed": ("Seed", "シード"),
    "prov_code": ("loracheck", "loracheck"),
    "prov_packages": ("Packages", "パッケージ"),
    "prov_hardware": ("Machine", "実行環境"),
    "prov_config": ("Configuration", "設定"),
    "prov_inputs": ("Input files", "入力ファイル"),
    "prov_logits": ("largest change of a logit {value}", "ロジットの最大変化 {value}"),
}


def _keyed(kind: str, words: Mapping[str, Pair]) -> dict[str, tuple[str, str]]:
    """Return words that the terminal has, too, by the keys that they have here."""
    return {f"{kind}_{code}": (pair["en"], pair["ja"]) for code, pair in words.items()}


_WORDS: dict[str, tuple[str, str]] = (
    _keyed("status", STATUSES)
    | {"status_info": ("for information", STATUSES["info"]["ja"])}
    | _keyed("outcome", answers.OUTCOMES)
    | _keyed("kind", answers.MARKERS)
    | _keyed("row", rows.OUTCOMES)
    | _keyed("judge", rows.JUDGE_STATES)
    | _keyed("group", rows.GROUPS)
    | _keyed("memory", MEMORY_PARTS)
    | _keyed("part", SETTING_PARTS)
)
STRINGS: dict[str, tuple[str, str]] = (
    _FRAME | CAUSES | COMPARISON | CURATION | EVIDENCE | TRACES | TRAINING | _WORDS
)
