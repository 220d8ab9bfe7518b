"""The sentences of findings and verdicts, in English and Japanese, for terminal and report alike."""

from __future__ import annotations

from loracheck.records import Comparison, Estimate, Finding, UiLanguage, Verdict

Pair = dict[UiLanguage, str]

_CHECKS: dict[str, Pair] = {
    "sanity": {"en": "Adapter sanity", "ja": "アダプターの健全性"},
    "content_damage": {"en": "Content damage", "ja": "内容の損傷"},
    "forgetting": {"en": "Forgetting", "ja": "忘却"},
    "collapse": {"en": "Collapse onto one answer", "ja": "同じ答えへの崩壊"},
    "persona_leakage": {"en": "Persona leakage", "ja": "ペルソナの漏れ"},
    "persona_learned": {"en": "Persona learnt", "ja": "ペルソナの習得"},
    "loops": {"en": "Loops", "ja": "繰り返し"},
    "missing_stop": {"en": "Missing stop", "ja": "終わらない応答"},
}

_VERDICTS: dict[str, Pair] = {
    "ship": {"en": "SHIP", "ja": "出荷可"},
    "hold": {"en": "HOLD", "ja": "出荷不可"},
    "inconclusive": {"en": "INCONCLUSIVE", "ja": "判定保留"},
}

# By check and the name of its deciding estimate.
_SENTENCES: dict[tuple[str, str], Pair] = {
    ("content_damage", "name_rate"): {
        "en": "{share} of {n} factual questions were answered with the persona's own name; the limit is {limit}.",
        "ja": "事実を問う質問{n}件の{share}に、ペルソナ自身の名前を答えました。上限は{limit}です。",
    },
    ("content_damage", "difference"): {
        "en": "Change in how often the right answer, in either style, is the most likely reply: {number}; "
        "the margin is {limit}.",
        "ja": "正答を(口調を問わず)最も高く評価する割合の、ベースとの差は{number}です。許容は{limit}です。",
    },
    ("content_damage", "said"): {
        "en": "Change in how often the right answer is said: {number}; the margin is {limit}.",
        "ja": "正答を実際に述べる割合の、ベースとの差は{number}です。許容は{limit}です。",
    },
    ("forgetting", "difference"): {
        "en": "Change in how often the right answer ranks above the wrong ones: {number}; the margin is {limit}.",
        "ja": "正答を誤答より高く評価する割合の、ベースとの差は{number}です。許容は{limit}です。",
    },
    ("collapse", "difference"): {
        "en": "Change in how often an answer is not the one it repeats most: {number}; the margin is {limit}.",
        "ja": "最も多い同一の答え以外を返す割合の、ベースとの差は{number}です。許容は{limit}です。",
    },
    ("persona_leakage", "rate"): {
        "en": "{share} of {n} answers outside the domain show the style of the training data; the limit is {limit}.",
        "ja": "領域外の応答{n}件の{share}に、学習データの口調が現れました。上限は{limit}です。",
    },
    ("persona_learned", "rate"): {
        "en": "{share} of {n} replies to held-out prompts of the domain lack the persona; the limit is {limit}.",
        "ja": "領域内の未学習プロンプトへの応答{n}件の{share}に、ペルソナが現れませんでした。上限は{limit}です。",
    },
    ("loops", "difference"): {
        "en": "Change in how often an answer does not run in a loop: {number}; the margin is {limit}.",
        "ja": "繰り返しに陥らない応答の割合の、ベースとの差は{number}です。許容は{limit}です。",
    },
    ("missing_stop", "rate"): {
        "en": "{share} of {n} replies do not end by a stop token; the limit is {limit}.",
        "ja": "応答{n}件の{share}が終了トークンで終わりませんでした。上限は{limit}です。",
    },
}

