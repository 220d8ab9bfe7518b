"""Adapters to merge, with random factors, and what a merged model says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from peft import LoHaConfig, LoKrConfig, LoraConfig, PeftConfig, get_peft_model
from transformers import AutoModelForCausalLM

from loracheck import jsonl
from loracheck.adapters.card import ADAPTER_CARD, AdapterCard
from loracheck.models.load import load_base
from loracheck.models.quantization import Quantization
from loracheck.progress import Progress
from loracheck.records.adapter import ShippedForm
from loracheck.templates.chat import ChatTemplate
from loracheck.train.merging.merge import MergeConfig

MakeGemma = Callable[..., Path]
QUIET = Progress(quiet=True)
QUICK = MergeConfig(probes=3, max_new_tokens=8)
TARGETS = ["q_proj", "v_proj", "down_proj"]
KINDS: dict[str, Callable[[], PeftConfig]] = {
    "lora": lambda: LoraConfig(r=4, lora_alpha=8, target_modules=TARGETS),
    "rslora": lambda: LoraConfig(r=4, lora_alpha=8, target_modules=TARGETS, use_rslora=True),
    "dora": lambda: LoraConfig(r=4, lora_alpha=8, target_modules=TARGETS, use_dora=True),
    "loha": lambda: LoHaConfig(r=4, alpha=16, target_modules=TARGETS),
    "lokr": lambda: LoKrConfig(r=4, alpha=16, target_modules=TARGETS),
    "patterns": lambda: LoraConfig(
        r=4, lora_alpha=8, target_modules=TARGETS, alpha_pattern={"v_proj": 40}, rank_pattern={"q_proj": 2}
    ),
    "whole norm besides": lambda: LoraConfig(r=4, target_modules=TARGETS, modules_to_save=["norm"]),
    "head": lambda: LoraConfig(r=4, target_modules=["q_proj", "lm_head"]),
    "embeddings": lambda: LoraConfig(r=4, target_modules=["q_proj", "embed_tokens"]),
}
IDS = torch.tensor([[2, 40, 50, 60, 70, 80]])


def save_adapter(
    model: Path,
    target: Path,
    config: PeftConfig | None = None,
    *,
    std: float = 0.3,
    quantization: Quantization | None = None,
) -> torch.Tensor:
    """Save an adapter with random factors, with a card where it is told how the base was held; returns its logits."""
    config = config or KINDS["lora"]()
    config.task_type = "CAUSAL_LM"
    torch.manual_seed(1)
    tuned = get_peft_model(AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32), config)
    for name, weight in tuned.named_parameters():
        if weight.requires_grad and "magnitude" not in name:
            torch.nn.init.normal_(weight, std=std)
    tuned.save_pretrained(str(target), save_embedding_layers=False)
    if quantization is not None:
        base = load_base(str(model))
        card = AdapterCard(
            base=base.name,
            fingerprint=base.fingerprint,
            template_sha256=ChatTemplate(base.tokenizer).sha256,
            quantization=quantization,
            data_sha256="d" * 64,
            trained_tokens=1,
        )
        jsonl.write_one(target / ADAPTER_CARD, card)
    tuned.eval()
    with torch.inference_mode():
        logits: torch.Tensor = tuned(input_ids=IDS).logits
    return logits


def logits_of(folder: Path) -> torch.Tensor:
    model = AutoModelForCausalLM.from_pretrained(folder)
    with torch.inference_mode():
        logits: torch.Tensor = model(input_ids=IDS).logits.float()
    return logits


def divergence(form: ShippedForm, place: int = 0) -> float:
    found = form.comparisons[place].divergence
    assert found is not None
    assert found.value is not None
    return found.value


def left_behind(out: Path) -> list[Path]:
    return [path for path in out.parent.iterdir() if path.name.startswith(f".{out.name}")]
