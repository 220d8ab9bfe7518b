"""The probes that come with loracheck: curation keeps them out of the training data, evaluation asks them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import as_file, files

from loracheck import jsonl
from loracheck.errors import UsageError
from loracheck.records import Probe

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
