"""The weights of a base one at a time, straight from its safetensors files: the model itself is never loaded."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from safetensors import SafetensorError, safe_open

from loracheck.adapters.card import read_card
from loracheck.errors import AdapterError, EnvironmentFault, UsageError, first_line
from loracheck.models.conversion import converted
from loracheck.models.fingerprint import fingerprint
from loracheck.models.load import load_config, load_tokenizer
from loracheck.models.network import settle_for_cache
from loracheck.terminal import visible

_LAYERS = re.compile(r"(?:^|\.)((?:layers|h|blocks|block)\.\d+\..+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseWeights:
    """Where each weight of a base lies.

    Attributes:
        files: File by the weight's name.
        endings: Full name by the part from the layer's number on, for models inside others (vision, speech).
    """

    name: str
    source: Path
    files: dict[str, Path]
    endings: dict[str, str]

    def find(self, module: str) -> str | None:
        """Return the name of a module's weight; None where the base has none of that name."""
        name = f"{module}.weight"
        if name in self.files:
            return name
        ending = _LAYERS.search(name)
        return self.endings.get(ending[1]) if ending else None

    def read(self, name: str) -> torch.Tensor:
        """Read one weight as it is stored."""
        with safe_open(str(self.files[name]), framework="pt") as tensors:
            tensor: torch.Tensor = tensors.get_tensor(name)
            return tensor


def base_weights(spec: str, announce: Callable[[str], None]) -> BaseWeights:
    """Find the weights of a base given as hub id, folder or GGUF file.

    Raises:
        UsageError: there is no such base, or it has no safetensors files.
        EnvironmentFault: it cannot be fetched or converted.
    """
    source = _folder(spec, announce)
    files: dict[str, Path] = {}
    for file in sorted(source.glob("model*.safetensors")):
        try:
            with safe_open(str(file), framework="pt") as tensors:
                files.update(dict.fromkeys(tensors.keys(), file))
        except SafetensorError as error:
            raise UsageError(f"--base {spec}: {file.name} is damaged: {error}", kind="base_damaged") from None
    if not files:
        raise UsageError(
            f"--base {spec}: it has no safetensors files.",
            kind="base_without_safetensors",
            hint="Save it with save_pretrained(path, safe_serialization=True) and pass that folder.",
        )
    endings: dict[str, str] = {}
    for name in files:
        if ending := _LAYERS.search(name):
            # Two models in one file may both have such a layer; then the name says too little.
            endings[ending[1]] = "" if ending[1] in endings else name
    return BaseWeights(
        name=spec, source=source, files=files, endings={end: name for end, name in endings.items() if name}
    )


def refuse_foreign(adapter: Path, base: BaseWeights) -> None:
    """Refuse a base that the adapter's own card says it was not trained on.

    Raises:
        AdapterError: they differ.
    """
    if not (card := read_card(adapter)):
        return
    folder = str(base.source)
    found = fingerprint(folder, load_config(folder), load_tokenizer(folder))
    if different := card.fingerprint.differences(found):
        raise AdapterError(
            f"{adapter} was trained on {visible(card.base)}, another base than {base.name}: they differ in "
            f"{', '.join(different)}.",
            kind="other_base",
            hint=f"Pass the base it was trained on: --base {visible(card.base)}",
        )


def _folder(spec: str, announce: Callable[[str], None]) -> Path:
    path = Path(spec)
    if spec.endswith(".gguf"):
        if not path.is_file():
            raise UsageError(f"--base {spec}: there is no such file.", kind="no_base")
        return converted(path, announce)
    if path.is_dir():
        return path
    settle_for_cache()
    try:
        patterns = ["model*.safetensors", "*.json", "tokenizer.model"]
        return Path(snapshot_download(spec, allow_patterns=patterns))
    except HFValidationError:
        raise UsageError(
            f"--base {spec}: there is no such folder.",
            kind="no_base",
            hint="Pass a Hugging Face id, a model folder, or a .gguf file.",
        ) from None
    except (OSError, HfHubHTTPError, LocalEntryNotFoundError) as error:
        raise EnvironmentFault(
            f"cannot fetch the base {spec}: {first_line(error)}",
            kind="model_unloadable",
            hint="Check the name, the network and your access to gated models (hf auth login), "
            "or pass a local folder.",
        ) from error
