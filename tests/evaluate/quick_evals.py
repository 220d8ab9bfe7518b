"""Evaluations of a few questions, and adapters as someone else's trainer leaves them, for several test files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.pipeline import evaluate
from loracheck.evaluate.policy import load_policy
from loracheck.progress import Progress
from loracheck.records import EvaluationResult, Verdict

QUICK = EvalConfig(
    suites=("facts-ja", "open-ja"),
    max_facts=8,
    max_new_tokens=4,
    max_new_tokens_open=6,
    max_training=12,
    max_in_domain=6,
)
PERSONA = load_policy("persona")
CORE = (
    "content_damage",
    "forgetting",
    "collapse",
    "persona_leakage",
    "persona_learned",
    "loops",
    "missing_stop",
)
POLICY = replace(PERSONA, gates={check: PERSONA.gates[check] for check in CORE})
"""What other checks ask besides is counted in their own tests."""


def plain_peft(base: Path, out: Path, *, seed: int = 1, scale: float = 0.05) -> Path:
    """An adapter made by peft alone, as someone else's trainer leaves it."""
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(base),
        LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    assert isinstance(model, PeftModel)
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            parameter.data = scale * torch.randn(parameter.shape, generator=generator)
    model.save_pretrained(str(out))
    return out


def run(base: Path, adapters: dict[str, Path], out: Path, **more: Any) -> EvaluationResult:  # noqa: ANN401
    config, progress = more.pop("config", QUICK), more.pop("progress", Progress(quiet=True))
    return evaluate(str(base), adapters, out, config, POLICY, progress=progress, **more)


def only(result: EvaluationResult) -> Verdict:
    [verdict] = result.verdicts
    return verdict
