"""What an adapter is made of, read without trusting it: kind, ranks, norms, spectrum, intruders, who can load it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from loracheck.adapters.config import AdapterConfig, read_config
from loracheck.adapters.files import ADAPTER_CONFIG, ADAPTER_WEIGHTS, adapter_folder
from loracheck.adapters.tensorfile import TensorFile, open_tensors
from loracheck.errors import AdapterError
from loracheck.progress import Progress
from loracheck.records.adapter import AdapterAnatomy, IntruderSummary, ModuleAnatomy
from loracheck.runs import hash_file
from loracheck.terminal import visible

from .baseweights import base_weights, refuse_foreign
from .intruders import DEFAULT_MAX_MODULES, find_intruders
from .kinds import kind_of, scale_rule
from .kohya import describe_image, dissect_image, is_image_adapter
from .kohya import kind_of as image_kind
from .loads import no_programs, programs
from .modules import Dissection, dissect, group_modules, rank_uses
from .notices import NOT_A_LANGUAGE_MODEL, common_notices, image_notices, is_inert, language_notices
from .traces import read_trace

_PICKLES = ("adapter_model.bin", "adapter_model.pt", "pytorch_model.bin")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where an adapter's weights and configuration lie."""

    weights: Path
    folder: Path
    config: AdapterConfig | None


def inspect_adapter(
    path: Path,
    base: str | None = None,
    *,
    max_modules: int = DEFAULT_MAX_MODULES,
    progress: Progress | None = None,
) -> AdapterAnatomy:
    """Take an adapter apart.

    Args:
        path: A PEFT folder, a loracheck train run, or a safetensors file.
        base: Hub id, folder or GGUF file to look for intruder directions against.
        max_modules: Modules in which they are looked for.
        progress: Where to report.

    Raises:
        AdapterError: no adapter there, a pickle, a damaged file, or an adapter for another base.
        UsageError: the base is not there, or has no safetensors files.
    """
    place = _locate(path)
    with open_tensors(place.weights) as file:
        if is_image_adapter(file):
            return _image_adapter(place, file)
        return _language_adapter(place, file, base, max_modules, progress or Progress(quiet=True))


def _locate(path: Path) -> _Place:
    if path.is_file():
        beside = read_config(path.parent) if path.name == ADAPTER_WEIGHTS else None
        return _Place(weights=path, folder=path.parent, config=beside)
    folder = adapter_folder(path)
    if (weights := folder / ADAPTER_WEIGHTS).is_file():
        return _Place(weights=weights, folder=folder, config=read_config(folder))
    if pickled := next((name for name in _PICKLES if (folder / name).is_file()), None):
        raise AdapterError(
            f"{folder} holds no {ADAPTER_WEIGHTS}, only {pickled}: a pickle, which can run code when it is read. "
            "It was not opened.",
            kind="pickle_refused",
            hint="Save it again with model.save_pretrained(path, safe_serialization=True).",
        )
    files = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    if len(files) == 1:
        return _Place(weights=files[0], folder=folder, config=read_config(folder))
    raise AdapterError(
        f"{path} is no adapter: "
        + (f"it holds no {ADAPTER_WEIGHTS}." if path.is_dir() else "it is not there."),
        kind="no_adapter",
        hint="Pass the folder that peft saved, a loracheck train run, or one .safetensors file.",
    )


def _language_adapter(
    place: _Place, file: TensorFile, base: str | None, max_modules: int, progress: Progress
) -> AdapterAnatomy:
    config = place.config
    held = dissect(file, lambda module, rank: scale_rule(config, module, rank))
    modules, intruders = held.modules, None
    if base is not None:
        modules, intruders = _against(place, file, held, base, max_modules, progress)
    trace = read_trace(place.folder)
    return replace(
        _plain(place, file, held),
        kind=kind_of(config, file, modules),
        peft_type=config.peft_type if config else "",
        base=config.base if config else "",
        targets=(config.targets if config else ()) or tuple(sorted({module.type for module in modules})),
        modules=modules,
        loads=programs(place.weights, config, modules, [info.name for info in file.tensors]),
        training=trace,
        intruders=intruders,
        notices=(*common_notices(held), *language_notices(config, modules, intruders, trace)),
    )


def _image_adapter(place: _Place, file: TensorFile) -> AdapterAnatomy:
    held = dissect_image(file)
    about = describe_image(file, held.modules)
    return replace(
        _plain(place, file, held),
        form="image",
        kind=image_kind(file, held.modules),
        base=about.facts.get("ss_base_model_version", about.facts.get("modelspec.architecture", "")),
        targets=tuple(sorted({module.type for module in held.modules})),
        by_layer=(),
        loads=no_programs(NOT_A_LANGUAGE_MODEL),
        image=about,
        notices=(*image_notices(about), *common_notices(held)),
    )


def _against(
    place: _Place, file: TensorFile, held: Dissection, base: str, max_modules: int, progress: Progress
) -> tuple[tuple[ModuleAnatomy, ...], IntruderSummary]:
    """Look for intruder directions in the base that the adapter was trained on."""
    if place.config is None:
        raise AdapterError(
            f"--base: without {ADAPTER_CONFIG}, which holds its alpha, nobody can tell what the adapter does to the "
            "base.",
            kind="adapter_incomplete",
            hint="Leave out --base, or pass the whole folder that peft saved.",
        )
    if place.config.changes_base:
        raise AdapterError(
            f"--base: the adapter began as {visible(place.config.initial)}, which takes directions out of the base's "
            "weights; what it does to the base cannot be told.",
            kind="adapter_unsupported",
            hint="Leave out --base, or save it with peft as a plain LoRA for the unchanged base.",
        )
    weights = base_weights(base, progress.say)
    refuse_foreign(place.folder, weights)
    with progress.track("modules against the base", min(len(held.modules), max_modules)) as advance:
        return find_intruders(
            file,
            held.modules,
            weights,
            transposed=place.config.fan_in_fan_out,
            max_modules=max_modules,
            advance=advance,
        )


def _plain(place: _Place, file: TensorFile, held: Dissection) -> AdapterAnatomy:
    """Describe what is the same for every adapter."""
    layered = [module for module in held.modules if module.layer is not None]
    return AdapterAnatomy(
        path=str(place.weights),
        form="peft" if place.config else "file",
        kind="",
        base="",
        targets=(),
        ranks=rank_uses(held.modules),
        tensors=len(file.tensors),
        parameters=sum(info.numel for info in file.tensors if not info.name.endswith(".alpha")),
        bytes=place.weights.stat().st_size,
        sha256=hash_file(place.weights),
        dtypes=dict(Counter(info.dtype for info in file.tensors)),
        inert=is_inert(held),
        zero_tensors=held.zero,
        nonfinite_tensors=held.nonfinite,
        other_tensors=held.whole,
        by_type=group_modules(held.modules, lambda module: module.type),
        by_layer=group_modules(layered, lambda module: str(module.layer)),
        modules=held.modules,
        loads=(),
        training=None,
        intruders=None,
        image=None,
        notices=(),
    )
