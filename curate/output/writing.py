"""Write what a curate run leaves behind: every row in one file, its decision, the groups, the scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loracheck import jsonl
from loracheck.curate.findings import BadRows, Findings
from loracheck.curate.ledger import Entry
from loracheck.curate.rows import Rows
from loracheck.curate.scoring.score import SCORER
from loracheck.curated import DECISIONS, DROPPED, GROUPS, HELDOUT, KEPT, QUARANTINED, SCORES
from loracheck.records import Source
from loracheck.records.curation import (
    CurationSummary,
    Decision,
    DroppedRow,
    Outcome,
    RowGroup,
    Score,
    StepCount,
)
from loracheck.runs import SUMMARY
from loracheck.words.decisions import explain

ROWS_PER_BATCH = 10_000


def write_run(out: Path, rows: Rows, findings: Findings) -> CurationSummary:
    """Write every file of a curate run; returns the summary."""
    entries = rows.ledger.close()
    places: dict[Outcome, list[int]] = {"kept": [], "heldout": [], "dropped": [], "quarantined": []}
    for place, entry in enumerate(entries):
        places[entry.outcome].append(place)
    jsonl.write(out / KEPT, rows.store.rows(places["kept"]))
    jsonl.write(out / HELDOUT, rows.store.rows(places["heldout"]))
    jsonl.write(out / DROPPED, _gone(rows, findings, entries, places["dropped"]))
    jsonl.write(
        out / QUARANTINED,
        chain(_unread(findings.bad), _gone(rows, findings, entries, places["quarantined"])),
    )
    jsonl.write(
        out / DECISIONS,
        (_decision(rows, findings, place, entry) for place, entry in enumerate(entries)),
    )
    groups = _groups(rows, findings)
    jsonl.write(out / GROUPS, groups)
    _write_scores(out / SCORES, rows, findings, entries)
    summary = _summary(rows, findings, places, groups)
    jsonl.write_one(out / SUMMARY, summary)
    return summary


def _decision(rows: Rows, findings: Findings, place: int, entry: Entry) -> Decision:
    values = dict(entry.values)
    if place in findings.masked:
        values["personal_data"] = list(findings.masked[place])
    return Decision(
        example_id=rows.ids[place],
        outcome=entry.outcome,
        stage=entry.stage,
        reason=entry.reason,
        values=values,
        scores=_scores(findings, place),
        related=None if entry.related is None else rows.ids[entry.related],
    )


def _scores(findings: Findings, place: int) -> tuple[Score, ...]:
    scores: list[Score] = []
    if base := findings.base_scores.get(place):
        scores += base.as_scores()
    elif why := findings.unscored.get(place):
        scores.append(Score(name="ifd", value=None, scorer=SCORER, explanation=why, state="unscored"))
    scores += findings.judge_scores.get(place, ())
    if place in findings.predicted:
        value = round(findings.predicted[place], 3)
        scores.append(Score(name="predicted", value=value, scorer="classifier"))
    return tuple(scores)


def _gone(
    rows: Rows, findings: Findings, entries: Sequence[Entry], places: Sequence[int]
) -> Iterator[DroppedRow]:
    for place in places:
        example, decision = rows.store[place], _decision(rows, findings, place, entries[place])
        why = {"en": explain(decision, "en"), "ja": explain(decision, "ja")}
        yield DroppedRow(decision=decision, why=why, example=example, source=example.source)  # type: ignore[arg-type]


def _unread(bad: BadRows) -> Iterator[DroppedRow]:
    """Yield a line for each row that is kept, and one for all that are only counted."""
    for number, row in enumerate(bad.kept, start=1):
        yield _unread_line(f"unread-{number}", "unreadable", {"message": row.message}, row.source, row.raw)
    if bad.more_from:
        values = {"rows": bad.more, "listed": len(bad.kept)}
        yield _unread_line("unread-more", "more_unreadable", values, bad.more_from, "")


def _unread_line(name: str, reason: str, values: dict[str, Any], source: Source, raw: str) -> DroppedRow:
    decision = Decision(example_id=name, outcome="quarantined", stage="read", reason=reason, values=values)
    why = {"en": explain(decision, "en"), "ja": explain(decision, "ja")}
    return DroppedRow(decision=decision, why=why, example=None, source=source, raw=raw)  # type: ignore[arg-type]


def _groups(rows: Rows, findings: Findings) -> list[RowGroup]:
    groups = [
        RowGroup(
            kind=group.kind,
            members=tuple(rows.ids[place] for place in group.members),
            shared=group.shared,
            size=len(group.members),
        )
        for group in findings.groups
    ]
    return sorted(groups, key=lambda group: (-group.size, group.kind, group.members[0]))


def _write_scores(path: Path, rows: Rows, findings: Findings, entries: Sequence[Entry]) -> None:
    """Write one line a row that was read, in columns."""
    import pyarrow as pa  # noqa: PLC0415 - heavy, and not needed for help
    import pyarrow.parquet as pq  # noqa: PLC0415

    names = sorted({s.name for place in range(len(rows)) for s in _scores(findings, place)})
    schema = pa.schema(
        [
            *((name, pa.string()) for name in ("example_id", "outcome", "reason", "language", "source")),
            *(
                (name, pa.int32())
                for name in ("prompt_characters", "reply_characters", "reply_tokens", "cluster")
            ),
            *((name, pa.float32()) for name in ("x", "y", *names)),
        ]
    )
    with jsonl.replacing(path) as file, pq.ParquetWriter(file, schema) as writer:
        for start in range(0, len(rows), ROWS_PER_BATCH):
            places = range(start, min(start + ROWS_PER_BATCH, len(rows)))
            spots = _spots(findings, np.asarray(places))
            lines = [
                {**_line(rows, findings, place, entries[place], names), **spot}
                for place, spot in zip(places, spots, strict=True)
            ]
            writer.write_table(pa.Table.from_pylist(lines, schema=schema))


def _spots(findings: Findings, places: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Return cluster and point on the map of each place; None for a row without a vector."""
    embedded = findings.embedded
    if embedded is None:
        return [{"cluster": None, "x": None, "y": None}] * len(places)
    index = np.minimum(embedded.index(places), len(embedded.places) - 1)
    return [
        {
            "cluster": int(embedded.clusters[i]) if known else None,
            "x": float(embedded.spots[i, 0]) if known else None,
            "y": float(embedded.spots[i, 1]) if known else None,
        }
        for i, known in zip(index.tolist(), (embedded.places[index] == places).tolist(), strict=True)
    ]


