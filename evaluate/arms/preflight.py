"""Look at each adapter before any probe: what stands in its files, and how far it moves the logits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from loracheck.models.load import AdapterFile, arm
from loracheck.records import BASE_ARM, ArmRecord, Message
from loracheck.templates.chat import ChatTemplate

from .loss_curve import loss_curve
from .origins import origin

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

_PROMPTS = ("日本の首都はどこですか？", "What is the capital of France?")


def record(adapter: AdapterFile, *, assume_base: bool) -> ArmRecord:
    """Describe an adapter as it was found on disk."""
    curve = loss_curve(adapter.path)
    return ArmRecord(
        name=adapter.name,
        path=str(adapter.path),
        sha256=adapter.sha256,
        verified=adapter.verified or assume_base,
        finite=adapter.finite,
        inert=adapter.inert,
        heldout_losses=curve.points,
        kept_at=curve.kept_at,
        config={
            "peft_type": adapter.config.peft_type,
            "r": adapter.config.rank,
            "lora_alpha": adapter.config.alpha,
            "target_modules": list(adapter.config.targets),
            "base_model_name_or_path": adapter.config.base,
            "use_dora": adapter.config.use_dora,
        }
        | origin(adapter.path),
    )


def measure_logit_changes(
    model: PeftModel | PreTrainedModel, template: ChatTemplate, records: Sequence[ArmRecord]
) -> list[ArmRecord]:
    """Measure how far each adapter moves the base's next-token logits on fixed prompts."""
    prompts = prompt_ids(template)
    plain = logits(model, BASE_ARM, prompts)
    measured = []
    for entry in records:
        measured.append(with_logit_change(entry, plain, logits(model, entry.name, prompts)))
    return measured


def with_logit_change(
    entry: ArmRecord, plain: Sequence[torch.Tensor], tuned: Sequence[torch.Tensor]
) -> ArmRecord:
    """Add to what is known of an arm how far its logits lie from the base's, over the vocabulary that both have."""
    change = max(float((a[: len(b)] - b[: len(a)]).abs().max()) for a, b in zip(plain, tuned, strict=True))
    finite = entry.finite and all(bool(torch.isfinite(one).all()) for one in tuned)
    return replace(entry, logit_change=change if finite else None, finite=finite)


def prompt_ids(template: ChatTemplate) -> list[list[int]]:
    """Return the fixed prompts, as token ids."""
    return [template.prompt_ids((Message(role="user", content=text),)) for text in _PROMPTS]


def logits(
    model: PeftModel | PreTrainedModel, name: str, prompts: Sequence[Sequence[int]]
) -> list[torch.Tensor]:
    """Return an arm's logits of the next token after each prompt."""
    with arm(model, name) as inner, torch.inference_mode():
        return [
            inner(input_ids=torch.tensor([list(ids)], device=inner.device), logits_to_keep=1)
            .logits[0, -1]
            .float()
            for ids in prompts
        ]
