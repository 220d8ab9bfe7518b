"""Options of the train stage, under the libraries' own names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from loracheck.errors import UsageError

PRESETS: dict[str, dict[str, object]] = {
    # arXiv 2106.09685, table 5: query and value at a small rank
    "lora-paper": {"lora_r": 4, "lora_alpha": 8, "target_modules": "q_proj,v_proj"},
    # arXiv 2305.14314: every linear layer, rank 64, alpha 16, constant rate, clipping at 0.3
    "qlora": {
        "lora_r": 64,
        "lora_alpha": 16,
        "lr_scheduler_type": "constant",
        "max_grad_norm": 0.3,
        "quantization": "nf4",
    },
    "minimal": {"lora_r": 8, "lora_alpha": 16, "target_modules": "q_proj,k_proj,v_proj,o_proj"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """How to fine-tune.

    Attributes:
        target_modules: "all-linear", or names separated by commas.
        max_trained_tokens: Tokens with loss over the whole run; overrides num_train_epochs, so that two data
            sets can be trained on exactly as much.
        per_device_train_batch_size: Rows per optimiser step.
    """

    quantization: Literal["none", "nf4"] = "none"
    lora_r: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.0
    target_modules: str = "all-linear"
    learning_rate: float = 2e-4
    lr_scheduler_type: str = "cosine"
    warmup_ratio: float = 0.03
    num_train_epochs: int = 3
    max_trained_tokens: int | None = None
    per_device_train_batch_size: int = 16
    max_length: int = 1024
    max_grad_norm: float = 1.0
    weight_decay: float = 0.0
    save_steps: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        positive = (
            "lora_r",
            "lora_alpha",
            "learning_rate",
            "num_train_epochs",
            "per_device_train_batch_size",
            "max_grad_norm",
            "save_steps",
        )
        for name in positive:
            if getattr(self, name) <= 0:
                raise UsageError(f"--{name.replace('_', '-')} must be above 0, not {getattr(self, name)}.")
        if self.max_trained_tokens is not None and self.max_trained_tokens <= 0:
            raise UsageError(f"--max-trained-tokens must be above 0, not {self.max_trained_tokens}.")
        if self.max_length < 16:
            raise UsageError(f"--max-length must be at least 16 tokens, not {self.max_length}.")
        if self.quantization not in ("none", "nf4"):
            raise UsageError(f"--quantization is none or nf4, not {self.quantization}.")


def from_preset(preset: str | None, **given: object) -> TrainConfig:
    """Build the configuration from a preset and the options that were given (None means not given)."""
    if preset is not None and preset not in PRESETS:
        raise UsageError(f"--preset {preset}: there are {', '.join(PRESETS)}.")
    options = dict(PRESETS[preset]) if preset else {}
    options |= {name: value for name, value in given.items() if value is not None}
    if "lora_r" in options and "lora_alpha" not in options:
        options["lora_alpha"] = 2 * int(str(options["lora_r"]))
    return replace(TrainConfig(), **options)  # type: ignore[arg-type]
