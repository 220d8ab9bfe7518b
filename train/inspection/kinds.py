"""The kind of a language model's adapter, from its configuration and from the tensors themselves."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from loracheck.adapters.config import AdapterConfig
from loracheck.adapters.factors import MAGNITUDE, tensor_name
from loracheck.adapters.tensorfile import TensorFile
from loracheck.records.adapter import ModuleAnatomy

from .intruders import evenly
from .modules import PEFT_PREFIX, ScaleRule

# What stands in the names of the tensors of each kind; the first that is found counts.
_MARKS = (
    ("hada_", "loha"),
    ("lokr_", "lokr"),
    (MAGNITUDE, "dora"),
    (".lora_E", "adalora"),
    (".lora_", "lora"),
    ("vera_lambda", "vera"),
    ("oft_", "oft"),
    ("ia3_l", "ia3"),
    ("prompt_embeddings", "prompt tuning"),
)


def scale_rule(config: AdapterConfig | None, module: str, rank: int | None) -> ScaleRule:
    """Return a module's alpha and scale by its configuration, given the rank that its factors show."""
    if config is None:
        return ScaleRule(rank=rank, alpha=None, scale=None)
    name = module.removeprefix(PEFT_PREFIX)
    given, alpha = config.rank_of(name), config.alpha_of(name)
    if config.parameters and rank is not None and given is not None and rank != given:
        note = "it changes all experts of a layer at once"
        return ScaleRule(rank=given, alpha=alpha, scale=config.scale_of(name, given), note=note)
    # peft scales LoKr by the rank it was given, also where a side is whole and shows none.
    rank = given if config.peft_type == "LOKR" or rank is None else rank
    return ScaleRule(rank=rank, alpha=alpha, scale=config.scale_of(name, rank) if rank else None)


def kind_of(config: AdapterConfig | None, file: TensorFile, modules: Sequence[ModuleAnatomy]) -> str:
    """Name the kind in a word."""
    names = [info.name for info in file.tensors]
    kind = next((kind for mark, kind in _MARKS if any(mark in name for name in names)), "unknown")
    if config is None:
        return kind
    if config.peft_type != "LORA":
        return config.peft_type.lower() or kind
    if config.changes_base:
        return f"{config.initial}, not converted"
    plain = ("rs" if config.use_rslora else "") + ("dora" if config.use_dora or kind == "dora" else "lora")
    return "pissa-converted" if plain == "lora" and _was_pissa(file, modules) else plain


def _was_pissa(file: TensorFile, modules: Sequence[ModuleAnatomy]) -> bool:
    """Tell whether a PiSSA adapter was made a LoRA for the unchanged base.

    peft then appends what the adapter began with, which came out of a singular value decomposition: the second
    half of A has orthogonal rows, that of B orthogonal columns, and these have the same lengths.
    """
    factors: dict[str, dict[str, str]] = {}
    for info in file.tensors:
        if name := tensor_name(info.name):
            factors.setdefault(name.module.removeprefix(PEFT_PREFIX), {})[name.factor] = info.name
    looked_at = [module for module in modules if module.rank and module.rank % 2 == 0 and module.spectrum]
    for module in evenly(looked_at, 4):
        names = factors[module.name]
        if "lora_A" not in names or "lora_B" not in names:
            return False
        half = (module.rank or 0) // 2
        rows = file.read(names["lora_A"]).flatten(1)[half:]
        columns = file.read(names["lora_B"]).flatten(1)[:, half:].T
        if not (_orthogonal(rows) and _orthogonal(columns)):
            return False
        if not torch.allclose(rows.norm(dim=1), columns.norm(dim=1), rtol=0.02):
            return False
    return len(looked_at) > 1


def _orthogonal(rows: torch.Tensor) -> bool:
    unit = rows / rows.norm(dim=1, keepdim=True).clamp_min(1e-30)
    return bool((unit @ unit.T - torch.eye(len(unit))).abs().max() < 0.02)
