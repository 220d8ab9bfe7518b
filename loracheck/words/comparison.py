"""What terminal and page say of a comparison, in English and Japanese."""

from __future__ import annotations

from collections.abc import Sequence

from loracheck.records import UiLanguage
from loracheck.records.comparison import Repetition, RunComparison, Side
from loracheck.words import Pair
from loracheck.words.findings import check_name
from loracheck.words.verdict import VERDICTS

SETTING_PARTS: dict[str, Pair] = {
    "policy": {"en": "policy", "ja": "ポリシー"},
    "options": {"en": "options", "ja": "オプション"},
    "data": {"en": "data and probes", "ja": "データとプローブ"},
    "adapter": {"en": "adapter", "ja": "アダプター"},
    "software": {"en": "software", "ja": "ソフトウェア"},
    "machine": {"en": "machine", "ja": "実行環境"},
}
"""What a setting that differs between two runs is a setting of."""

_MEASURES: dict[str, Pair] = {
    "said": {"en": "right answer said", "ja": "正答を述べた割合"},
    "preferred": {"en": "right answer preferred", "ja": "正答を最も高く評価した割合"},
    "preferred_plainly": {
        "en": "right answer preferred, plainly",
        "ja": "口調なしの正答を最も高く評価した割合",
    },
    "not_the_same_answer": {"en": "not the one repeated answer", "ja": "同じ答えの繰り返しでない割合"},
    "no_loop": {"en": "no loop", "ja": "繰り返しのない割合"},
    "stopped": {"en": "ends by a stop token", "ja": "停止トークンで終わる割合"},
    "no_style_outside": {
        "en": "no learnt style outside the domain",
        "ja": "学習した口調が領域外で出ない割合",
    },
    "style_inside": {"en": "learnt style in the domain", "ja": "学習した口調が領域内で出る割合"},
}
_LABELS: dict[str, Pair] = {
    "better": {"en": "better", "ja": "向上"},
    "worse": {"en": "worse", "ja": "悪化"},
    "no_difference": {"en": "no difference shown", "ja": "差は示されず"},
    "noise_unknown": {
        "en": "noise unknown: one seed says nothing of another training",
        "ja": "シードのばらつきは不明(シード一つでは、別の学習について何も言えません)",
    },
}
_SHORT_LABELS: dict[str, Pair] = {
    "noise_unknown": {"en": "seed noise unknown", "ja": "シードのばらつきは不明"},
    "no_difference": {"en": "no difference shown", "ja": "差は示されず"},
}
ITEMS_AND_SEEDS: Pair = {"en": "t over items and seeds", "ja": "問題とシードにわたるt区間"}
ITEMS_ALONE: Pair = {
    "en": "items alone; seed noise unknown",
    "ja": "問題だけの区間。シードのばらつきは不明",
}
"""How an interval was made; its estimate holds the English name as the method."""
_NOTES: dict[str, Pair] = {
    "style_differs": {
        "en": "The runs found different styles in their training data, so persona measures are left out.",
        "ja": "実行ごとに学習データから見つかった口調が異なるため、ペルソナの項目は除きました。",
    },
    "policy_differs": {
        "en": "The runs were made under policies with different limits; each is judged by its own.",
        "ja": "限度の異なるポリシーで行われた実行です。それぞれ自身のポリシーで判定しています。",
    },
}
_SHIPS: dict[str, Pair] = {
    "hold": {
        "en": "Prefer {winner}: it may ship, and {loser} is held{often} by {checks}.",
        "ja": "{winner}を推奨します。{winner}は出荷可ですが、{loser}は{often}{checks}により出荷不可です。",
    },
    "inconclusive": {
        "en": "Prefer {winner}: it may ship, and {loser} is still open{often}: {checks}.",
        "ja": "{winner}を推奨します。{winner}は出荷可ですが、{loser}は{often}{checks}が保留のままです。",
    },
}
_HELD: Pair = {
    "en": "Of the two, prefer {winner}: {loser} is held{often} by {checks}, and {winner} is not.",
    "ja": "二つのうちでは{winner}を推奨します。{loser}は{often}{checks}により出荷不可ですが、"
    "{winner}はそうではありません。",
}
_STILL_OPEN: Pair = {
    "en": "{winner} may not ship yet; still open: {checks}.",
    "ja": "ただし{winner}も{checks}が保留のままで、まだ出荷可ではありません。",
}
_OFTEN: Pair = {"en": " in {k} of {n} trainings", "ja": "{n}回の学習のうち{k}回で"}
_ONE_TRAINING: Pair = {
    "en": "Each arm was trained once: this is about these two adapters, and another seed may come out otherwise.",
    "ja": "学習は各1回です。これはこの二つのアダプターについての結論で、別のシードでは変わるかもしれません。",
}
_BY_DIFFERENCE: Pair = {
    "en": "Prefer {winner}: it is better at {measures} and no worse at anything the policy requires. {both}",
    "ja": "{winner}を推奨します。{measures}で優れ、ポリシーが求める項目で劣るものはありません。{both}",
}
_TRADED: Pair = {
    "en": "The evidence favours neither: {second} is better at {better} and worse at {worse}. {both}",
    "ja": "どちらとも言えません。{second}は{better}で優れ、{worse}で劣ります。{both}",
}
_OPEN: dict[str, Pair] = {
    "no_difference": {
        "en": "The evidence cannot tell {first} from {second}: nothing the policy requires differs beyond the noise "
        "of items and seeds. {both}",
        "ja": "{first}と{second}の優劣は、この証拠では分かりません。ポリシーが求める項目に、"
        "問題とシードのばらつきを超える差はありません。{both}",
    },
    "noise_unknown": {
        "en": "The evidence cannot tell which to prefer: with one training an arm, a difference may be the seed's. "
        "{both}",
        "ja": "どちらを選ぶべきか、この証拠では分かりません。学習が1回ずつでは、"
        "差がシードによるものかもしれないためです。{both}",
    },
}
_BOTH: dict[str, Pair] = {
    "ship": {"en": "Both may ship.", "ja": "どちらも出荷可です。"},
    "no": {"en": "Neither may ship.", "ja": "どちらも出荷可ではありません。"},
}
_STANDS: Pair = {
    "en": "The verdict stands: {adapter} is {after} on both days.",
    "ja": "判定は変わりません。{adapter}は両日とも{after}です。",
}
_TURNED: Pair = {
    "en": "The verdict changed: {adapter} was {before} and is {after}.",
    "ja": "判定が変わりました。{adapter}は{before}から{after}になりました。",
}
_ALL_STAND: Pair = {"en": "All {n} verdicts stand.", "ja": "{n}件の判定はすべて変わりません。"}


