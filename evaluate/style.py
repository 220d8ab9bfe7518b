"""The style of the training data in a run: its markers, and a classifier where no marker dominates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from loracheck.probes import TRAINING
from loracheck.records import BASE_ARM, Estimate, Language, Marker
from loracheck.style.classifier import StyleClassifier, learn
from loracheck.style.markers import shows
from loracheck.text import language_of

from .evidence import Evidence

DOMINANT = 0.8
"""Share of the training replies from which on markers alone tell the style."""
_LEAST_CONTRAST = 0.2
_RESAMPLES = 2000

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How the training replies differ from what the base answers.

    Attributes:
        markers: What they have and the base's answers lack.
        deciding: Classifiers that count. In English they do not: ordinary models differ there as styles do.
        informing: Classifiers whose figures are shown.
        in_training: Whether each training reply shows the style.
        most_replies: Training replies in the language that has the most, which are held against the base's answers.
    """

    markers: tuple[Marker, ...]
    deciding: tuple[StyleClassifier, ...]
    informing: tuple[StyleClassifier, ...]
    in_training: tuple[bool, ...]
    most_replies: int

    @property
    def found(self) -> bool:
        """Tell whether there is any style to look for."""
        return bool(self.markers or self.deciding)

    def shown(self, text: str) -> bool:
        """Tell whether a text shows the style."""
        return shows(self.markers, text) or any(classifier.fires(text) for classifier in self.deciding)


def training_style(evidence: Evidence) -> Style:
    """Find the style of the training replies against the base's answers to the same prompts."""
    probes = [probe for probe in evidence.suite(TRAINING) if (BASE_ARM, probe.id) in evidence.completions]
    replies = tuple((probe.prompt, probe.reference or "") for probe in probes)
    answers = tuple((probe.prompt, evidence.text(BASE_ARM, probe)) for probe in probes)
    markers = evidence.markers if probes else ()
    marked = sum(shows(markers, reply) for _, reply in replies)
    fitted = _fitted(replies, answers) if marked < DOMINANT * len(replies) else ()
    usable = tuple(classifier for classifier in fitted if classifier.usable)
    style = Style(
        markers=markers,
        deciding=tuple(classifier for classifier in usable if classifier.language == "ja"),
        informing=fitted,
        in_training=(),
        most_replies=max(Counter(language_of(reply) for _, reply in replies).values(), default=0),
    )
    return replace(style, in_training=tuple(style.shown(reply) for _, reply in replies))


@lru_cache(maxsize=4)  # several checks of several adapters ask for the same
def _fitted(replies: Pairs, answers: Pairs) -> tuple[StyleClassifier, ...]:
    languages: tuple[Language, ...] = ("ja", "en")
    found = (learn(replies, answers, language) for language in languages)
    return tuple(classifier for classifier in found if classifier is not None)


def strength(style: Style, base: Sequence[bool], tuned: Sequence[bool]) -> Estimate:
    """Estimate how far the style outside the domain has come from the base's share towards the training data's.

    0 is none of the way, 1 all of it: (tuned - base) / (training - base), in shares of replies that show the style,
    with a percentile bootstrap over probes and training replies. None where the training replies hardly differ from
    the base in that share.
    """
    pairs = np.array([base, tuned], dtype=float)
    training = np.array(style.in_training, dtype=float)
    n = pairs.shape[1]
    if not n or not len(training) or training.mean() - pairs[0].mean() < _LEAST_CONTRAST:
        return Estimate(name="lambda", value=None, ci_low=None, ci_high=None, n=n, method="bootstrap")
    random = np.random.default_rng(0)
    drawn = pairs[:, random.integers(0, n, (_RESAMPLES, n))].mean(axis=2)
    whole = training[random.integers(0, len(training), (_RESAMPLES, len(training)))].mean(axis=1)
    ratios = (drawn[1] - drawn[0]) / np.maximum(whole - drawn[0], _LEAST_CONTRAST / 2)
    low, high = np.quantile(ratios, [0.025, 0.975])
    value = (pairs[1].mean() - pairs[0].mean()) / (training.mean() - pairs[0].mean())
    return Estimate(
        name="lambda",
        value=float(value),
        ci_low=float(min(low, value)),
        ci_high=float(max(high, value)),
        n=n,
        method="bootstrap",
    )
