"""One way of fine-tuning, once through the rows of a folder: what it took of time and memory, as JSON.

Use: python benchmarks/training_variants.py VARIANT FOLDER ROWS, in a folder that training_reference.py has prepared.
Those of trl and transformers need no loracheck. On a GPU, where one is to be seen, time is the clock's and memory the
GPU's; else time is the CPU's and memory the process's.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

ROWS_A_STEP = 8
LORA: dict[str, Any] = {"r": 8, "lora_alpha": 16, "target_modules": ["q_proj", "k_proj", "v_proj", "o_proj"]}
NF4 = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": True}
NF4 |= {"bnb_4bit_compute_dtype": "bfloat16"}
# What SFTTrainer's documentation advises for speed; eight rows fill a pack of 512.
TRL_BEST: dict[str, Any] = {"model_init_kwargs": {"dtype": "bfloat16"}, "gradient_checkpointing": False}
TRL_BEST |= {"packing": True, "max_length": 512, "per_device_train_batch_size": 1}
TRL_BEST_GPU = TRL_BEST | {"max_length": 2048}  # a GPU's rows are four times as long


class Clock:
    """Time, trained tokens, loss and memory of every step."""

    def __init__(self) -> None:
        self.before = self.peak = 0
        self.seconds: list[float] = []
        self.tokens: list[int] = []
        self.losses: list[float] = []

    def start(self) -> None:
        """Note the memory before the first step."""
        import psutil

        cuda = _cuda()
        self.before = cuda.memory_allocated() if cuda else psutil.Process().memory_info().rss
        if cuda:
            cuda.reset_peak_memory_stats()  # the base in 16 bits was there while it was quantised

    def step(self) -> None:
        """Note the end of a step, and after the first one the highest memory so far."""
        if cuda := _cuda():
            cuda.synchronize()
            self.seconds.append(time.perf_counter())
            self.peak = self.peak or cuda.max_memory_allocated()
        else:
            self.seconds.append(sum(os.times()[:2]))
            self.peak = self.peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    def report(self) -> dict[str, float]:
        """Leave out loading and the first step, which warms up."""
        seconds = self.seconds[-1] - self.seconds[0]
        speed = sum(self.tokens[1 : len(self.seconds)]) / seconds if seconds else 0.0
        return {"speed": speed, "loss": self.losses[0], "before": self.before / 1e9, "peak": self.peak / 1e9}


def trl(
    folder: Path,
    rows: str,
    clock: Clock,
    quantization: dict[str, Any] | None = None,
    **options: Any,  # noqa: ANN401
) -> None:
    """SFTTrainer as it comes: fp32 weights, as the model is given by name, autocast, gradient checkpointing."""
    from peft import LoraConfig
    from trl import SFTConfig, SFTTrainer

    if rows == "longest":  # one step is to hold all rows
        options["per_device_train_batch_size"] = ROWS_A_STEP
    if quantization:
        options["model_init_kwargs"] = options.get("model_init_kwargs", {}) | _quantized(quantization)
    arguments = SFTConfig(str(folder / "out"), **_ordinary() | options)
    lora = LoraConfig(**LORA, task_type="CAUSAL_LM")
    data = _rows(folder, rows)
    _run(SFTTrainer(str(folder / "model"), args=arguments, train_dataset=data, peft_config=lora), clock)


def stock(folder: Path, rows: str, clock: Clock, **quantization: Any) -> None:  # noqa: ANN401
    """transformers.Trainer on a peft model in bf16: padded batches, the model's own loss."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, Trainer, TrainingArguments

    further = _quantized(quantization) if quantization else {}
    base = AutoModelForCausalLM.from_pretrained(folder / "model", dtype="bfloat16", **further)
    model = get_peft_model(base, LoraConfig(**LORA, task_type="CAUSAL_LM"))
    arguments = TrainingArguments(str(folder / "out"), **_ordinary())
    _run(Trainer(model, arguments, train_dataset=_rows(folder, rows), data_collator=_padded), clock)


