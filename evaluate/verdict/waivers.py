"""Waivers: a check that somebody answers for by name, with a reason and a last day.

A waiver never makes a check pass: the finding keeps its numbers and counts as waived, and the verdict says so.
Soundness of the adapter cannot be waived. A waiver that is past its day, or lacks a part, is refused: nothing
goes on shipping on a promise that nobody keeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime

from loracheck.errors import UsageError
from loracheck.records import Finding, Waiver

EVERY_ADAPTER = "*"
NEVER_WAIVED = "sanity"
HARD_RULES = ("forbidden_strings",)
"""Rules of the verdict beside the checks; they have no gate and may be waived."""


def refuse_malformed(policy: str, waivers: Sequence[Waiver], checks: Iterable[str]) -> None:
    """Refuse a waiver that lacks a part, names no check of the policy, or is for the adapter's soundness.

    Raises:
        UsageError: names the policy, the waiver and its field.
    """
    known = [*checks, *HARD_RULES]
    for number, waiver in enumerate(waivers, start=1):
        where = f"policy {policy}: waiver {number} ({waiver.check} for {waiver.adapter})"
        for part in fields(Waiver):
            if not str(getattr(waiver, part.name)).strip():
                raise UsageError(
                    f"{where}: {part.name} is empty.",
                    kind="waiver_invalid",
                    hint="Say who answers for it, and why.",
                )
        if waiver.check == NEVER_WAIVED:
            raise UsageError(
                f"{where}: whether the adapter is sound and this base's own is never waived.",
                kind="waiver_invalid",
            )
        if waiver.check not in known:
            raise UsageError(
                f"{where}: there is no such check.",
                kind="waiver_invalid",
                hint=f"Checks: {', '.join(known)}.",
            )
        try:
            _last_day(waiver)
        except ValueError:
            raise UsageError(
                f"{where}: expires is a day such as 2027-01-31, not {waiver.expires!r}.",
                kind="waiver_invalid",
            ) from None


def refuse_expired(policy: str, waivers: Sequence[Waiver], today: date | None = None) -> None:
    """Refuse a waiver whose last day is past.

    Args:
        policy: Name of the policy.
        waivers: Its waivers, of right form.
        today: The day; None takes the present one (UTC).

    Raises:
        UsageError: names check, adapter, owner and day.
    """
    today = today or datetime.now(UTC).date()
    for waiver in waivers:
        if _last_day(waiver) < today:
            raise UsageError(
                f"policy {policy}: the waiver of {waiver.check} for {waiver.adapter}, owned by {waiver.owner}, "
                f"expired on {waiver.expires}.",
                kind="waiver_expired",
                hint="Mend the adapter and remove the waiver, or let its owner renew it with a new day.",
            )


def waive(
    findings: Sequence[Finding], adapter: str, waivers: Sequence[Waiver]
) -> tuple[list[Finding], tuple[Waiver, ...]]:
    """Count every required finding that fails or stays open, and that a waiver covers, as waived.

    Returns:
        The findings, and the waivers that were made use of.
    """
    counted, used = [], []
    for finding in findings:
        waiver = next((w for w in waivers if _covers(w, finding, adapter)), None)
        if waiver and finding.required and finding.status in ("fail", "inconclusive"):
            finding = replace(finding, status="waived", n_needed=None)
            used.append(waiver)
        counted.append(finding)
    return counted, tuple(used)


def _covers(waiver: Waiver, finding: Finding, adapter: str) -> bool:
    if finding.check == NEVER_WAIVED:
        return False
    return waiver.check == finding.check and waiver.adapter in (adapter, EVERY_ADAPTER)


def _last_day(waiver: Waiver) -> date:
    return date.fromisoformat(waiver.expires)
