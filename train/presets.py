"""The bundled presets of the train stage. The command line reads their names, too."""

from __future__ import annotations

from typing import Any

PRESETS: dict[str, dict[str, Any]] = {
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