def measure_name(check: str, measure: str, language: UiLanguage = "en") -> str:
    """Return the name of a measure with its check."""
    name, short = check_name(check, language), short_measure(measure, language)
    return f"{name}, {short}" if language == "en" else f"{name}({short})"


def short_measure(measure: str, language: UiLanguage = "en") -> str:
    """Return the name of a measure, or its code where a newer writer knows more."""
    return _MEASURES[measure][language] if measure in _MEASURES else measure


def label_text(label: str, language: UiLanguage = "en", *, short: bool = False) -> str:
    """Say what a label means."""
    return ((_SHORT_LABELS.get(label) if short else None) or _LABELS[label])[language]


def method_name(method: str, language: UiLanguage = "en") -> str:
    """Say how an interval was made; of a method that only has a name, that."""
    return next((name[language] for name in (ITEMS_AND_SEEDS, ITEMS_ALONE) if name["en"] == method), method)


def standing_word(status: str, language: UiLanguage = "en") -> str:
    """Return the word for a verdict or for the verdicts of an arm."""
    return VERDICTS[status][language]


def conclusion(found: RunComparison, language: UiLanguage = "en") -> str:
    """Say in one or two sentences which arm to prefer and why, or whether verdicts stand."""
    if found.repetition is not None:
        return _of_repetition(found.repetition, language)
    if found.conclusion is None or len(found.sides) != 2:
        return ""
    reached, (first, second) = found.conclusion, found.sides
    winner, loser = (first, second) if reached.preferred == "first" else (second, first)
    both = _BOTH["ship" if {first.standing, second.standing} == {"ship"} else "no"][language]
    if reached.ground == "ships":
        checks = _checks(loser, language)
        form = _SHIPS[loser.standing][language]
        return form.format(
            winner=winner.label, loser=loser.label, checks=checks, often=_often(loser, language)
        )
    if reached.ground == "held":
        checks, often = _checks(loser, language), _often(loser, language)
        return _HELD[language].format(winner=winner.label, loser=loser.label, checks=checks, often=often)
    better, worse = (
        _listed([measure_name(*one, language) for one in those], language)
        for those in (reached.better, reached.worse)
    )
    if reached.ground == "differences":
        return _BY_DIFFERENCE[language].format(winner=winner.label, measures=better or worse, both=both)
    if reached.ground == "traded":
        return _TRADED[language].format(second=second.label, better=better, worse=worse, both=both)
    return _OPEN[reached.ground][language].format(first=first.label, second=second.label, both=both)


