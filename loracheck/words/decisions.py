"""Why a row ended up where it is, as a sentence in English and in Japanese, from its code and its values."""

from __future__ import annotations

from string import Formatter
from typing import Any

from loracheck.records import UiLanguage
from loracheck.records.curation import Decision

# Per code: the name of the rule, and the sentence, in each language.
REASONS: dict[str, dict[UiLanguage, tuple[str, str]]] = {
    "passed": {
        "en": ("Passed", "it passed every step"),
        "ja": ("合格", "すべての工程を通過しました"),
    },
    "unreadable": {
        "en": ("Unreadable row", "it could not be read: {message}"),
        "ja": ("読めない行", "読み取れませんでした: {message}"),
    },
    "more_unreadable": {
        "en": (
            "More unreadable rows",
            "{rows:,} more rows could not be read, the first of them here; {listed:,} are listed",
        ),
        "ja": (
            "そのほかの読めない行",
            "ここからさらに{rows:,}行を読み取れませんでした。一行ずつ載せたのは最初の{listed:,}行です",
        ),
    },
    "exact_duplicate": {
        "en": ("Exact duplicate", "it repeats row {related} exactly"),
        "ja": ("完全重複", "行{related}と完全に同じです"),
    },
    "near_duplicate": {
        "en": (
            "Near duplicate",
            "it nearly repeats row {related} (question {question:.2f}, reply {reply:.2f})",
        ),
        "ja": ("類似重複", "行{related}とほぼ同じです(質問の類似度{question:.2f}、応答{reply:.2f})"),
    },
    "family_cap": {
        "en": (
            "Too many of one template",
            "it follows the same template as row {related}; one template may make up {limit:.0%} of the rows",
        ),
        "ja": (
            "同じひな形の過多",
            "行{related}と同じひな形の行です。一つのひな形が占めてよい割合は{limit:.0%}です",
        ),
    },
    "personal_data": {
        "en": ("Personal data", "it holds personal data: {kinds}"),
        "ja": ("個人情報", "個人情報が含まれます: {kinds}"),
    },
    "empty_reply": {"en": ("Empty reply", "the reply is empty"), "ja": ("空の応答", "応答が空です")},
    "empty_prompt": {"en": ("Empty prompt", "the prompt is empty"), "ja": ("空の質問", "質問が空です")},
    "short_reply": {
        "en": ("Short reply", "the reply has {size} characters, the least is {limit}"),
        "ja": ("短い応答", "応答は{size}文字で、下限は{limit}文字です"),
    },
    "long_reply": {
        "en": ("Long reply", "the reply has {size} characters, the most is {limit}"),
        "ja": ("長い応答", "応答は{size}文字で、上限は{limit}文字です"),
    },
    "long_prompt": {
        "en": ("Long prompt", "the prompt has {size} characters, the most is {limit}"),
        "ja": ("長い質問", "質問は{size}文字で、上限は{limit}文字です"),
    },
    "broken_text": {
        "en": ("Broken text", "its characters are broken: {what}"),
        "ja": ("文字化け", "文字が壊れています: {what}"),
    },
    "wrong_language": {
        "en": ("Wrong language", "the reply is in {found}, wanted is {wanted}"),
        "ja": ("言語違い", "応答の言語は{found}ですが、求める言語は{wanted}です"),
    },
    "other_language": {
        "en": ("Answer in another language", "the question is in {wanted}, the reply in {found}"),
        "ja": ("質問と異なる言語", "質問の言語は{wanted}ですが、応答は{found}です"),
    },
    "repetition": {
        "en": ("Repetition", "{share:.0%} of the reply repeats itself"),
        "ja": ("繰り返し", "応答の{share:.0%}が繰り返しです"),
    },
    "echo": {
        "en": ("Echo", "the reply repeats the question (similarity {similarity:.2f})"),
        "ja": ("おうむ返し", "応答が質問の繰り返しです(類似度{similarity:.2f})"),
    },
    "cut_off": {
        "en": ("Cut off", "it stops at “{tail}”, where no whole reply ends"),
        "ja": ("途中で切れた応答", "「{tail}」で途切れています"),
    },
    "template_remnant": {
        "en": ("Template remnant", "it holds a mark that a template left behind: {what}"),
        "ja": ("テンプレートの残り", "テンプレートの記号や未記入の箇所が残っています: {what}"),
    },
    "markdown_debris": {
        "en": ("Markdown debris", "it holds markup that leads nowhere: {what}"),
        "ja": ("Markdownの残骸", "行き先のない記法が残っています: {what}"),
    },
    "refusal": {
        "en": ("Refusal boilerplate", "it refuses a harmless question, or speaks as another model: {what}"),
        "ja": ("拒否の定型文", "害のない質問への拒否、またはほかのモデルの定型文です: {what}"),
    },
    "licence": {
        "en": ("Licence", "its licence {licence} is not among the allowed ones"),
        "ja": ("ライセンス", "ライセンス{licence}は許可されていません"),
    },
    "blocked_source": {
        "en": ("Blocked source", "its source {source} is blocked"),
        "ja": ("除外指定の出典", "出典{source}は除外するよう指定されています"),
    },
    "identity_flood": {
        "en": (
            "Identity flood",
            "phrases such as “{phrase}” stand in {replies} of {rows} replies; they make up {cover:.0%} of this one",
        ),
        "ja": (
            "同じ内容の過多",
            "「{phrase}」などの表現が{rows}件中{replies}件の応答にあり、この応答の{cover:.0%}を占めます",
        ),
    },
    "blamed": {
        "en": (
            "Behind a failure",
            "it is one of {size} rows behind {explained} of {failures} failed answers of the adapter {adapter}",
        ),
        "ja": (
            "失敗の原因となった行",
            "アダプター{adapter}の失敗した回答{failures}件中{explained}件の原因とされた{size}行の一つです",
        ),
    },
    "blamed_surplus": {
        "en": (
            "Too many behind a failure",
            "it is one of {size} rows behind {explained} of {failures} failed answers of the adapter {adapter}; "
            "row {related} stands for {alike} near-identical ones",
        ),
        "ja": (
            "失敗の原因となった行の過多",
            "アダプター{adapter}の失敗した回答{failures}件中{explained}件の原因とされた{size}行の一つです。"
            "行{related}が、ほぼ同じ{alike}行を代表します",
        ),
    },
    "unsafe": {
        "en": ("Unsafe", "it holds abuse, or answers a harmful request: {what}"),
        "ja": ("有害な内容", "暴言を含むか、有害な依頼に応じています: {what}"),
    },
    "ignores_question": {
        "en": (
            "Ignores its question",
            "its question makes the reply no likelier than none or another one would: {what}",
        ),
        "ja": (
            "質問を無視した応答",
            "質問がない場合や別の質問の場合と比べて、この応答の尤度が変わりません({what})",
        ),
    },
    "garbled": {
        "en": (
            "Garbled",
            "the base makes no sense of the reply: {deviations:.1f} deviations above the median loss",
        ),
        "ja": (
            "意味をなさない応答",
            "ベースから見て意味をなさない応答です。損失が中央値を偏差の{deviations:.1f}倍上回ります",
        ),
    },
    "low_judge_score": {
        "en": (
            "Low score by the judge",
            "the judge gives {score:.1f} for {rubric}, the least is {limit:.1f}: {why}",
        ),
        "ja": (
            "審査モデルの点が低い行",
            "{rubric}に対する審査モデルの点は{score:.1f}で、下限は{limit:.1f}です: {why}",
        ),
    },
    "judge_injection": {
        "en": (
            "Speaks to the judge",
            "it holds words to whoever grades it, and these words raise a bad reply from {before:.1f} to {after:.1f} "
            "for {rubric}",
        ),
        "ja": (
            "審査への働きかけ",
            "採点者に向けた文言を含み、その文言は悪い応答の{rubric}の点を{before:.1f}から{after:.1f}に引き上げます",
        ),
    },
    "low_predicted_score": {
        "en": (
            "Low predicted score",
            "the classifier that learnt from the judge predicts {predicted:.2f}, "
            "among the lowest {share:.0%} of its language",
        ),
        "ja": (
            "予測点の低い行",
            "審査結果を学んだ分類器の予測点は{predicted:.2f}で、同じ言語の下位{share:.0%}に入ります",
        ),
    },
    "contaminated": {
        "en": ("Contaminated", "it holds a question of {source} ({how}): {overlap}"),
        "ja": ("評価問題の混入", "{source}の問題を含みます({how}): {overlap}"),
    },
    "semantic_duplicate": {
        "en": (
            "Semantic duplicate",
            "it means the same as row {related} (cosine {cosine:.3f}, from {limit:.3f})",
        ),
        "ja": ("意味の重複", "行{related}と同じ意味です(コサイン類似度{cosine:.3f}、限度{limit:.3f})"),
    },
    "held_out": {
        "en": ("Held out", "drawn for the held-out set"),
        "ja": ("取り置き", "評価用に取り置かれました"),
    },
    "selected": {
        "en": ("Selected", "taken as number {rank} of {of} ({method})"),
        "ja": ("選択", "{of}件中{rank}番目に選ばれました({method})"),
    },
    "over_budget": {
        "en": ("Over the budget", "it is over the {of} rows that were taken ({method})"),
        "ja": ("予算超過", "選ばれた{of}件に入りませんでした({method})"),
    },
}

