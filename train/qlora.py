"""The fine-tuning itself: peft adapters on a (quantised) base, in a thin subclass of transformers.Trainer."""

from __future__ import annotations

import json
import logging
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors import SafetensorError, safe_open
from torch.utils.data import Dataset, Sampler, SequentialSampler
from transformers import PreTrainedModel, Trainer, TrainerCallback, TrainingArguments, set_seed
from transformers.trainer_utils import get_last_checkpoint

from loracheck.likelihood import pad, token_nll
from loracheck.models import ADAPTER_WEIGHTS, Base
from loracheck.template import EncodedRow
from loracheck.training_records import TrainingStep

from .config import TrainConfig

_log = logging.getLogger(__name__)
_CHECKPOINT_FILES = (ADAPTER_WEIGHTS, "optimizer.pt", "scheduler.pt", "trainer_state.json", "rng_state.pth")


def add_adapter(base: Base, config: TrainConfig) -> PeftModel:
    """Put a fresh LoRA adapter on the base; its weights are float32, so that a resumed run is exact."""
    set_seed(config.seed)
    targets: str | list[str] = config.target_modules
    if targets != "all-linear":
        targets = [name.strip() for name in config.target_modules.split(",")]
    lora = LoraConfig(
        r=config.lora_r,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.lora_dropout,
        target_modules=targets,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(base.model, lora)


class Rows(Dataset[EncodedRow]):
    """The rows of a run in training order."""

    def __init__(self, rows: Sequence[EncodedRow]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> EncodedRow:
        return self.rows[index]


class LoraTrainer(Trainer):
    """Trainer that keeps our row order and takes the loss at labelled positions only."""

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int]:  # noqa: ANN401 - Trainer's signature
        return SequentialSampler(cast(Rows, self.train_dataset if train_dataset is None else train_dataset))

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:  # noqa: ANN401
        """Return the summed loss over the trained tokens of the whole optimiser step."""
        inner = self.accelerator.unwrap_model(model)
        plain = cast(PreTrainedModel, inner.get_base_model() if isinstance(inner, PeftModel) else inner)
        nll, _, _ = token_nll(plain, inputs)
        loss = nll.sum() / (num_items_in_batch if num_items_in_batch is not None else nll.numel())
        return (loss, None) if return_outputs else loss


class _Recorder(TrainerCallback):
    """Hand every optimiser step to the run's metrics and the progress display."""

    def __init__(self, tokens_after: Sequence[int], record: Callable[[TrainingStep], None]) -> None:
        self.tokens_after = tokens_after
        self.record = record

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:  # noqa: ANN401
        if logs and "loss" in logs:
            norm = logs.get("grad_norm")
            self.record(
                TrainingStep(
                    step=state.global_step,
                    trained_tokens=self.tokens_after[state.global_step - 1],
                    loss=float(logs["loss"]),
                    learning_rate=float(logs["learning_rate"]),
                    gradient_norm=None if norm is None else float(norm),
                )
            )


def fit(
    model: PeftModel,
    order: Sequence[EncodedRow],
    config: TrainConfig,
    *,
    checkpoints: Path,
    pad_id: int,
    record: Callable[[TrainingStep], None],
) -> None:
    """Train through the given order once, resuming from the newest whole checkpoint there is."""
    size = config.per_device_train_batch_size
    steps = [order[i : i + size] for i in range(0, len(order), size)]
    tokens_after, total = [], 0
    for step in steps:
        total += sum(row.trained_tokens for row in step)
        tokens_after.append(total)
    arguments = TrainingArguments(
        output_dir=str(checkpoints),
        per_device_train_batch_size=size,
        num_train_epochs=1,
        learning_rate=config.learning_rate,
        lr_scheduler_type=config.lr_scheduler_type,
        warmup_steps=max(1, round(config.warmup_ratio * len(steps))),
        max_grad_norm=config.max_grad_norm,
        weight_decay=config.weight_decay,
        optim="adamw_torch",
        save_strategy="steps",
        save_steps=config.save_steps,
        save_total_limit=2,
        logging_steps=1,
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        seed=config.seed,
        use_cpu=not torch.cuda.is_available(),
    )
    trainer = LoraTrainer(
        model=model,
        args=arguments,
        train_dataset=Rows(order),
        data_collator=lambda rows: pad(rows, pad_id),
        callbacks=[_Recorder(tokens_after, record)],
    )
    trainer.model_accepts_loss_kwargs = True  # the loss divides by the trained tokens of the whole step
    trainer.remove_callback(_printer())
    trainer.train(resume_from_checkpoint=_newest_whole(checkpoints))


def _printer() -> type[TrainerCallback]:
    from transformers.trainer_callback import PrinterCallback  # noqa: PLC0415

    return PrinterCallback


def _newest_whole(checkpoints: Path) -> str | None:
    """Return the newest checkpoint that has every file; the Trainer itself would take a torn one."""
    while checkpoints.is_dir() and (found := get_last_checkpoint(str(checkpoints))):
        folder = Path(found)
        missing = [name for name in _CHECKPOINT_FILES if not _whole(folder / name)]
        if not missing:
            return str(found)
        _log.warning(
            "%s was cut off while it was saved (%s); an older one is used", found, ", ".join(missing)
        )
        folder.rename(folder.with_name(f"torn-{folder.name}"))
    return None


def _whole(file: Path) -> bool:
    """Tell whether a file of a checkpoint can be read to its end; checkpoints are our own, so they are trusted."""
    try:
        if file.suffix == ".json":
            json.loads(file.read_text(encoding="utf-8"))
        elif file.suffix == ".safetensors":
            with safe_open(str(file), framework="pt") as tensors:
                tensors.keys()
        else:
            torch.load(file, map_location="cpu", weights_only=False)
    except (OSError, EOFError, ValueError, RuntimeError, pickle.UnpicklingError, SafetensorError):
        return False
    return True
