"""The changed modules of an adapter file: factors put together, spectrum taken, zero and broken tensors named."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch

from loracheck.adapters.factors import MAGNITUDE, changing_modules, tensor_name
from loracheck.adapters.tensorfile import TensorFile, TensorInfo
from loracheck.records.adapter import ModuleAnatomy, ModuleGroup, RankUse, Spectrum

from .spectrum import Change, NotComputed, change_of, spectrum_of

PEFT_PREFIX = "base_model.model."
_LAYER = re.compile(r"(?:^|\.)(\d+)(?=\.|$)")
_IMAGE_TYPE = re.compile(
    r"(?:to_(?:q|k|v|out_0|out)|add_[qkv]_proj|ff_net_0_proj|ff_net_2|proj_(?:in|out)|[qkv]_proj|qkv|out_proj"
    r"|(?:img|txt)_(?:attn|mlp|mod)_\w+|linear[12]|modulation_lin|mlp_fc[12]|fc[12]|conv\w*|time_emb_proj)$"
)
# The beginnings of the names, as kohya's scripts, LyCORIS and diffusers write them; the first that fits counts.
_PARTS = (
    (re.compile(r"lora_te(\d*)_|lycoris_text_model|text_encoder(?:_(\d))?\."), "text encoder"),
    (
        re.compile(r"lora_unet_(?:double_blocks|single_blocks|joint_blocks|blocks_\d+_(?:self|cross)_attn)"),
        "transformer",
    ),
    (
        re.compile(
            r"lora_transformer_|transformer\.(?:single_|joint_)?(?:transformer_)?blocks\."
            r"|diffusion_model\.|lycoris_transformer"
        ),
        "transformer",
    ),
    (re.compile(r"lora_unet_|unet\.|lycoris_(?:down|up|mid)_block"), "unet"),
)


class ScaleRule(NamedTuple):
    """A module's alpha and scale, and the rank it was given where its factors do not show one."""

    rank: int | None
    alpha: float | None
    scale: float | None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dissection:
    """What an adapter file holds.

    Attributes:
        whole: Tensors that are no factor of a change: whole weights and biases.
        changing: Whether a module's product is not zero, and tensors outside any product that are not zero.
    """

    modules: tuple[ModuleAnatomy, ...]
    zero: tuple[str, ...]
    nonfinite: tuple[str, ...]
    whole: tuple[str, ...]
    changing: tuple[tuple[str, ...], tuple[str, ...]]


def dissect(
    file: TensorFile,
    rule: Callable[[str, int | None], ScaleRule],
    *,
    skip: Callable[[str], bool] = lambda name: False,
) -> Dissection:
    """Read every tensor once, one module at a time.

    Args:
        file: The open file.
        rule: Alpha and scale by a module's name and the rank its factors show.
        skip: Names of tensors that are no weights.
    """
    grouped: dict[str, dict[str, TensorInfo]] = defaultdict(dict)
    whole: list[TensorInfo] = []
    for info in file.tensors:
        name = tensor_name(info.name)
        if name is not None:
            grouped[name.module][name.factor] = info
        elif not skip(info.name):
            whole.append(info)
    zero: dict[str, bool] = {}
    nonfinite: list[str] = []

    def read(info: TensorInfo) -> torch.Tensor:
        tensor = file.read(info.name)
        zero[info.name] = not bool(tensor.any())
        if not bool(torch.isfinite(tensor).all()):
            nonfinite.append(info.name)
        return tensor

    modules = []
    for module, infos in grouped.items():
        factors = {factor: read(info) for factor, info in infos.items()}
        modules.append(_module(module, infos, factors, rule))
    for info in whole:
        read(info)
    changing, outside = changing_modules(zero)
    return Dissection(
        modules=tuple(
            sorted(modules, key=lambda one: (one.part, one.layer is None, one.layer or 0, one.name))
        ),
        zero=tuple(name for name, is_zero in zero.items() if is_zero),
        nonfinite=tuple(nonfinite),
        whole=tuple(info.name for info in whole),
        changing=(tuple(changing), tuple(outside)),
    )


