"""The cards at the top of the page: one for each adapter, the worst first."""

from __future__ import annotations

from typing import Any

from loracheck.records import Estimate, Finding, Status, Verdict
from loracheck.reports import figures
from loracheck.reports.strings.frame import Both, both, same, text
from loracheck.words import findings

ORDER = {"hold": 0, "inconclusive": 1, "ship": 2}

_NO_HARM = ("not_learnt", "base_does_not_end")
"""Reasons of a check that misses its limit and cannot fail: it stays open, however many items are asked."""


def card(verdict: Verdict) -> dict[str, Any]:
    """Return the view of one verdict: its word, the finding behind it, and what would change it."""
    main, others = _chosen(verdict)
    required = [finding.status for finding in verdict.findings if finding.required]
    return {
        "adapter": verdict.adapter,
        "status": verdict.status,
        "word": both(lambda language: findings.verdict_word(verdict, language)),
        "label": text("nearest" if verdict.status == "ship" else "deciding"),
        "main": headline(main) if main else None,
        "change": change(main) if main else text("change_none"),
        "remarks": [
            Both(en, ja)
            for en, ja in zip(findings.remarks(verdict, "en"), findings.remarks(verdict, "ja"), strict=True)
        ],
        "others": [headline(finding) for finding in others],
        "passed": _tally(required),
    }


def _tally(required: list[Status]) -> Both:
    """Say how many of the required checks passed, failed and are open."""
    counts = {"failed": required.count("fail"), "open": required.count("inconclusive")}
    parts = [text("required_passed", required=len(required), passed=required.count("pass"))]
    parts += [text(f"required_{name}", n=n) for name, n in counts.items() if n]
    return Both("".join(part.en for part in parts), "".join(part.ja for part in parts))


def headline(finding: Finding) -> dict[str, Any]:
    """Return a finding with its number, interval, limit and n ready to print."""
    first = finding.estimates[0] if finding.estimates else None
    return {
        "check": finding.check,
        "name": name(finding.check),
        "adapter": finding.adapter,
        "status": finding.status,
        "required": finding.required,
        "sentence": sentence(finding),
        "number": figures.amount(first.value, first.unit) if first else None,
        "figure": figures.parted(first.value, first.unit) if first else None,
        "interval": figures.interval(first) if first else None,
        "unit": first.unit if first else None,
        "n": figures.whole(first.n) if first else None,
        "limit": figures.amount(finding.threshold, first.unit)
        if first and finding.threshold is not None
        else None,
    }


def name(check: str) -> Both:
    """Return the name of a check in both languages."""
    return both(lambda language: findings.check_name(check, language))


def sentence(finding: Finding) -> Both:
    """Return what a finding says, in both languages; its bare code where this version has no words for it."""
    try:
        return figures.typeset(both(lambda language: findings.explain(finding, language)))
    except KeyError:
        return same(finding.reason)


def labelled(finding: Finding, *, several: bool) -> Both:
    """Return the name of a finding's check, with its adapter where there are several."""
    check = name(finding.check)
    return Both(*(f"{finding.adapter} · {said}" for said in check)) if several else check


def change(finding: Finding) -> Both:
    """Say what would change the outcome: how far the number is from its limit, or how many items it takes."""
    first = finding.estimates[0] if finding.estimates else None
    if first is None or first.value is None or finding.threshold is None:
        if finding.status == "inconclusive" and finding.n_needed is not None:
            return text("change_n", needed=figures.whole(finding.n_needed), n=first.n if first else 0)
        return text("change_none" if finding.status == "pass" else "change_mend")
    limit = figures.amount(finding.threshold, first.unit)
    if finding.status == "fail" or finding.reason in _NO_HARM:
        key = "change_below" if first.value > finding.threshold else "change_above"
        return text(key, limit=limit, gap=figures.distance(first.value - finding.threshold, first.unit))
    if finding.status == "inconclusive":
        if finding.reason == "no_headroom":
            return text("change_headroom")
        if finding.n_needed is None:
            return text("change_more")
        return text("change_n", needed=figures.whole(finding.n_needed), n=figures.whole(first.n))
    return _margin_left(first, finding.threshold, limit)


def _margin_left(first: Estimate, threshold: float, limit: Both) -> Both:
    below = first.value is not None and first.value <= threshold
    gap = figures.distance((first.value or 0.0) - threshold, first.unit)
    return text("change_ship_high" if below else "change_ship_low", limit=limit, gap=gap)


def _chosen(verdict: Verdict) -> tuple[Finding | None, list[Finding]]:
    """Return the finding to show large and the other deciding ones.

    When an adapter ships no single check decided; the one nearest to its limit tells the reader most.
    """
    if verdict.status == "ship":
        passed = [finding for finding in verdict.findings if finding.required and finding.status == "pass"]
        return min(passed, key=_room, default=None), []
    by_name = {finding.check: finding for finding in verdict.findings}
    deciding = [by_name[check] for check in verdict.deciding if check in by_name]
    return (deciding[0], deciding[1:]) if deciding else (None, [])


def _room(finding: Finding) -> float:
    first = finding.estimates[0] if finding.estimates else None
    if first is None or first.value is None or finding.threshold is None or first.unit == "count":
        return float("inf")
    if first.ci_low is None or first.ci_high is None:
        return float("inf")
    # Negative where the two-sided interval reaches past a limit that the one-sided test still cleared.
    below = first.value <= finding.threshold
    return finding.threshold - first.ci_high if below else first.ci_low - finding.threshold
