"""The fine-tuning itself: our steps, our loss and our checkpoints in a thin subclass of transformers.Trainer."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from peft import PeftModel
from peft.optimizers import create_loraplus_optimizer
from torch.utils.data import DataLoader, Dataset
from transformers import PreTrainedModel, Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_callback import PrinterCallback

from loracheck.errors import DataError, EnvironmentFault, UsageError, first_line
from loracheck.models.head import tile_rows
from loracheck.models.load import training_device
from loracheck.records.training import TrainingStep
from loracheck.train.batches.layout import lay_out
from loracheck.train.batches.order import Step, micro_batches, padded_tokens
from loracheck.train.config import TrainConfig

from . import checkpoints as stored
from .heap import large_from, return_large_tensors
from .repeat import is_unrepeatable, repeat_roughly

Batch = dict[str, torch.Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """What a run does around its steps.

    Attributes:
        record: Takes every finished step.
        read: Measures the model after a step; returns whether the run is to stop there.
        reading_steps: The steps after which `read` is called.
        protected: Returns the steps whose checkpoints must stay.
        announce: Takes a sentence for the user.
    """

    record: Callable[[TrainingStep], None]
    read: Callable[[int], bool]
    reading_steps: frozenset[int]
    protected: Callable[[], frozenset[int]]
    announce: Callable[[str], None]


class _Steps(Dataset[Step]):
    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = steps

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, index: int) -> Step:
        return self.steps[index]


class LoraTrainer(Trainer):
    """Trainer whose batch is a whole optimiser step, taken in parts and divided by its trained tokens."""

    config: TrainConfig
    loop: Loop
    pad_id: int
    max_batch_tokens: int
    checkpoints: Path

    def get_train_dataloader(self) -> DataLoader[Step]:
        """Return the steps in order; every process sees all of them and takes its rows of each."""
        return DataLoader(cast(_Steps, self.train_dataset), batch_size=1, collate_fn=self._parts)

    def training_step(
        self,
        model: torch.nn.Module,
        inputs: Any,  # noqa: ANN401
        num_items_in_batch: Any = None,  # noqa: ANN401
    ) -> torch.Tensor:
        """Run a step's parts forward and backward; returns this process's share of the step's mean loss."""
        model.train()
        scale = self.args.world_size / max(1, inputs["trained_tokens"])
        total = torch.zeros((), device=self.args.device)
        for place, part in enumerate(inputs["parts"]):
            last = place == len(inputs["parts"]) - 1
            waits = contextlib.nullcontext() if last else self.accelerator.no_sync(model)
            with waits:
                batch = {name: value.to(self.args.device) for name, value in part.items()}
                loss = model(**batch).loss * scale
                self.accelerator.backward(loss)
            total += loss.detach()
        return total

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:  # noqa: ANN401
        """Return AdamW, with a faster B where LoRA+ is asked for."""
        if self.optimizer is None and self.config.loraplus_lr_ratio:
            self.optimizer = create_loraplus_optimizer(
                cast(PeftModel, self.model),
                torch.optim.AdamW,
                lr=self.config.learning_rate,
                loraplus_lr_ratio=self.config.loraplus_lr_ratio,
                weight_decay=self.config.weight_decay,
            )
        return super().create_optimizer(model)

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:  # noqa: ANN401
        """Take a reading of the model as it stands."""
        self.control.should_training_stop |= self.loop.read(self.state.global_step)
        return {}

    def floating_point_ops(self, inputs: Any) -> int:  # noqa: ANN401
        """Return 0: a step is no batch of tensors, and nobody reads the figure."""
        return 0

    def _get_output_dir(self, trial: Any) -> str:  # noqa: ANN401 - Trainer writes checkpoints below this folder
        return str(stored.writing_folder(self.checkpoints))

    def _save_checkpoint(self, model: Any, trial: Any) -> None:  # noqa: ANN401
        super()._save_checkpoint(model, trial)
        self.accelerator.wait_for_everyone()
        if self.args.should_save:
            stored.publish(self.checkpoints, self.state.global_step)
            stored.remove_old(
                self.checkpoints, keep=self.loop.protected(), newest=self.config.save_total_limit
            )
        self.accelerator.wait_for_everyone()

    def _parts(self, steps: list[Step]) -> dict[str, Any]:
        (step,) = steps
        rank, world = self.args.process_index, self.args.world_size
        mine = sorted(step, key=lambda row: -len(row.ids))[rank::world]
        return {
            "parts": [
                lay_out(part, self.pad_id, packing=self.config.packing)
                for part in micro_batches(mine, self.max_batch_tokens, packing=self.config.packing)
            ]
            or [lay_out([step[0].untrained()], self.pad_id, packing=self.config.packing)],
            "trained_tokens": sum(row.trained_tokens for row in step),
        }


