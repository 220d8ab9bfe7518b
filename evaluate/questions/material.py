"""What checks may make their questions of, and the questions themselves, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from loracheck.records import Example, Probe, ScoredText


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """The probes of a run, and the rows behind those that are made of rows.

    Attributes:
        bundled: Probes of the suites asked, without those that the training data holds or that chose a checkpoint.
        in_domain: Made of held-out rows; the reference is the row's own reply.
        training: Made of training rows.
        training_rows: All rows of the training data; empty when it is not known.
        heldout_rows: All held-out rows of its domain.
        seed: Of every draw.
        canaries: Secrets that were planted in the training data, each among alternatives.
    """

    bundled: tuple[Probe, ...]
    in_domain: tuple[Probe, ...]
    training: tuple[Probe, ...]
    training_rows: tuple[Example, ...] = ()
    heldout_rows: tuple[Example, ...] = ()
    seed: int = 0
    canaries: tuple[Probe, ...] = ()

    def suite(self, prefix: str) -> tuple[Probe, ...]:
        """Return the bundled probes of the suites that begin with a prefix: "facts" for both languages."""
        return tuple(probe for probe in self.bundled if probe.suite.startswith(prefix))


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What is put to an arm.

    Attributes:
        short: To be answered within `max_new_tokens`.
        open: To be answered within `max_new_tokens_open`.
        base_only: Like open, of the base alone.
        rank: Probes whose choices are ranked by likelihood.
        texts: Texts whose tokens are scored.
    """

    short: tuple[Probe, ...] = ()
    open: tuple[Probe, ...] = ()
    base_only: tuple[Probe, ...] = ()
    rank: tuple[Probe, ...] = ()
    texts: tuple[ScoredText, ...] = ()

    @property
    def probes(self) -> tuple[Probe, ...]:
        """Return every probe in it once."""
        texts = (text.probe for text in self.texts)
        return _once((*self.short, *self.open, *self.base_only, *self.rank, *texts))


def together(asked: Iterable[Questions]) -> Questions:
    """Join the questions of several checks, each once.

    A probe that one check asks shortly and another at length is asked at length; one that any check puts to every
    arm is not for the base alone.
    """
    parts = list(asked)
    long = _once(probe for part in parts for probe in part.open)
    short = _without((probe for part in parts for probe in part.short), long)
    base_only = _without((probe for part in parts for probe in part.base_only), (*long, *short))
    texts = {(text.probe.id, text.kind): text for part in parts for text in part.texts}
    return Questions(
        short=short,
        open=long,
        base_only=base_only,
        rank=_once(probe for part in parts for probe in part.rank),
        texts=tuple(texts.values()),
    )


def _once(probes: Iterable[Probe]) -> tuple[Probe, ...]:
    return tuple({probe.id: probe for probe in probes}.values())


def _without(probes: Iterable[Probe], others: Iterable[Probe]) -> tuple[Probe, ...]:
    known = {probe.id for probe in others}
    return tuple(probe for probe in _once(probes) if probe.id not in known)
