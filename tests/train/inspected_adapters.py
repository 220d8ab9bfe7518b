"""Adapters of every kind to inspect, ways to spoil them, and readings of what was found."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from peft import LoHaConfig, LoKrConfig, LoraConfig, PeftConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from loracheck.adapters.files import ADAPTER_WEIGHTS
from loracheck.records.adapter import AdapterAnatomy, LoadsIn, ModuleAnatomy

TARGETS = ["q_proj", "o_proj", "gate_proj"]
KINDS: dict[str, tuple[str, Callable[[], PeftConfig]]] = {
    "lora": ("lora", lambda: LoraConfig(r=4, lora_alpha=12, target_modules=TARGETS)),
    "rslora": ("rslora", lambda: LoraConfig(r=4, lora_alpha=12, target_modules=TARGETS, use_rslora=True)),
    "dora": ("dora", lambda: LoraConfig(r=4, lora_alpha=12, target_modules=TARGETS, use_dora=True)),
    "loha": ("loha", lambda: LoHaConfig(r=3, alpha=6, target_modules=TARGETS)),
    "lokr": ("lokr", lambda: LoKrConfig(r=3, alpha=6, target_modules=TARGETS)),
    "lokr of two low ranks": (
        "lokr",
        lambda: LoKrConfig(r=2, alpha=6, target_modules=TARGETS, decompose_both=True),
    ),
    "lokr of two whole sides": ("lokr", lambda: LoKrConfig(r=64, alpha=32, target_modules=TARGETS)),
    "patterns": (
        "lora",
        lambda: LoraConfig(
            r=4,
            lora_alpha=12,
            target_modules=TARGETS,
            rank_pattern={"o_proj": 2, r".*layers\.1\..*gate_proj": 6},
            alpha_pattern={"model.layers.0.self_attn.q_proj": 40},
        ),
    ),
}


def save_kind(
    model: Path, target: Path, config: PeftConfig, *, std: float = 0.1, random: bool = True, seed: int = 1
) -> Any:  # noqa: ANN401 - a peft model
    """Save an adapter with random factors; returns the peft model, whose own arithmetic is the truth."""
    config.task_type = "CAUSAL_LM"
    loaded = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    torch.manual_seed(seed)
    tuned = get_peft_model(loaded, config)
    for name, weight in tuned.named_parameters():
        if random and weight.requires_grad and "magnitude" not in name:
            torch.nn.init.normal_(weight, std=std)
    tuned.save_pretrained(str(target), save_embedding_layers=False)
    return tuned


def spectra(found: AdapterAnatomy) -> dict[str, ModuleAnatomy]:
    return {module.name: module for module in found.modules}


def loads(found: AdapterAnatomy, program: str) -> LoadsIn:
    return next(entry for entry in found.loads if entry.program == program)


def codes(found: AdapterAnatomy) -> list[str]:
    return [notice.code for notice in found.notices]


def change_tensor(folder: Path, change: Callable[[str, torch.Tensor], torch.Tensor]) -> None:
    weights = load_file(folder / ADAPTER_WEIGHTS)
    save_file(
        {name: change(name, tensor).contiguous() for name, tensor in weights.items()},
        folder / ADAPTER_WEIGHTS,
    )


def change_config(folder: Path, **values: Any) -> None:  # noqa: ANN401 - any JSON
    file = folder / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | values), encoding="utf-8")
