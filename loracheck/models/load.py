"""Load a base model and adapters, and make sure that they belong together.

PEFT loads an adapter onto a wrong base of the same shape without a word. So every adapter loracheck trains
carries a fingerprint of its base, and every adapter is checked tensor by tensor against the model it is put on.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

from loracheck.adapters.card import read_card
from loracheck.adapters.config import AdapterConfig, config_of, read_values
from loracheck.adapters.factors import MAGNITUDE, changing_modules, tensor_name
from loracheck.adapters.files import ADAPTER_CONFIG, ADAPTER_WEIGHTS, adapter_folder
from loracheck.adapters.peftconfig import peft_config, refuse_dtypes, refuse_unsafe
from loracheck.adapters.tensorfile import TensorFile, open_tensors
from loracheck.errors import AdapterError, EnvironmentFault, LoracheckError, UsageError, first_line
from loracheck.models.attention import attend_shortly
from loracheck.models.basespec import is_folder, refuse_missing_base
from loracheck.models.conversion import converted
from loracheck.models.fingerprint import Fingerprint, fingerprint
from loracheck.models.memory import memory_bytes
from loracheck.models.network import settle_for_cache
from loracheck.models.precision import bytes_in_float32, compute_in, computing_dtype
from loracheck.models.preparation import keep_head_fast, keep_training_correct, let_go_of_file
from loracheck.models.quantization import Quantization
from loracheck.records import BASE_ARM
from loracheck.runs import hash_file
from loracheck.terminal import visible

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

_TEXT = "空はなぜ青いのですか？ Why is the sky blue, and how many months are there in a year of 365 days?"
_SAME = 1e-3
"""How far the base's own logits may be off beside an adapter; the same arithmetic gives the same to the bit."""
_log = logging.getLogger(__name__)
_UNLOADABLE = (OSError, ValueError, KeyError, TypeError, SafetensorError)
"""What transformers raises on files that it cannot read."""


@dataclass(slots=True, kw_only=True)
class Base:
    """A loaded base model."""

    name: str
    source: str
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    quantization: Quantization
    fingerprint: Fingerprint

    @property
    def computed_on(self) -> str:
        """Return where it computes, and in which type."""
        return f"{device_name()}, {str(self.model.dtype).removeprefix('torch.')}"


def load_base(
    spec: str,
    *,
    quantization: Quantization = "none",
    as_stored: bool = False,
    announce: Callable[[str], None] = _log.info,
) -> Base:
    """Load a base from a Hugging Face id, a local folder or a GGUF file.

    Args:
        spec: What was given as --base.
        quantization: How its linear layers are held.
        as_stored: Keep the type of the checkpoint, to write weights; without it, that in which the device is fast.
        announce: Takes a sentence about what is done to it.

    Raises:
        UsageError: the path does not exist or holds no model, or one that needs code of its own.
        EnvironmentFault: the model cannot be fetched, a package is missing, or the memory would not hold the weights in
            the type in which the processor is fast.
    """
    source = base_source(spec, announce)
    if Path(source).is_dir() and not holds_weights(Path(source)):
        raise UsageError(
            f"--base {spec} holds no weights.",
            kind="no_base",
            hint="Put the model's .safetensors files there; `loracheck plan` needs none.",
        )
    device = training_device()
    arguments: dict[str, Any] = {"dtype": "auto"}
    if quantization != "none":
        arguments["quantization_config"] = _quantized(quantization)
    if device.type != "cpu":
        arguments["device_map"] = {"": device}
    tokenizer = load_tokenizer(source)
    try:
        model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
            source, trust_remote_code=False, **arguments
        )
    except _UNLOADABLE as error:
        raise _cannot_load(spec, error) from error
    computed = model.dtype if as_stored else computing_dtype(model.dtype, device)
    if computed != model.dtype:
        if computed == torch.float32:
            _refuse_without_room(spec, bytes_in_float32(model), memory_bytes(device))
            announce("this processor has no fast products in 16 bits; the base computes in float32")
        compute_in(model, computed)
    if quantization != "none" and device.type == "cpu":
        let_go_of_file(model)
    keep_training_correct(model)
    keep_head_fast(model)
    attend_shortly(model)
    model.eval()
    return Base(
        name=spec,
        source=source,
        model=model,
        tokenizer=tokenizer,
        quantization=quantization,
        fingerprint=fingerprint(source, model.config, tokenizer, model),
    )


