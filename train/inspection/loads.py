"""Which programs take an adapter as it is: by their loaders' own rules, and with which options.

peft takes every kind it knows, with the configuration beside the weights. text-generation-webui (its Transformers
loader) hands the folder to peft. vLLM reads `r`, `lora_alpha`, `use_rslora`, `bias`, `modules_to_save`, `use_dora`
and the tensors' names (vllm/lora/peft_helper.py and utils.py, read in 2026), and nothing else of the configuration:
it would scale a module of another rank or alpha wrongly, without a word.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from loracheck.adapters.config import AdapterConfig
from loracheck.adapters.factors import tensor_name
from loracheck.adapters.files import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from loracheck.records.adapter import LoadsIn, ModuleAnatomy

VLLM_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""What --max-lora-rank may be; 1 as well in newer versions."""
_VLLM_FACTORS = ("lora_A", "lora_B", "lora_embedding_A", "lora_embedding_B")
_VLLM_SKIPS = (".embed_tokens.base_layer.weight", ".lm_head.base_layer.weight")
PEFT, WEBUI, VLLM = "peft", "text-generation-webui", "vLLM"


def programs(
    weights: Path, config: AdapterConfig | None, modules: Sequence[ModuleAnatomy], names: Sequence[str]
) -> tuple[LoadsIn, ...]:
    """Say of peft, vLLM and text-generation-webui whether they take the adapter."""
    refused = _peft_refuses(weights, config, modules)
    vllm = refused or _vllm_refuses(config, modules, names)
    changed = (
        "it takes its beginning out of the base's weights first" if config and config.changes_base else ""
    )
    return (
        LoadsIn(program=PEFT, loads=not refused, reason=refused or changed),
        LoadsIn(
            program=VLLM,
            loads=not vllm,
            options="" if vllm else _vllm_options(weights.parent, modules),
            reason=vllm,
        ),
        LoadsIn(program=WEBUI, loads=not refused, reason=refused or changed),
    )


def no_programs(reason: str) -> tuple[LoadsIn, ...]:
    """Say that none of them takes it, and why."""
    return tuple(LoadsIn(program=name, loads=False, reason=reason) for name in (PEFT, VLLM, WEBUI))


def _peft_refuses(weights: Path, config: AdapterConfig | None, modules: Sequence[ModuleAnatomy]) -> str:
    from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING  # noqa: PLC0415

    if config is None:
        return f"there is no {ADAPTER_CONFIG} beside it"
    if weights.name != ADAPTER_WEIGHTS:
        return f"the file is to be called {ADAPTER_WEIGHTS}"
    if config.peft_type not in {str(kind.value) for kind in PEFT_TYPE_TO_CONFIG_MAPPING}:
        return f"peft knows no kind {config.peft_type or 'without a name'!r}"
    if wrong := other_ranks(config, modules):
        first = wrong[0]
        said = config.rank_of(first.name)
        return f"{ADAPTER_CONFIG} gives {first.name} rank {said}, its tensors have rank {first.rank}"
    return ""


def other_ranks(config: AdapterConfig, modules: Sequence[ModuleAnatomy]) -> list[ModuleAnatomy]:
    """Return the modules whose tensors have another rank than the configuration says."""
    if config.peft_type not in ("LORA", "LOHA") or config.parameters or config.unread:
        return []
    return [module for module in modules if module.rank not in (None, config.rank_of(module.name))]


def _vllm_refuses(
    config: AdapterConfig | None, modules: Sequence[ModuleAnatomy], names: Sequence[str]
) -> str:
    assert config is not None
    if config.peft_type != "LORA":
        return f"it takes LoRA only, not {config.peft_type}"
    if config.use_dora:
        return "it has no DoRA; merge the adapter instead"
    if config.changes_base:
        return "it would not change the base's weights first; save it again as a plain LoRA"
    if config.modules_to_save:
        return (
            f"it takes no whole modules ({', '.join(config.modules_to_save[:3])}); merge the adapter instead"
        )
    if config.bias != "none" or config.lora_bias:
        return "it takes no trained biases"
    if config.trainable_tokens:
        return "it takes no single trained tokens but in its newest versions"
    odd = [
        name
        for name in names
        if not name.endswith(_VLLM_SKIPS)
        and ((found := tensor_name(name)) is None or found.factor not in _VLLM_FACTORS)
    ]
    if odd:
        return f"it knows no tensor called {odd[0]}"
    if config.rank is None or config.alpha is None:
        return f"{ADAPTER_CONFIG} has no r or no lora_alpha"
    if {module.scale for module in modules} != {config.scale_of("", config.rank)}:
        return "it would scale every module by lora_alpha / r, and some have another scale; merge the adapter instead"
    highest = max((module.rank or 0 for module in modules), default=0)
    return f"rank {highest} is above its limit of {VLLM_RANKS[-1]}" if highest > VLLM_RANKS[-1] else ""


def _vllm_options(folder: Path, modules: Sequence[ModuleAnatomy]) -> str:
    highest = max((module.rank or 0 for module in modules), default=0)
    rank = next(allowed for allowed in VLLM_RANKS if allowed >= highest)
    template = folder / "chat_template.jinja"
    options = f"--max-lora-rank {rank}"
    return options + (f" --chat-template {shlex.quote(str(template))}" if template.is_file() else "")
