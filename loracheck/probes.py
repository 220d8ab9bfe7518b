"""The probes that come with loracheck, and probes made from the user's own rows."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from importlib.resources import as_file, files

from loracheck import jsonl
from loracheck.errors import UsageError
from loracheck.records import Example, Probe
from loracheck.text import letters, normalise

IN_DOMAIN = "in-domain"
TRAINING = "training"
BUNDLED = ("facts-ja", "facts-en", "forms-ja", "forms-en", "open-ja", "open-en")


def bundled(suites: Sequence[str] = BUNDLED) -> list[Probe]:
    """Read bundled suites by name, "facts-ja" or "open-en" for instance.

    Raises:
        UsageError: there is no such suite.
    """
    return [probe for suite in suites for probe in _read(suite)]


def _read(suite: str) -> Iterator[Probe]:
    if suite not in BUNDLED:
        raise UsageError(f"--suite {suite}: there are {', '.join(BUNDLED)}.")
    with as_file(files("loracheck.evaluate") / "probes" / f"{suite.replace('-', '_')}.jsonl") as path:
        yield from jsonl.read(path, Probe)


def every_nth(probes: Sequence[Probe], limit: int | None) -> list[Probe]:
    """Thin a suite evenly to at most limit probes, the same ones each time."""
    if limit is None or len(probes) <= limit:
        return list(probes)
    return [probes[i * len(probes) // limit] for i in range(limit)]


def without_training_questions(
    probes: Sequence[Probe], training: Sequence[Example]
) -> tuple[list[Probe], list[str]]:
    """Leave out probes whose question stands in the training data: they would measure memory.

    Returns:
        The probes to ask, and the ids of those left out.
    """
    asked = {letters(message.content) for row in training for message in row.messages[:-1]}
    known = {probe.id for probe in probes if letters(probe.messages[-1].content) in asked}
    return [probe for probe in probes if probe.id not in known], sorted(known)


def from_rows(rows: Sequence[Example], suite: str, limit: int, seed: int) -> list[Probe]:
    """Make probes of rows: the conversation up to the reply is asked, the reply is kept as the reference.

    One row a question; above the limit a seeded draw of them.
    """
    distinct = list({normalise(row.prompt): row for row in reversed(rows)}.values())[::-1]
    if len(distinct) > limit:
        chosen = sorted(random.Random(seed).sample(range(len(distinct)), limit))
        distinct = [distinct[i] for i in chosen]
    return [
        Probe(
            id=f"{suite}-{row.id}",
            suite=suite,
            messages=row.messages[:-1],
            language=row.language,
            domain="in" if suite == IN_DOMAIN else "training",
            reference=row.reply,
            cluster=f"{suite}-{row.id}",
        )
        for row in distinct
    ]