def holds_weights(folder: Path) -> bool:
    """Tell whether a model's folder holds weights beside its configuration."""
    return any(file.suffix in (".safetensors", ".bin", ".gguf") for file in folder.iterdir())


def _refuse_without_room(spec: str, needed: int, room: int | None) -> None:
    if room is not None and needed > room:
        raise EnvironmentFault(
            f"the base {spec} needs {needed / 1e9:.1f} GB of memory, and there are {room / 1e9:.1f} GB: this processor "
            "has no fast products in 16 bits, so that the base has to compute in float32.",
            kind="out_of_memory",
            hint="Take a machine with a GPU or with AVX-512, or add --quantization nf4 where the command has it.",
        )


def base_source(spec: str, announce: Callable[[str], None] = _log.info) -> str:
    """Return what transformers loads a base from: its folder, its hub id, or the folder of a converted GGUF file.

    Raises:
        UsageError: the path does not exist or holds no model.
    """
    refuse_missing_base(spec)
    if spec.endswith(".gguf"):
        return str(converted(Path(spec), announce))
    return spec


def load_tokenizer(source: str) -> PreTrainedTokenizerBase:
    """Load a base's tokenizer from what `base_source` returns.

    Raises:
        UsageError: only code that lies beside it could read it.
        EnvironmentFault: it cannot be fetched or read.
    """
    if not Path(source).is_dir():
        settle_for_cache()
    try:
        return AutoTokenizer.from_pretrained(source, trust_remote_code=False)
    except _UNLOADABLE as error:
        raise _cannot_load(source, error) from error


def load_config(source: str) -> PreTrainedConfig:
    """Load a base's configuration from what `base_source` returns.

    Raises:
        UsageError: only code that lies beside it could read it.
        EnvironmentFault: it cannot be fetched or read.
    """
    try:
        found: PreTrainedConfig = AutoConfig.from_pretrained(source, trust_remote_code=False)
    except _UNLOADABLE as error:
        raise _cannot_load(source, error) from error
    return found


def _cannot_load(spec: str, error: Exception) -> LoracheckError:
    if "trust_remote_code" in str(error):
        return UsageError(
            f"the base {spec} can only be read by code that comes with it, and no such code is run.",
            kind="architecture_unknown",
            hint="Take a base that transformers knows by itself, or update transformers.",
        )
    return EnvironmentFault(
        f"cannot load the base {spec}: {first_line(error)}",
        kind="model_unloadable",
        hint="Check the name, the network and your access to gated models (hf auth login), "
        "or pass a local folder.",
    )


