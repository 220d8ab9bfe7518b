"""The failed answers of an eval run whose causes are looked for, and answers of the same adapter that did not fail."""

from __future__ import annotations

import random
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from loracheck.errors import UsageError
from loracheck.evaluate.evidence import Evidence
from loracheck.grading import is_right
from loracheck.probes.choices import prefers_right
from loracheck.records import BASE_ARM, ChoiceScores, EvaluationResult, Finding, Probe, Verdict
from loracheck.text import letters


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an adapter answered to a probe, beside what the base did; see `FailureCauses` for the origin."""

    probe: Probe
    text: str
    base: str
    origin: Literal["said", "preferred"] = "said"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The failures of one finding: those with an answer of their own among the first of its evidence."""

    finding: Finding
    answers: tuple[Answer, ...]
    silent: int


def suspects(result: EvaluationResult, names: Sequence[str]) -> list[Verdict]:
    """Return the verdicts whose failures are to be explained: those named, else those that hold.

    Raises:
        UsageError: there is no such adapter, or none is held.
    """
    verdicts = [*result.verdicts, *result.nulls]
    known = [verdict.adapter for verdict in verdicts]
    for name in names:
        if name not in known:
            raise UsageError(f"--adapter {name}: the eval run has {', '.join(known)}.", kind="unknown_arm")
    if names:
        return [verdict for verdict in verdicts if verdict.adapter in names]
    held = [verdict for verdict in result.verdicts if verdict.status == "hold"]
    if not held:
        raise UsageError(
            "no adapter of this eval run is held, so nothing is to be explained.",
            kind="nothing_to_do",
            hint=f"Name one to look at its failures all the same: --adapter {known[0]}" if known else "",
        )
    return held


def failed(evidence: Evidence, verdict: Verdict, most: int) -> list[Failed]:
    """Return the failures behind each deciding finding of a verdict, at most so many a finding, worst first."""
    probes = {probe.id: probe for probe in evidence.probes}
    found = []
    for finding in verdict.findings:
        if finding.check not in verdict.deciding or not finding.evidence:
            continue
        listed = [probes[i] for i in finding.evidence if i in probes]
        answers: list[Answer] = []
        silent = 0
        for probe in listed:
            if len(answers) == most:
                break
            answer = answer_of(evidence, verdict.adapter, probe)
            silent += answer is None
            answers += [answer] if answer else []
        found.append(Failed(finding=finding, answers=tuple(answers), silent=silent))
    return found


def answer_of(evidence: Evidence, adapter: str, probe: Probe) -> Answer | None:
    """Return what an adapter answered that the base did not; None where it is the same or no text.

    Of a graded probe that is the wrong answer it gave, else the wrong choice that it prefers, else what it said.
    """
    said = _said(evidence, adapter, probe)
    if said and not (probe.expected and is_right(said.text, probe.expected)):
        return said
    return _preferred(evidence, adapter, probe) or said


def others(
    evidence: Evidence, adapter: str, failing: AbstractSet[str], count: int, seed: int
) -> list[Answer]:
    """Return answers that are no failure: what else the adapter answered, then answers of the base to other probes.

    The latter are unrelated to any training; they stand in where an adapter fails at almost everything.
    """
    asked = [p for p in evidence.answered(adapter, evidence.probes) if p.id not in failing]
    draw = random.Random(seed)
    own = [answer for probe in asked if (answer := _passed(evidence, adapter, probe))]
    chosen = draw.sample(own, min(count, len(own)))
    answered = [
        p for p in evidence.answered(adapter, evidence.probes) if letters(_text(evidence, BASE_ARM, p))
    ]
    missing = count - len(chosen)
    if missing > 0 and len(answered) > 1:
        for place in draw.sample(range(len(answered)), min(missing, len(answered))):
            probe, other = answered[place], answered[(place + len(answered) // 2) % len(answered)]
            texts = _text(evidence, BASE_ARM, other), _text(evidence, BASE_ARM, probe)
            if letters(texts[0]) != letters(texts[1]):
                chosen.append(Answer(probe=probe, text=texts[0], base=texts[1]))
    return chosen


def _passed(evidence: Evidence, adapter: str, probe: Probe) -> Answer | None:
    said = _said(evidence, adapter, probe)
    if said and probe.expected and not is_right(said.text, probe.expected):
        return None
    return said


def _said(evidence: Evidence, adapter: str, probe: Probe) -> Answer | None:
    if not evidence.answered(adapter, [probe]):
        return None
    text, base = _text(evidence, adapter, probe), _text(evidence, BASE_ARM, probe)
    own = letters(text)
    return Answer(probe=probe, text=text, base=base) if own and own != letters(base) else None


def _preferred(evidence: Evidence, adapter: str, probe: Probe) -> Answer | None:
    tuned, base = (evidence.choices.get((arm, probe.id)) for arm in (adapter, BASE_ARM))
    if tuned is None or base is None or prefers_right(tuned) or _best(tuned) == _best(base):
        return None
    return Answer(probe=probe, text=_best(tuned), base=_best(base), origin="preferred")


def _best(scores: ChoiceScores) -> str:
    return scores.choices[max(range(len(scores.choices)), key=lambda place: scores.logprobs[place])]


def _text(evidence: Evidence, arm: str, probe: Probe) -> str:
    return evidence.completions[arm, probe.id].text
