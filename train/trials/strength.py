"""Set a loaded adapter to a part of its strength, and save it so that every program loads it at that strength.

Strength s stands for the weights W0 + s (W1 - W0), a straight line from the base W0 to the adapted W1. The strength
is laid into the factors themselves and not into peft's scaling: then what was measured is what is saved, and DoRA,
which peft's scaling does not bring back to the base (at scaling 0 its magnitudes remain), keeps to the line as well.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel, get_peft_model_state_dict, set_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from peft.tuners.lora.dora import DoraLinearLayer
from peft.utils.integrations import dequantize_module_weight
from peft.utils.other import transpose
from safetensors import safe_open
from safetensors.torch import save_file

from loracheck.adapters.factors import MAGNITUDE, tensor_name
from loracheck.adapters.files import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from loracheck.errors import AdapterError
from loracheck.models.load import AdapterFile
from loracheck.terminal import visible

_KINDS = ("LORA", "LOHA", "LOKR")
# The change of a module is a multiple of each of these, and of no two of them at once.
_CARRIERS = ("lora_B", "lora_embedding_B", "lora_bias", "hada_w1_a", "lokr_w1", "lokr_w1_a")
_SMALLEST = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dora:
    """One layer with magnitudes; rows are the layer's outputs.

    Attributes:
        weight: Of the base.
        change: The product of the factors, scaled: DoRA's direction is weight + change.
        gain: What each row of the direction is multiplied by, (outputs,).
    """

    weight: torch.Tensor
    change: torch.Tensor
    gain: torch.Tensor

    def at(self, strength: float, up: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the factor B and the magnitudes at a strength.

        W0 + s (gain (W0 + change) - W0) is, row by row, share (W0 + s gain / share change) with
        share = 1 - s + s gain: DoRA again, with other rows in B and the length of that row as its magnitude.
        """
        share = 1 - strength + strength * self.gain
        share = torch.where(share.abs() < _SMALLEST, _SMALLEST, share)
        ratio = strength * self.gain / share
        lengths = torch.linalg.vector_norm(self.weight + ratio[:, None] * self.change, dim=1)
        return (up.float() * ratio[:, None]).to(up.dtype), share * lengths


@dataclass(slots=True, kw_only=True)
class Strength:
    """An adapter on its base, whose strength can be set as often as one likes."""

    model: PeftModel
    adapter: AdapterFile
    trained: Mapping[str, torch.Tensor]
    """The adapter's tensors at strength 1, under their names in its file."""

    @classmethod
    def of(cls, model: PeftModel, adapter: AdapterFile) -> Strength:
        """Take hold of an adapter that was put on its base by `loracheck.models.load.attach`.

        Raises:
            AdapterError: it has no strength that runs straight from the base to the adapter.
        """
        refuse_unscalable(adapter)
        tensors = get_peft_model_state_dict(model, adapter_name=adapter.name, save_embedding_layers=False)
        _refuse_tensors(adapter, tensors)
        _refuse_layers(model, adapter)
        return cls(
            model=model,
            adapter=adapter,
            trained={key: tensor.detach().clone() for key, tensor in tensors.items()},
        )

    def set(self, strength: float) -> None:
        """Give the adapter a part of its strength: 0 is the base, 1 the adapter as it was trained."""
        set_peft_model_state_dict(self.model, self._tensors(strength), adapter_name=self.adapter.name)

    def save(self, strength: float, folder: Path) -> None:
        """Save the adapter at a strength as an ordinary PEFT folder, in the precision of the original.

        The strength goes into the tensors, and lora_alpha stays as it is: alpha is a whole number to peft and to
        vLLM, and vLLM does not read alpha_pattern, so that alphas of single modules would lose theirs there.
        """
        folder.mkdir(parents=True, exist_ok=True)
        with safe_open(str(self.adapter.path / ADAPTER_WEIGHTS), framework="pt") as file:
            dtypes = {key: file.get_tensor(key).dtype for key in file.keys()}  # noqa: SIM118 - not a dict
        tensors = {
            key: tensor.to("cpu", dtypes[key]).contiguous() for key, tensor in self._tensors(strength).items()
        }
        save_file(tensors, str(folder / ADAPTER_WEIGHTS), metadata={"format": "pt"})
        text = json.dumps(self.adapter.values, indent=2, sort_keys=True, ensure_ascii=False)
        (folder / ADAPTER_CONFIG).write_text(text + "\n", encoding="utf-8")

    def _tensors(self, strength: float) -> dict[str, torch.Tensor]:
        found = dict(self.trained)
        if strength == 1:
            return found
        for key, tensor in self.trained.items():
            name = tensor_name(key)
            if name is None or name.factor not in _CARRIERS:
                continue
            magnitude = f"{name.module}.{MAGNITUDE}"
            if magnitude in self.trained:
                up, lengths = self._dora(name.module).at(strength, tensor)
                found[key], found[magnitude] = up, lengths.to(self.trained[magnitude].dtype)
            else:
                found[key] = (tensor.float() * strength).to(tensor.dtype)
        return found

    def _dora(self, module: str) -> _Dora:
        layer: Any = self.model.get_submodule(module)
        name = self.adapter.name
        stored = dequantize_module_weight(layer.get_base_layer())
        weight = transpose(stored, layer.lora_magnitude_vector[name].fan_in_fan_out).float()
        up, down = self.trained[f"{module}.lora_B.weight"], self.trained[f"{module}.lora_A.weight"]
        change = layer.scaling[name] * (up.float() @ down.float()).to(weight.device)
        magnitude = self.trained[f"{module}.{MAGNITUDE}"].flatten().float().to(weight.device)
        lengths = torch.linalg.vector_norm(weight + change, dim=1).clamp_min(1e-12)
        return _Dora(weight=weight, change=change, gain=magnitude / lengths)


