"""The raw answers of a run, indexed for the checks; everything a verdict is computed from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from loracheck import jsonl
from loracheck.evaluated import CHOICES, COMPLETIONS, CONTEXT, LIKELIHOODS, PROBES
from loracheck.probes import IN_DOMAIN, TRAINING
from loracheck.records import (
    BASE_ARM,
    ArmRecord,
    ChoiceScores,
    Completion,
    EvaluationContext,
    Marker,
    Probe,
    TokenScores,
)
from loracheck.style.markers import discover

_PUT_AGAIN = ("open-neutral-", "open-system-", "open-plain-")
"""Suites of open questions under a system prompt: no questions of their own."""


@dataclass(frozen=True)
class Evidence:
    """Probes, and what each arm answered to them."""

    context: EvaluationContext
    probes: tuple[Probe, ...]
    completions: dict[tuple[str, str], Completion]
    """By (arm, probe id)."""
    choices: dict[tuple[str, str], ChoiceScores]
    tokens: dict[tuple[str, str, str], TokenScores] = field(default_factory=dict)
    """By (arm, probe id, kind of text)."""
    further: dict[tuple[str, str], tuple[Completion, ...]] = field(default_factory=dict)
    """Answers drawn at a temperature, by (arm, probe id) and in the order of their seeds; no gate looks at them."""

    @property
    def adapters(self) -> tuple[ArmRecord, ...]:
        """Return the arms that are not the base."""
        return tuple(arm for arm in self.context.arms if arm.name != BASE_ARM)

    def suite(self, prefix: str) -> list[Probe]:
        """Return the probes of the suites that begin with a prefix: "facts" for both languages."""
        return [probe for probe in self.probes if probe.suite.startswith(prefix)]

    def arm(self, name: str) -> ArmRecord:
        """Return what is known of an arm."""
        return next(arm for arm in self.context.arms if arm.name == name)

    def text(self, arm: str, probe: Probe) -> str:
        """Return what an arm answered."""
        return self.completions[arm, probe.id].text

    def answered(self, adapter: str, probes: Iterable[Probe]) -> list[Probe]:
        """Return the probes that base and adapter both answered; of the base itself, those it answered."""
        both = (BASE_ARM, adapter)
        return [probe for probe in probes if all((arm, probe.id) in self.completions for arm in both)]

    def ranked(self, adapter: str, probes: Iterable[Probe]) -> list[Probe]:
        """Return the probes whose choices were scored by base and adapter both."""

        def scored(arm: str, probe: Probe) -> bool:
            scores = self.choices.get((arm, probe.id))
            return scores is not None and bool(scores.logprobs)

        return [probe for probe in probes if scored(BASE_ARM, probe) and scored(adapter, probe)]

    @cached_property
    def out_of_domain(self) -> list[Probe]:
        """Return the questions, factual and open, that have nothing to do with the training data."""
        return [*self.suite("facts"), *self.suite("forms"), *self.open_questions]

    @cached_property
    def open_questions(self) -> list[Probe]:
        """Return the open questions as they are, without those put again under a system prompt."""
        return [probe for probe in self.suite("open") if not probe.suite.startswith(_PUT_AGAIN)]

    @cached_property
    def markers(self) -> tuple[Marker, ...]:
        """Return the style of the training replies, against the base's answers to the same prompts."""
        training = self.answered(BASE_ARM, self.suite(TRAINING))
        replies = [(probe.prompt, probe.reference or "") for probe in training]
        answers = [(probe.prompt, self.text(BASE_ARM, probe)) for probe in training]
        return discover(replies, answers)

    @cached_property
    def in_domain(self) -> list[Probe]:
        """Return the held-out probes of the training data's domain."""
        return self.suite(IN_DOMAIN)


def read_evidence(run: Path) -> Evidence:
    """Read the raw answers of an eval run."""
    greedy: dict[tuple[str, str], Completion] = {}
    further: dict[tuple[str, str], tuple[Completion, ...]] = {}
    for completion in sorted(jsonl.read(run / COMPLETIONS, Completion), key=lambda one: one.seed):
        key = (completion.arm, completion.probe_id)
        if completion.seed == 0:
            greedy[key] = completion
        else:
            further[key] = (*further.get(key, ()), completion)
    return Evidence(
        context=jsonl.read_one(run / CONTEXT, EvaluationContext),
        probes=tuple(jsonl.read(run / PROBES, Probe)),
        completions=greedy,
        choices={(c.arm, c.probe_id): c for c in jsonl.read_if_there(run / CHOICES, ChoiceScores)},
        tokens={(t.arm, t.probe_id, t.kind): t for t in jsonl.read_if_there(run / LIKELIHOODS, TokenScores)},
        further=further,
    )


def write_answers(run: Path, evidence: Evidence, arms: Sequence[str], probes: Sequence[Probe]) -> None:
    """Write completions and choices in the order of arms and probes, so that the same answers are the same bytes."""
    keys = [(arm, probe.id) for arm in arms for probe in probes]
    jsonl.write(
        run / COMPLETIONS,
        (
            completion
            for key in keys
            if key in evidence.completions
            for completion in (evidence.completions[key], *evidence.further.get(key, ()))
        ),
    )
    jsonl.write(run / CHOICES, (evidence.choices[key] for key in keys if key in evidence.choices))
