"""Calibration: does the likelihood of the choices still say how sure one may be?

The likelihoods of the plain choices, made to sum to one, are held against the right one by the Brier score, paired
over the same questions. The expected calibration error is shown and decides nothing: it is biased upwards on few
items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Policy
from loracheck.evaluate.questions.material import Material, Questions
from loracheck.records import BASE_ARM, ChoiceScores, Estimate, Finding

from .check import Check
from .gates import mean_gate, unmeasured

CHECK = "calibration"
_BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """What the likelihoods of a question's plain choices say: the score, and the sureness of the likeliest one."""

    brier: float
    """Half the squared distance to the truth: 0 for sure and right, 1 for sure and wrong."""
    sureness: float
    right: bool


def belief(scores: ChoiceScores) -> Belief | None:
    """Read a belief off the plain choices; None where the right or all wrong ones are missing."""
    plain = [
        (kind == "right", value)
        for kind, value in zip(scores.kinds, scores.logprobs, strict=False)
        if kind in ("right", "wrong")
    ]
    truth = np.array([right for right, _ in plain], dtype=np.float64)
    if truth.sum() != 1 or len(truth) < 2:
        return None
    values = np.array([value for _, value in plain])
    weights = np.exp(values - values.max())
    shares = weights / weights.sum()
    likeliest = int(shares.argmax())
    return Belief(
        brier=float(((shares - truth) ** 2).sum()) / 2,
        sureness=float(shares[likeliest]),
        right=bool(truth[likeliest]),
    )


def calibration(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Check that the Brier score of the choices is not higher than the base's by more than the margin."""
    pairs = [
        (probe, before, after)
        for probe in evidence.ranked(adapter, evidence.suite("facts"))
        if (before := belief(evidence.choices[BASE_ARM, probe.id]))
        and (after := belief(evidence.choices[adapter, probe.id]))
    ]
    if not pairs:
        return unmeasured(CHECK, adapter, "needs_probes")
    finding = mean_gate(
        CHECK,
        adapter,
        name="brier",
        base=[before.brier for _, before, _ in pairs],
        tuned=[after.brier for _, _, after in pairs],
        probe_ids=[probe.id for probe, _, _ in pairs],
        margin=policy.margin(CHECK),
        alpha=policy.alpha,
        unit="difference",
        clusters=[probe.cluster for probe, _, _ in pairs],
    )
    levels = tuple(replace(estimate, unit="share") for estimate in finding.estimates[1:])
    errors = (
        _calibration_error(f"calibration_error: {BASE_ARM}", [before for _, before, _ in pairs]),
        _calibration_error(f"calibration_error: {adapter}", [after for _, _, after in pairs]),
    )
    return replace(finding, estimates=(finding.estimates[0], *levels, *errors))


def _calibration_error(name: str, beliefs: Sequence[Belief]) -> Estimate:
    """Return the expected calibration error over ten bins of sureness.

    It has no interval: noise alone keeps it above zero, so that those of the bootstrap miss the truth.
    """
    sure = np.array([one.sureness for one in beliefs])
    gaps = np.array([one.right for one in beliefs], dtype=np.float64) - sure
    bins = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    error = float(np.abs(np.bincount(bins, weights=gaps, minlength=_BINS)).sum()) / len(sure)
    return Estimate(name=name, value=error, ci_low=None, ci_high=None, n=len(sure), method="bins")


def _asks(material: Material) -> Questions:
    return Questions(rank=material.suite("facts"))


CALIBRATION = Check(
    name=CHECK,
    measure=calibration,
    asks=_asks,
    needs=("choices",),
)