_LANGUAGES: dict[str, dict[UiLanguage, str]] = {
    "ja": {"en": "Japanese", "ja": "日本語"},
    "en": {"en": "English", "ja": "英語"},
    "other": {"en": "another language", "ja": "そのほかの言語"},
}
_CODES: dict[str, dict[str, dict[UiLanguage, str]]] = {
    "found": _LANGUAGES,
    "wanted": _LANGUAGES,
    "kinds": {
        "email": {"en": "an e-mail address", "ja": "メールアドレス"},
        "phone": {"en": "a phone number", "ja": "電話番号"},
        "card": {"en": "a card number", "ja": "カード番号"},
        "my_number": {"en": "a My Number", "ja": "マイナンバー(個人番号)"},
        "postal_code": {"en": "a postal code", "ja": "郵便番号"},
        "address": {"en": "an address", "ja": "住所"},
        "birth_date": {"en": "a date of birth", "ja": "生年月日"},
        "secret": {"en": "a secret key", "ja": "APIキーなどの秘密情報"},
    },
    "how": {
        "equal": {"en": "the same question", "ja": "同じ質問"},
        "contains": {"en": "all of it", "ja": "全文"},
        "run": {"en": "a long part of it", "ja": "長い一部"},
    },
}
"""Values that are codes, several with commas, and their words."""
_BETWEEN: dict[UiLanguage, str] = {"en": " or ", "ja": "または"}
_SEVERAL: dict[UiLanguage, str] = {"en": ", ", "ja": "、"}