def training_device() -> torch.device:
    """Return where a model is put: CUDA (the process's own GPU under torchrun), else MPS, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def device_name() -> str:
    """Return where a model is put, in words."""
    device = training_device()
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def packed_dtype() -> torch.dtype:
    """Return the type in which 4-bit weights compute here."""
    return computing_dtype(torch.bfloat16, training_device())


def _quantized(quantization: Quantization) -> BitsAndBytesConfig:
    if quantization == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=quantization,
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=packed_dtype(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterFile:
    """An adapter on disk, read without trusting it.

    Attributes:
        values: Its configuration as it stands in the file.
        config: The same, as far as it is well formed.
        shapes: Of its tensors, by name.
        verified: Whether it is proved to belong to the base: by fingerprint, or by the base's name.
        finite: False when a tensor holds NaN or infinity.
        inert: True when a factor of every module's change is all zero, so that the adapter changes nothing.
    """

    name: str
    path: Path
    values: dict[str, Any]
    config: AdapterConfig
    shapes: dict[str, tuple[int, ...]]
    verified: bool
    finite: bool
    inert: bool
    sha256: str


def adapter_files(name: str, path: Path) -> tuple[Path, Path]:
    """Return where the configuration and the weights of an adapter lie; of a train run, inside it.

    Raises:
        AdapterError: no adapter there, or a pickle.
    """
    path = adapter_folder(path)
    config_file, weights = path / ADAPTER_CONFIG, path / ADAPTER_WEIGHTS
    if not config_file.is_file():
        raise AdapterError(
            f"adapter {name}: {path} holds no adapter_config.json.",
            kind="no_adapter",
            hint="Pass the folder that peft saved, or a loracheck train run.",
        )
    if not weights.is_file():
        pickled = (path / "adapter_model.bin").is_file()
        raise AdapterError(
            f"adapter {name}: {path} holds no {ADAPTER_WEIGHTS}"
            + (", only a pickle, which can run code when it is read." if pickled else "."),
            kind="pickle_refused" if pickled else "no_adapter",
            hint="Save it again with model.save_pretrained(path, safe_serialization=True).",
        )
    return config_file, weights


def read_adapter(
    name: str, path: Path, base: Base, template_sha256: str | None = None, *, alone: bool = False
) -> AdapterFile:
    """Read an adapter and check it against the base before anything is loaded.

    Args:
        name: What it is called here.
        path: Its folder, or a train run.
        base: What it is to be put on.
        template_sha256: Of the chat template in use.
        alone: The base is not asked beside it, so that it may take its beginning out of the base's weights.

    Raises:
        AdapterError: no adapter there, a pickle, a broken file, or an adapter for another base.
    """
    config_file, weights = adapter_files(name, path)
    path = config_file.parent
    values = read_values(path)
    config = config_of(values)
    refuse_unsafe(name, values, config, alone=alone)
    with open_tensors(weights) as file:
        refuse_dtypes(name, {info.name: info.dtype for info in file.tensors})
        finite, inert = _scan(file, base)
        shapes = {info.name: info.shape for info in file.tensors}
    return AdapterFile(
        name=name,
        path=path,
        values=values,
        config=config,
        shapes=shapes,
        verified=_belongs(name, path, config, base, template_sha256),
        finite=finite,
        inert=inert,
        sha256=hash_file(weights),
    )


def _scan(file: TensorFile, base: Base) -> tuple[bool, bool]:
    """Tell whether every tensor is finite, and whether the adapter changes nothing at all."""
    finite = True
    zero: dict[str, bool] = {}
    magnitudes: dict[str, torch.Tensor] = {}
    for info in file.tensors:
        tensor = file.read(info.name)
        finite = finite and bool(torch.isfinite(tensor).all())
        zero[info.name] = not bool(tensor.any())
        name = tensor_name(info.name)
        if name is not None and name.factor == MAGNITUDE:
            magnitudes[info.name] = tensor
    changing, outside = changing_modules(zero)
    if changing or any(key not in magnitudes for key in outside):
        return finite, False
    return finite, all(_is_row_length(base, key, tensor) for key, tensor in magnitudes.items())


def _is_row_length(base: Base, key: str, magnitude: torch.Tensor) -> bool:
    """Tell whether DoRA's magnitudes are still the base's own; unknown, and so no, where the base is quantised."""
    module = key.removeprefix("base_model.model.").removesuffix(f".{MAGNITUDE}")
    try:
        weight = base.model.get_parameter(f"{module}.weight")
    except AttributeError:
        return False
    if not weight.is_floating_point() or weight.dim() != 2 or weight.shape[0] != magnitude.numel():
        return False
    lengths = weight.detach().float().norm(dim=1).cpu()
    return torch.allclose(lengths, magnitude.flatten().float(), rtol=1e-2)  # bfloat16 keeps 8 bits


def _belongs(name: str, path: Path, config: AdapterConfig, base: Base, template_sha256: str | None) -> bool:
    """Tell whether the adapter is proved to be for this base; refuse it when it is proved not to be."""
    if card := read_card(path):
        if different := card.fingerprint.differences(base.fingerprint):
            raise AdapterError(
                f"adapter {name} was trained on {card.base}, another base than {base.name}: "
                f"they differ in {', '.join(different)}.",
                kind="other_base",
                hint=f"Pass the base it was trained on: --base {card.base}",
            )
        if template_sha256 and card.template_sha256 != template_sha256:
            raise AdapterError(
                f"adapter {name} was trained with another chat template than the one in use.",
                kind="other_template",
                hint="Drop --chat-template, or pass the one it was trained with.",
            )
        return True
    named = config.base
    return bool(named) and (named in (base.name, base.source) or is_folder(named, base.source))


def watched_probes(adapter: AdapterFile) -> tuple[str, ...]:
    """Return the bundled probes that chose an adapter's checkpoint or strength, by its own word."""
    card = read_card(adapter.path)
    return card.watched_probes if card else ()


