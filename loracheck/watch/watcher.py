"""Ask a loaded model a small set of probes: is the persona learnt, does it leak, are the facts kept?

Training asks at every checkpoint and `scale` at every strength, to choose among them. The numbers are small and
their limits are held against point estimates, so a reading is no verdict: that is what `eval` is for, which leaves
out the probes asked here, as what chose an adapter would flatter it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from loracheck import jsonl
from loracheck.engines.answers import Answerer
from loracheck.engines.local import LocalEngine
from loracheck.grading import outcome
from loracheck.probes import IN_DOMAIN, TRAINING, from_rows
from loracheck.probes.choices import prefers_right, styles
from loracheck.progress import Progress
from loracheck.records import BASE_ARM, ChoiceScores, Completion, Estimate, Example, Marker, Probe
from loracheck.records.training import WatchReading
from loracheck.stats import paired_difference, paired_table, share
from loracheck.style.markers import discover, shows
from loracheck.templates.chat import ChatTemplate
from loracheck.watch.answers import ANSWERS, BASE_ANSWERS, BASE_CHOICES, CHOICES, PROBES
from loracheck.watch.probes import WatchOptions, choose, is_filled_up

if TYPE_CHECKING:
    from transformers import PreTrainedModel

FACT_TOKENS, OPEN_TOKENS = 16, 32
_STYLE_ROWS = 400
"""More replies than prompts that the base is asked: a name in a third of them would else go unseen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The probes, what the base answers to them, and the style of the training data."""

    folder: Path
    template: ChatTemplate
    options: WatchOptions
    probes: tuple[Probe, ...]
    replies: tuple[str, ...]
    """Of the training rows, for the style in which choices are offered."""
    markers: tuple[Marker, ...]
    base_answers: Mapping[str, Completion]
    base_choices: Mapping[str, ChoiceScores]
    progress: Progress

    @classmethod
    def prepare(
        cls,
        folder: Path,
        model: PreTrainedModel,
        template: ChatTemplate,
        training: Sequence[Example],
        heldout: Sequence[Example],
        options: WatchOptions,
        progress: Progress,
    ) -> Watch:
        """Choose the probes and let the base answer them.

        Args:
            folder: Where probes and answers are kept. One that holds the same probes already is gone on with;
                what is answered there is not asked again.
            model: The base, without any adapter.
            template: The template of base and adapter.
            training: The training rows, by which the style is found.
            heldout: Held-out rows of the domain.
            options: What is asked, and what is unsafe.
            progress: Where to report.
        """
        folder.mkdir(parents=True, exist_ok=True)
        probes = tuple(choose(training, heldout, options))
        _start(folder, probes)
        answerer = Answerer(LocalEngine(model, template), progress)
        answers = _answers(answerer, folder / BASE_ANSWERS, BASE_ARM, probes)
        asked = [probe for probe in probes if probe.suite == TRAINING]
        rows = [*asked, *from_rows(training, TRAINING, _STYLE_ROWS, options.seed)]
        markers = discover(
            list({probe.prompt: (probe.prompt, probe.reference or "") for probe in rows}.values()),
            [(probe.prompt, answers[probe.id].text) for probe in asked],
        )
        replies = tuple(row.reply for row in training)
        ranked = answerer.rank(folder / BASE_CHOICES, BASE_ARM, _facts(probes), styles(replies, markers))
        return cls(
            folder=folder,
            template=template,
            options=options,
            probes=probes,
            replies=replies,
            markers=markers,
            base_answers=answers,
            base_choices={scores.probe_id: scores for scores in ranked},
            progress=progress,
        )

    @property
    def probe_ids(self) -> tuple[str, ...]:
        """Return the bundled probes that are asked, for an evaluation to leave them out."""
        return tuple(probe.id for probe in self.probes if probe.domain == "out")

    @property
    def base_reading(self) -> WatchReading:
        """Return what is read of the base itself."""
        return self._reading(self.base_answers, self.base_choices)

    def read(self, model: PreTrainedModel, label: str) -> WatchReading:
        """Ask a model that carries an adapter; its answers are kept under the label, and not asked for twice.

        Greedy and without any randomness; the model is in training or not as it was before.
        """
        answerer = Answerer(LocalEngine(model, self.template), self.progress)
        probes = [probe for probe in self.probes if probe.suite != TRAINING]
        was_training = model.training
        model.eval()
        try:
            answers = _answers(answerer, self.folder / ANSWERS, label, probes)
            style = styles(self.replies, self.markers)
            ranked = answerer.rank(self.folder / CHOICES, label, _facts(probes), style)
        finally:
            model.train(was_training)
        return self._reading(answers, {scores.probe_id: scores for scores in ranked})

    def _reading(self, answers: Mapping[str, Completion], ranked: Mapping[str, ChoiceScores]) -> WatchReading:
        facts = _facts(self.probes)
        kept = [prefers_right(ranked[probe.id]) for probe in facts]
        before = [prefers_right(self.base_choices[probe.id]) for probe in facts]
        named = [outcome(p, answers[p.id].text, self.markers) == "persona_name" for p in facts]
        has_name = any(marker.kind == "term" for marker in self.markers)
        reading = WatchReading(
            facts_kept=share("facts_kept", sum(kept), len(kept)),
            facts_change=paired_difference("facts_change", paired_table(before, kept)),
            name_rate=share("name_rate", sum(named), len(named)) if has_name else None,
            leakage=self._leakage(answers) if self.markers else None,
            persona_learnt=self._persona_learnt(answers) if self.markers else None,
            unsafe=(),
        )
        return replace(reading, unsafe=self._unsafe(reading))

    def _leakage(self, answers: Mapping[str, Completion]) -> Estimate:
        """Return the share of styled answers outside the domain: of all, or of the open ones if that is more.

        Short factual answers would hide what the open ones show. Where the style is wanted nowhere, the domain
        itself is no exception.
        """
        nowhere = self.options.persona_scope == "never"
        outside = [p for p in self.probes if p.domain == "out" or (nowhere and p.suite == IN_DOMAIN)]
        everywhere = self._styled("leakage", outside, answers)
        alone = self._styled("leakage", [p for p in outside if p.expected is None], answers)
        if (alone.value or 0) <= (everywhere.value or 0):
            return everywhere
        return replace(alone, method=f"{alone.method}, open prompts")

    def _persona_learnt(self, answers: Mapping[str, Completion]) -> Estimate:
        domain = [probe for probe in self.probes if probe.suite == IN_DOMAIN]
        found = self._styled("persona_learnt", domain, answers)
        if not any(is_filled_up(probe) for probe in domain):
            return found
        return replace(found, method=f"{found.method}, training prompts among them")

    def _styled(self, name: str, probes: Sequence[Probe], answers: Mapping[str, Completion]) -> Estimate:
        return share(name, sum(shows(self.markers, answers[probe.id].text) for probe in probes), len(probes))

    def _unsafe(self, reading: WatchReading) -> tuple[str, ...]:
        options = self.options
        lost = -reading.facts_change.value if reading.facts_change.value is not None else 0
        found = {
            "facts": lost > options.margin,
            "name": _above(reading.name_rate, options.max_name_rate),
            "leakage": options.persona_scope != "always" and _above(reading.leakage, options.max_leakage),
        }
        return tuple(name for name, wrong in found.items() if wrong)


def _start(folder: Path, probes: Sequence[Probe]) -> None:
    """Make a folder ready for some probes; answers to other ones are removed."""
    path = folder / PROBES
    if path.is_file() and tuple(jsonl.read(path, Probe)) == probes:
        return
    for name in (PROBES, BASE_ANSWERS, BASE_CHOICES, ANSWERS, CHOICES):
        (folder / name).unlink(missing_ok=True)
    jsonl.write(path, probes)


def _answers(answerer: Answerer, path: Path, label: str, probes: Sequence[Probe]) -> dict[str, Completion]:
    short = [probe for probe in probes if probe.expected is not None]
    long = [probe for probe in probes if probe.expected is None]
    found = answerer.complete(path, label, short, FACT_TOKENS, "watch, facts")
    found += answerer.complete(path, label, long, OPEN_TOKENS, "watch, open prompts")
    return {completion.probe_id: completion for completion in found}


def _facts(probes: Sequence[Probe]) -> list[Probe]:
    return [probe for probe in probes if probe.expected is not None]


def _above(estimate: Estimate | None, limit: float) -> bool:
    return estimate is not None and estimate.value is not None and estimate.value > limit
