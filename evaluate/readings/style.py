"""The style of the training data in a run: its markers, a classifier where no marker dominates, and its gate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from loracheck import stats
from loracheck.evaluate.checks.gates import excess_gate
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Policy
from loracheck.probes import TRAINING
from loracheck.records import BASE_ARM, Estimate, Finding, Language, Marker, Probe
from loracheck.style.classifier import StyleClassifier, learn
from loracheck.style.markers import shows
from loracheck.text import language_of

DOMINANT = 0.8
"""Share of the training replies from which on markers alone tell the style."""
_LEAST_CONTRAST = 0.2

Pairs = tuple[tuple[str, str], ...]
Shown = Callable[[str], bool]


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
    probes = evidence.answered(BASE_ARM, evidence.suite(TRAINING))
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


def style_gate(
    check: str, evidence: Evidence, adapter: str, probes: Sequence[Probe], shown: Shown, policy: Policy
) -> Finding:
    """Hold the rate of style where it is not wanted against the limit.

    What the base shows by itself was not taught, so there the excess counts.
    """
    base, tuned = ([shown(evidence.text(arm, probe)) for probe in probes] for arm in (BASE_ARM, adapter))
    return excess_gate(
        check,
        adapter,
        base=base,
        tuned=tuned,
        probe_ids=[probe.id for probe in probes],
        limit=policy.persona.max_out_of_domain,
        alpha=policy.alpha,
        clusters=[probe.cluster for probe in probes],
    )


def strength(style: Style, base: Sequence[bool], tuned: Sequence[bool]) -> Estimate:
    """Estimate how far the style outside the domain has come from the base's share towards the training data's.

    0 is none of the way, 1 all of it: (tuned - base) / (training - base), in shares of replies that show the style,
    with Tango's interval of the difference, divided by what the training replies have over the base. None where these
    hardly differ from the base in that share.
    """
    n, contrast = len(base), 0.0
    if n and style.in_training:
        contrast = sum(style.in_training) / len(style.in_training) - sum(base) / n
    if contrast < _LEAST_CONTRAST:
        return Estimate(name="lambda", value=None, ci_low=None, ci_high=None, n=n, method="tango")
    found = stats.paired_difference("lambda", stats.paired_table(base, tuned))

    def of_contrast(difference: float | None) -> float | None:
        return None if difference is None else difference / contrast

    return replace(
        found,
        value=of_contrast(found.value),
        ci_low=of_contrast(found.ci_low),
        ci_high=of_contrast(found.ci_high),
    )
