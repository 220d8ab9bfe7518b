"""Measure a run at its checkpoints: the held-out loss and the watch, a line of readings.jsonl each."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loracheck import jsonl
from loracheck.models.generation import pad_token_id
from loracheck.models.likelihood import score_rows
from loracheck.models.load import Base
from loracheck.records.training import CheckpointReading, Stopped, WatchReading
from loracheck.templates.chat import ChatTemplate, EncodedRow
from loracheck.train.config import TrainConfig
from loracheck.trained import READINGS
from loracheck.watch.watcher import Watch

from .readings import best_step, safe_step, stopped


@dataclass(slots=True, kw_only=True)
class Reader:
    """Takes readings of the model as it stands, and remembers them on disk."""

    base: Base
    template: ChatTemplate
    heldout: Sequence[EncodedRow]
    watch: Watch | None
    config: TrainConfig
    out: Path
    readings: list[CheckpointReading]

    @property
    def active(self) -> bool:
        """Tell whether there is anything to read."""
        return bool(self.heldout) or self.watch is not None

    def read(self, step: int, trained_tokens: int) -> CheckpointReading:
        """Measure the model after a step; a reading that was taken before is not taken again."""
        known = next((reading for reading in self.readings if reading.step == step), None)
        if known is not None:
            return known
        started = time.monotonic()
        reading = CheckpointReading(
            step=step,
            trained_tokens=trained_tokens,
            heldout_loss=self.heldout_loss(),
            watch=self._watched(step),
            seconds=round(time.monotonic() - started, 2),
        )
        self.readings.append(reading)
        jsonl.Appender(self.out / READINGS).append([reading])
        return reading

    def resume(self, step: int) -> None:
        """Forget readings that lie beyond the checkpoint the run goes on from."""
        path = self.out / READINGS
        jsonl.Appender(path)  # drops a torn last line
        self.readings = [reading for reading in jsonl.read(path, CheckpointReading) if reading.step <= step]
        jsonl.write(path, self.readings)

    def stopped(self) -> Stopped | None:
        """Return why the run ends here, or None when it goes on."""
        return stopped(self.readings, self.config)

    def protected(self) -> frozenset[int]:
        """Return the steps whose checkpoints may become the adapter."""
        return frozenset(step for step in (best_step(self.readings), safe_step(self.readings)) if step)

    def heldout_loss(self) -> float | None:
        """Return the mean loss in nats per trained token of the held-out rows; None without rows."""
        if not self.heldout:
            return None
        model = self.base.model
        was_training = model.training
        model.eval()
        pad_id = pad_token_id(self.template)
        scored = [s for batch in score_rows(model, self.heldout, pad_id=pad_id) for _, s in batch]
        model.train(was_training)
        return -sum(s.logprob for s in scored) / sum(s.tokens for s in scored)

    def _watched(self, step: int) -> WatchReading | None:
        if self.watch is None:
            return None
        return self.watch.base_reading if step == 0 else self.watch.read(self.base.model, f"step-{step}")
