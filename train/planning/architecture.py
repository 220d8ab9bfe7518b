"""What a base is made of, from its configuration alone: parameters, linear layers, bytes when it is held.

The model is built on torch's meta device, which has shapes and no memory, so the counts are exact for every
architecture that transformers knows. No weight is read or downloaded.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError, safe_open
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.pytorch_utils import Conv1D
from transformers.quantizers.base import get_keys_to_not_convert
from transformers.quantizers.quantizers_utils import should_convert_module

from loracheck.errors import EnvironmentFault, UsageError, first_line
from loracheck.models.load import base_source, training_device
from loracheck.models.network import settle_for_cache
from loracheck.models.precision import computing_dtype

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

_BLOCK = 64
"""Weights of a 4-bit block, which share one constant."""
_NESTED_BLOCK = 256
"""Constants that share one constant themselves, with double quantisation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearLayer:
    """A linear layer: its name in the model, and inputs and outputs.

    Attributes:
        head: Whether it makes the logits; "all-linear" leaves it out.
        quantizable: Whether bitsandbytes would hold it in 4 or 8 bits.
        text: Whether it lies in the language model itself, not in an image or audio tower.
    """

    name: str
    inputs: int
    outputs: int
    head: bool
    quantizable: bool
    text: bool

    @property
    def weights(self) -> int:
        """Return the number of weights, bias left out."""
        return self.inputs * self.outputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """A base's exact shape.

    Attributes:
        base: The base as it was named.
        source: Hub id or folder, where the tokenizer may lie.
        stored: Type of the checkpoint's weights; None in the configuration means float32 here.
        parameters: All of them, embeddings included, tied ones once.
    """

    base: str
    source: str
    config: PreTrainedConfig
    model_type: str
    stored: torch.dtype
    parameters: int
    hidden: int
    vocabulary: int
    linears: tuple[LinearLayer, ...]

    @property
    def dtype(self) -> torch.dtype:
        """Return the type of the weights in memory, in which they compute here."""
        return computing_dtype(self.stored, training_device())

    def reached(self, target_modules: str) -> tuple[LinearLayer, ...]:
        """Return the layers that "all-linear" or names with commas reach, by peft's rules.

        Raises:
            UsageError: they reach no linear layer; names those there are.
        """
        if target_modules.strip().lower() == "all-linear":
            found = tuple(layer for layer in self.linears if not layer.head)
        else:
            names = [name.strip() for name in target_modules.split(",") if name.strip()]
            found = tuple(
                layer
                for layer in self.linears
                if any(layer.name == name or layer.name.endswith(f".{name}") for name in names)
            )
        if not found:
            raise UsageError(
                f"--target-modules {target_modules} reaches no linear layer of {self.base} ({self.model_type}).",
                kind="target_modules",
                hint=f"It has {', '.join(self.layer_kinds())}; all-linear takes them all but the head.",
            )
        return found

    def layer_kinds(self) -> tuple[str, ...]:
        """Return the last parts of the linear layers' names, each once, in the model's order."""
        return tuple(dict.fromkeys(layer.name.rpartition(".")[2] for layer in self.linears))

    def quantized(self, quantization: str) -> tuple[LinearLayer, ...]:
        """Return the layers that a quantisation reaches."""
        return () if quantization == "none" else tuple(layer for layer in self.linears if layer.quantizable)

    def weight_bytes(self, quantization: str) -> int:
        """Return the bytes of the base's weights in memory, exactly."""
        reached = self.quantized(quantization)
        plain = (self.parameters - sum(layer.weights for layer in reached)) * self.dtype.itemsize
        return plain + sum(quantized_bytes(layer, quantization) for layer in reached)


