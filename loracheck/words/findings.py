"""The sentences of findings and verdicts, in English and Japanese, for terminal and report alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from loracheck.records import Comparison, Estimate, FalseAlarms, Finding, UiLanguage, Verdict
from loracheck.words import REASONS, WORDS, Pair
from loracheck.words.verdict import ALARM, ALARMS, POST_HOC, SHIP_WAIVED, STATUSES, VERDICTS, WAIVED

_NEEDED: Pair = {
    "en": "About {n} items would settle it if the rate stays as it is.",
    "ja": "割合がこのままなら、約{n}件で決まります。",
}
_BEYOND: Pair = {
    "en": "No number of items settles a rate that lies on its limit.",
    "ja": "割合がちょうど限度にあるため、件数を増やしても決まりません。",
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
    """Return the display name of a check; its own where this version has no such check."""
    return WORDS[check].name[language] if check in WORDS else check


def explain(finding: Finding, language: UiLanguage = "en") -> str:
    """Say in one or two sentences what a check found, with its number, interval, limit and n."""
    parts = []
    if finding.estimates and finding.threshold is not None:
        form = WORDS[finding.check].sentences[finding.estimates[0].name][language]
        parts.append(form.format_map(_values(finding, language)))
    return _joined([*parts, *_beside_number(finding, language)], language)


def beside_number(finding: Finding, language: UiLanguage = "en") -> str:
    """Say what `explain` says after the sentence with the number."""
    return _joined(_beside_number(finding, language), language)


def _joined(sentences: Sequence[str], language: UiLanguage) -> str:
    return ("" if language == "ja" else " ").join(sentences)


def _values(finding: Finding, language: UiLanguage) -> _Values:
    values = _Values({name: _shown(value) for name, value in finding.values.items()})
    if finding.estimates and finding.threshold is not None:
        first = finding.estimates[0]
        shown = number(first, language)
        values |= {
            "number": shown,
            "share": shown.rpartition(", n=")[0] or shown,
            "n": f"{first.n:,}",
            "limit": amount(finding.threshold, first.unit, language),
        }
    return values


def _beside_number(finding: Finding, language: UiLanguage) -> list[str]:
    parts = []
    values = _values(finding, language)
    undecided = finding.reason == "not_enough_evidence"
    if finding.reason in REASONS and not (
        undecided and finding.status == "info"
    ):  # info decides nothing anyway
        parts.append(REASONS[finding.reason][language].format_map(values))
    if finding.status == "inconclusive" and undecided:
        needed = finding.n_needed
        parts.append(_NEEDED[language].format(n=f"{needed:,}") if needed else _BEYOND[language])
    notes = WORDS[finding.check].notes
    return parts + [notes[key][language].format_map(values) for key in notes if finding.values.get(key)]


class _Values(dict[str, str]):
    """Fields of a sentence; one that was not measured is shown as a question mark."""

    def __missing__(self, key: str) -> str:
        return "?"


def _shown(value: Any) -> str:  # noqa: ANN401 - whatever a finding keeps
    if value is None:
        return "?"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def verdict_word(verdict: Verdict, language: UiLanguage = "en") -> str:
    """Return the word for a verdict."""
    if verdict.status == "ship" and verdict.waived:
        return SHIP_WAIVED[language]
    return VERDICTS[verdict.status][language]


def status_word(status: str, language: UiLanguage = "en") -> str:
    """Return the word for the status of a finding."""
    return STATUSES[status][language]


def remarks(verdict: Verdict, language: UiLanguage = "en") -> list[str]:
    """Say which waivers a verdict rests on, and that its limits came after the run, where that is so."""
    said = [
        WAIVED[language].format(
            check=check_name(w.check, language), expires=w.expires, owner=w.owner, reason=w.reason
        )
        for w in verdict.waived
    ]
    return [*said, *([POST_HOC[language]] if verdict.post_hoc else [])]


def false_alarms(found: Sequence[FalseAlarms], language: UiLanguage = "en") -> list[str]:
    """Say how many false alarms the limits gave on adapters trained to do no harm: the verdicts, then by check."""
    said = []
    for alarms in found:
        rate = alarms.rate
        count = round((rate.value or 0.0) * rate.n)
        form = (ALARMS if alarms.check is None else ALARM)[language]
        name = "" if alarms.check is None else check_name(alarms.check, language)
        said.append(form.format(check=name, n=rate.n, count=count, number=number(rate, language)))
    return said


def number(estimate: Estimate, language: UiLanguage = "en") -> str:
    """Format an estimate with its 95% interval and n."""
    ends = interval(estimate)
    if estimate.value is None or ends is None:
        return "未測定" if language == "ja" else "not measured"
    return f"{amount(estimate.value, estimate.unit, language)} {ends}, n={estimate.n:,}"


def interval(estimate: Estimate) -> str | None:
    """Format the 95% interval of an estimate as [low, high], in the unit of its value; None where it has none."""
    low, high = estimate.ci_low, estimate.ci_high
    if low is None or high is None:
        return None
    if estimate.unit in ("share", "difference"):
        low, high = 100 * low, 100 * high
    form = {"share": ".1f", "difference": "+.1f", "nats": "+.3f", "correlation": "+.2f", "count": ",.0f"}
    return f"[{_signless_zero(low, form[estimate.unit])}, {_signless_zero(high, form[estimate.unit])}]"


def _signless_zero(value: float, form: str) -> str:
    """Format a number; one that is shown as zero has no sign."""
    shown = f"{value:{form}}"
    return shown if shown.strip("+-0.") else shown.lstrip("+-")


def amount(value: float, unit: str, language: UiLanguage = "en") -> str:
    """Format a number of an estimate's unit."""
    if unit == "difference":
        return f"{_signless_zero(100 * value, '+.1f')}{'ポイント' if language == 'ja' else ' points'}"
    if unit == "nats":
        return f"{_signless_zero(value, '+.3f')}{'ナット' if language == 'ja' else ' nats'}"
    if unit == "share":
        return f"{_signless_zero(100 * value, '.1f')}%"
    return _signless_zero(value, "+.2f") if unit == "correlation" else f"{value:,.0f}"


def compared(comparison: Comparison, language: UiLanguage = "en") -> str:
    """Say how a second adapter differs from a first one on the same questions."""
    return _COMPARED[comparison.measure][language].format(
        first=comparison.first,
        second=comparison.second,
        number=number(comparison.difference, language),
        won=len(comparison.won),
        lost=len(comparison.lost),
    )
