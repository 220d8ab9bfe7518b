"""Sanity: is the adapter for this base, whole, and does it do anything at all?

Weights that are zero are a fact of the file, and hold it. That nothing changes although they are not may be a fault of
the measurement, so it stays open. Where another program holds the weights, only its answers can tell: an arm that
answers every probe just as the base does is taken for inert, and that both have one base cannot be proved at all.

A base that says next to nothing is a fault of the measurement too: a wrong template or tokenizer leaves it nothing to
lose, and every adapter would look safe beside it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from loracheck.evaluate.evidence import Evidence
from loracheck.records import BASE_ARM, ArmRecord, Finding, Status
from loracheck.text import is_loop

_MUTE = 0.5
"""Share of a base's answers that say nothing; small pretrained bases stay below 0.03, and one asked without the token
that begins its texts reaches 0.9."""


def check(entry: ArmRecord, evidence: Evidence | None = None) -> Finding:
    """Turn what was found into the first finding of every verdict."""
    status: Status
    values: dict[str, Any] = {"logit_change": entry.logit_change, "path": entry.path}
    empty, answered = _says_nothing(evidence) if evidence else (0, 0)
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
    if status != "fail" and empty > _MUTE * answered:
        status, reason = "inconclusive", "base_says_nothing"
        values |= {"empty": empty, "asked": answered}
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


def _says_nothing(evidence: Evidence) -> tuple[int, int]:
    """Count the base's answers that are empty, or a loop that it answered to something else as well, and all."""
    texts = Counter(evidence.text(BASE_ARM, p) for p in evidence.answered(BASE_ARM, evidence.probes))
    empty = sum(n for text, n in texts.items() if not text.strip() or (n > 1 and is_loop(text)))
    return empty, texts.total()