def shown_rank(factors: Mapping[str, torch.Tensor]) -> int | None:
    """Return the rank that the factors show; None where they are whole matrices."""
    for name in ("lora_A", "lora_embedding_A", "hada_w1_b", "lokr_w1_b", "lokr_w2_b"):
        if name in factors and factors[name].dim() > 0:
            return int(factors[name].shape[0])
    return None


def group_modules(
    modules: Iterable[ModuleAnatomy], key: Callable[[ModuleAnatomy], str]
) -> tuple[ModuleGroup, ...]:
    """Put modules of the same key together, in the order of their first."""
    groups: dict[str, list[ModuleAnatomy]] = defaultdict(list)
    for module in modules:
        groups[key(module)].append(module)
    return tuple(_group(name, members) for name, members in groups.items())


def rank_uses(modules: Iterable[ModuleAnatomy]) -> tuple[RankUse, ...]:
    """Count the modules of each rank, alpha and scale, the most frequent first."""
    counts: dict[tuple[int | None, float | None, float | None], int] = defaultdict(int)
    for module in modules:
        counts[module.rank, module.alpha, module.scale] += 1
    ordered = sorted(counts.items(), key=lambda pair: -pair[1])
    return tuple(RankUse(rank=r, alpha=a, scale=s, modules=n) for (r, a, s), n in ordered)


def _module(
    module: str,
    infos: Mapping[str, TensorInfo],
    factors: Mapping[str, torch.Tensor],
    rule: Callable[[str, int | None], ScaleRule],
) -> ModuleAnatomy:
    given = rule(module, shown_rank(factors))
    change: Change | None = None
    spectrum: Spectrum | None = None
    note = given.note
    zero = any(not bool(t.any()) for factor, t in factors.items() if factor not in (MAGNITUDE, "lora_bias"))
    try:
        change = change_of(factors)
        if not note:
            # Without an alpha the numbers are those of the bare product.
            spectrum = spectrum_of(change, 1.0 if given.scale is None else given.scale)
            note = "" if spectrum else "the change is zero"
    except NotComputed as reason:
        note = str(reason)
    part = part_of(module)
    return ModuleAnatomy(
        name=module.removeprefix(PEFT_PREFIX),
        type=_type_of(module, part),
        part=part,
        layer=_layer_of(module, part),
        shape=change.shape if change else None,
        rank=given.rank,
        alpha=given.alpha,
        scale=given.scale,
        parameters=sum(info.numel for info in infos.values()),
        spectrum=spectrum,
        zero=zero,
        note=note,
    )


def part_of(module: str) -> str:
    """Return the part of an image model that a module belongs to; empty for one of a language model."""
    for beginning, part in _PARTS:
        if found := beginning.match(module):
            number = next((group for group in found.groups() if group), "") if found.groups() else ""
            return f"{part} {number}".strip()
    return ""


def _type_of(module: str, part: str) -> str:
    if not part:
        return module.rpartition(".")[2] or module
    flat = module.replace(".", "_")
    found = _IMAGE_TYPE.search(flat)
    return found[0] if found else "_".join(flat.split("_")[-2:])


def _layer_of(module: str, part: str) -> int | None:
    found = None if part else _LAYER.search(module)
    return int(found[1]) if found and len(found[1]) < 7 else None


def _group(name: str, members: list[ModuleAnatomy]) -> ModuleGroup:
    spectra = [member.spectrum for member in members if member.spectrum]
    norms = [spectrum.norm for spectrum in spectra]
    return ModuleGroup(
        name=name,
        modules=len(members),
        measured=len(spectra),
        parameters=sum(member.parameters for member in members),
        norm=sum(norm**2 for norm in norms) ** 0.5 if norms else None,
        norm_low=min(norms, default=None),
        norm_high=max(norms, default=None),
        mean_top_share=_mean([spectrum.top_share for spectrum in spectra]),
        mean_effective_rank=_mean([spectrum.effective_rank for spectrum in spectra]),
    )


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
