"""The held-out losses of an adapter's training: from a train run's readings, or from a foreign trainer's state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from loracheck import jsonl
from loracheck.adapters.files import ADAPTER
from loracheck.errors import LoracheckError
from loracheck.foreign import read_curve
from loracheck.records.training import CheckpointReading
from loracheck.runs import SUMMARY
from loracheck.trained import READINGS


@dataclass(frozen=True, slots=True, kw_only=True)
class LossCurve:
    """Held-out losses in nats a token.

    Attributes:
        points: By trained tokens, or by steps where the trainer counted no tokens; the base comes first at 0 where
            it was measured.
        kept_at: The point whose weights the adapter holds; None when that is not known.
    """

    points: tuple[tuple[int, float], ...] = ()
    kept_at: int | None = None


class _Kept(msgspec.Struct):
    kept_step: int


def loss_curve(adapter: Path) -> LossCurve:
    """Read the held-out losses that lie beside an adapter's folder; empty where there are none.

    What another program wrote, and cannot be read, is left alone: nothing is decided by it.
    """
    run = adapter.parent
    if adapter.name == ADAPTER and (run / READINGS).is_file():
        return _of_readings(run)
    found = read_curve(adapter)
    return LossCurve(points=found.points, kept_at=found.kept_at)


def _of_readings(run: Path) -> LossCurve:
    try:
        readings = list(jsonl.read(run / READINGS, CheckpointReading))
    except LoracheckError:
        return LossCurve()
    kept = None
    if (run / SUMMARY).is_file():
        try:
            kept = jsonl.decode((run / SUMMARY).read_bytes(), _Kept).kept_step
        except msgspec.MsgspecError:
            kept = None
    measured = {r.step: (r.trained_tokens, r.heldout_loss) for r in readings if r.heldout_loss is not None}
    return LossCurve(
        points=tuple(measured[step] for step in sorted(measured)),
        kept_at=measured[kept][0] if kept in measured else None,
    )
