"""What stands out about an adapter, in sentences with stable codes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loracheck.adapters.config import AdapterConfig
from loracheck.adapters.factors import MAGNITUDE, tensor_name
from loracheck.adapters.files import ADAPTER_CONFIG
from loracheck.records.adapter import ImageAdapter, IntruderSummary, ModuleAnatomy, Notice, TrainingTrace

from .loads import other_ranks
from .modules import Dissection

NOT_A_LANGUAGE_MODEL = (
    "it is an adapter of an image model; eval and merge take adapters of language models only"
)


def is_inert(held: Dissection) -> bool | None:
    """Tell whether an adapter changes nothing; None where DoRA's lengths alone may or may not be the base's."""
    changing, outside = held.changing
    beside = [key for key in outside if not ((name := tensor_name(key)) and name.factor == MAGNITUDE)]
    if changing or beside:
        return False
    return None if outside else True


def common_notices(held: Dissection) -> Iterator[Notice]:
    """Say what may be wrong with any adapter."""
    if held.nonfinite:
        text = f"{len(held.nonfinite)} tensors hold NaN or infinity, the first is {held.nonfinite[0]}."
        yield Notice(code="not_finite", text=text)
    if is_inert(held):
        yield Notice(code="inert", text="it changes nothing: a factor of every module is all zero.")
    zero = [module for module in held.modules if module.zero]
    if held.changing[0] and zero:
        text = f"{len(zero)} of {len(held.modules)} modules change nothing, the first is {zero[0].name}."
        yield Notice(code="zero_modules", text=text)


def language_notices(
    config: AdapterConfig | None,
    modules: Sequence[ModuleAnatomy],
    intruders: IntruderSummary | None,
    trace: TrainingTrace | None,
) -> Iterator[Notice]:
    """Say what stands out about an adapter of a language model."""
    if config is None:
        yield Notice(
            code="no_configuration",
            text=f"without {ADAPTER_CONFIG} no alpha is known: norms are those of the bare product of the factors.",
        )
        return
    if wrong := other_ranks(config, modules):
        yield Notice(
            code="other_rank", text=f"{len(wrong)} modules have another rank than {ADAPTER_CONFIG} says."
        )
    if config.unread:
        yield Notice(
            code="pattern_not_followed",
            text=f"a pattern of ranks or alphas was too involved to follow: {config.unread[0]}",
        )
    named = (config.base, trace.base if trace else "")
    if any(name.lower().endswith(("-bnb-4bit", "-4bit")) for name in named):
        yield Notice(
            code="four_bit_base", text="its base is a 4-bit copy; merge it into the 16-bit original."
        )
    if intruders and intruders.found:
        yield Notice(
            code="intruder_directions",
            text="intruder directions go with forgetting (arXiv 2410.21228): see the checks of forgetting in eval.",
        )


def image_notices(about: ImageAdapter) -> Iterator[Notice]:
    """Say what an adapter of an image model is not for, and whom it may name."""
    yield Notice(code="image_model", text=f"{NOT_A_LANGUAGE_MODEL}.")
    if about.people:
        named = ", ".join(subject.text for subject in about.people[:5])
        yield Notice(code="may_name_a_person", text=f"its tags, folders or title may name a person: {named}")
