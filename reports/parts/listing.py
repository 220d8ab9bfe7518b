"""The list of a page: its rows as data, packed, and what it can be filtered by."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from loracheck.records import Marker, Message, Probe
from loracheck.reports import figures
from loracheck.reports.strings.frame import Both, same, text

from .packing import ROWS_A_PIECE, pack

Filter = list[tuple[str, Both]]


def probe_list(
    rows: Iterable[dict[str, Any]],
    arms: Sequence[str],
    markers: Sequence[Marker],
    filters: dict[str, Filter],
    *,
    file: str,
    held: str,
) -> dict[str, Any]:
    """Return what a list of probes needs: packed rows, filters, marks, and of how many it shows how many.

    Args:
        rows: Of `probe_row`, in the order of the list.
        arms: What answered, the base first.
        markers: The style that is marked in answers.
        filters: By what rows are filtered: values with their names.
        file: Where all the answers stand.
        held: The sentence for rows that did not fit.
    """
    packed = pack(rows)
    left = packed.rows < packed.of
    return {
        "data": {
            "kind": "probes",
            "arms": list(arms),
            "markers": [[marker.kind, marker.text] for marker in markers],
            "piece": ROWS_A_PIECE,
        },
        "packed": packed,
        "held": text(held, n=figures.whole(packed.rows), m=figures.whole(packed.of), file=file)
        if left
        else None,
        "rows_file": file,
        "row_filters": filters,
    }


def probe_row(
    probe: Probe,
    *,
    sets: Sequence[str],
    outcomes: Sequence[str | None],
    answers: Sequence[Sequence[Sequence[object]]],
    said: Sequence[object | None],
) -> dict[str, Any]:
    """Return a probe as a row of the list.

    Args:
        probe: What was asked.
        sets: The sets it is in, by the values of the filter.
        outcomes: By arm.
        answers: By arm: text, end, tokens, seed and what else the page tells of each.
        said: By arm what is compared with the base's; None where there is no answer.
    """
    return {
        "a": anchor(probe.id),
        "id": probe.id,
        "suite": probe.suite,
        "language": probe.language,
        "domain": probe.domain,
        "prompt": turns(probe.messages),
        "right": list(probe.expected.answers) if probe.expected else [],
        "reference": probe.reference,
        "sets": sets,
        "outcomes": outcomes,
        "answers": answers,
        "given": [place for place, one in enumerate(said) if one is not None],
        "changed": [place for place, one in enumerate(said) if one is not None and one != said[0]],
    }


def anchor(identifier: str) -> str:
    """Return the short name of a row in a link; it stays the same as long as the row's id does."""
    return hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()[:10]


def turns(messages: Sequence[Message]) -> list[list[str]]:
    """Return messages as pairs of role and content."""
    return [[message.role, message.content] for message in messages]


def suites(probes: Iterable[Probe]) -> Filter:
    """Return the suites of probes, for a filter."""
    return [(suite, same(suite)) for suite in sorted({probe.suite for probe in probes})]


def languages(found: Iterable[str]) -> Filter:
    """Return the languages of rows with their names, for a filter."""
    return [(language, text(f"language_{language}")) for language in sorted(set(found))]
