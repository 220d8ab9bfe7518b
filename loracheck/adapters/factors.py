"""Names of an adapter's tensors: which module each belongs to, and which factor of its change it is.

Trainers agree on little but this: a module's change is a product of small factors, so it is nothing as soon as
one of them is all zero. That holds for LoRA, AdaLoRA, LoHa and LoKr alike, whichever factor they begin with at 0.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

MAGNITUDE = "lora_magnitude_vector"
"""DoRA's length of each row; no factor: it stands beside the product."""

# kohya's and diffusers' names for peft's.
_ALIASES = {
    "lora_down": "lora_A",
    "lora_up": "lora_B",
    "lora.down": "lora_A",
    "lora.up": "lora_B",
    "dora_scale": MAGNITUDE,
}
_NAME = re.compile(
    r"(?:(?P<module>.+)\.)?"
    r"(?P<factor>lora_[ABE]|lora_embedding_[AB]|lora[_.](?:down|up)|lora_mid|lora_magnitude_vector|dora_scale"
    r"|hada_(?:w[12]_[ab]|t[12])|lokr_(?:w[12](?:_[ab])?|t2))"
    r"(?:\.default)?(?:\.(?P<end>weight|bias))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorName:
    """A tensor's place: the module it changes and its factor there, in peft's words."""

    module: str
    factor: str

    @property
    def in_product(self) -> bool:
        """Tell whether the change is a multiple of this tensor."""
        return self.factor not in (MAGNITUDE, "lora_bias")


def tensor_name(key: str) -> TensorName | None:
    """Take a tensor's name apart; None for one that is no factor of a module's change."""
    found = _NAME.fullmatch(key)
    if found is None:
        return None
    factor = "lora_bias" if found["end"] == "bias" else found["factor"]
    return TensorName(module=found["module"] or "", factor=_ALIASES.get(factor, factor))


def changing_modules(zero: Mapping[str, bool]) -> tuple[list[str], list[str]]:
    """Sort what an adapter holds, from its tensors' names and whether each is all zero.

    Returns:
        The modules whose product of factors is not zero, and the non-zero tensors that stand outside any product:
        biases, magnitudes and whole weights.
    """
    modules: dict[str, bool] = defaultdict(lambda: True)
    outside = []
    for key, is_zero in zero.items():
        name = tensor_name(key)
        if name is not None and name.in_product:
            modules[name.module] = modules[name.module] and not is_zero
        elif not is_zero:
            outside.append(key)
    return [module for module, changes in modules.items() if changes], outside
