"""The page of a curation: every end of a row can be looked for, and a row's twin is shown wherever it ended up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from loracheck import jsonl
from loracheck.records import Manifest
from loracheck.records.curation import CurationSummary, DroppedRow
from loracheck.reports.curation import page as curation
from tests.reports.report_runs import write_curate


def test_quarantined_rows_are_listed_offered_as_a_filter_and_quoted_as_twins(tmp_path: Path) -> None:
    run = write_curate(tmp_path / "curated")
    twin, other, *rest = jsonl.read(run / "dropped.jsonl", DroppedRow)
    aside = replace(twin, decision=replace(twin.decision, outcome="quarantined", related=None))
    repeating = replace(other, decision=replace(other.decision, related=aside.decision.example_id))
    jsonl.write(run / "dropped.jsonl", [repeating, *rest])
    jsonl.write(run / "quarantined.jsonl", [aside])
    counts = jsonl.read_one(run / "summary.json", CurationSummary)
    jsonl.write_one(run / "summary.json", replace(counts, dropped=4, quarantined=1))

    page = curation.view(run, jsonl.read_one(run / "manifest.json", Manifest))
    rows = {row["id"]: row for row in page["data"]["rows"]}
    assert aside.example and rows[aside.example.id]["outcome"] == "quarantined"
    assert [name for name, _ in page["row_filters"]["outcome"]] == [
        "dropped",
        "quarantined",
        "heldout",
        "kept",
    ]
    assert rows[other.decision.example_id]["repeats"] == [aside.example.prompt, aside.example.reply]
    assert "quarantined: 1 of 1" in [shown.en for shown in page["shown"]]


def test_only_ends_that_rows_came_to_are_offered_and_every_score_has_its_name(tmp_path: Path) -> None:
    run = write_curate(tmp_path / "curated")
    page = curation.view(run, jsonl.read_one(run / "manifest.json", Manifest))
    assert [name for name, _ in page["row_filters"]["outcome"]] == ["dropped", "heldout", "kept"]
    shown = {one[0] for row in page["data"]["rows"] for one in row["scores"]}
    assert shown and shown == set(page["data"]["scores"])
    assert "quarantined" not in " ".join(said.en for said in page["shown"])
