"""The results of a run: the checkpoint that becomes the adapter, those kept beside it, the summary and the cards."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from peft import PeftModel

from loracheck import jsonl
from loracheck.adapters.card import ADAPTER_CARD, AdapterCard
from loracheck.adapters.files import ADAPTER, ADAPTER_WEIGHTS
from loracheck.records.training import Plan, TrainingStep, TrainingSummary
from loracheck.runs import SUMMARY, hash_file
from loracheck.trained import CHECKPOINTS, OTHERS

from .adapters import copy_adapter, put_back, save_adapter
from .config import TrainConfig
from .fitting import checkpoints as stored
from .fitting.reader import Reader
from .fitting.readings import best_step, kept_step, safe_step
from .inputs import EncodedData
from .usage import peak_memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A run whose steps are done.

    Attributes:
        initial: The adapter as it began, for a kind that changed the base.
        seconds: Of the steps and readings of this process.
    """

    model: PeftModel
    initial: Path | None
    loss_path: Literal["tiles", "stock"]
    steps: Sequence[TrainingStep]
    seconds: float


def keep_adapters(fitted: Fitted, reader: Reader, config: TrainConfig, out: Path) -> tuple[str, int]:
    """Save the checkpoint that is wanted as adapter/, and the best, the safe and the last one besides.

    Returns:
        Which one adapter/ holds, and its step.
    """
    last = fitted.steps[-1].step
    kept, at = kept_step(config.kept, reader.readings, last)
    marks = {"best": best_step(reader.readings), "safe": safe_step(reader.readings), "last": last}
    others = {out / OTHERS / name: step for name, step in marks.items() if step and step != at}
    for folder, step in {**others, out / ADAPTER: at}.items():
        checkpoint = stored.checkpoint(out / CHECKPOINTS, step)
        if config.sharded:  # the model is in parts; its checkpoints are whole
            copy_adapter(checkpoint, folder, reader.base)
        else:
            put_back(fitted.model, checkpoint)
            save_adapter(fitted.model, folder, reader.base, fitted.initial)
    return kept, at


def write_results(
    fitted: Fitted,
    data: EncodedData,
    reader: Reader,
    config: TrainConfig,
    plan: Plan | None,
    out: Path,
    *,
    train_file: Path,
    seconds: float,
) -> TrainingSummary:
    """Save the adapters, their cards and the summary, and remove the checkpoints."""
    kept, at = keep_adapters(fitted, reader, config, out)
    last = fitted.steps[-1].step
    weights = out / ADAPTER / ADAPTER_WEIGHTS
    summary = TrainingSummary(
        base=reader.base.name,
        quantization=config.quantization,
        kind=config.kind,
        device=reader.base.computed_on,
        loss_path=fitted.loss_path,
        rows=len(data.rows),
        replay_rows=data.replay_rows,
        left_out=data.left_out,
        epochs=round(sum(len(step) for step in data.steps[:last]) / len(data.rows), 2),
        steps=last,
        trained_tokens=data.tokens_after[last - 1],
        trainable_parameters=sum(p.numel() for p in fitted.model.parameters() if p.requires_grad),
        adapter_bytes=weights.stat().st_size,
        adapter_sha256=hash_file(weights),
        loss_first=fitted.steps[0].loss,
        loss_last=fitted.steps[-1].loss,
        heldout_rows=len(data.heldout_rows),
        heldout_loss_before=reader.readings[0].heldout_loss,
        heldout_loss_after=None if config.sharded else reader.heldout_loss(),
        audit=data.audit,
        shown=data.shown,
        seconds=round(seconds, 1),
        training_seconds=round(fitted.seconds, 1),
        peak_memory_bytes=peak_memory(),
        kept=kept,  # type: ignore[arg-type]
        kept_step=at,
        best_step=best_step(reader.readings),
        safe_step=safe_step(reader.readings),
        watched=reader.watch is not None,
        stopped=reader.stopped() or "end",
        plan=plan,
    )
    for folder in (out / ADAPTER, *sorted((out / OTHERS).glob("*"))):
        _write_card(folder, reader, train_file, summary)
    jsonl.write_one(out / SUMMARY, summary)
    shutil.rmtree(out / CHECKPOINTS)
    return summary


def only_to_complete(out: Path) -> bool:
    """Tell whether a killed run had all its results and only lacked its manifest."""
    if not (out / SUMMARY).is_file():
        return False
    shutil.rmtree(out / CHECKPOINTS, ignore_errors=True)
    return True


def _write_card(adapter: Path, reader: Reader, data: Path, summary: TrainingSummary) -> None:
    """Write what binds the adapter to its base, template and data, and the template itself."""
    jsonl.replace(adapter / "chat_template.jinja", reader.template.source.encode())
    jsonl.write_one(
        adapter / ADAPTER_CARD,
        AdapterCard(
            base=reader.base.name,
            fingerprint=reader.base.fingerprint,
            template_sha256=reader.template.sha256,
            quantization=reader.base.quantization,
            data_sha256=hash_file(data),
            trained_tokens=summary.trained_tokens,
            watched_probes=reader.watch.probe_ids if reader.watch else (),
        ),
    )
