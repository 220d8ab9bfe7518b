"""Adapters for image models: kohya's scripts, LyCORIS and diffusers; what they hold and what they say of themselves.

Their metadata is the maker's word: free text of any length, JSON inside strings. It is cut, counted and shown, and
nothing is concluded from it but who may be named in it (`names.py`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from loracheck.adapters.files import parse_json
from loracheck.adapters.tensorfile import TensorFile
from loracheck.records.adapter import ImageAdapter, ModuleAnatomy, NamedSubject, TagCount

from .modules import Dissection, ScaleRule, dissect, group_modules, part_of
from .names import Tagged, named_subjects

SHOWN_TAGS = 25
_MAX_VALUE = 300
_MAX_TAGS = 50_000
FACTS = (
    "ss_network_module",
    "ss_network_dim",
    "ss_network_alpha",
    "ss_network_args",
    "ss_base_model_version",
    "ss_sd_model_name",
    "ss_output_name",
    "ss_num_train_images",
    "ss_num_reg_images",
    "ss_num_epochs",
    "ss_steps",
    "ss_learning_rate",
    "ss_unet_lr",
    "ss_text_encoder_lr",
    "ss_optimizer",
    "ss_resolution",
    "ss_mixed_precision",
    "ss_seed",
    "ss_training_comment",
    "ss_sd_scripts_commit_hash",
)


def is_image_adapter(file: TensorFile) -> bool:
    """Tell whether a file is an adapter of an image model, by the names of its tensors or its metadata."""
    names = [info.name for info in file.tensors]
    return any(part_of(name) for name in names) or (
        "ss_network_module" in file.metadata and not any(name.startswith("base_model.") for name in names)
    )


def dissect_image(file: TensorFile) -> Dissection:
    """Read the tensors; each module of these files brings its own alpha, and without one the scale is 1."""
    alphas = {
        info.name.removesuffix(".alpha"): float(file.read(info.name).flatten()[0])
        for info in file.tensors
        if info.name.endswith(".alpha") and info.numel == 1
    }

    def rule(module: str, rank: int | None) -> ScaleRule:
        alpha = alphas.get(module)
        if alpha is not None and not math.isfinite(alpha):
            return ScaleRule(rank=rank, alpha=None, scale=None, note="its alpha is no finite number")
        # LyCORIS ignores alpha where both sides of a Kronecker product are whole.
        scale = alpha / rank if alpha is not None and rank else 1.0
        return ScaleRule(rank=rank, alpha=alpha, scale=scale)

    return dissect(file, rule, skip=lambda name: name.endswith(".alpha"))


def kind_of(file: TensorFile, modules: Sequence[ModuleAnatomy]) -> str:
    """Name the kind of an image adapter from its tensors, in LyCORIS' words."""
    names = " ".join(info.name for info in file.tensors)
    for mark, kind in (
        (".hada_", "loha"),
        (".lokr_", "lokr"),
        (".oft_", "oft"),
        (".diff", "full difference"),
    ):
        if mark in names:
            return kind
    if not modules:
        return "unknown"
    if ".dora_scale" in names or "lora_magnitude_vector" in names:
        return "dora"
    spatial = any(len(info.shape) == 4 and info.shape[-1] > 1 for info in file.tensors)
    return "locon" if spatial else "lora"


def describe_image(file: TensorFile, modules: Sequence[ModuleAnatomy]) -> ImageAdapter:
    """Put together what an image adapter says of itself."""
    metadata = file.metadata
    directories = _directories(metadata)
    counts = _tags(metadata)
    tagged = [
        *(Tagged(text=text, images=images, place="tag") for text, images in counts.most_common(_MAX_TAGS)),
        *(Tagged(text=text, images=images, place="folder") for text, images in directories.items()),
        *(Tagged(text=text, images=None, place="title") for text in _titles(metadata)),
    ]
    subjects = named_subjects(tagged)
    return ImageAdapter(
        trainer=_trainer(file),
        facts={key: _cut(metadata[key]) for key in _fact_keys(metadata)},
        parts=group_modules(modules, lambda module: module.part or "other"),
        tags=tuple(TagCount(text=text, images=n) for text, n in counts.most_common(SHOWN_TAGS)),
        tags_in_all=len(counts),
        people=_of(subjects, fictional=False),
        fictional=_of(subjects, fictional=True),
    )


def _of(subjects: Sequence[NamedSubject], *, fictional: bool) -> tuple[NamedSubject, ...]:
    return tuple(subject for subject in subjects if (subject.rule == "fictional") is fictional)


def _trainer(file: TensorFile) -> str:
    module = file.metadata.get("ss_network_module", "")
    if module.startswith("lycoris") or any(info.name.startswith("lycoris_") for info in file.tensors):
        return "LyCORIS"
    if module or any(info.name.startswith("lora_") for info in file.tensors):
        return "kohya sd-scripts"
    return "diffusers or a tool of its format"


def _fact_keys(metadata: Mapping[str, str]) -> list[str]:
    own = sorted(key for key in metadata if key.startswith("modelspec.") and key != "modelspec.thumbnail")
    return [key for key in (*FACTS, *own[:40]) if metadata.get(key, "None") not in ("None", "")]


def _tags(metadata: Mapping[str, str]) -> Counter[str]:
    """Count the images of each tag over all folders; kohya keeps them as JSON by folder."""
    counts: Counter[str] = Counter()
    folders = parse_json(metadata.get("ss_tag_frequency", ""))
    for tags in folders.values() if isinstance(folders, dict) else ():
        for text, images in tags.items() if isinstance(tags, dict) else ():
            if len(counts) < _MAX_TAGS and text.strip():
                counts[text.strip()[:_MAX_VALUE]] += _count(images) or 0
    return counts


def _directories(metadata: Mapping[str, str]) -> dict[str, int | None]:
    """Return the folders of training images and how many each holds."""
    found: dict[str, int | None] = {}
    for key in ("ss_dataset_dirs", "ss_tag_frequency"):
        folders = parse_json(metadata.get(key, ""))
        for name, about in list(folders.items())[:1000] if isinstance(folders, dict) else ():
            images = (
                _count(about.get("img_count"))
                if isinstance(about, dict) and key == "ss_dataset_dirs"
                else None
            )
            found.setdefault(name[:_MAX_VALUE], images)
    return found


def _titles(metadata: Mapping[str, str]) -> list[str]:
    keys = ("ss_output_name", "modelspec.title", "modelspec.trigger_phrase", "modelspec.tags")
    return [
        part.strip()[:_MAX_VALUE]
        for key in keys
        for part in metadata.get(key, "")[: 10 * _MAX_VALUE].split(",")
        if part.strip()
    ]


def _count(value: Any) -> int | None:  # noqa: ANN401 - a stranger's JSON
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**40 else None


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}… ({len(text):,} characters)"