class _Course(TrainerCallback):
    """Hand every step to the run's metrics, and ask for readings and checkpoints at their steps."""

    def __init__(self, tokens_after: Sequence[int], loop: Loop) -> None:
        self.tokens_after = tokens_after
        self.loop = loop
        self.first = True

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ANN401
        last = state.global_step == len(self.tokens_after)
        control.should_evaluate = state.global_step in self.loop.reading_steps
        control.should_save = control.should_save or control.should_evaluate or last

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:  # noqa: ANN401
        if not logs or "loss" not in logs:
            return
        norm = float(logs.get("grad_norm", math.nan))
        step = TrainingStep(
            step=state.global_step,
            trained_tokens=self.tokens_after[state.global_step - 1],
            loss=float(logs["loss"]),
            learning_rate=float(logs["learning_rate"]),
            gradient_norm=norm if math.isfinite(norm) else None,
        )
        self._check(step, norm, args)
        self.first = False
        self.loop.record(step)

    def _check(self, step: TrainingStep, norm: float, args: Any) -> None:  # noqa: ANN401
        if (
            not math.isfinite(step.loss)
            or math.isinf(norm)
            or (math.isnan(norm) and not math.isnan(step.loss))
        ):
            what = "loss" if not math.isfinite(step.loss) else "gradient"
            raise DataError(
                f"the {what} became {step.loss if what == 'loss' else norm} at step {step.step}.",
                kind="training_diverged",
                hint=f"Lower --learning-rate (now {args.learning_rate:g}) in a new run. {_before(args.output_dir)}",
            )
        if self.first and norm == 0.0:
            raise UsageError(
                f"no gradient reaches the adapter at step {step.step}, so it cannot learn.",
                kind="target_modules",
                hint="Choose other --target-modules, or --target-modules all-linear.",
            )


def _before(checkpoints: str) -> str:
    newest = stored.newest_whole(Path(checkpoints), lambda _: None)
    if newest is None:
        return "No checkpoint had been written (--save-steps)."
    return f"The last checkpoint before is {newest}."


def fit(
    model: PeftModel,
    steps: Sequence[Step],
    config: TrainConfig,
    loop: Loop,
    *,
    checkpoints: Path,
    resume: Path | None,
    pad_id: int,
    max_batch_tokens: int,
) -> None:
    """Train through the given steps once, or through those after the checkpoint that is resumed from.

    Raises:
        DataError: the loss or the gradient is no number any more.
        UsageError: no gradient reaches the adapter.
        EnvironmentFault: memory ran out, or a tracker is not installed.
    """
    tokens_after, total = [], 0
    for step in steps:
        total += sum(row.trained_tokens for row in step)
        tokens_after.append(total)
    trainer = LoraTrainer(
        model=model,
        args=_arguments(config, checkpoints, len(steps)),
        train_dataset=_Steps(steps),
        callbacks=[_Course(tokens_after, loop)],
    )
    trainer.config, trainer.loop, trainer.pad_id = config, loop, pad_id
    trainer.max_batch_tokens, trainer.checkpoints = max_batch_tokens, checkpoints
    trainer.remove_callback(PrinterCallback)
    if trainer.args.should_save:
        stored.clear_unfinished(checkpoints)
    trainer.accelerator.wait_for_everyone()
    at = stored.step_of(resume) if resume else 0
    if at == len(steps):
        return
    if resume:
        loop.announce(f"resuming after step {at} of {len(steps)}")
    _spare(model, config)
    try:
        _try_first(model, steps[at:], trainer)
        trainer.train(resume_from_checkpoint=str(resume) if resume else None)
        trainer.accelerator.wait_for_everyone()  # at its end Trainer looks into the folder that is cleared below
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        raise EnvironmentFault(
            f"memory ran out at step {trainer.state.global_step + 1} of {len(steps)}: {first_line(error)}",
            kind="out_of_memory",
            hint=f"Lower --max-batch-tokens (now {max_batch_tokens}) or --max-length (now {config.max_length}), or add "
            "--gradient-checkpointing; checkpoints stay, and the same command resumes once there is room.",
        ) from None
    finally:
        if trainer.args.should_save:
            stored.clear_unfinished(checkpoints)


