"""An adapter on a base, both without memory: what peft makes of the options, counted to the byte.

Nothing is derived here that peft decides: the adapter is put on the model of shapes by the same call as in a
training, so that experts, tied layers and every kind of adapter count as they will be trained.
"""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import dataclass, replace
from typing import cast

import torch
from peft import PeftModel, get_peft_model, get_peft_model_state_dict
from peft.tuners.tuners_utils import BaseTunerLayer
from transformers import BitsAndBytesConfig, PreTrainedModel
from transformers.integrations.bitsandbytes import replace_with_bnb_linear
from transformers.quantizers.base import get_keys_to_not_convert

from loracheck.errors import UsageError, first_line
from loracheck.models.load import packed_dtype
from loracheck.train.adapters import peft_config
from loracheck.train.config import TrainConfig

from .architecture import Architecture, build

_STORED = {torch.float32: "F32", torch.bfloat16: "BF16", torch.float16: "F16"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterSize:
    """An adapter in figures.

    Attributes:
        parameters: Those that are trained.
        tensors: How many tensors they are.
        itemsize: Bytes of each parameter.
        file_bytes: Size of adapter_model.safetensors.
        reached: Layers with an adapter, by the last part of their names: how many, and of what inputs and outputs.
        outside: How many of them lie outside the language model, in an image or audio tower.
    """

    parameters: int
    tensors: int
    itemsize: int
    file_bytes: int
    reached: dict[str, tuple[int, int, int]]
    outside: int


def adapted(architecture: Architecture, config: TrainConfig, layers: int | None = None) -> PeftModel:
    """Put an adapter on the model of shapes, quantised layers included.

    Raises:
        UsageError: the target modules reach nothing, or nothing that peft can adapt.
    """
    base = build(architecture.config, architecture.base, dtype=architecture.dtype, layers=layers)
    if config.quantization != "none" and not config.use_dora:  # DoRA reads the weights, and these have none
        _quantize(base, config.quantization)
    plain = replace(config, init_lora_weights="default")  # how an adapter begins changes no shape
    try:
        with torch.device("meta"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about patterns and deprecations inside peft and transformers
            model = get_peft_model(base, peft_config(plain), autocast_adapter_dtype=False)
    except ValueError as error:
        kinds = ", ".join(architecture.layer_kinds())
        raise UsageError(
            f"--target-modules {config.target_modules}: peft can adapt no such layers of {architecture.base} "
            f"({architecture.model_type}): {first_line(error)}",
            kind="target_modules",
            hint=f"Its linear layers are {kinds}; all-linear takes them all but the head.",
        ) from None
    dtype = adapter_dtype(architecture, config)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.to(dtype)
    return cast(PeftModel, model)


def adapter_dtype(architecture: Architecture, config: TrainConfig) -> torch.dtype:
    """Return the type that peft gives the adapter's weights: float32, or that in which the base computes."""
    if config.adapter_dtype == "float32" or config.quantization == "int8":
        return torch.float32
    return architecture.dtype if config.quantization == "none" else packed_dtype()


def adapter_size(architecture: Architecture, config: TrainConfig) -> AdapterSize:
    """Count an adapter.

    Raises:
        UsageError: the target modules reach nothing.
    """
    model = adapted(architecture, config)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    head = cast(PreTrainedModel, model.get_base_model()).get_output_embeddings()
    text = {id(module) for module in (*_decoder(model).modules(), head)}
    reached: dict[str, tuple[int, int, int]] = {}
    outside = 0
    for name, module in model.named_modules():
        if isinstance(module, BaseTunerLayer):
            kind = name.rpartition(".")[2]
            features = int(getattr(module, "in_features", 0)), int(getattr(module, "out_features", 0))
            count, inputs, outputs = reached.get(kind, (0, *features))
            reached[kind] = (count + 1, inputs, outputs)
            outside += id(module) not in text
    return AdapterSize(
        parameters=sum(parameter.numel() for parameter in trained),
        tensors=len(trained),
        itemsize=adapter_dtype(architecture, config).itemsize,
        file_bytes=_file_bytes(model, doubled=config.init_lora_weights == "pissa"),
        reached=reached,
        outside=outside,
    )


def _decoder(model: PeftModel) -> torch.nn.Module:
    base = cast(PreTrainedModel, model.get_base_model())
    return cast(torch.nn.Module, base.get_decoder() or base)


def _file_bytes(model: PeftModel, *, doubled: bool) -> int:
    """Return the size of the safetensors file, its header of names and places included.

    PiSSA begins from the base's own directions, so it is saved as the difference to them: at twice the rank.
    """
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    weights = get_peft_model_state_dict(model, save_embedding_layers=False)
    for name, tensor in sorted(weights.items()):
        shape = list(tensor.shape)
        if doubled:
            place = 0 if "lora_A" in name else 1
            shape[place] *= 2
        start, end = end, end + math.prod(shape) * tensor.element_size()
        header[name] = {"dtype": _STORED[tensor.dtype], "shape": shape, "data_offsets": [start, end]}
    written = len(json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode())
    return 8 + -(-written // 8) * 8 + end


def _quantize(base: PreTrainedModel, quantization: str) -> None:
    eight = quantization == "int8"
    settings = BitsAndBytesConfig(
        load_in_8bit=eight,
        load_in_4bit=not eight,
        bnb_4bit_quant_type="nf4" if eight else quantization,
        bnb_4bit_compute_dtype=packed_dtype(),
    )
    replace_with_bnb_linear(base, get_keys_to_not_convert(base), settings)
    for flag, value in {"is_loaded_in_8bit": eight, "is_loaded_in_4bit": not eight}.items():
        setattr(base, flag, value)  # peft looks at them
