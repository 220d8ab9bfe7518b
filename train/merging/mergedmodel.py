"""The merged model itself: the adapter's change added to the weights layer by layer, saved as an ordinary model."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import torch
from peft import PeftModel
from peft.tuners.tuners_utils import BaseTunerLayer
from safetensors import safe_open
from transformers import GenerationConfig

from loracheck.adapters.files import ADAPTER_WEIGHTS
from loracheck.errors import AdapterError, UsageError, first_line
from loracheck.models.load import AdapterFile, Base, attach, load_base
from loracheck.models.quantization import Quantization
from loracheck.progress import Progress
from loracheck.templates.chat import ChatTemplate

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}


def load_mergeable(
    spec: str, trained: Quantization, onto: Literal["original", "trained"], progress: Progress
) -> Base:
    """Load a base whose weights can be added to: its own, or the values that a quantised one had in training."""
    if onto == "trained" and trained != "none":
        base = load_base(spec, quantization=trained, as_stored=True, announce=progress.say)
        base.model = base.model.dequantize()
        base.quantization = "none"
        return base
    return load_base(spec, as_stored=True, announce=progress.say)


def merged_model(base: Base, adapter: AdapterFile, dtype: str | None) -> PreTrainedModel:
    """Put the adapter on the base and add its change to the weights.

    Each weight is added to in float32 and rounded once; peft would round DoRA's lengths and the sum in between.

    Raises:
        AdapterError: peft cannot merge it, or the sum is not finite.
        UsageError: a weight does not fit the type.
    """
    target = _DTYPES[dtype] if dtype else base.model.dtype
    _untie(base.model, adapter)
    model = cast(PeftModel, attach(base, [adapter], alone=True))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that all are merged already, below
            for module in model.modules():
                if isinstance(module, BaseTunerLayer):
                    _merge_layer(module, target)
            merged: PreTrainedModel = cast(Any, model).merge_and_unload(safe_merge=True)
    except (ValueError, NotImplementedError, AttributeError) as error:
        raise AdapterError(
            f"adapter {adapter.path} cannot be merged: {first_line(error)}",
            kind="adapter_unsupported",
        ) from None
    merged = cast(Any, merged).to(target)
    for name, weight in merged.named_parameters():
        if not bool(torch.isfinite(weight).all()):
            raise UsageError(
                f"--dtype {dtype or target}: {name} does not fit this type.",
                kind="overflow",
                hint="Take --dtype bfloat16, which reaches as far as float32.",
            )
    return merged


def save_model(model: PreTrainedModel, base: Base, template: ChatTemplate, folder: Path) -> None:
    """Save weights, tokenizer, chat template, and a generation configuration that stops where the template does."""
    tokenizer = base.tokenizer
    tokenizer.chat_template = template.source
    model.generation_config = _generation(model, template)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _merge_layer(module: Any, target: torch.dtype) -> None:  # noqa: ANN401 - peft's layers share no typed base
    layer = module.get_base_layer()
    weight = getattr(layer, "weight", None)
    if (
        not isinstance(weight, torch.nn.Parameter)
        or not weight.is_floating_point()
        or not hasattr(module, "merge")
    ):
        return  # merge_and_unload takes it as it is
    weight.data = weight.data.float()
    module.merge(safe_merge=True)
    layer.weight.data = layer.weight.data.to(target)


def _untie(model: PreTrainedModel, adapter: AdapterFile) -> None:
    """Give the head weights of its own where the adapter changes it or the embeddings and both share theirs."""
    head, embeddings = model.get_output_embeddings(), model.get_input_embeddings()
    if head is None or head.weight is not embeddings.weight:
        return
    shared = [name for name, module in model.named_modules() if module is head or module is embeddings]
    with safe_open(str(adapter.path / ADAPTER_WEIGHTS), framework="pt") as tensors:
        changed = any(f"{name}." in key for key in tensors.keys() for name in shared)  # noqa: SIM118 - not a dict
    if changed:
        head.weight = torch.nn.Parameter(embeddings.weight.detach().clone(), requires_grad=False)
        for config in (model.config, model.config.get_text_config()):
            config.tie_word_embeddings = False


def _generation(model: PreTrainedModel, template: ChatTemplate) -> GenerationConfig:
    """Return the base's own generation configuration with the template's stop tokens."""
    own: GenerationConfig = model.generation_config or GenerationConfig()
    own._from_model_config = False  # or it would be made anew, without the stop tokens
    ends = own.eos_token_id if isinstance(own.eos_token_id, list) else [own.eos_token_id]
    own.eos_token_id = list(dict.fromkeys(i for i in [*template.stop_ids, *ends] if i is not None))
    if own.pad_token_id is None:
        own.pad_token_id = template.tokenizer.pad_token_id
    try:
        own.validate(strict=True)
    except (
        ValueError
    ):  # published with sampling options that contradict one another: these cannot be saved again
        return GenerationConfig(
            bos_token_id=own.bos_token_id, eos_token_id=own.eos_token_id, pad_token_id=own.pad_token_id
        )
    return own
