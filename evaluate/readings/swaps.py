"""Held-out replies under each other's questions: what a reply owes to its own question, and what to anything.

Swap-PMI of a reply a to q is log p(a|q) - log p(a|q') for another question q' of the same data. A model that reads
the question finds its own reply likelier; one that has collapsed, or has learnt only how replies look, does not. A
reply is put under the question of one of about its own length, so that length tells nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loracheck.evaluate.evidence import Evidence
from loracheck.records import BASE_ARM, Probe, ScoredText, TokenScores
from loracheck.text import letters

REFERENCE, SWAPPED = "reference", "swapped"
_BIN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """A reply, scored token by token under its own question and under another one."""

    probe: Probe
    own: TokenScores
    other: TokenScores


def partners(probes: Sequence[Probe]) -> list[tuple[Probe, Probe]]:
    """Return (probe whose reply is taken, probe whose question it is put under); each question is used once.

    The replies are sorted by length and passed on within bins of eight; one that would come to a question with
    the same reply is left out.
    """
    ordered = sorted(probes, key=lambda probe: (len(probe.reference or ""), probe.id))
    bins = [ordered[start : start + _BIN] for start in range(0, len(ordered), _BIN)]
    if len(bins) > 1 and len(bins[-1]) < _BIN // 2:
        bins[-2:] = [[*bins[-2], *bins[-1]]]
    pairs = (pair for one in bins for pair in zip(one, [*one[1:], *one[:1]], strict=True))
    return [(a, b) for a, b in pairs if letters(a.reference or "") != letters(b.reference or "")]


def texts(probes: Sequence[Probe]) -> tuple[ScoredText, ...]:
    """Return the replies to score: each under its own question, and under its partner's."""
    pairs = partners(probes)
    return (
        *(ScoredText(probe=own, text=own.reference or "", kind=REFERENCE) for own, _ in pairs),
        *(ScoredText(probe=other, text=own.reference or "", kind=SWAPPED) for own, other in pairs),
    )


def swaps(evidence: Evidence, arms: Iterable[str] = (BASE_ARM,)) -> dict[str, list[Swap]]:
    """Return, by arm, the replies that were scored both ways under every one of the arms, token for token."""
    names = list(arms)
    found: dict[str, list[Swap]] = {name: [] for name in names}
    for own, other in partners(evidence.in_domain):
        scored = [_swap(evidence, name, own, other) for name in names]
        if all(swap is not None for swap in scored) and len({len(s.own.tokens) for s in scored if s}) == 1:
            for name, swap in zip(names, scored, strict=True):
                if swap is not None:
                    found[name].append(swap)
    return found


def dependence(swap: Swap) -> float:
    """Return the swap-PMI of a reply in nats a token."""
    return (sum(swap.own.logprobs) - sum(swap.other.logprobs)) / len(swap.own.logprobs)


def _swap(evidence: Evidence, arm: str, own: Probe, other: Probe) -> Swap | None:
    first = evidence.tokens.get((arm, own.id, REFERENCE))
    second = evidence.tokens.get((arm, other.id, SWAPPED))
    if first is None or second is None or not first.logprobs or first.tokens != second.tokens:
        return None
    return Swap(probe=own, own=first, other=second)
