"""A small probe set that tells of a model at a checkpoint or a strength: persona learnt, facts kept, style leaking.

It helps to choose among checkpoints, and its numbers are small: a verdict comes from an evaluation, which leaves the
probes out that were asked here.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from loracheck import jsonl
from loracheck.choices import choices, prefers_right, styles
from loracheck.generation import generate, pad_token_id
from loracheck.grading import outcome
from loracheck.likelihood import score_rows
from loracheck.markers import discover, shows
from loracheck.probes import IN_DOMAIN, TRAINING, bundled, from_rows, without_training_questions
from loracheck.progress import Progress
from loracheck.records import BASE_ARM, ChoiceScores, Completion, Example, Marker, Probe
from loracheck.stats import paired_difference, paired_table, share
from loracheck.template import ChatTemplate
from loracheck.training_records import WatchReading

if TYPE_CHECKING:
    from transformers import PreTrainedModel

PROBES, BASE_ANSWERS, BASE_CHOICES = "probes.jsonl", "base_answers.jsonl", "base_choices.jsonl"
ANSWERS, CHOICES = "answers.jsonl", "choices.jsonl"
FACT_TOKENS, OPEN_TOKENS = 16, 32
_MANY = 20
_LEAST_LANGUAGE_SHARE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchOptions:
    """What is asked, and from where on it is unsafe.

    Attributes:
        persona_scope: Where the style is wanted, as in a policy; elsewhere it is leakage.
        facts: Factual questions per language of the data.
        open_prompts: Open out-of-domain prompts per language of the data.
        training_prompts: Prompts of training rows, by which the data's style is found.
        in_domain: Prompts of the domain, of held-out rows first.
        margin: Share of the factual questions that may be lost.
        max_name_rate, max_leakage: Largest safe shares.
    """

    persona_scope: Literal["always", "in_domain", "never"] = "in_domain"
    facts: int = 60
    open_prompts: int = 12
    training_prompts: int = 60
    in_domain: int = 24
    margin: float = 0.05
    max_name_rate: float = 0.05
    max_leakage: float = 0.05
    seed: int = 0


@dataclass(slots=True, kw_only=True)
class Watch:
    """The probes, what the base answers to them, and the style of the training data."""

    folder: Path
    template: ChatTemplate
    options: WatchOptions
    probes: tuple[Probe, ...]
    training: tuple[Example, ...]
    base_answers: dict[str, Completion]
    base_choices: dict[str, ChoiceScores]
    markers: tuple[Marker, ...]
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
        """Choose the probes and let the base answer them; what a folder already holds for them is not asked again.

        Args:
            folder: Where probes and answers are kept.
            model: The base, without any adapter.
            template: The template of base and adapter.
            training: The training rows, by which the style is found.
            heldout: Held-out rows of the domain.
            options: What is asked.
            progress: Where to report.
        """
        folder.mkdir(parents=True, exist_ok=True)
        probes = choose(training, heldout, options)
        if _known_probes(folder) != probes:
            for name in (BASE_ANSWERS, BASE_CHOICES, ANSWERS, CHOICES):
                (folder / name).unlink(missing_ok=True)
            jsonl.write(folder / PROBES, probes)
        watch = cls(
            folder=folder,
            template=template,
            options=options,
            probes=tuple(probes),
            training=tuple(training),
            base_answers={},
            base_choices={},
            markers=(),
            progress=progress,
        )
        watch.base_answers = watch._answer(model, folder / BASE_ANSWERS, BASE_ARM, watch.probes)
        asked = watch._suite(TRAINING)
        watch.markers = discover(
            [(probe.prompt, probe.reference or "") for probe in asked],
            [(probe.prompt, watch.base_answers[probe.id].text) for probe in asked],
        )
        watch.base_choices = watch._rank(model, folder / BASE_CHOICES, BASE_ARM)
        return watch

    @property
    def probe_ids(self) -> tuple[str, ...]:
        """Return the bundled probes that are asked, for an evaluation to leave them out."""
        return tuple(probe.id for probe in self.probes if probe.domain == "out")

    @property
    def base_reading(self) -> WatchReading:
        """Return what is read of the base itself."""
        return self._reading(self.base_answers, self.base_choices)

    def read(self, model: PreTrainedModel, label: str) -> WatchReading:
        """Ask a model that carries an adapter; what was answered under the label before is not asked again."""
        was_training = model.training
        model.eval()
        asked = tuple(probe for probe in self.probes if probe.suite != TRAINING)
        answers = self._answer(model, self.folder / ANSWERS, label, asked)
        ranked = self._rank(model, self.folder / CHOICES, label)
        model.train(was_training)
        return self._reading(answers, ranked)

    def _suite(self, prefix: str) -> list[Probe]:
        return [probe for probe in self.probes if probe.suite.startswith(prefix)]

    def _answer(
        self, model: PreTrainedModel, path: Path, label: str, probes: Sequence[Probe]
    ) -> dict[str, Completion]:
        log = jsonl.Appender(path)
        known = {c.probe_id: c for c in jsonl.read(path, Completion) if c.arm == label}
        for tokens, part in (
            (FACT_TOKENS, [probe for probe in probes if probe.expected is not None]),
            (OPEN_TOKENS, [probe for probe in probes if probe.expected is None]),
        ):
            if all(probe.id in known for probe in part):
                continue
            prompts = [self.template.prompt_ids(probe.messages) for probe in part]
            with self.progress.track(f"watch {label}", len(part)) as advance:
                for batch in generate(model, self.template, prompts, max_new_tokens=tokens):
                    fresh = [
                        Completion(
                            probe_id=part[index].id,
                            arm=label,
                            text=reply.text,
                            finish_reason=reply.finish_reason,
                            tokens=reply.tokens,
                        )
                        for index, reply in batch
                        if part[index].id not in known
                    ]
                    log.append(fresh)
                    known |= {completion.probe_id: completion for completion in fresh}
                    advance(len(batch))
        return {probe.id: known[probe.id] for probe in probes}

    def _rank(self, model: PreTrainedModel, path: Path, label: str) -> dict[str, ChoiceScores]:
        log = jsonl.Appender(path)
        facts = self._suite("facts")
        known = {c.probe_id: c for c in jsonl.read(path, ChoiceScores) if c.arm == label}
        if all(probe.id in known for probe in facts):
            return known
        style = styles([row.reply for row in self.training], self.markers)
        offered = [choices(probe, style) for probe in facts]
        rows = [
            self.template.encode_reply(probe.messages, text)
            for probe, options in zip(facts, offered, strict=True)
            for _, text in options
        ]
        scored: dict[int, float] = {}
        with self.progress.track(f"watch {label}: likelihoods", len(rows)) as advance:
            for batch in score_rows(model, rows, pad_id=pad_token_id(self.template)):
                scored |= {index: row.logprob for index, row in batch}
                advance(len(batch))
        found, start = {}, 0
        for probe, options in zip(facts, offered, strict=True):
            found[probe.id] = ChoiceScores(
                probe_id=probe.id,
                arm=label,
                kinds=tuple(kind for kind, _ in options),
                choices=tuple(text for _, text in options),
                logprobs=tuple(scored[start + i] for i in range(len(options))),
            )
            start += len(options)
        log.append(found.values())
        return found

    def _reading(self, answers: dict[str, Completion], ranked: dict[str, ChoiceScores]) -> WatchReading:
        facts, domain = self._suite("facts"), self._suite(IN_DOMAIN)
        outside = [probe for probe in self.probes if probe.domain == "out"]
        kept = [prefers_right(ranked[probe.id]) for probe in facts]
        before = [prefers_right(self.base_choices[probe.id]) for probe in facts]
        named = [outcome(p, answers[p.id].text, self.markers) == "persona_name" for p in facts]
        has_name = any(marker.kind == "term" for marker in self.markers)

        def styled(probes: Sequence[Probe]) -> int:
            return sum(shows(self.markers, answers[probe.id].text) for probe in probes)

        learnt = share("persona_learnt", styled(domain), len(domain)) if self.markers and domain else None
        if learnt and any(IN_DOMAIN not in probe.id for probe in domain):
            learnt = replace(learnt, method=f"{learnt.method}, training prompts among them")
        reading = WatchReading(
            facts_kept=share("facts_kept", sum(kept), len(kept)),
            facts_change=paired_difference("facts_change", paired_table(before, kept)),
            name_rate=share("name_rate", sum(named), len(named)) if has_name else None,
            leakage=share("leakage", styled(outside), len(outside)) if self.markers else None,
            persona_learnt=learnt,
            unsafe=(),
        )
        return replace(reading, unsafe=self._unsafe(reading))

    def _unsafe(self, reading: WatchReading) -> tuple[str, ...]:
        options = self.options
        change, named, leaking = reading.facts_change, reading.name_rate, reading.leakage
        found = {
            "facts": change.value is not None and change.value < -options.margin,
            "name": named is not None and named.value is not None and named.value > options.max_name_rate,
            "leakage": options.persona_scope != "always"
            and leaking is not None
            and leaking.value is not None
            and leaking.value > options.max_leakage,
        }
        return tuple(name for name, wrong in found.items() if wrong)


def choose(training: Sequence[Example], heldout: Sequence[Example], options: WatchOptions) -> list[Probe]:
    """Choose the probes for some data: the same ones for the same data, options and seed."""
    rng = random.Random(options.seed)
    chosen: list[Probe] = []
    for language in _languages(training):
        for suite, count in (
            (f"facts-{language}", options.facts),
            (f"open-{language}", options.open_prompts),
        ):
            asked, _ = without_training_questions(bundled([suite]), training)
            chosen += _stratified(asked, count, rng)
    domain = from_rows(heldout, IN_DOMAIN, options.in_domain, options.seed)
    if len(domain) < _MANY:
        more = from_rows(training, TRAINING, options.in_domain - len(domain), options.seed + 1)
        domain += [replace(probe, suite=IN_DOMAIN, id=f"seen-{probe.id}") for probe in more]
    return [*chosen, *domain, *from_rows(training, TRAINING, options.training_prompts, options.seed)]


def _languages(training: Sequence[Example]) -> list[str]:
    """Return the languages of the data that come with probes; both where neither is in it."""
    shares = {
        language: sum(row.language == language for row in training) / max(1, len(training))
        for language in ("ja", "en")
    }
    return [language for language, part in shares.items() if part >= _LEAST_LANGUAGE_SHARE] or list(shares)


def _stratified(probes: Sequence[Probe], count: int, rng: random.Random) -> list[Probe]:
    """Draw probes so that every subject has its share, in their own order."""
    subjects: dict[tuple[str, ...], list[int]] = {}
    for place, probe in enumerate(probes):
        subjects.setdefault(probe.tags, []).append(place)
    queue: list[tuple[float, int]] = []
    for places in subjects.values():
        shuffled = rng.sample(places, len(places))
        queue += [((rank + rng.random()) / len(places), place) for rank, place in enumerate(shuffled)]
    return [probes[place] for place in sorted(place for _, place in sorted(queue)[:count])]


def _known_probes(folder: Path) -> list[Probe] | None:
    path = folder / PROBES
    return list(jsonl.read(path, Probe)) if path.is_file() else None
