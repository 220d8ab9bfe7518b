"""A few real steps in a process of their own, by which a plan corrects its memory and its time.

The largest micro-batch runs first, so that too little memory shows at once; then its step, which is not timed, steps
of few, of middling and of many tokens, and its step again, as the heap's peak comes when large parts follow small
ones. The process ends and leaves nothing: its checkpoints lie in a temporary folder.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from loracheck import jsonl
from loracheck.errors import EnvironmentFault, LoracheckError, UsageError
from loracheck.models.load import holds_weights, load_base
from loracheck.records.training import Plan, TrainingStep
from loracheck.settings import build
from loracheck.templates.chat import EncodedRow
from loracheck.train.adapters import add_adapter
from loracheck.train.config import TrainConfig
from loracheck.train.fitting.heap import return_large_tensors
from loracheck.train.fitting.loss import install_loss
from loracheck.train.fitting.repeat import repeatable
from loracheck.train.fitting.thrift import keep_little
from loracheck.train.fitting.trainer import Loop, fit
from loracheck.train.usage import peak_memory
from loracheck.trained import CHECKPOINTS

from .forecast import IMPORTED_LATER, Course

_BETWEEN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What real steps took: peak memory of the process or its GPU in bytes, and the seconds of the timed steps."""

    peak: int
    seconds: tuple[float, ...]


def probed(plan: Plan, course: Course, announce: Callable[[str], None]) -> Plan:
    """Run a few steps and return the plan with its memory and time corrected by them.

    Raises:
        UsageError: the base is a folder without weights.
        EnvironmentFault: the base cannot be loaded, or the largest micro-batch does not fit in memory.
    """
    base = Path(course.forecast.architecture.base)
    if base.is_dir() and not holds_weights(base):
        raise UsageError(
            f"--probe trains a few steps, and {base} holds no weights.",
            kind="no_such_file",
            hint="Without --probe the plan needs no weights.",
        )
    places = chosen_steps(course)
    announce(f"probe: the largest micro-batch, and {len(places)} steps")
    found = run_probe(course, places)
    # On a GPU the peak is that of the GPU alone, and the process counts as nothing.
    peak = found.peak + (IMPORTED_LATER if plan.memory.process else 0)
    activations = plan.memory.activations + peak - plan.memory.peak
    # Less than nothing is left for them where this process held more at import than the probe's own did.
    process = plan.memory.process + min(0, activations)
    memory = replace(plan.memory, activations=max(0, activations), process=max(0, process))
    foreseen, seconds = course.seconds(places[1:]), plan.seconds
    if seconds is not None and foreseen:
        seconds *= sum(found.seconds) / foreseen
    room = plan.memory_bytes
    notes = tuple(note for note in plan.notes if note not in ("exceeds_memory", "activations_guessed"))
    if room is not None and memory.peak > room:
        notes += ("exceeds_memory",)
    return replace(plan, memory=memory, seconds=seconds, probed=True, notes=notes)


def chosen_steps(course: Course) -> list[int]:
    """Return the step with the largest micro-batch, three others from small to large, and the first one again."""
    tokens = [sum(part.tokens for part in step) for step in course.parts]
    largest = max(range(len(tokens)), key=lambda place: max(part.tokens for part in course.parts[place]))
    by_size = sorted(range(len(tokens)), key=lambda place: tokens[place])
    spread = [by_size[(2 * i + 1) * len(by_size) // (2 * _BETWEEN)] for i in range(_BETWEEN)]
    return [largest, *spread, largest]


def run_probe(course: Course, places: Sequence[int]) -> Probe:
    """Train some steps of a course in a process of their own, the first one as warm-up.

    Raises:
        EnvironmentFault: it fails, for want of memory or of the base.
    """
    forecast = course.forecast
    spec = {
        "base": forecast.architecture.base,
        "config": asdict(forecast.config),
        "max_batch_tokens": course.max_batch_tokens,
        "steps": [[[row.ids, row.labels] for row in course.steps[place]] for place in places],
    }
    with tempfile.TemporaryDirectory(prefix="loracheck-") as folder:
        asked, answered = Path(folder) / "asked.json", Path(folder) / "answered.json"
        asked.write_text(json.dumps(spec), encoding="utf-8")
        command = [sys.executable, "-m", "loracheck.train.planning.probe", str(asked), str(answered)]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
        if done.returncode or not answered.is_file():
            raise _failed(done)
        return jsonl.read_one(answered, Probe)


def _failed(done: subprocess.CompletedProcess[str]) -> EnvironmentFault:
    if done.returncode < 0:
        return EnvironmentFault(
            f"the probe was killed by signal {-done.returncode}, most likely for want of memory.",
            kind="out_of_memory",
            hint="Lower --max-batch-tokens or --max-length, or add --gradient-checkpointing.",
        )
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return EnvironmentFault(
        f"the probe failed: {lines[-1] if lines else f'exit code {done.returncode}'}",
        kind="tool_failed",
        hint="Without --probe the plan needs no weights.",
    )


def _train(spec: dict[str, Any], folder: Path) -> Probe:
    """Load the base and train the steps, as `train` does."""
    config = build(TrainConfig, spec["config"], "probe")
    steps = [
        [EncodedRow(ids=tuple(ids), labels=tuple(labels), prompt_is_prefix=True) for ids, labels in step]
        for step in spec["steps"]
    ]
    return_large_tensors()
    base = load_base(spec["base"], quantization=config.quantization)
    model = add_adapter(base, config)
    if not config.sharded:
        keep_little(model)
    install_loss(base.model, steps[0][0], tiled=not config.sharded)
    ends: list[float] = []

    def record(_: TrainingStep) -> None:
        ends.append(time.monotonic())

    fit(
        model,
        steps,
        config,
        Loop(
            record=record,
            read=lambda _: False,
            reading_steps=frozenset(),
            protected=frozenset,
            announce=lambda _: None,
        ),
        checkpoints=folder / CHECKPOINTS,
        resume=None,
        pad_id=0,
        max_batch_tokens=spec["max_batch_tokens"],
    )
    seconds = tuple(after - before for before, after in itertools.pairwise(ends))
    return Probe(peak=peak_memory() or 0, seconds=seconds)


def main(asked: Path, answered: Path) -> None:
    """Read what is asked, train, and write the answer; of an error the last line says what it is."""
    spec = json.loads(asked.read_text(encoding="utf-8"))
    try:
        with repeatable():
            probe = _train(spec, asked.parent)
        jsonl.write_one(answered, probe)
    except LoracheckError as error:
        sys.exit(error.message)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
