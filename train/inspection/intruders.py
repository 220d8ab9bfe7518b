"""Intruder directions: singular vectors of the changed weight that the base's weight has nothing like.

Shuttleworth et al. (arXiv 2410.21228) found them in LoRA and not in full fine-tuning, and the more of them the more
was forgotten. peft's `reduce_intruder_dimension` looks for them on a loaded model; here each weight is read, looked
at and let go, so that a base of any size fits. The limits are the paper's and peft's: the ten largest left singular
vectors, and a cosine of 0.5.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from scipy.sparse.linalg import svds

from loracheck.adapters.factors import MAGNITUDE, tensor_name
from loracheck.adapters.tensorfile import TensorFile
from loracheck.errors import AdapterError
from loracheck.records.adapter import IntruderReading, IntruderSummary, ModuleAnatomy
from loracheck.terminal import visible

from .baseweights import BaseWeights
from .spectrum import NotComputed, change_of

DIRECTIONS = 10
LIMIT = 0.5
DEFAULT_MAX_MODULES = 24
_SMALL = 200
_NO_WEIGHT = "the base has no weight of that name"


def find_intruders(
    file: TensorFile,
    modules: Sequence[ModuleAnatomy],
    base: BaseWeights,
    *,
    transposed: bool,
    max_modules: int = DEFAULT_MAX_MODULES,
    advance: Callable[[int], None] = lambda count: None,
) -> tuple[tuple[ModuleAnatomy, ...], IntruderSummary]:
    """Look for intruders module by module.

    Args:
        file: The open adapter.
        modules: What was found in it.
        base: The base's weights.
        transposed: Whether the base keeps its weights as (columns, rows), as GPT-2 does.
        max_modules: Modules to look at; more are sampled evenly over types and layers.
        advance: Called after each module.

    Returns:
        The modules with their readings, and the summary.

    Raises:
        AdapterError: the base's weights have other shapes, or none of the names.
    """
    skipped: Counter[str] = Counter()
    eligible = [module for module in modules if not _why_not(module, skipped)]
    chosen = {module.name for module in evenly(eligible, max_modules)}
    tensors = _by_module(file)
    readings: dict[str, IntruderReading] = {}
    for module in eligible:
        if module.name not in chosen:
            continue
        try:
            readings[module.name] = _read_module(
                file, tensors[module.name], module, base, transposed=transposed
            )
        except NotComputed as reason:
            skipped[str(reason)] += 1
        advance(1)
    if chosen and skipped[_NO_WEIGHT] == len(chosen):
        raise AdapterError(
            f"the adapter is for another base than {base.name}, which has no weight of any module it changes.",
            kind="other_base",
            hint="Pass the base it was trained on; its name may stand in adapter_config.json.",
        )
    found = [len(reading.intruders) for reading in readings.values()]
    summary = IntruderSummary(
        base=base.name,
        limit=LIMIT,
        checked=len(readings),
        eligible=len(eligible),
        directions=sum(reading.directions for reading in readings.values()),
        found=sum(found),
        modules_with=sum(count > 0 for count in found),
        skipped=dict(skipped),
    )
    return tuple(replace(module, intruder=readings.get(module.name)) for module in modules), summary


def compare_directions(weight: torch.Tensor, changed: torch.Tensor) -> IntruderReading:
    """Hold the largest left singular vectors of a changed weight against all of those of the weight before."""
    own = torch.linalg.svd(weight, full_matrices=False).U
    leading = _leading(changed, min(DIRECTIONS, *changed.shape))
    closest = (leading.T @ own).abs().max(dim=1).values
    return IntruderReading(
        directions=leading.shape[1],
        intruders=tuple(place for place, cosine in enumerate(closest.tolist(), start=1) if cosine < LIMIT),
        lowest=float(closest.min()),
        relative_norm=float((changed - weight).norm() / weight.norm().clamp_min(1e-30)),
    )


def evenly(modules: Sequence[ModuleAnatomy], most: int) -> list[ModuleAnatomy]:
    """Choose modules at even distances in the order of type and layer, so that every type is met."""
    ordered = sorted(modules, key=lambda module: (module.type, module.layer or 0, module.name))
    if len(ordered) <= most:
        return ordered
    return [ordered[int((place + 0.5) * len(ordered) / most)] for place in range(most)]


def _leading(matrix: torch.Tensor, count: int) -> torch.Tensor:
    """Return the left singular vectors of the largest singular values, largest first."""
    if min(matrix.shape) <= max(_SMALL, 4 * count):
        left: torch.Tensor = torch.linalg.svd(matrix, full_matrices=False).U
        return left[:, :count]
    start = np.random.default_rng(0).standard_normal(min(matrix.shape))
    vectors, values, _ = svds(matrix.double().numpy(), k=count, v0=start)
    return torch.from_numpy(vectors[:, np.argsort(-values)].copy()).to(matrix.dtype)


def _read_module(
    file: TensorFile,
    names: Mapping[str, str],
    module: ModuleAnatomy,
    base: BaseWeights,
    *,
    transposed: bool,
) -> IntruderReading:
    factors = {factor: file.read(name) for factor, name in names.items()}
    change = change_of(factors)
    place = base.find(module.name)
    if place is None:
        raise NotComputed(_NO_WEIGHT)
    weight = base.read(place)
    if not weight.is_floating_point():
        raise NotComputed("the base's weight is quantised")
    weight = (weight.T if transposed else weight).float()
    if weight.shape != change.shape:
        raise AdapterError(
            f"the adapter is for another base than {base.name}: it changes {visible(module.name)} of "
            f"{list(change.shape)}, and the base's is {list(weight.shape)}.",
            kind="other_base",
            hint="Pass the base it was trained on; its name may stand in adapter_config.json.",
        )
    changed = weight + change.dense(module.scale or 0.0).float()
    if MAGNITUDE in factors:  # DoRA: the rows keep their direction and get a length of their own
        changed = changed * (factors[MAGNITUDE].flatten() / changed.norm(dim=1).clamp_min(1e-30))[:, None]
    if not bool(torch.isfinite(changed).all()):
        raise NotComputed("the changed weight is not finite")
    return compare_directions(weight, changed)


def _why_not(module: ModuleAnatomy, skipped: Counter[str]) -> bool:
    reason = ""
    if "embed" in module.name or module.name.endswith(("wte", "lm_head")):
        reason = "embeddings and heads are not looked at"
    elif module.spectrum is None:
        reason = module.note
    elif module.scale is None:
        reason = "no alpha is known"
    if reason:
        skipped[reason] += 1
    return bool(reason)


def _by_module(file: TensorFile) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for info in file.tensors:
        if name := tensor_name(info.name):
            module = name.module.removeprefix("base_model.model.")
            found.setdefault(module, {})[name.factor] = info.name
    return found