def _spare(model: PeftModel, config: TrainConfig) -> None:
    """Trade time for memory, where the user asks for it."""
    if config.gradient_checkpointing:
        inner = cast(PreTrainedModel, model.get_base_model())
        inner.gradient_checkpointing_enable({"use_reentrant": False})


def _try_first(model: PeftModel, steps: Sequence[Step], trainer: LoraTrainer) -> None:
    """Try the largest part; where an operation has no kernel of fixed order, all may add in any order."""
    try:
        _try_largest(model, steps, trainer)
    except RuntimeError as error:
        if not is_unrepeatable(error):
            raise
        trainer.loop.announce(
            "this model has an operation that a GPU does not repeat bit by bit: nor is the adapter"
        )
        repeat_roughly()
        _try_largest(model, steps, trainer)


def _try_largest(model: PeftModel, steps: Sequence[Step], trainer: LoraTrainer) -> None:
    """Run the largest part forward and backward before anything else, so that want of memory shows at once."""
    config = trainer.config
    parts = (
        part
        for step in steps
        for part in micro_batches(step, trainer.max_batch_tokens, packing=config.packing)
    )
    largest = max(
        parts, key=lambda part: (padded_tokens(part, packing=config.packing), len(part)), default=None
    )
    if largest is None:
        return
    device = next(model.parameters()).device
    return_large_tensors(_large(model, padded_tokens(largest, packing=config.packing)))
    model.train()
    with torch.random.fork_rng():
        batch = {k: v.to(device) for k, v in lay_out(largest, trainer.pad_id, packing=config.packing).items()}
        torch.autograd.backward(model(**batch).loss)
    model.zero_grad(set_to_none=True)


def _large(model: PeftModel, tokens: int) -> int:
    """Return the bytes from which on a tensor is to lie outside of the heap."""
    text = cast(PreTrainedModel, model.get_base_model()).config.get_text_config()
    weight = next(model.parameters())
    hidden = tokens * int(getattr(text, "hidden_size", 0)) * weight.element_size()
    return large_from(hidden, tile_rows(weight.device) * int(getattr(text, "vocab_size", 0)) * 4)


def _is_out_of_memory(error: BaseException) -> bool:
    told = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(
        words in told for words in ("out of memory", "can't allocate memory", "not enough memory")
    )


def _arguments(config: TrainConfig, checkpoints: Path, steps: int) -> TrainingArguments:
    further: dict[str, Any] = {
        "fsdp": config.fsdp,
        "fsdp_config": config.fsdp_config,
        "deepspeed": config.deepspeed,
    }
    try:
        return TrainingArguments(
            output_dir=str(checkpoints),
            per_device_train_batch_size=1,
            num_train_epochs=1,
            learning_rate=config.learning_rate,
            lr_scheduler_type=config.lr_scheduler_type,
            warmup_steps=round(config.warmup_ratio * steps),
            max_grad_norm=config.max_grad_norm,
            weight_decay=config.weight_decay,
            neftune_noise_alpha=config.neftune_noise_alpha,
            optim="adamw_torch",
            save_strategy="steps",
            save_steps=config.save_steps,
            logging_steps=1,
            logging_nan_inf_filter=False,
            report_to=list(config.report_to) or "none",
            disable_tqdm=True,
            remove_unused_columns=False,
            dataloader_pin_memory=False,
            seed=config.seed,
            use_cpu=training_device().type == "cpu",
            ddp_find_unused_parameters=False,
            **{name: value for name, value in further.items() if value is not None},
        )
    except ValueError as error:
        raise UsageError(
            f"transformers refuses the options: {first_line(error)}", kind="training_refused"
        ) from None