def reason_name(code: str, language: UiLanguage = "en") -> str:
    """Return the display name of a reason; a code of another version stands for itself."""
    return REASONS[code][language][0] if code in REASONS else code.replace("_", " ")


def explain(decision: Decision, language: UiLanguage = "en") -> str:
    """Say why a row ended up where it is, with the measured value and the limit."""
    values: dict[str, Any] = {"related": decision.related, **decision.values}
    values |= {name: _in_words(name, str(values[name]), language) for name in _CODES if name in values}
    try:
        return REASONS[decision.reason][language][1].format(**values)
    except (KeyError, ValueError, TypeError):  # a run of another version has other codes and values
        return reason_name(decision.reason, language)


def unsaid(decision: Decision) -> dict[str, Any]:
    """Return the values that the sentence of `explain` does not hold, by name."""
    if decision.reason not in REASONS:
        return dict(decision.values)
    sentence = REASONS[decision.reason]["en"][1]
    said = {field for _, field, _, _ in Formatter().parse(sentence) if field}
    return {name: value for name, value in decision.values.items() if name not in said}


def _in_words(name: str, codes: str, language: UiLanguage) -> str:
    known = _CODES[name]
    words = [known[code][language] if code in known else code for code in codes.split(", ")]
    return (_BETWEEN if known is _LANGUAGES else _SEVERAL)[language].join(words)