def _line(rows: Rows, findings: Findings, place: int, entry: Entry, names: Sequence[str]) -> dict[str, Any]:
    base = findings.base_scores.get(place)
    values = {score.name: score.value for score in _scores(findings, place)}
    return {
        "example_id": rows.ids[place],
        "outcome": entry.outcome,
        "reason": entry.reason,
        "language": rows.languages[place],
        "source": rows.sources[place],
        "prompt_characters": rows.prompt_characters[place],
        "reply_characters": rows.reply_characters[place],
        "reply_tokens": base.tokens if base else None,
        **{name: values.get(name) for name in names},
    }


def _summary(
    rows: Rows, findings: Findings, places: dict[Outcome, list[int]], groups: Sequence[RowGroup]
) -> CurationSummary:
    bad = findings.bad.count
    counts = rows.ledger.reasons()
    steps = [
        StepCount(stage=stage, reason=reason, rows=n, outcome=outcome)
        for (stage, reason, outcome), n in counts.most_common()
        if outcome in ("dropped", "quarantined")
    ]
    if bad:
        steps.append(StepCount(stage="read", reason="unreadable", rows=bad, outcome="quarantined"))
    read = len(rows) + bad
    quarantined = len(places["quarantined"]) + bad
    ended = len(places["kept"]) + len(places["heldout"]) + len(places["dropped"]) + quarantined
    if read != ended:
        raise ValueError(f"{read} rows came in and {ended} went out")
    return CurationSummary(
        read=read,
        kept=len(places["kept"]),
        heldout=len(places["heldout"]),
        dropped=len(places["dropped"]),
        quarantined=quarantined,
        steps=tuple(steps),
        unscored=len(rows) - len(findings.base_scores),
        kept_reply_characters=sum(rows.reply_characters[place] for place in places["kept"]),
        read_reply_characters=sum(rows.reply_characters),
        masked=len(findings.masked),
        languages=dict(Counter(rows.languages).most_common()),
        sources=dict(Counter(rows.sources).most_common()),
        groups=dict(Counter(group.kind for group in groups).most_common()),
        curves=tuple(findings.curves),
        judge=findings.judge,
        classifier=findings.classifier,
        selection=findings.selection,
    )
