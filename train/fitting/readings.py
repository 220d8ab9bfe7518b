"""What the readings of a run say: which checkpoint is best, which is safe, and whether to stop.

All of it follows from the lines of readings.jsonl, so a resumed run decides as an unbroken one.
"""

from __future__ import annotations

from collections.abc import Sequence

from loracheck.records.training import CheckpointReading, Kept, Stopped
from loracheck.train.config import TrainConfig


def best_step(readings: Sequence[CheckpointReading]) -> int | None:
    """Return the checkpoint with the lowest held-out loss, the earliest of equals; step 0 is no checkpoint."""
    measured = [(r.heldout_loss, r.step) for r in readings if r.step and r.heldout_loss is not None]
    return min(measured)[1] if measured else None


def safe_step(readings: Sequence[CheckpointReading]) -> int | None:
    """Return the last checkpoint at which the watch found nothing unsafe."""
    safe = [reading.step for reading in readings if reading.step and reading.watch and reading.watch.safe]
    return max(safe, default=None)


def stopped(readings: Sequence[CheckpointReading], config: TrainConfig) -> Stopped | None:
    """Return why the run ends at its last reading, or None when it goes on."""
    taken = [reading for reading in readings if reading.step]
    if config.stop_when_unsafe and taken and taken[-1].watch and not taken[-1].watch.safe:
        return "unsafe"
    best = best_step(taken)
    if config.early_stopping_patience and best is not None:
        since = sum(reading.step > best for reading in taken)
        if since >= config.early_stopping_patience:
            return "early"
    return None


def kept_step(wanted: Kept, readings: Sequence[CheckpointReading], last: int) -> tuple[Kept, int]:
    """Return which checkpoint becomes the adapter: the wanted one, or the last where there is no such one."""
    step = {"last": last, "best": best_step(readings), "safe": safe_step(readings)}[wanted]
    return ("last", last) if step is None else (wanted, step)
