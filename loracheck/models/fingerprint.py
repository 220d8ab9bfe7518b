"""Which base a model is: a fingerprint of its configuration, vocabulary and weights, stable over how they are held."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from safetensors import safe_open
from transformers.utils.hub import cached_file

from loracheck.errors import UsageError
from loracheck.runs import hash_file

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

_SHAPE_FIELDS = (
    "model_type",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "vocab_size",
    "intermediate_size",
    "num_key_value_heads",
    "head_dim",
)
_READ = (".safetensors", ".json", ".model", ".txt", ".jinja")
"""Of the files in a model's folder, those that transformers may read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """Content of a base model, stable over resharding, 16-bit or 32-bit copies and 4-bit loading.

    Each field is a SHA-256. `shell` covers embeddings and norms, which quantisation leaves alone; `body` the
    linear layers, None where only a quantised copy of them is at hand.
    """

    shape: str
    tokenizer: str
    shell: str
    body: str | None

    def differences(self, other: Fingerprint) -> list[str]:
        """Name the parts in which two bases differ; a part unknown on either side does not count."""
        found = [
            name for name in ("shape", "tokenizer", "shell") if getattr(self, name) != getattr(other, name)
        ]
        return [*found, *(["body"] if self.body and other.body and self.body != other.body else [])]


def fingerprint(
    source: str,
    config: PreTrainedConfig,
    tokenizer: PreTrainedTokenizerBase,
    model: PreTrainedModel | None = None,
) -> Fingerprint:
    """Fingerprint a base by its configuration, its vocabulary and samples of every weight tensor.

    The tensors are read from the checkpoint's safetensors files; of the loaded model where there are none.
    """
    shape = {field: getattr(config.get_text_config(), field, None) for field in _SHAPE_FIELDS}
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    shell, body = hashlib.sha256(), hashlib.sha256()
    body_known = False
    for name, tensor in sorted(_weight_samples(source, model), key=lambda pair: pair[0]):
        linear = tensor.dim() > 1 and "embed" not in name
        if linear and not tensor.is_floating_point():
            continue  # a checkpoint stored in 4 bits
        body_known = body_known or linear
        sample = tensor.flatten()[:4096].to(torch.bfloat16).contiguous().view(torch.uint8)
        (body if linear else shell).update(name.encode() + bytes(sample.tolist()))
    return Fingerprint(
        shape=hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest(),
        tokenizer=hashlib.sha256(json.dumps(vocabulary, ensure_ascii=False).encode()).hexdigest(),
        shell=shell.hexdigest(),
        body=body.hexdigest() if body_known else None,
    )


def content_sha256(source: str) -> str | None:
    """Hash every byte of the files that a base is read from; None where no safetensors file of it is at hand.

    A fingerprint samples each tensor and tells bases apart that were mistaken for one another. What is kept under a
    base's name for later runs has to be that of no copy made to look like it.
    """
    files = _checkpoint_files(source)
    if not files:
        return None
    read = sorted(file for file in files[0].parent.iterdir() if file.suffix in _READ and file.is_file())
    return hashlib.sha256(json.dumps([(file.name, hash_file(file)) for file in read]).encode()).hexdigest()


def _weight_samples(source: str, model: PreTrainedModel | None) -> Iterator[tuple[str, torch.Tensor]]:
    files = _checkpoint_files(source)
    if not files and model is not None:
        for name, value in model.state_dict().items():
            if not name.startswith("lm_head") and value.is_floating_point():
                yield name, value[:16].cpu()
        return
    for file in files:
        with safe_open(str(file), framework="pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118 - not a dict
                if not name.startswith("lm_head") and ".weight." not in name:  # constants of a 4-bit weight
                    part = tensors.get_slice(name)
                    yield name, part[:16] if part.get_shape() else tensors.get_tensor(name)


def _checkpoint_files(source: str) -> list[Path]:
    """Find the safetensors files of a local folder or of a hub model that is already in the cache."""
    if Path(source).is_dir():
        return sorted(Path(source).glob("model*.safetensors"))
    for name in ("model.safetensors", "model.safetensors.index.json"):
        if found := file_at_hand(source, name):
            return sorted(Path(found).parent.glob("model*.safetensors"))
    return []


def file_at_hand(source: str, name: str) -> str | None:
    """Return where a file of a base lies in its folder or in the hub's cache; nothing is fetched."""
    found: str | None = cached_file(
        source,
        name,
        local_files_only=True,
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
    )
    return found


def checkpoint_tensor(source: str, name: str) -> torch.Tensor:
    """Read one weight of a base as its checkpoint holds it.

    Raises:
        UsageError: no safetensors file of the checkpoint holds it.
    """
    for file in _checkpoint_files(source):
        with safe_open(str(file), framework="pt") as tensors:
            if name in tensors.keys():  # noqa: SIM118 - not a dict
                return cast(torch.Tensor, tensors.get_tensor(name))
    raise UsageError(
        f"{source} has no safetensors file that holds {name}.",
        kind="base_without_safetensors",
        hint="Save the base with save_pretrained(path, safe_serialization=True) and pass that folder.",
    )
