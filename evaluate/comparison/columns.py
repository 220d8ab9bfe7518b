"""The columns of a comparison: each arm with its verdicts, where its limits lie, and what it answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from loracheck.evaluate.asked import Asked
from loracheck.evaluate.checks.content import outcomes
from loracheck.evaluate.policy import Policy
from loracheck.records import BASE_ARM, EvaluationResult, Probe, Verdict
from loracheck.records.comparison import ComparedAnswer, Seed, Side

from .measures import Measure

Trained = tuple[Asked, str]
"""A run, and the name of an adapter in it."""
Column = tuple[str, list[Trained]]
"""A label, and what stands in the column: every training of an arm, or one adapter on one day."""


def names_of(runs: Sequence[Asked]) -> list[str]:
    """Return the names of the runs' folders, or their whole paths where these do not tell them apart."""
    names = [run.path.resolve().name for run in runs]
    return names if len(set(names)) == len(names) else [str(run.path) for run in runs]


def seed_of(trained: Trained) -> Seed:
    """Return what a comparison keeps of a training."""
    run, name = trained
    return Seed(run=str(run.path), arm=name, sha256=run.adapters()[name].sha256)


def side(label: str, trainings: Sequence[Trained], results: Mapping[str, EvaluationResult]) -> Side:
    """Return a column; `results` are the verdicts of each run by its path."""
    return Side(
        label=label,
        seeds=tuple(seed_of(trained) for trained in trainings),
        verdicts=tuple(_verdict(results[str(run.path)], name) for run, name in trainings),
    )


def _verdict(result: EvaluationResult, name: str) -> Verdict:
    found = next(verdict for verdict in result.verdicts if verdict.adapter == name)
    return replace(found, findings=tuple(replace(one, evidence=()) for one in found.findings))


def limit(measure: Measure, policy: Policy, base: float) -> float | None:
    """Return the share below which the policy lets no adapter fall in a measure of `measures.successes`.

    Args:
        measure: Check and measure.
        policy: The limits.
        base: The base's own share on the same items, from which a margin is taken.
    """
    check, name = measure
    gate, persona = policy.gates.get(check), policy.persona
    if gate is None or gate.mode == "off":
        return None
    if name == "no_style_outside":
        return None if persona.scope == "always" else 1 - persona.max_out_of_domain
    if name == "style_inside":
        return None if persona.scope == "never" else persona.min_in_domain
    if name == "stopped":
        return None if gate.max_rate is None else 1 - gate.max_rate
    if (
        gate.margin is None or base <= gate.margin
    ):  # a base that does no more than the margin has nothing to lose
        return None
    return base - gate.margin


def compared_probes(run: Asked) -> list[Probe]:
    """Return the questions that runs have in common; those made of training rows differ from run to run."""
    return [probe for probe in run.evidence.probes if probe.domain != "training"]


def answers(
    base: Asked, columns: Sequence[tuple[str, Sequence[Trained]]], probes: Sequence[Probe]
) -> Iterator[ComparedAnswer]:
    """Yield what the base and every training of every column answered, probe by probe.

    Args:
        base: The run whose base's answers stand for it.
        columns: Labels, each with its trainings.
        probes: The questions.
    """
    asked = [(BASE_ARM, 0, base, BASE_ARM)]
    asked += [(label, seed, run, name) for label, those in columns for seed, (run, name) in enumerate(those)]
    graded = [outcomes(run.evidence, name) for _, _, run, name in asked]
    for probe in probes:
        for (label, seed, run, name), outcome in zip(asked, graded, strict=True):
            said = run.evidence.completions.get((name, probe.id))
            if said is not None:
                yield ComparedAnswer(
                    probe_id=probe.id,
                    label=label,
                    seed=seed,
                    text=said.text,
                    finish_reason=said.finish_reason,
                    tokens=said.tokens,
                    outcome=outcome.get(probe.id),
                )
