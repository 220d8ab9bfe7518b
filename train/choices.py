"""What an option of a training may be, where it is one of a few. The command line reads it, too."""

from __future__ import annotations

from typing import get_args

from loracheck.models.quantization import Quantization

CHOICES: dict[str, tuple[str, ...]] = {
    "quantization": get_args(Quantization),
    "peft_type": ("lora", "loha", "lokr"),
    "init_lora_weights": ("default", "gaussian", "pissa", "loftq"),
    "adapter_dtype": ("float32", "bfloat16"),
    # those of transformers that need nothing more than the number of steps
    "lr_scheduler_type": (
        "constant",
        "constant_with_warmup",
        "linear",
        "cosine",
        "cosine_with_restarts",
        "polynomial",
        "inverse_sqrt",
    ),
    "persona_scope": ("always", "in_domain", "never"),
    "keep": ("auto", "last", "best", "safe"),
}