def attach(
    base: Base, adapters: Sequence[AdapterFile], *, alone: bool = False
) -> PeftModel | PreTrainedModel:
    """Put adapters on the base under their names; every tensor of each must have found its place.

    Args:
        base: What they are put on.
        adapters: As they were read.
        alone: The base is not asked beside them; without it, it has to answer as before.

    Raises:
        AdapterError: PEFT cannot load it, tensors are missing, left over or of another shape, or the base is changed.
    """
    model: PeftModel | PreTrainedModel = base.model
    plain = _base_logits(base, model) if adapters and not alone else None
    for adapter in adapters:
        model = _put_on(base, model, adapter)
        if plain is not None and not torch.allclose(
            _base_logits(base, model), plain, atol=_SAME, equal_nan=True
        ):
            raise AdapterError(
                f"adapter {adapter.name} changed the base itself when it was put on it: with every adapter off it "
                "gives other logits than before.",
                kind="adapter_unsupported",
                hint="Merge it with peft, and pass the merged model.",
            )
    model.eval()
    return model


def _put_on(base: Base, model: PeftModel | PreTrainedModel, adapter: AdapterFile) -> PeftModel:
    from peft import PeftModel, get_peft_model_state_dict  # noqa: PLC0415

    try:
        config = peft_config(adapter, base)
        with warnings.catch_warnings():
            # peft fears for the weights of one named "lora"; whether they found their place is checked below.
            warnings.filterwarnings("ignore", message="Adapter name")
            if isinstance(model, PeftModel):
                model.add_adapter(adapter.name, config)
                model.load_adapter(str(adapter.path), adapter.name)
            else:
                model = PeftModel.from_pretrained(model, str(adapter.path), adapter.name, config=config)
        placed = get_peft_model_state_dict(model, adapter_name=adapter.name, save_embedding_layers=False)
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        OSError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        raise AdapterError(
            f"adapter {adapter.name} does not fit {base.name}: {first_line(error)}", kind="other_base"
        ) from None
    found = {key: tuple(tensor.shape) for key, tensor in placed.items()}
    if wrong := sorted(set(found.items()) ^ set(adapter.shapes.items())):
        raise AdapterError(
            f"adapter {adapter.name} is for another base than {base.name}: {len(wrong)} tensors do not match, "
            f"the first is {visible(wrong[0][0])[:200]} {list(wrong[0][1])}.",
            kind="other_base",
            hint="Pass the base it was trained on; its name may stand in adapter_config.json.",
        )
    return model


def _base_logits(base: Base, model: PeftModel | PreTrainedModel) -> torch.Tensor:
    """Return the base's logits at each token of a short text, with every adapter off."""
    with arm(model, BASE_ARM) as plain, torch.inference_mode():
        ids = torch.tensor([base.tokenizer(_TEXT)["input_ids"]], device=plain.device)
        found: torch.Tensor = plain(input_ids=ids, use_cache=False).logits.float()
    return found


@contextmanager
def arm(model: PeftModel | PreTrainedModel, name: str) -> Iterator[PreTrainedModel]:
    """Yield the plain model answering as one arm: the base with every adapter off, or one adapter on."""
    from peft import PeftModel  # noqa: PLC0415

    if not isinstance(model, PeftModel):
        yield model
        return
    inner = cast("PreTrainedModel", model.get_base_model())
    if name == BASE_ARM:
        with model.disable_adapter():
            yield inner
    else:
        model.set_adapter(name, inference_mode=True)
        yield inner
