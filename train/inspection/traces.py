"""What a training left beside an adapter: of a loracheck run its summary, of other trainers what `foreign` reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loracheck import jsonl
from loracheck.adapters.files import ADAPTER, Unread
from loracheck.errors import DataError
from loracheck.foreign import ForeignTraining, read_foreign
from loracheck.foreign.files import read_card
from loracheck.records.adapter import TrainingTrace
from loracheck.records.training import TrainingSummary
from loracheck.runs import SUMMARY


def read_trace(folder: Path) -> TrainingTrace | None:
    """Read what stands in an adapter's folder, in its newest checkpoint, or in the run around it."""
    own = _own_run(folder.parent) if folder.name == ADAPTER else None
    found = own or _of(read_foreign(folder))
    return found if found.files or found.notes else None


def front_matter(file: Path) -> dict[str, Any]:
    """Return the YAML at the head of a model card; empty where there is none or it is odd."""
    try:
        return read_card(file)[0]
    except Unread:
        return {}


def _of(found: ForeignTraining) -> TrainingTrace:
    points = found.curve.points
    return TrainingTrace(
        files=found.files,
        tool=found.tool,
        base=found.base,
        steps=found.steps,
        epochs=found.epochs,
        loss_first=found.curve.first,
        loss_last=found.curve.last,
        heldout_loss_last=points[-1][1] if points else found.heldout_loss,
        learning_rate=found.learning_rate,
        data=found.data,
        template=found.template,
        quantization=found.quantization,
        heldout_loss_least=min((loss for _, loss in points), default=None),
        best_checkpoint=found.best_checkpoint,
        notes=found.notes,
    )


def _own_run(run: Path) -> TrainingTrace | None:
    """Read the summary of a loracheck train run."""
    try:
        summary = jsonl.read_one(run / SUMMARY, TrainingSummary)
    except (OSError, DataError):
        return None
    return TrainingTrace(
        files=("summary.json of the run",),
        tool="loracheck",
        base=summary.base,
        steps=summary.steps,
        epochs=summary.epochs,
        loss_first=summary.loss_first,
        loss_last=summary.loss_last,
        heldout_loss_last=summary.heldout_loss_after,
        quantization=summary.quantization,
    )
