"""Adapters of every kind on a base through peft: made, put back to a checkpoint, and saved as plain PEFT folders."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, cast

import torch
from bitsandbytes.functional import dequantize_4bit
from peft import LoHaConfig, LoKrConfig, LoraConfig, PeftConfig, PeftModel, get_peft_model
from peft import set_peft_model_state_dict as put_weights
from peft.tuners.lora import Linear4bit
from safetensors.torch import load_file
from transformers import set_seed

from loracheck.adapters.files import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from loracheck.errors import UsageError
from loracheck.models.fingerprint import checkpoint_tensor
from loracheck.models.load import Base

from .config import TrainConfig


def add_adapter(base: Base, config: TrainConfig) -> PeftModel:
    """Put a fresh adapter on the base; with the same seed it is always the same one.

    Raises:
        UsageError: the target modules match nothing.
    """
    set_seed(config.seed)
    try:
        model = get_peft_model(
            base.model, peft_config(config), autocast_adapter_dtype=config.adapter_dtype == "float32"
        )
    except ValueError as error:
        if "target" not in str(error).lower():
            raise
        raise UsageError(
            f"--target-modules {config.target_modules} matches no layer of {base.name}.",
            kind="target_modules",
            hint="Take all-linear, or names of its linear layers such as q_proj,v_proj.",
        ) from None
    if config.init_lora_weights == "loftq":
        _make_up_for_quantization(model, base)
    return cast(PeftModel, model)


def put_back(model: PeftModel, checkpoint: Path) -> None:
    """Give an adapter the weights that a checkpoint holds."""
    put_weights(model, load_file(checkpoint / ADAPTER_WEIGHTS))


def begin(model: PeftModel, folder: Path) -> Path | None:
    """Keep the adapter as it began, where the base was changed for it (PiSSA); it is needed to save the result."""
    if getattr(model.peft_config["default"], "init_lora_weights", None) != "pissa":
        return None
    if not (folder / ADAPTER_WEIGHTS).is_file():
        _save(model, folder)
        file = folder / ADAPTER_CONFIG
        config = json.loads(
            file.read_text(encoding="utf-8")
        )  # loaded again, it must not change the base once more
        file.write_text(json.dumps(config | {"init_lora_weights": True}), encoding="utf-8")
    return folder


def save_adapter(model: PeftModel, folder: Path, base: Base, initial: Path | None = None) -> None:
    """Save an adapter for the unchanged base, as peft, vLLM and text-generation-webui load it.

    Args:
        model: The trained model.
        folder: Where to write.
        base: Its name goes into the adapter's configuration.
        initial: The adapter as it began, for a kind that changed the base.
    """
    options = {} if initial is None else {"path_initial_model_for_weight_conversion": str(initial)}
    _save(model, folder, **options)
    (folder / "README.md").unlink(missing_ok=True)  # peft's empty card
    _name_base(folder, base)


def copy_adapter(checkpoint: Path, folder: Path, base: Base) -> None:
    """Save an adapter as a checkpoint holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (ADAPTER_CONFIG, ADAPTER_WEIGHTS):
        shutil.copyfile(checkpoint / name, folder / name)
    _name_base(folder, base)


def _name_base(folder: Path, base: Base) -> None:
    file = folder / ADAPTER_CONFIG
    config: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = base.source
    # How it began is of no use to whoever loads it, and makes peft change the base.
    config |= {"init_lora_weights": True} if "init_lora_weights" in config else {}
    file.write_text(json.dumps(config, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def _save(model: PeftModel, folder: Path, **options: Any) -> None:  # noqa: ANN401 - passed on
    model.save_pretrained(str(folder), safe_serialization=True, save_embedding_layers=False, **options)


def peft_config(config: TrainConfig) -> PeftConfig:
    """Return the options of a training in the words of peft."""
    targets: str | list[str] = config.target_modules
    if targets != "all-linear":
        targets = [name.strip() for name in config.target_modules.split(",") if name.strip()]
    common: dict[str, Any] = {"r": config.lora_r, "target_modules": targets, "task_type": "CAUSAL_LM"}
    if config.peft_type != "lora":
        kind = LoHaConfig if config.peft_type == "loha" else LoKrConfig
        return kind(alpha=config.lora_alpha, rank_dropout=config.lora_dropout, **common)
    initial: Any = config.init_lora_weights
    return LoraConfig(
        lora_alpha=config.lora_alpha,
        lora_dropout=config.lora_dropout,
        use_dora=config.use_dora,
        use_rslora=config.use_rslora,
        init_lora_weights=True if initial in ("default", "loftq") else initial,
        **common,
    )


def _make_up_for_quantization(model: PeftModel, base: Base) -> None:
    """Begin with the best approximation of what 4 bits have lost of each weight (LoftQ, arXiv 2310.08659)."""
    for name, module in model.named_modules():
        if not isinstance(module, Linear4bit):
            continue
        stored = checkpoint_tensor(base.source, name.removeprefix("base_model.model.") + ".weight")
        weight = module.get_base_layer().weight
        lost = (
            stored.to(weight.device, torch.float32) - dequantize_4bit(weight.data, weight.quant_state).float()
        )
        left, values, right = torch.linalg.svd(lost, full_matrices=False)
        rank, root = module.r["default"], values.sqrt()
        down, up = module.lora_A["default"].weight, module.lora_B["default"].weight
        down.data = (root[:rank, None] * right[:rank]).to(down.dtype)
        up.data = (left[:, :rank] * root[:rank] / module.scaling["default"]).to(up.dtype)