def remarks(found: RunComparison, language: UiLanguage = "en") -> list[str]:
    """Return what has to be known beside the conclusion: notes, and what a single training leaves open."""
    by_verdict = found.conclusion is not None and found.conclusion.ground in ("ships", "held")
    once = by_verdict and min(len(side.seeds) for side in found.sides) == 1
    said = [_ONE_TRAINING[language]] if once else []
    if found.conclusion is not None and found.conclusion.ground == "held":
        winner = found.sides[0 if found.conclusion.preferred == "first" else 1]
        checks = _checks(winner, language)
        said.insert(0, _STILL_OPEN[language].format(winner=winner.label, checks=checks))
    return said + [_NOTES[note][language] if note in _NOTES else note for note in found.notes]


def deciding(side: Side) -> list[str]:
    """Return the checks that keep the trainings of an arm from shipping, those of its worst verdict."""
    worst = [verdict for verdict in side.verdicts if verdict.status == side.standing]
    return list(dict.fromkeys(check for verdict in worst for check in verdict.deciding))


def _checks(side: Side, language: UiLanguage) -> str:
    return _listed([check_name(check, language) for check in deciding(side)], language)


def _often(side: Side, language: UiLanguage) -> str:
    """Say in how many trainings an arm stands as it does; nothing where it was trained once."""
    k, n = sum(verdict.status == side.standing for verdict in side.verdicts), len(side.verdicts)
    return _OFTEN[language].format(k=k, n=n) if n > 1 else ""


def _of_repetition(found: Repetition, language: UiLanguage) -> str:
    turned = [pair for pair in found.verdicts if pair.before != pair.after]
    if not turned and len(found.verdicts) > 1:
        return _ALL_STAND[language].format(n=len(found.verdicts))
    said = [
        (_STANDS if pair.before == pair.after else _TURNED)[language].format(
            adapter=pair.adapter,
            before=standing_word(pair.before, language),
            after=standing_word(pair.after, language),
        )
        for pair in (turned or found.verdicts)
    ]
    return ("" if language == "ja" else " ").join(said)


def _listed(names: Sequence[str], language: UiLanguage) -> str:
    """Put names in a row as a sentence has them: lower case in English, where they are words."""
    if language == "ja":
        return ("と" if len(names) == 2 else "").join(f"「{name}」" for name in names)
    lower = [name[:1].lower() + name[1:] for name in names]
    return lower[0] if len(lower) == 1 else ", ".join(lower[:-1]) + " and " + lower[-1] if lower else ""