def quantized_bytes(layer: LinearLayer, quantization: str) -> int:
    """Return the bytes of one layer in 4 bits with double quantisation, or in 8 bits, constants included."""
    if quantization == "int8":
        return layer.weights + 4 * layer.outputs
    blocks = -(-layer.weights // _BLOCK)
    nested = -(-blocks // _NESTED_BLOCK)
    tables = 4 * (16 + 256 + 1)  # the 16 values, the 256 of the constants, their offset
    return -(-layer.weights // 2) + blocks + 4 * nested + tables


def read_architecture(base: str, announce: Callable[[str], None] | None = None) -> Architecture:
    """Read a base's configuration and build its shape.

    Args:
        base: Hub id (its config.json is fetched, or taken from the cache), a folder, one that holds nothing but
            config.json, or a GGUF file, which is converted into the cache on first use.
        announce: Takes a sentence about a conversion.

    Raises:
        UsageError: there is no such base, or transformers cannot build it from its configuration.
        EnvironmentFault: the configuration cannot be fetched.
    """
    if Path(base).is_file() and Path(base).name == "config.json":
        source = str(Path(base).parent)
    else:
        source = base_source(base, announce) if announce else base_source(base)
    if not Path(source).is_dir():
        settle_for_cache()
    try:
        config = AutoConfig.from_pretrained(source, trust_remote_code=False)
    except OSError as error:
        raise EnvironmentFault(
            f"cannot read the configuration of {base}: {first_line(error)}",
            kind="model_unloadable",
            hint="Check the name, the network and your access to gated models (hf auth login), "
            "or pass a folder with config.json.",
        ) from error
    except (ValueError, KeyError, TypeError, StrictDataclassError) as error:
        raise _unplannable(base, error) from error
    if getattr(config, "quantization_config", None) is not None:
        raise UsageError(
            f"--base {base} is quantised already, so the bytes of its weights do not follow from its shape.",
            kind="base_quantised",
            hint="Plan the 16-bit original it was made of, with --quantization nf4.",
        )
    return architecture_of(config, base, source)


def architecture_of(config: PreTrainedConfig, base: str, source: str) -> Architecture:
    """Build the shape of a base from its configuration.

    Raises:
        UsageError: transformers cannot build a causal language model from it.
    """
    model = build(config, base, dtype=_dtype(config, source))
    # Tied embeddings are one tensor under two names, and parameters() yields it once.
    parameters = sum(parameter.numel() for parameter in model.parameters())
    text = config.get_text_config()
    return Architecture(
        base=base,
        source=source,
        config=config,
        model_type=str(config.model_type),
        stored=next(model.parameters()).dtype,
        parameters=parameters,
        hidden=int(text.hidden_size),
        vocabulary=int(text.vocab_size),
        linears=_linears(model),
    )


def build(
    config: PreTrainedConfig, base: str, *, dtype: torch.dtype, layers: int | None = None
) -> PreTrainedModel:
    """Build a model without memory, on the meta device; with fewer layers, if asked.

    Raises:
        UsageError: transformers cannot build it.
    """
    config = copy.deepcopy(config)
    if getattr(config, "quantization_config", None) is not None:
        del config.quantization_config
    text = config.get_text_config()
    if layers is not None:
        text.num_hidden_layers = layers
        if getattr(text, "layer_types", None):
            text.layer_types = text.layer_types[:layers]
    try:
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config, dtype=dtype)
    except (ValueError, KeyError, TypeError, AttributeError, ImportError, RuntimeError) as error:
        raise _unplannable(base, error) from error
    model.tie_weights()
    return cast("PreTrainedModel", model)


def _linears(model: PreTrainedModel) -> tuple[LinearLayer, ...]:
    head = model.get_output_embeddings()
    kept = get_keys_to_not_convert(model)
    decoder = model.get_decoder()
    text = {id(module) for module in decoder.modules()} if decoder is not None else set()
    found = []
    for name, module in model.named_modules():
        if not isinstance(module, torch.nn.Linear | Conv1D):
            continue
        rows, columns = module.weight.shape
        inputs, outputs = (rows, columns) if isinstance(module, Conv1D) else (columns, rows)
        found.append(
            LinearLayer(
                name=name,
                inputs=inputs,
                outputs=outputs,
                head=module is head,
                quantizable=(isinstance(module, Conv1D) or type(module) is torch.nn.Linear)
                and should_convert_module(name, kept),
                text=module is head or id(module) in text,
            )
        )
    return tuple(found)


def _dtype(config: PreTrainedConfig, source: str) -> torch.dtype:
    """Return the type of the checkpoint: the configuration's, else that of the weights at hand."""
    named = getattr(config, "dtype", None) or getattr(config.get_text_config(), "dtype", None)
    if isinstance(named, str):
        named = getattr(torch, named, None)
    if not isinstance(named, torch.dtype):
        named = _stored_dtype(source) or torch.float32
    return named


def _stored_dtype(source: str) -> torch.dtype | None:
    files: Sequence[Path] = sorted(Path(source).glob("model*.safetensors")) if Path(source).is_dir() else []
    names: dict[str, Any] = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16}
    for file in files:
        try:
            with safe_open(str(file), framework="pt") as tensors:
                for name in tensors.keys():  # noqa: SIM118 - not a dict
                    if (kind := tensors.get_slice(name).get_dtype()) in names:
                        found: torch.dtype = names[kind]
                        return found
        except SafetensorError:
            return None
    return None


def _unplannable(base: str, error: Exception) -> UsageError:
    return UsageError(
        f"--base {base} cannot be planned: transformers builds no causal language model from its configuration "
        f"({type(error).__name__}: {first_line(error)}).",
        kind="architecture_unknown",
        hint="Models with code of their own and encoder-decoder models are not supported; a newer transformers "
        "may know the architecture.",
    )
