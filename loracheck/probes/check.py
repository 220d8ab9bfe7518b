"""What is wrong with a set of probes: duplicates, answers that a question gives away, overlap with training data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz, process

from loracheck.grading import position
from loracheck.probes import asked_text
from loracheck.records import Example, Probe
from loracheck.text import language_of, letters, normalise

GRAM = 13
_SPOKEN = 3  # a run that stands in so many probes is a way of asking, not a question
_NEAR = 95.0
_MOST_COMPARED = 4000
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, or may be.

    Attributes:
        kind: Stable code.
        severe: Whether it spoils what is measured; else it is worth a look.
        probe_id: The probe.
        message: What was found.
    """

    kind: Literal[
        "duplicate", "near_duplicate", "gold_among_wrong", "answer_in_question", "few_wrong", "overlap"
    ]
    severe: bool
    probe_id: str
    message: str


def check_probes(probes: Sequence[Probe], training: Sequence[Example] = ()) -> list[Problem]:
    """Look for what spoils a measurement, the severe first.

    Args:
        probes: The set.
        training: Rows whose texts the probes must not share.
    """
    found = [
        *_duplicates(probes),
        *(problem for probe in probes for problem in _choices(probe)),
        *_near_duplicates(probes),
        *_overlaps(probes, training),
    ]
    return sorted(found, key=lambda problem: not problem.severe)


def _duplicates(probes: Sequence[Probe]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for probe in probes:
        key = "\x1f".join(f"{m.role}\x1e{letters(m.content) or m.content}" for m in probe.messages)
        key = key or letters(probe.reference or "")
        if key in seen:
            yield Problem(
                kind="duplicate", severe=True, probe_id=probe.id, message=f"asks what {seen[key]} asks."
            )
        seen.setdefault(key, probe.id)


def _choices(probe: Probe) -> Iterator[Problem]:
    if probe.expected is None:
        return
    answers, wrong = probe.expected.answers, probe.expected.wrong
    both = {normalise(a) for a in answers} & {normalise(w) for w in wrong}
    if both:
        message = f"a wrong choice is right: {min(both)!r}."
        yield Problem(kind="gold_among_wrong", severe=True, probe_id=probe.id, message=message)
    shown = "choices-shown" in probe.tags
    given = [text for text in answers if position(asked_text(probe), text) is not None]
    if given and not shown:
        message = f"the question holds its answer {given[0]!r}."
        yield Problem(kind="answer_in_question", severe=False, probe_id=probe.id, message=message)
    if len(wrong) < 3:
        message = (
            f"{len(wrong)} wrong choices: chance is {1 / (1 + len(wrong)):.0%}; three or more are better."
        )
        yield Problem(kind="few_wrong", severe=not wrong, probe_id=probe.id, message=message)


def _near_duplicates(probes: Sequence[Probe]) -> Iterator[Problem]:
    """Find questions that differ in a few letters and expect the same; a number makes another question."""
    texts = [letters(asked_text(probe)) for probe in probes[:_MOST_COMPARED]]
    for place, text in enumerate(texts):
        if place == 0 or len(text) < GRAM:
            continue
        best = process.extractOne(text, texts[:place], scorer=fuzz.ratio, score_cutoff=_NEAR)
        if best is None or best[0] == text:
            continue
        other = probes[best[2]]
        numbers = re.findall(r"\d+", text) == re.findall(r"\d+", best[0])
        if numbers and other.expected == probes[place].expected:
            message = f"asks nearly what {other.id} asks ({best[1]:.0f}% alike)."
            yield Problem(kind="near_duplicate", severe=False, probe_id=probes[place].id, message=message)


def _overlaps(probes: Sequence[Probe], training: Sequence[Example]) -> Iterator[Problem]:
    """Find probes whose question stands in the training data, or shares a run of 13 words or letters with it."""
    if not training:
        return
    whole = {letters(message.content) for row in training for message in row.messages}
    known = {gram for row in training for message in row.messages for gram in _grams(message.content)}
    grams = {probe.id: _grams(asked_text(probe)) for probe in probes}
    spoken = Counter(gram for found in grams.values() for gram in found)
    for probe in probes:
        if letters(asked_text(probe)) in whole:
            yield Problem(
                kind="overlap",
                severe=True,
                probe_id=probe.id,
                message="the training data holds this question.",
            )
            continue
        shared = [gram for gram in grams[probe.id] if gram in known and spoken[gram] < _SPOKEN]
        if shared:
            message = f"shares with the training data: {min(shared)!r}."
            yield Problem(kind="overlap", severe=True, probe_id=probe.id, message=message)


def _grams(text: str) -> set[str]:
    """Return the runs of 13 words of a spaced text, of 13 letters of a Japanese one, normalised."""
    if language_of(text) == "en":
        words = _WORD.findall(text.casefold())
        return {" ".join(words[i : i + GRAM]) for i in range(len(words) - GRAM + 1)}
    form = letters(text)
    return {form[i : i + GRAM] for i in range(len(form) - GRAM + 1)}