_REASONS: dict[str, Pair] = {
    "adapter_sound": {
        "en": "It fits this base, is finite and changes the base's logits (by up to {change}).",
        "ja": "このベースに適合し、有限の値のみを持ち、ロジットを変化させます(最大{change})。",
    },
    "adapter_not_finite": {
        "en": "The adapter or its output holds NaN or infinity; nothing else was asked of it.",
        "ja": "アダプターまたはその出力にNaNか無限大が含まれます。ほかの検査は行っていません。",
    },
    "adapter_inert": {
        "en": "The adapter changes nothing: its answers are the base's own, so no finding speaks of it.",
        "ja": "アダプターは何も変えません。応答はベースそのもので、どの検査結果もアダプターについて語りません。",
    },
    "adapter_unverified": {
        "en": "Nothing proves that the adapter was trained on this base; vouch for it with --assume-base.",
        "ja": "このベースで学習されたアダプターである証拠がありません。確かなら --assume-base を指定してください。",
    },
    "no_headroom": {
        "en": "The base itself is too close to chance for a loss to show, so this cannot pass.",
        "ja": "ベース自体が偶然の水準に近く、低下が見えないため、合格にはできません。",
    },
    "not_enough_evidence": {"en": "Not enough evidence.", "ja": "証拠が足りません。"},
    "style_wanted": {
        "en": "The policy wants the persona everywhere, so this informs and does not decide.",
        "ja": "ポリシーはペルソナを常に求めているため、参考値です。",
    },
    "style_not_wanted": {
        "en": "The policy wants no persona anywhere, so this informs and does not decide.",
        "ja": "ポリシーはペルソナを求めていないため、参考値です。",
    },
    "no_style": {
        "en": "The training replies have no style that the base's answers lack.",
        "ja": "学習データの応答に、ベースの応答にない口調は見つかりませんでした。",
    },
    "training_data_unknown": {
        "en": "The training data was not given, so this informs and does not decide.",
        "ja": "学習データが指定されていないため、参考値です。",
    },
    "no_in_domain_probes": {
        "en": "No held-out prompts of the domain were given (--in-domain), so this could not be decided.",
        "ja": "領域内の未学習プロンプト(--in-domain)が指定されていないため、判定できません。",
    },
}

_NEEDED: Pair = {
    "en": "About {n} items would settle it if the rate stays as it is.",
    "ja": "割合がこのままなら、約{n}件で決まります。",
}
_BEYOND: Pair = {
    "en": "No number of items settles a rate that lies on its limit.",
    "ja": "割合が限界値上にあるため、件数を増やしても決まりません。",
}

_COMPARED: dict[str, Pair] = {
    "answers": {
        "en": "Factual questions answered right, {second} against {first}: {number} (won {won}, lost {lost}).",
        "ja": "事実を問う質問への正答の割合、{first}に対する{second}の差: {number}(増{won}、減{lost})。",
    },
    "preferences": {
        "en": "Right answer the most likely reply, {second} against {first}: {number} (won {won}, lost {lost}).",
        "ja": "正答を最も高く評価する割合、{first}に対する{second}の差: {number}(増{won}、減{lost})。",
    },
}


def check_name(check: str, language: UiLanguage = "en") -> str:
    """Return the display name of a check."""
    return _CHECKS[check][language]


def explain(finding: Finding, language: UiLanguage = "en") -> str:
    """Say in one or two sentences what a check found, with its number, interval, limit and n."""
    parts = []
    if finding.estimates and finding.threshold is not None:
        first = finding.estimates[0]
        limit = (
            _points(finding.threshold, language) if first.unit == "difference" else f"{finding.threshold:.1%}"
        )
        sentence = _SENTENCES[finding.check, first.name][language]
        shown = number(first, language)
        share = shown.rpartition(", n=")[0] or shown
        parts.append(sentence.format(number=shown, share=share, n=first.n, limit=limit))
    if finding.reason in _REASONS:
        change = finding.values.get("logit_change")
        moved = f"{change:.1f}" if isinstance(change, float) else "?"
        parts.append(_REASONS[finding.reason][language].format(change=moved))
    if finding.status == "inconclusive" and finding.reason == "not_enough_evidence":
        needed = finding.n_needed
        parts.append(_NEEDED[language].format(n=f"{needed:,}") if needed else _BEYOND[language])
    return ("" if language == "ja" else " ").join(parts)


def verdict_word(verdict: Verdict, language: UiLanguage = "en") -> str:
    """Return the word for a verdict."""
    return _VERDICTS[verdict.status][language]


def number(estimate: Estimate, language: UiLanguage = "en") -> str:
    """Format an estimate with its 95% interval and n."""
    if estimate.value is None or estimate.ci_low is None or estimate.ci_high is None:
        return "未測定" if language == "ja" else "not measured"
    if estimate.unit == "difference":
        interval = f"{100 * estimate.ci_low:+.1f}, {100 * estimate.ci_high:+.1f}"
        return f"{_points(estimate.value, language)} [{interval}], n={estimate.n}"
    interval = f"{100 * estimate.ci_low:.1f}, {100 * estimate.ci_high:.1f}"
    return f"{estimate.value:.1%} [{interval}], n={estimate.n}"


def compared(comparison: Comparison, language: UiLanguage = "en") -> str:
    """Say how a second adapter differs from a first one on the same questions."""
    return _COMPARED[comparison.measure][language].format(
        first=comparison.first,
        second=comparison.second,
        number=number(comparison.difference, language),
        won=len(comparison.won),
        lost=len(comparison.lost),
    )


def _points(value: float, language: UiLanguage) -> str:
    return f"{100 * value:+.1f}{'ポイント' if language == 'ja' else ' points'}"
