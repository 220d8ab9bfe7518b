"""Take out the rows that a causes run found behind the failures of an evaluation, or the surplus of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loracheck import jsonl
from loracheck.curate.config import FromEvalConfig
from loracheck.curate.rows import Rows
from loracheck.errors import DataError
from loracheck.progress import Progress
from loracheck.records import Example
from loracheck.records.causes import CAUSES_KIND, ROWS, CausesSummary, FindingCause
from loracheck.runs import SUMMARY, read_run
from loracheck.text import letters

Content = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blamed:
    """A row of the data behind a failure.

    Attributes:
        twins: Number of its group of near-identical replies.
        values: What the decision says: adapter, check, how many failures such rows explain, how many rows they are.
    """

    twins: int
    values: dict[str, Any]


def from_eval_files(config: FromEvalConfig) -> list[Path]:
    """Return the files of the causes run that decide, verified; none where no run is given.

    Raises:
        RunError: there is no finished causes run.
    """
    if config.run is None:
        return []
    read_run(Path(config.run), CAUSES_KIND)
    return [Path(config.run) / SUMMARY, Path(config.run) / ROWS]


def find_blamed(rows: Rows, config: FromEvalConfig, progress: Progress) -> dict[int, Blamed]:
    """Map the places of the rows that a causes run blames, found by their content, to why.

    Call it before any text is changed.

    Raises:
        DataError: rows are blamed, and none of them is in the data.
    """
    if config.run is None:
        return {}
    summary = jsonl.read_one(Path(config.run) / SUMMARY, CausesSummary)
    known = {row.id: _content(row) for row in jsonl.read(Path(config.run) / ROWS, Example)}
    blamed: dict[Content, Blamed] = {}
    for twins, (finding, members) in enumerate(_groups(summary.findings)):
        values = {
            "adapter": finding.adapter,
            "check": finding.check,
            "explained": round((finding.explained.value or 0) * finding.failures) if finding.explained else 0,
            "failures": finding.failures,
            "size": len(finding.rows),
        }
        for row in members:
            blamed.setdefault(known[row], Blamed(twins=twins, values=values))
    if not blamed:
        progress.say(f"{config.run} names no row, so none is taken out for it.")
        return {}
    found = {
        place: cause
        for place, row in enumerate(rows.store.rows())
        if (cause := blamed.get(_content(row))) is not None
    }
    if not found:
        raise DataError(
            f"--from-eval {config.run}: none of the {len(blamed):,} rows that it names is in the data.",
            kind="rows_not_in_data",
            hint=f"Curate the data that the adapter was trained on: {', '.join(summary.data)}",
        )
    return found


def drop_blamed(rows: Rows, blamed: dict[int, Blamed], config: FromEvalConfig) -> None:
    """Drop the blamed rows that are still in, or what each group of near-identical ones has over its share.

    Its share is that under uniform weight: as many rows as the other replies have on average, and at least one.
    """
    left = rows.left.tolist()
    groups: dict[int, list[int]] = {}
    for place in left:
        if place in blamed:
            groups.setdefault(blamed[place].twins, []).append(place)
    share = 0 if config.action == "drop" else _average(rows, [p for p in left if p not in blamed])
    for members in groups.values():
        for place in members[share:]:
            values, related = blamed[place].values, members[0] if share else None
            code = "blamed_surplus" if share else "blamed"
            more = {"kept": share, "alike": len(members)} if share else {}
            rows.ledger.decide(place, "dropped", "causes", code, values | more, related)
    rows.ledger.check_losses()


def _average(rows: Rows, places: Sequence[int]) -> int:
    """Return how many rows a reply has on average, at least 1."""
    distinct = {letters(row.reply) for row in rows.examples(places)}
    return max(1, round(len(places) / len(distinct))) if distinct else 1


def _groups(findings: Iterable[FindingCause]) -> Iterator[tuple[FindingCause, tuple[str, ...]]]:
    for finding in findings:
        if finding.status == "named":
            for twins in finding.twins:
                yield finding, twins.rows


def _content(row: Example) -> Content:
    return tuple((message.role, message.content) for message in row.messages)
