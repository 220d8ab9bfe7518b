"""Who answers: one form for a loaded model, a server and a file of answers, whatever each of them can give.

An engine that cannot give likelihoods says so; nothing else is ever put in their place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal, Protocol

from loracheck.records import FinishReason, Probe, ScoredText

Ability = Literal["choices", "likelihoods", "draws", "continues"]
"""What an engine may be able to do beyond answering.

choices: the likelihood of whole replies; likelihoods: of every token of a text; draws: answers at a temperature;
continues: going on with a reply that is begun.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """How an answer is made: greedily at temperature 0, else drawn under a seed."""

    max_new_tokens: int
    temperature: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """One reply: its text, why it ended and how many tokens it took; None where nobody counted them."""

    text: str
    finish_reason: FinishReason
    tokens: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A probe and the replies to it whose likelihoods are compared."""

    probe: Probe
    replies: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The pieces of a text and the log-likelihood of each in nats."""

    pieces: tuple[str, ...]
    logprobs: tuple[float, ...]


class Engine(Protocol):
    """Answers under the name of one arm or of several.

    Work comes back in batches of (place, outcome), which depend on what is asked alone. A batch is left out only
    when all of it is done already, so that a resumed run computes just what a whole one does.

    Attributes:
        gives: What it can do beyond answering.
    """

    @property
    def gives(self) -> frozenset[Ability]:
        """Say what it can do."""
        ...

    def complete(
        self, arm: str, probes: Sequence[Probe], decoding: Decoding, done: AbstractSet[int]
    ) -> Iterator[list[tuple[int, Generated]]]:
        """Answer probes."""
        ...

    def rank(
        self, arm: str, offers: Sequence[Offer], done: AbstractSet[int]
    ) -> Iterator[list[tuple[int, tuple[float, ...]]]]:
        """Give the log-likelihood in nats of each offered reply as the whole reply, its stop token included."""
        ...

    def score(
        self, arm: str, texts: Sequence[ScoredText], done: AbstractSet[int]
    ) -> Iterator[list[tuple[int, Scored]]]:
        """Score every token of texts, each as the reply to its probe or as it stands."""
        ...

    def close(self) -> None:
        """Let go of what it holds; it answers no more."""
        ...
