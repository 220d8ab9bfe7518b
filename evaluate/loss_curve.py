"""The held-out losses of an adapter's training: from a train run's readings, or from a foreign trainer's state."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from loracheck import jsonl
from loracheck.errors import LoracheckError
from loracheck.training_records import CheckpointReading

READINGS, SUMMARY, STATE = "readings.jsonl", "summary.json", "trainer_state.json"


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
    if adapter.name == "adapter" and (run / READINGS).is_file():
        return _of_readings(run)
    state = next((file for file in _states(adapter) if file.is_file()), None)
    return LossCurve() if state is None else _of_state(state, adapter)


def _of_readings(run: Path) -> LossCurve:
    try:
        readings = list(jsonl.read(run / READINGS, CheckpointReading))
    except LoracheckError:
        return LossCurve()
    kept = None
    if (run / SUMMARY).is_file():
        try:
            kept = msgspec.json.decode((run / SUMMARY).read_bytes(), type=_Kept).kept_step
        except msgspec.MsgspecError:
            kept = None
    measured = {r.step: (r.trained_tokens, r.heldout_loss) for r in readings if r.heldout_loss is not None}
    return LossCurve(
        points=tuple(measured[step] for step in sorted(measured)),
        kept_at=measured[kept][0] if kept in measured else None,
    )


def _states(adapter: Path) -> list[Path]:
    """Return where transformers leaves the state: in a checkpoint's folder, beside it, in the latest one below."""
    below = sorted(adapter.glob("checkpoint-*"), key=lambda folder: (len(folder.name), folder.name))
    return [adapter / STATE, *(folder / STATE for folder in reversed(below)), adapter.parent / STATE]


def _of_state(file: Path, adapter: Path) -> LossCurve:
    try:
        state: Any = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError):
        return LossCurve()
    entries = state.get("log_history") if isinstance(state, dict) else None
    if not isinstance(entries, list):
        return LossCurve()
    read = [entry for entry in entries if isinstance(entry, dict) and _number(entry.get("eval_loss"))]
    read = [entry for entry in read if isinstance(entry.get("step"), int) and entry["step"] >= 0]
    count = "num_input_tokens_seen"
    by = count if read and all(isinstance(e.get(count), int) and e[count] > 0 for e in read) else "step"
    points = {int(entry[by]): float(entry["eval_loss"]) for entry in read}
    step = _kept_step(state, adapter)
    kept = next((int(entry[by]) for entry in read if entry["step"] == step), None)
    return LossCurve(points=tuple(sorted(points.items())), kept_at=kept)


def _kept_step(state: dict[str, Any], adapter: Path) -> object:
    """Return the step of the weights: a checkpoint's own, the best where the trainer went back to it, else the last."""
    _, dash, step = adapter.name.rpartition("checkpoint-")
    if dash and step.isdigit():
        return int(step)
    best = state.get("best_model_checkpoint")
    if isinstance(best, str) and best.rpartition("-")[2].isdigit():
        return int(best.rpartition("-")[2])
    return state.get("global_step")


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")