def loracheck(folder: Path, rows: str, clock: Clock, **options: Any) -> None:  # noqa: ANN401
    """What `loracheck train --preset minimal --train-batch-size 8` runs; its rows are grouped by length."""
    from loracheck import jsonl
    from loracheck.progress import Progress
    from loracheck.records.training import TrainingStep
    from loracheck.train.config import TrainConfig
    from loracheck.train.inputs import TrainInputs
    from loracheck.train.pipeline import train
    from loracheck.train.presets import PRESETS

    class Timed(Progress):
        @contextlib.contextmanager
        def track(self, label: str, total: int) -> Iterator[Callable[..., None]]:
            steps = label == "training tokens"
            if steps:
                clock.start()
            yield lambda *_: clock.step() if steps else None

    config = TrainConfig(
        **PRESETS["minimal"] | {"train_batch_size": ROWS_A_STEP, "num_train_epochs": 1} | options
    )
    run, base = folder / f"run-{os.getpid()}", TrainInputs(base=str(folder / "model"))
    train(folder / f"{rows}.jsonl", run, config, base, progress=Timed(quiet=True))
    steps = list(jsonl.read(run / "metrics.jsonl", TrainingStep))
    clock.losses = [step.loss for step in steps]
    clock.tokens = [b - a for a, b in itertools.pairwise([0, *(step.trained_tokens for step in steps)])]


VARIANTS: dict[str, Callable[[Path, str, Clock], None]] = {
    "trl defaults": trl,
    "trl best options": partial(trl, **TRL_BEST),
    "transformers stock loss": stock,
    "loracheck": loracheck,
    "loracheck, packing": partial(loracheck, packing=True),
    "transformers stock loss, NF4": partial(stock, **NF4),
    "loracheck, NF4": partial(loracheck, quantization="nf4"),
    "trl defaults, NF4": partial(trl, quantization=NF4),
    "trl best options, NF4": partial(trl, quantization=NF4, **TRL_BEST_GPU),
    "loracheck, NF4, packing": partial(loracheck, quantization="nf4", packing=True),
    "loracheck, NF4, checkpointing": partial(loracheck, quantization="nf4", gradient_checkpointing=True),
}


def _ordinary() -> dict[str, Any]:
    steps = {"per_device_train_batch_size": ROWS_A_STEP, "num_train_epochs": 1, "learning_rate": 2e-4}
    quiet = {"logging_steps": 1, "save_strategy": "no", "report_to": "none", "disable_tqdm": True}
    return {**steps, **quiet, "max_grad_norm": 1.0, "use_cpu": _cuda() is None}


def _quantized(options: dict[str, Any]) -> dict[str, Any]:
    from transformers import BitsAndBytesConfig

    place = {"device_map": {"": 0}} if _cuda() else {}
    return {"quantization_config": BitsAndBytesConfig(**options), **place}


def _cuda() -> Any:  # noqa: ANN401
    import torch

    return torch.cuda if torch.cuda.is_available() else None


def _rows(folder: Path, rows: str) -> Any:  # noqa: ANN401
    from datasets import Dataset

    return Dataset.from_list(
        [json.loads(line) for line in (folder / f"{rows}-ids.jsonl").open(encoding="utf-8")]
    )


def _padded(rows: list[dict[str, list[int]]]) -> dict[str, Any]:
    import torch

    rows = [row | {"attention_mask": [1] * len(row["input_ids"])} for row in rows]
    longest = max(len(row["input_ids"]) for row in rows)
    return {
        name: torch.tensor([row[name] + [fill] * (longest - len(row[name])) for row in rows])
        for name, fill in (("input_ids", 0), ("labels", -100), ("attention_mask", 0))
    }


def _run(trainer: Any, clock: Clock) -> None:  # noqa: ANN401
    from transformers import TrainerCallback

    class Hook(TrainerCallback):
        def on_train_begin(self, *_: object, **__: object) -> None:
            clock.start()

        def on_step_end(self, *_: object, **__: object) -> None:
            clock.step()

        def on_log(self, *_: object, logs: dict[str, float], **__: object) -> None:
            clock.losses += [logs["loss"]] if "loss" in logs else []

    collate = trainer.data_collator

    def counted(rows: list[Any]) -> Any:  # noqa: ANN401
        batch = collate(rows)
        clock.tokens.append(int((batch["labels"] != -100).sum()))
        return batch

    trainer.data_collator = counted
    trainer.add_callback(Hook())
    trainer.train()


if __name__ == "__main__":
    measured = Clock()
    VARIANTS[sys.argv[1]](Path(sys.argv[2]), sys.argv[3], measured)
    print(json.dumps(measured.report()))
