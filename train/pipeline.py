"""Fine-tune a base on a curated run or on any data file: encode, audit, order, fit, save."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from loracheck import jsonl
from loracheck.errors import DataError
from loracheck.generation import pad_token_id
from loracheck.likelihood import score_rows
from loracheck.loading import load_examples
from loracheck.models import ADAPTER_CARD, ADAPTER_WEIGHTS, AdapterCard, Base, load_base
from loracheck.progress import Progress
from loracheck.runs import hash_file, is_run, open_run, read_run
from loracheck.template import ChatTemplate, EncodedRow, check_template_file, choose_template
from loracheck.training_records import TrainingStep, TrainingSummary

from .config import TrainConfig
from .encode import audit_mask, encode_rows, refuse_unsound
from .order import training_order
from .qlora import add_adapter, fit


def train(
    data: Path,
    base_spec: str,
    out: Path,
    config: TrainConfig,
    *,
    chat_template: Path | None = None,
    progress: Progress,
) -> TrainingSummary:
    """Fine-tune and write a train run.

    Args:
        data: A curate run, whose kept rows are trained and whose held-out rows measure the loss; or a file.
        base_spec: Hugging Face id, model folder or GGUF file.
        out: The run directory.
        config: Options.
        chat_template: Jinja file that replaces the base's own template.
        progress: Where to report.

    Raises:
        LoracheckError: bad data, an unsound loss mask, a base that cannot be loaded, no room on the disk.
    """
    train_file, heldout_file = _data_files(data)
    files = [file for file in (train_file, heldout_file, chat_template) if file is not None]
    options = {"base": base_spec, **asdict(config)}
    examples = load_examples([train_file])
    heldout = load_examples([heldout_file]) if heldout_file and heldout_file.stat().st_size else []
    check_template_file(chat_template)
    with open_run(out, "train", config=options, inputs=files, seed=config.seed) as run:
        if run.complete:
            progress.say(f"{out} is finished already; nothing to do.")
            return jsonl.read_one(out / "summary.json", TrainingSummary)
        started = time.monotonic()
        base = load_base(base_spec, quantization=config.quantization, announce=progress.say)
        template = choose_template(base.tokenizer, [], chat_template)

        rows = encode_rows(template, examples, config.max_length)
        audit = audit_mask(template, examples, rows, config.max_length)
        refuse_unsound(audit, template, examples)
        order = training_order(
            rows,
            batch_size=config.per_device_train_batch_size,
            epochs=config.num_train_epochs,
            max_trained_tokens=config.max_trained_tokens,
            seed=config.seed,
        )
        heldout_rows = encode_rows(template, heldout, config.max_length)
        before = _mean_loss(base, template, heldout_rows)
        steps = _fit(base, template, order, config, out, progress)
        after = _mean_loss(base, template, heldout_rows)

        summary = TrainingSummary(
            base=base_spec,
            quantization=config.quantization,
            rows=len(rows),
            epochs=round(len(order) / len(rows), 2),
            steps=len(steps),
            trained_tokens=sum(row.trained_tokens for row in order),
            trainable_parameters=sum(p.numel() for p in base.model.parameters() if p.requires_grad),
            adapter_bytes=(out / "adapter" / ADAPTER_WEIGHTS).stat().st_size,
            adapter_sha256=hash_file(out / "adapter" / ADAPTER_WEIGHTS),
            loss_first=steps[0].loss if steps else None,
            loss_last=steps[-1].loss if steps else None,
            heldout_rows=len(heldout_rows),
            heldout_loss_before=before,
            heldout_loss_after=after,
            audit=audit,
            seconds=round(time.monotonic() - started, 1),
            peak_memory_bytes=_peak_memory(),
        )
        _write_card(out / "adapter", base, template, train_file, summary)
        jsonl.write_one(out / "summary.json", summary)
    return summary


def _fit(
    base: Base,
    template: ChatTemplate,
    order: Sequence[EncodedRow],
    config: TrainConfig,
    out: Path,
    progress: Progress,
) -> list[TrainingStep]:
    model = add_adapter(base, config)
    metrics = out / "metrics.jsonl"
    log = jsonl.Appender(metrics)
    steps = {step.step: step for step in jsonl.read(metrics, TrainingStep)}  # of the part before a resume
    batches = -(-len(order) // config.per_device_train_batch_size)
    with progress.track("training steps", batches) as advance:

        def record(step: TrainingStep) -> None:
            if step.loss != step.loss or step.loss == float("inf"):
                raise DataError(
                    f"the loss became {step.loss} at step {step.step}.",
                    hint=f"Lower --learning-rate (now {config.learning_rate}); checkpoints are in {out}/checkpoints.",
                )
            steps[step.step] = step
            log.append([step])
            advance(1)

        fit(
            model,
            order,
            config,
            checkpoints=out / "checkpoints",
            pad_id=pad_token_id(template),
            record=record,
        )
    model.save_pretrained(str(out / "adapter"), safe_serialization=True, save_embedding_layers=False)
    jsonl.write(metrics, (steps[number] for number in sorted(steps)))
    return [steps[number] for number in sorted(steps)]


def _mean_loss(base: Base, template: ChatTemplate, rows: Sequence[EncodedRow]) -> float | None:
    """Return the mean loss in nats per trained token, with the adapter as it stands; None without rows."""
    if not rows:
        return None
    base.model.eval()
    scored = [s for batch in score_rows(base.model, rows, pad_id=pad_token_id(template)) for _, s in batch]
    return -sum(s.logprob for s in scored) / sum(s.tokens for s in scored)


def _data_files(data: Path) -> tuple[Path, Path | None]:
    if is_run(data):
        read_run(data, "curate")
        return data / "kept.jsonl", data / "heldout.jsonl"
    return data, None


def _write_card(
    adapter: Path, base: Base, template: ChatTemplate, data: Path, summary: TrainingSummary
) -> None:
    """Write what binds the adapter to its base, template and data, and the template itself."""
    (adapter / "chat_template.jinja").write_text(template.source, encoding="utf-8")
    jsonl.write_one(
        adapter / ADAPTER_CARD,
        AdapterCard(
            base=base.name,
            fingerprint=base.fingerprint,
            template_sha256=template.sha256,
            quantization=base.quantization,
            data_sha256=hash_file(data),
            trained_tokens=summary.trained_tokens,
        ),
    )


def _peak_memory() -> int | None:
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
