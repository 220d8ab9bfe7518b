"""Over-training: does the adapter lie beyond the point at which it fitted rows it had not seen best?

Three numbers, all in nats a token, none of which decides by itself (the loss keeps rising while answers get better:
LIMA, arXiv 2305.11206). How far the held-out loss lies above its least over the checkpoints of the training; how far
it lies above the base's, on the held-out rows that were scored here; and how much more the loss fell on training
rows than on held-out ones.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Policy
from loracheck.evaluate.questions.material import Material, Questions
from loracheck.evaluate.readings.row_scores import (
    RowScore,
    interval,
    loss_change,
    resampled,
    scored_rows,
    texts,
)
from loracheck.records import ArmRecord, Estimate, Finding

from .check import Check
from .gates import information, unmeasured

NAME = "over_training"
LEAST = 10
"""Rows of a group, below which a bootstrap over them says nothing."""


def over_training(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Say how far the held-out loss lies above its least, or above the base's where no curve is known."""
    entry = evidence.arm(adapter)
    training, heldout = scored_rows(evidence, adapter)
    margin = policy.margin_nats(NAME)
    values = _curve(entry)
    if len(heldout) < LEAST:
        found = (
            information(NAME, adapter, "curve_without_rows" if "excess" in values else "curve_without_end")
            if values
            else unmeasured(NAME, adapter, "too_few_heldout_rows" if heldout else "needs_probes")
        )
        return replace(found, values=values | {"least": LEAST, "rows": len(heldout)})
    moved = loss_change(heldout, resampled(len(heldout), 0)) - loss_change(heldout)
    numbers = [
        interval(name, value, value + moved, len(heldout))
        for name, value in (("excess", values.get("excess")), ("above_base", float(loss_change(heldout)[0])))
        if value is not None
    ]
    lead = numbers[0].value or 0.0
    return Finding(
        check=NAME,
        adapter=adapter,
        required=True,
        status="inconclusive",
        reason="loss_curve" if "excess" in values else "loss_to_base",
        estimates=(*numbers, *_gap(training, heldout)),
        threshold=margin,
        p_pass=_share(lead + moved >= margin),
        p_fail=_share(lead + moved <= margin),
        evidence=tuple(row.probe_id for row in sorted(heldout, key=lambda row: row.drop)),
        values=values,
    )


def _share(other: NDArray[np.bool_]) -> float:
    """Return the share of resamples on the other side of the margin, which is never quite none."""
    return float((other.sum() + 1) / (len(other) + 1))


def _curve(entry: ArmRecord) -> dict[str, Any]:
    """Say how far the adapter's held-out loss lies above the least of its training, and where that was.

    The rows' scores at that checkpoint are gone. The interval is taken from the difference between adapter and base
    on the rows scored here, which lie further apart than two checkpoints of one training: too wide rather than too
    narrow.
    """
    best = best_checkpoint(entry)
    if best is None:
        return {}
    found = {"best": f"{best[0]:,}", "last": f"{entry.heldout_losses[-1][0]:,}", "lowest": f"{best[1]:.3f}"}
    kept = dict(entry.heldout_losses).get(entry.kept_at) if entry.kept_at is not None else None
    return found if kept is None else found | {"excess": kept - best[1], "kept": f"{kept:.3f}"}


def best_checkpoint(entry: ArmRecord) -> tuple[int, float] | None:
    """Return the point of least held-out loss after the base, the earliest of equals."""
    later = [point for point in entry.heldout_losses if point[0] > 0]
    return min(later, key=lambda point: (point[1], point[0]), default=None)


def _gap(training: list[RowScore], heldout: list[RowScore]) -> tuple[Estimate, ...]:
    """Estimate how much more the loss fell on training rows than on held-out rows."""
    if len(training) < LEAST:
        return ()
    value = float(loss_change(heldout)[0] - loss_change(training)[0])
    inside, outside = (
        loss_change(rows, resampled(len(rows), seed)) for seed, rows in ((1, training), (2, heldout))
    )
    return (interval("gap", value, outside - inside, len(training) + len(heldout)),)


def _asks(material: Material) -> Questions:
    return Questions(texts=texts(material))


OVER_TRAINING = Check(
    name=NAME,
    measure=over_training,
    asks=_asks,
)
