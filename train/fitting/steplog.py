"""The log of a run's steps: a line of metrics.jsonl each, and how far and how fast the run has come."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from loracheck import jsonl
from loracheck.progress import Advance
from loracheck.records.training import TrainingStep
from loracheck.train.usage import peak_memory


class StepLog:
    """The steps of a run as they are logged, those before a resume included.

    Attributes:
        done: Trained tokens of the steps before this process began.
        started: When it began, by the monotonic clock.
    """

    def __init__(self, tokens_after: Sequence[int], path: Path, at: int, *, speaks: bool) -> None:
        """Open the log.

        Args:
            tokens_after: Trained tokens up to each step of the run.
            path: The file of the steps.
            at: The step from which the run goes on; 0 at its beginning.
            speaks: Whether this is the process that logs.
        """
        self.count = len(tokens_after)
        self.path = path
        self.log = jsonl.Appender(path) if speaks else None
        self.steps: dict[int, TrainingStep] = {}
        if speaks:
            self.steps = {step.step: step for step in jsonl.read(path, TrainingStep) if step.step <= at}
        self.done = self.measured = tokens_after[at - 1] if at else 0
        self.started = time.monotonic()

    def record(self, step: TrainingStep, advance: Advance) -> None:
        """Log a step and show how it goes."""
        if self.log is None:
            return
        self.steps[step.step] = step
        self.log.append([step])
        rate = (step.trained_tokens - self.done) / (time.monotonic() - self.started)
        memory = peak_memory()
        advance(
            step.trained_tokens - self.measured,
            f"step {step.step} of {self.count}, loss {step.loss:.3f}, {rate:.0f} tokens/s"
            + (f", {memory / 1e9:.1f} GB" if memory else ""),
        )
        self.measured = step.trained_tokens

    def finish(self) -> list[TrainingStep]:
        """Write the steps in order, each once, and return them."""
        steps = [self.steps[number] for number in sorted(self.steps)]
        if self.log is not None:
            jsonl.write(self.path, steps)
        return steps
