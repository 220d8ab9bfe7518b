"""The probes that come with loracheck, and probes made from the user's own rows."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from importlib.resources import files

import msgspec

from loracheck.errors import UsageError
from loracheck.records import Example, Probe, SuiteRecord
from loracheck.text import letters, normalise

IN_DOMAIN = "in-domain"
ENDS = "ends"
"""Training prompts that are put once more, to see whether their replies end, where no held-out ones are given."""
OF_DOMAIN = (IN_DOMAIN, ENDS)
"""Suites whose answers are as long as the domain's replies."""
TRAINING = "training"
BUNDLED = (
    "facts-ja",
    "facts-en",
    "forms-ja",
    "forms-en",
    "open-ja",
    "open-en",
    "neutral-ja",
    "neutral-en",
    "safety-ja",
    "safety-en",
    "system-ja",
    "system-en",
)
VERSION = "2"
"""Of the bundled suites: results of other versions are not comparable. It changes with any of their items."""


def bundled(suites: Sequence[str] = BUNDLED) -> list[Probe]:
    """Read bundled suites by name, "facts-ja" or "open-en" for instance.

    Raises:
        UsageError: there is no such suite.
    """
    return [probe for suite in suites for probe in _read(suite)]


def bundled_record(suite: str) -> SuiteRecord:
    """Say which bundled suite this is: its version, the hash of its file, how many probes it holds.

    Raises:
        UsageError: there is no such suite.
    """
    content = _content(suite)
    return SuiteRecord(
        name=suite,
        source=f"bundled, version {VERSION}",
        sha256=hashlib.sha256(content).hexdigest(),
        probes=content.count(b"\n"),
    )


def _read(suite: str) -> Iterator[Probe]:
    decoder = msgspec.json.Decoder(Probe)
    yield from (decoder.decode(line) for line in _content(suite).splitlines())


def _content(suite: str) -> bytes:
    if suite not in BUNDLED:
        raise UsageError(f"--suite {suite}: there are {', '.join(BUNDLED)}.", kind="unknown_name")
    file = files(__name__) / "suites" / f"{suite.replace('-', '_')}.jsonl"
    return file.read_bytes().replace(b"\r\n", b"\n")  # as committed, whatever the checkout made of it


def asked_text(probe: Probe) -> str:
    """Return what a probe asks, or of a paragraph that is only scored the paragraph itself."""
    return probe.messages[-1].content if probe.messages else probe.reference or ""


def every_nth(probes: Sequence[Probe], limit: int | None) -> list[Probe]:
    """Thin a suite evenly to at most limit probes, the same ones each time."""
    if limit is None or len(probes) <= limit:
        return list(probes)
    return [probes[i * len(probes) // limit] for i in range(limit)]


def without_training_questions(
    probes: Sequence[Probe], training: Sequence[Example]
) -> tuple[list[Probe], list[str]]:
    """Leave out probes whose question, or paragraph, stands in the training data: they would measure memory.

    Returns:
        The probes to ask, and the ids of those left out.
    """
    asked = {letters(message.content) for row in training for message in row.messages[:-1]}
    trained = asked | {letters(row.reply) for row in training}
    known = {
        probe.id for probe in probes if letters(asked_text(probe)) in (asked if probe.messages else trained)
    }
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
