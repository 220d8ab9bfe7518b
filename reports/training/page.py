"""The page of a train run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loracheck import jsonl
from loracheck.records import Manifest
from loracheck.records.training import TrainingSummary
from loracheck.reports import figures
from loracheck.reports.parts import ledger, provenance, trained
from loracheck.reports.parts.ledger import Ledger
from loracheck.reports.strings.frame import same, text
from loracheck.runs import SUMMARY

from . import course, mask, planned, watched


def view(run: Path, manifest: Manifest) -> dict[str, Any]:
    """Return everything the page of a train run shows."""
    name = run.resolve().name
    summary = jsonl.read_one(run / SUMMARY, TrainingSummary)
    given = trained.table([(run, name)])
    happened = course.view(run, manifest, summary)
    sections = [
        ("loss", text("section_loss")),
        ("mask", text("section_mask")),
        *([("said", text("section_said"))] if happened["said"] else []),
        ("plan", text("section_plan")),
        ("provenance", text("section_provenance")),
    ]
    return {
        "title": text("title_train", name=name),
        "kicker": text("kicker_train"),
        "heading": same(name),
        "sections": sections,
        "course": happened,
        "training": given,
        "facts": _facts(summary),
        "rows": mask.rows(summary.shown),
        "plan": planned.view(summary),
        "provenance": provenance.view(
            manifest,
            [
                (text("prov_base"), [summary.base]),
                (text("adapter"), [f"sha256 {summary.adapter_sha256}"]),
            ],
        ),
    }


def _facts(summary: TrainingSummary) -> Ledger:
    """Return what the run was, in a line each."""
    lines = [(label, value(summary)) for label, value in trained.lines()]
    lines += [
        (text("train_kind"), same(summary.kind)),
        (text("train_device"), same(summary.device)),
        (text("train_path"), watched.known("path", summary.loss_path)),
        (text("train_replay"), same(figures.whole(summary.replay_rows))),
        (text("train_left_out"), same(figures.whole(summary.left_out))),
    ]
    return Ledger(
        head=(),
        rows=tuple((ledger.plain(label), ledger.plain(value)) for label, value in lines),
        caption=text("section_training"),
    )
