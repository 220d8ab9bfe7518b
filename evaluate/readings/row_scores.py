"""How much likelier the adapter finds the rows it was trained on, and their held-out twins, than the base does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.questions.material import Material
from loracheck.probes import TRAINING
from loracheck.records import BASE_ARM, Estimate, Probe, ScoredText
from loracheck.text import letters

KIND = "reference"
RESAMPLES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class RowScore:
    """Loss in nats of one row's reply under base and adapter, summed over its tokens."""

    probe_id: str
    base: float
    tuned: float
    tokens: int

    @property
    def drop(self) -> float:
        """Return how much lower the adapter's loss is than the base's, in nats a token."""
        return (self.base - self.tuned) / self.tokens


def texts(material: Material) -> tuple[ScoredText, ...]:
    """Return the replies of training rows and of held-out rows, to be scored."""
    return tuple(
        ScoredText(probe=probe, text=probe.reference, kind=KIND)
        for probe in (*material.training, *material.in_domain)
        if probe.reference
    )


def scored_rows(evidence: Evidence, adapter: str) -> tuple[list[RowScore], list[RowScore]]:
    """Return training rows and held-out rows that both arms scored, every reply once.

    A held-out row whose reply stands among the training rows is no held-out row, and is left out.
    """
    training = _distinct(evidence.suite(TRAINING), set())
    heldout = _distinct(evidence.in_domain, {letters(probe.reference or "") for probe in training})
    return _scores(evidence, adapter, training), _scores(evidence, adapter, heldout)


def _distinct(probes: Iterable[Probe], known: set[str]) -> list[Probe]:
    found: dict[str, Probe] = {}
    for probe in probes:
        reply = letters(probe.reference or "")
        if reply and reply not in known:
            found.setdefault(reply, probe)
    return list(found.values())


def _scores(evidence: Evidence, adapter: str, probes: Iterable[Probe]) -> list[RowScore]:
    rows = []
    for probe in probes:
        base = evidence.tokens.get((BASE_ARM, probe.id, KIND))
        tuned = evidence.tokens.get((adapter, probe.id, KIND))
        if base and tuned and tuned.logprobs:
            rows.append(
                RowScore(
                    probe_id=probe.id,
                    base=-sum(base.logprobs),
                    tuned=-sum(tuned.logprobs),
                    tokens=len(tuned.logprobs),
                )
            )
    return rows


def loss_change(rows: Sequence[RowScore], draws: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
    """Return adapter's minus base's loss in nats a token over all rows, or over each draw of them, (draws,)."""
    change = np.array([row.tuned - row.base for row in rows])
    tokens = np.array([row.tokens for row in rows])
    chosen = np.arange(len(rows))[None] if draws is None else draws
    return np.asarray(change[chosen].sum(axis=1) / tokens[chosen].sum(axis=1))


def resampled(count: int, seed: int) -> NDArray[np.int64]:
    """Return draws of rows with replacement, (RESAMPLES, count)."""
    return np.random.default_rng(seed).integers(0, count, size=(RESAMPLES, count))


def interval(
    name: str, value: float, draws: NDArray[np.float64], n: int, confidence: float = 0.95
) -> Estimate:
    """Make an estimate in nats a token with the percentile interval of a bootstrap over rows."""
    tail = 50 * (1 - confidence)
    low, high = np.percentile(draws, [tail, 100 - tail])
    return Estimate(
        name=name,
        value=value,
        ci_low=float(low),
        ci_high=float(high),
        n=n,
        method="bootstrap over rows",
        unit="nats",
    )