def refuse_unscalable(adapter: AdapterFile) -> None:
    """Refuse by its configuration what has no strength, before any work is done.

    Raises:
        AdapterError: the kind is none of LoRA, DoRA, LoHa and LoKr, or a tensor is not finite.
    """
    if adapter.config.peft_type not in _KINDS:
        raise AdapterError(
            f"{adapter.path} is {visible(adapter.config.peft_type)}; only LoRA, DoRA, LoHa and LoKr can be set to "
            "another strength.",
            kind="adapter_unsupported",
            hint="Compare checkpoints of its training instead: loracheck train --watch.",
        )
    if not adapter.finite:
        raise AdapterError(
            f"{adapter.path} holds NaN or infinity; it is broken at any strength.",
            kind="adapter_not_finite",
            hint="Train it again, with a lower learning rate.",
        )


def _refuse_tensors(adapter: AdapterFile, tensors: Mapping[str, torch.Tensor]) -> None:
    """Refuse whole weights and biases, and products without a factor that carries the strength."""
    carried: dict[str, bool] = defaultdict(bool)
    for key in tensors:
        name = tensor_name(key)
        if name is None:
            raise AdapterError(
                f"{adapter.path} also holds whole weights, such as {visible(key)}, which have no strength.",
                kind="adapter_unsupported",
                hint="Train without modules_to_save, trainable tokens and bias.",
            )
        carried[name.module] |= name.factor in _CARRIERS
    if without := next((module for module, found in carried.items() if not found), None):
        raise AdapterError(
            f"{adapter.path}: {visible(without)} has no factor that could be made weaker.",
            kind="adapter_unsupported",
        )


def _refuse_layers(model: PeftModel, adapter: AdapterFile) -> None:
    """Refuse layers that do more with their factors than add the product, or turn DoRA's rows."""
    for layer in model.modules():
        if not isinstance(layer, LoraLayer) or adapter.name not in layer.lora_variant:
            continue
        dora = adapter.name in layer.lora_magnitude_vector
        magnitude = layer.lora_magnitude_vector[adapter.name] if dora else None
        if type(magnitude) is not DoraLinearLayer or layer.lora_bias[adapter.name]:
            variant = type(layer.lora_variant[adapter.name]).__name__.removesuffix("Variant")
            raise AdapterError(
                f"{adapter.path} is a {variant} adapter, whose effect does not grow with its factors.",
                kind="adapter_unsupported",
                hint="Only LoRA, DoRA, LoHa and LoKr of linear layers can be set to another strength.",
            )
