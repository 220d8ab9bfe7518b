"""Options of the evaluate stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from loracheck.errors import UsageError
from loracheck.models import Quantization
from loracheck.probes import BUNDLED


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalConfig:
    """What is asked, and how much.

    Attributes:
        suites: Bundled suites; a suite's name ends in its language.
        max_facts: Questions asked of each suite of facts, drawn evenly; None asks all.
        max_training: Training prompts that the base answers, to tell the data's style from the base's.
        max_in_domain: Held-out prompts of the domain.
        max_new_tokens: Tokens of an answer to a factual question.
        max_new_tokens_open: Tokens of an answer to an open or in-domain prompt.
        assume_base: Take it on the user's word that the adapters belong to this base.
    """

    suites: tuple[str, ...] = BUNDLED
    quantization: Quantization = "none"
    max_facts: int | None = None
    max_training: int = 120
    max_in_domain: int = 100
    max_new_tokens: int = 24
    max_new_tokens_open: int = 64
    assume_base: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for suite in self.suites:
            if suite not in BUNDLED:
                raise UsageError(f"--suite {suite}: there are {', '.join(BUNDLED)}.")
        for name in ("max_facts", "max_training", "max_in_domain", "max_new_tokens", "max_new_tokens_open"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"--{name.replace('_', '-')} must be at least 1, not {value}.")
        if self.quantization not in get_args(Quantization):
            kinds = ", ".join(get_args(Quantization))
            raise UsageError(f"--quantization is one of {kinds}, not {self.quantization}.")
