"""Sanity: is the adapter for this base, whole, and does it do anything at all?

Weights that are zero are a fact of the file, and hold it. That nothing changes although they are not may be a fault of
the measurement, so it stays open. Where another program holds the weights, only its answers can tell: an arm that
answers every probe just as the base does is taken for inert, and that both have one base cannot be proved at all.
"""

from __future__ import annotations

from typing import Any

from loracheck.records import BASE_ARM, ArmRecord, Finding, Status

from .evidence import Evidence


def check(entry: ArmRecord, evidence: Evidence | None = None) -> Finding:
    """Turn what was found into the first finding of every verdict."""
    status: Status
    values: dict[str, Any] = {"logit_change": entry.logit_change, "path": entry.path}
    if entry.engine in ("served", "stored"):
        status, reason, values = _by_answers(entry, evidence)
    elif not entry.finite:
        status, reason = "fail", "adapter_not_finite"
    elif entry.inert:
        status, reason = "fail", "adapter_inert"
    elif entry.logit_change == 0:
        status, reason = "inconclusive", "nothing_changed"
    elif not entry.verified:
        status, reason = (
            "inconclusive",
            "adapter_unverified" if entry.engine == "local" else "model_unverified",
        )
    elif entry.watched_too_many:
        status, reason = "inconclusive", "chosen_by_too_many"
        values |= {"watched": entry.watched_too_many}
    else:
        status, reason = "pass", "adapter_sound" if entry.engine == "local" else "model_sound"
    kl = entry.divergence
    if kl is not None and kl.value is not None and reason == "model_sound":
        reason = "model_sound_compared"
        values |= {"divergence": f"{kl.value:.4f}", "compared": kl.n}
    return Finding(
        check="sanity", adapter=entry.name, required=True, status=status, reason=reason, values=values
    )


def _by_answers(entry: ArmRecord, evidence: Evidence | None) -> tuple[Status, str, dict[str, Any]]:
    asked = evidence.answered(entry.name, evidence.probes) if evidence else []
    changed = (
        sum(evidence.text(BASE_ARM, p) != evidence.text(entry.name, p) for p in asked) if evidence else 0
    )
    values = {"changed": changed, "asked": len(asked), "path": entry.path}
    if not changed:
        return "inconclusive", "answers_are_the_bases", values
    if not entry.verified:
        return "inconclusive", "base_not_provable", values
    return "pass", "answers_differ", values
