"""Sanity: is the adapter for this base, whole, and does it do anything at all?"""

from __future__ import annotations

from loracheck.records import ArmRecord, Finding, Status


def check(entry: ArmRecord) -> Finding:
    """Turn what was found into the first finding of every verdict."""
    status: Status
    if not entry.finite:
        status, reason = "fail", "adapter_not_finite"
    elif entry.inert or entry.logit_change == 0:
        status, reason = "inconclusive", "adapter_inert"
    elif not entry.verified:
        status, reason = "inconclusive", "adapter_unverified"
    else:
        status, reason = "pass", "adapter_sound"
    return Finding(
        check="sanity",
        adapter=entry.name,
        required=True,
        status=status,
        reason=reason,
        values={"logit_change": entry.logit_change, "path": entry.path},
    )
