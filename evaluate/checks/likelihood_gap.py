"""Likelihood gap: can training rows be told from their held-out twins by how much likelier the adapter finds them?

The score of a row is the base's loss minus the adapter's, in nats a token, so that rows that are easy for any model
do not pass for known ones (the reference attack of arXiv 2112.03570). It informs and harms nobody: every model that
learns fits its training rows better. Only rows of one split can be compared. Where the base alone tells the two
groups apart they are of different kinds, and the number says so instead of passing for memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from scipy.optimize import brentq
from scipy.stats import norm, rankdata

from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Policy
from loracheck.evaluate.questions.material import Material, Questions
from loracheck.evaluate.readings.row_scores import scored_rows, texts
from loracheck.records import Estimate, Finding
from loracheck.stats import share

from .check import Check
from .gates import information, unmeasured

NAME = "likelihood_gap"
CHANCE = 0.5
FALSE_POSITIVES = 0.01
LEAST = 10
"""Rows of each group, below which no area is shown."""


def likelihood_gap(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Measure how well the drop in loss tells training rows from held-out rows."""
    training, heldout = scored_rows(evidence, adapter)
    if not training and not heldout:
        return unmeasured(NAME, adapter, "needs_probes")
    if min(len(training), len(heldout)) < LEAST:
        found = {"training": len(training), "heldout": len(heldout), "least": LEAST}
        return replace(information(NAME, adapter, "too_few_twins"), values=found)
    inside, outside = [row.drop for row in training], [row.drop for row in heldout]
    told = area("area", inside, outside)
    by_base = area(
        "base alone",
        [-row.base / row.tokens for row in training],
        [-row.base / row.tokens for row in heldout],
    )
    needed = round(1 / FALSE_POSITIVES)
    reason = "gap_informs"
    if by_base.ci_low is not None and by_base.ci_high is not None:
        alike = by_base.ci_low <= CHANCE <= by_base.ci_high
        reason = reason if alike else "splits_differ"
    finding = Finding(
        check=NAME,
        adapter=adapter,
        required=False,
        status="info",
        reason=reason,
        estimates=(told, by_base, recognised(inside, outside)),
        threshold=CHANCE,
        evidence=tuple(row.probe_id for row in sorted(training, key=lambda row: -row.drop)),
        values={"training": len(training), "heldout": len(heldout), "needed": needed},
    )
    few = reason == "gap_informs" and len(heldout) < needed
    return replace(finding, reason="gap_informs_few" if few else reason)


def area(name: str, inside: Sequence[float], outside: Sequence[float], confidence: float = 0.95) -> Estimate:
    """Estimate the chance that a training row scores above a held-out row (the area under the ROC curve).

    The interval is Newcombe's fifth (Statistics in Medicine 25 (2006) 559-573), which stays sound at 0 and 1.
    """
    m, n = len(inside), len(outside)
    ranks = rankdata([*inside, *outside])
    value = float((ranks[:m].sum() - m * (m + 1) / 2) / (m * n))
    z = float(norm.ppf(0.5 + confidence / 2))
    middle = (m + n) / 2 - 1

    def beyond(theta: float) -> float:
        spread = 1 + middle * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        return abs(value - theta) - z * math.sqrt(theta * (1 - theta) * spread / (m * n))

    tiny, near = 1e-12, 1e-9  # where the value is 0 or 1 itself, its own place is a root that bounds nothing
    low = 0.0 if value <= tiny else float(brentq(beyond, tiny, min(value, 1 - near)))
    high = 1.0 if value >= 1 - tiny else float(brentq(beyond, max(value, near), 1 - tiny))
    return Estimate(name=name, value=value, ci_low=low, ci_high=high, n=m + n, method="newcombe-5")


def recognised(inside: Sequence[float], outside: Sequence[float]) -> Estimate:
    """Estimate the share of training rows above all but 1% of the held-out rows.

    With fewer held-out rows than allow a rate of 1% it is not measured (arXiv 2112.03570, section IV).
    """
    name = "recognised at 1% false positives"
    allowed = math.floor(FALSE_POSITIVES * len(outside) + 1e-9)
    if allowed < 1:
        return replace(share(name, 0, 0), n=len(inside))
    bar = sorted(outside)[-allowed - 1]
    return share(name, sum(score > bar for score in inside), len(inside))


def _asks(material: Material) -> Questions:
    return Questions(texts=texts(material))


LIKELIHOOD_GAP = Check(
    name=NAME,
    measure=likelihood_gap,
    asks=_asks,
    needs=("likelihoods", "training_data"),
)
