"""The files of a watch, and what was asked and answered in them: read by reports, without any model."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from loracheck import jsonl
from loracheck.records import BASE_ARM, Completion, Probe

PROBES, BASE_ANSWERS, BASE_CHOICES = "probes.jsonl", "base_answers.jsonl", "base_choices.jsonl"
ANSWERS, CHOICES = "answers.jsonl", "choices.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A probe of a watch, and its answers by label: "base", "step-30", "strength-0.5"."""

    probe: Probe
    answers: dict[str, Completion]


def read_asked(folder: Path) -> list[Asked]:
    """Return every probe of a watch that was answered, with all its answers; none where there was no watch."""
    if not (folder / PROBES).is_file():
        return []
    answers: dict[str, dict[str, Completion]] = {}
    for name in (BASE_ANSWERS, ANSWERS):
        if (folder / name).is_file():
            for completion in jsonl.read(folder / name, Completion):
                answers.setdefault(completion.probe_id, {})[completion.arm] = completion
    return [
        Asked(probe=probe, answers=answers[probe.id])
        for probe in jsonl.read(folder / PROBES, Probe)
        if BASE_ARM in answers.get(probe.id, {})
    ]


def borrow_base_answers(source: Path, folder: Path) -> None:
    """Begin a watch with what the base answered in another one; it is used only where the probes are the same."""
    folder.mkdir(parents=True)
    for name in (
        BASE_ANSWERS,
        BASE_CHOICES,
        PROBES,
    ):  # the probes last: without them nothing is taken for known
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)
