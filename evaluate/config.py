"""Options of the evaluate stage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from loracheck.errors import UsageError
from loracheck.models.quantization import Quantization
from loracheck.probes import BUNDLED, OF_DOMAIN
from loracheck.probes.canaries import read_canaries
from loracheck.records import Probe

from .questions.tiers import TIERS, Tier, TierName, most_of

LM_EVAL = "lm-eval:"
"""How a suite begins that is a task of lm-evaluation-harness."""
_LIMITS = ("max_facts", "max_forms", "max_open", "max_neutral")
_AT_LEAST_ONE = (
    *_LIMITS,
    "max_training",
    "max_in_domain",
    "max_new_tokens",
    "max_new_tokens_open",
    "max_new_tokens_domain",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalConfig:
    """What is asked, and how much.

    Attributes:
        suites: Bundled suites, whose names end in their language, or tasks as "lm-eval:TASK".
        probes: Files of the user's own probes or of public sets, asked besides the suites.
        tier: How much is asked of each suite; the limits that follow take its place where they are given.
        max_facts: Questions asked of each suite of facts, drawn evenly; None leaves it to the tier.
        max_forms: Of each suite of facts in other words.
        max_open: Of each suite of open prompts.
        max_neutral: Paragraphs scored of each suite of them.
        max_training: Training prompts that the base answers, to tell the data's style from the base's.
        max_in_domain: Held-out prompts of the domain.
        max_new_tokens: Tokens of an answer to a factual question.
        max_new_tokens_open: Tokens of an answer to an open prompt.
        max_new_tokens_domain: Tokens of an answer to a held-out prompt of the domain; None leaves room for replies
            as long as the held-out rows' own.
        assume_base: Take it on the user's word that the adapters belong to this base.
        canaries: Manifest of the canaries that were mixed into the training data.
        temperature: At which open prompts are answered again, besides greedily; 0 for greedy answers alone.
        seeds: How many such answers to each open prompt. The gates look at the greedy ones.
    """

    suites: tuple[str, ...] = BUNDLED
    probes: tuple[str, ...] = ()
    quantization: Quantization = "none"
    tier: TierName = "standard"
    max_facts: int | None = None
    max_forms: int | None = None
    max_open: int | None = None
    max_neutral: int | None = None
    max_training: int | None = None
    max_in_domain: int | None = None
    max_new_tokens: int = 24
    max_new_tokens_open: int = 64
    max_new_tokens_domain: int | None = None
    assume_base: bool = False
    canaries: str | None = None
    temperature: float = 0.0
    seeds: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        for suite in self.suites:
            if suite not in BUNDLED and not suite.startswith(LM_EVAL):
                raise UsageError(
                    f"--suite {suite}: there are {', '.join(BUNDLED)}.",
                    kind="unknown_name",
                    hint="A file of your own is given with --probes FILE, a task with --suite lm-eval:TASK.",
                )
        if self.tier not in TIERS:
            raise UsageError(f"--tier is one of {', '.join(TIERS)}, not {self.tier}.", kind="option_value")
        for name in _AT_LEAST_ONE:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(
                    f"--{name.replace('_', '-')} must be at least 1, not {value}.", kind="option_value"
                )
        if not 0 <= self.temperature <= 2:
            raise UsageError(
                f"--temperature must be from 0 to 2, not {self.temperature}.", kind="option_value"
            )
        if self.seeds < 1 or (self.seeds > 1 and self.temperature == 0):
            raise UsageError(
                f"--seeds {self.seeds}: greedy answers are the same under every seed.",
                kind="options_conflict",
                hint="Give a temperature, too: --temperature 0.7 --seeds 3",
            )
        if self.canaries is not None:
            read_canaries(Path(self.canaries))
        if self.quantization not in get_args(Quantization):
            kinds = ", ".join(get_args(Quantization))
            raise UsageError(
                f"--quantization is one of {kinds}, not {self.quantization}.", kind="option_value"
            )

    @property
    def amounts(self) -> Tier:
        """Return the tier."""
        return TIERS[self.tier]

    @property
    def training_limit(self) -> int:
        """Return the most training prompts."""
        return self.max_training or self.amounts.max_training

    @property
    def in_domain_limit(self) -> int:
        """Return the most held-out prompts of the domain."""
        return self.max_in_domain or self.amounts.max_in_domain

    def tokens_of(self, probe: Probe) -> int:
        """Return the most tokens of an answer to an open prompt, or to one of the domain."""
        if probe.suite in OF_DOMAIN and self.max_new_tokens_domain is not None:
            return self.max_new_tokens_domain
        return self.max_new_tokens_open

    def limit(self, suite: str) -> int | None:
        """Return the most items of a suite: what the user set, else the tier's, None for all."""
        for name in _LIMITS:
            given: int | None = getattr(self, name)
            if given is not None and suite.startswith(name.removeprefix("max_")):
                return given
        return most_of(self.amounts, suite, self.suites)
