"""Arms that are whole models: what an adapter was merged into, or a GGUF file, in the very form that ships."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from loracheck import jsonl
from loracheck.adapters.files import ADAPTER_CONFIG, SHIPPED_FORM, adapter_folder
from loracheck.errors import AdapterError
from loracheck.models.load import Base, base_source, load_base, load_tokenizer
from loracheck.progress import Progress
from loracheck.records import ArmRecord, Estimate
from loracheck.records.adapter import ShippedForm
from loracheck.runs import hash_file

from . import preflight

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def is_whole_model(path: Path) -> bool:
    """Tell a model of its own, in a folder or a GGUF file, from an adapter."""
    if path.is_file():
        return path.suffix == ".gguf"
    return (path / "config.json").is_file() and not (adapter_folder(path) / ADAPTER_CONFIG).is_file()


def model_files(path: Path) -> list[Path]:
    """Return the files that make a whole model what it is."""
    if path.is_file():
        return [path]
    weights = [*path.glob("model*.safetensors"), *path.glob("*.gguf")]
    return [path / "config.json", *sorted(weights)]


def read_whole_model(
    name: str, path: Path, tokenizer: PreTrainedTokenizerBase, *, assume_base: bool, progress: Progress
) -> tuple[ArmRecord, tuple[str, ...]]:
    """Describe a whole model by its files, before it is loaded; also the bundled probes that chose what was merged.

    Raises:
        AdapterError: it has another vocabulary than the base, or no weights that can be read safely.
    """
    found = load_tokenizer(base_source(str(path), progress.say)).get_vocab()
    base = tokenizer.get_vocab()
    if found != base:
        other = sorted(set(found.items()) ^ set(base.items()), key=lambda pair: pair[1])
        raise AdapterError(
            f"{name}: {path} has another tokenizer than the base: {len(other):,} entries of the vocabularies "
            f"differ, the first is {other[0][0]!r}.",
            kind="other_base",
            hint="Evaluate it against the base that it was made of.",
        )
    weights = [file for file in model_files(path) if file.name != "config.json"]
    if not weights:
        raise AdapterError(
            f"{name}: {path} holds no model*.safetensors.",
            kind="base_without_safetensors",
            hint="Save it again with model.save_pretrained(path, safe_serialization=True).",
        )
    hashes = {file.name: hash_file(file) for file in weights}
    form = _shipped_form(path, hashes, progress)
    record = ArmRecord(
        name=name,
        path=str(path),
        engine="whole",
        sha256=next(iter(hashes.values()))
        if len(hashes) == 1
        else hashlib.sha256("".join(hashes.values()).encode()).hexdigest(),
        verified=assume_base or (form is not None and form.base_verified),
        divergence=_divergence(form, path),
        config={} if form is None else {"merged": form.kind, "onto": form.onto, "dtype": form.dtype},
    )
    return record, () if form is None else form.watched_probes


def load_whole_model(
    entry: ArmRecord, base: Base, plain: list[torch.Tensor], prompts: list[list[int]], progress: Progress
) -> tuple[PreTrainedModel, ArmRecord]:
    """Load a whole model; returns it with what is then known of it.

    Args:
        entry: What its files say.
        base: What it is held against; its model may be gone by now.
        plain: The base's next-token logits on the prompts.
        prompts: Fixed prompts, as token ids.
        progress: Where to report.
    """
    progress.say(f"loading {entry.name}: {entry.path}")
    loaded = load_base(str(entry.path), announce=progress.say)
    measured = preflight.with_logit_change(entry, plain, preflight.logits(loaded.model, entry.name, prompts))
    like = not {"shape", "tokenizer", "shell"} & set(loaded.fingerprint.differences(base.fingerprint))
    return loaded.model, replace(measured, verified=entry.verified or like)


def _shipped_form(path: Path, hashes: dict[str, str], progress: Progress) -> ShippedForm | None:
    """Read what `loracheck merge` left beside a model, where it speaks of these very weights."""
    file = (path if path.is_dir() else path.parent) / SHIPPED_FORM
    if not file.is_file():
        return None
    form = jsonl.read_one(file, ShippedForm)
    if any(form.weights_sha256.get(name) != found for name, found in hashes.items()):
        progress.say(f"{file} speaks of other weights than {path} has; it is not taken into account.")
        return None
    return form


def _divergence(form: ShippedForm | None, path: Path) -> Estimate | None:
    kind = "GGUF" if path.is_file() else "merged"
    compared = form.comparisons if form else ()
    return next((one.divergence for one in compared if one.shipped.startswith(kind)), None)
