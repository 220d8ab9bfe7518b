"""Bases to plan for, known by their configuration alone, and a plan in one call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import Gemma3TextConfig, LlamaConfig, PreTrainedConfig, PreTrainedModel

from loracheck.progress import Progress
from loracheck.records.training import Plan
from loracheck.templates.chat import IGNORED, EncodedRow
from loracheck.train.config import TrainConfig
from loracheck.train.inputs import TrainInputs
from loracheck.train.planning.architecture import Architecture, architecture_of
from loracheck.train.planning.forecast import Course, foresee_steps
from loracheck.train.planning.plan import PlanOptions, plan

ATTENTION = "q_proj,k_proj,v_proj,o_proj"
GEMMA_270M = Gemma3TextConfig(
    vocab_size=262144,
    hidden_size=640,
    intermediate_size=2048,
    num_hidden_layers=18,
    num_attention_heads=4,
    num_key_value_heads=1,
    head_dim=256,
    dtype="bfloat16",
)
SMOLLM2_135M = LlamaConfig(
    vocab_size=49152,
    hidden_size=576,
    intermediate_size=1536,
    num_hidden_layers=30,
    num_attention_heads=9,
    num_key_value_heads=3,
    tie_word_embeddings=True,
    dtype="bfloat16",
)


def shape(config: PreTrainedConfig) -> Architecture:
    return architecture_of(config, "base", "base")


def row(tokens: int, trained: int) -> EncodedRow:
    ids = tuple(range(5, 5 + tokens))
    labels = (IGNORED,) * (tokens - trained) + ids[tokens - trained :]
    return EncodedRow(ids=ids, labels=labels, prompt_is_prefix=True)


def course(architecture: Architecture, config: TrainConfig, *steps: list[EncodedRow]) -> Course:
    return foresee_steps(architecture, config, steps, max_batch_tokens=256, measure=False)


def run_plan(base: Path, data: Path | None = None, options: PlanOptions | None = None, **given: Any) -> Plan:  # noqa: ANN401
    config = TrainConfig(**given)
    inputs = TrainInputs(base=str(base))
    return plan(data, config, inputs, options or PlanOptions(), progress=Progress(quiet=True))


def held_bytes(model: PreTrainedModel) -> int:
    """Return the bytes of a loaded model's weights, constants of quantised ones included."""
    total = 0
    for parameter in model.parameters():
        total += parameter.numel() * parameter.element_size()
        if (state := getattr(parameter, "quant_state", None)) is not None:
            parts = [state.absmax, state.code, state.offset, state.state2.absmax, state.state2.code]
            total += sum(part.numel() * part.element_size() for part in parts)
        if (scales := getattr(parameter, "SCB", None)) is not None:
            total += scales.numel() * scales.element_size()
    return total
