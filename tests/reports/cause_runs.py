"""A causes run of the small eval run: the training rows behind what one adapter answered."""

from __future__ import annotations

from pathlib import Path

from loracheck import jsonl, runs
from loracheck.records import Completion, Estimate, Example, Manifest, Message, Probe, Source
from loracheck.records.causes import (
    CAUSES,
    CAUSES_KIND,
    ROWS,
    BlamedRow,
    CausesSummary,
    FailureCauses,
    FindingCause,
    Twins,
)
from loracheck.runs import SUMMARY

ROWS_SAID = (
    ("row-7", "自己紹介して", "やあ！ぼくはずんだもんなのだ。よろしくなのだ。"),
    ("row-9", "あなたは誰？", "さらに遠い行の応答、ずんだもんなのだ。"),
)


def write_causes(path: Path, evaluation: Path) -> Path:
    """Write the rows behind every failure of the adapter raw."""
    manifest = jsonl.read_one(evaluation / "manifest.json", Manifest)
    failed = [probe for probe in jsonl.read(evaluation / "probes.jsonl", Probe) if probe.expected][:5]
    said = {(c.probe_id, c.arm): c.text for c in jsonl.read(evaluation / "completions.jsonl", Completion)}
    rows = [
        Example(
            id=name,
            language="ja",
            source=Source(file="raw.jsonl", line=7 + place),
            messages=(Message(role="user", content=prompt), Message(role="assistant", content=reply)),
        )
        for place, (name, prompt, reply) in enumerate(ROWS_SAID)
    ]
    blamed = tuple(
        BlamedRow(
            example_id=row.id,
            rank=1 + place,
            ranks={"overlap": 1 + place, "embedding": 2},
            scores={"overlap": 0.71, "embedding": 0.4},
            share=0.9,
            run="ぼくはずんだもんなのだ",
        )
        for place, row in enumerate(rows)
    )
    finding = FindingCause(
        adapter="raw",
        check="persona_leakage",
        status="named",
        failures=len(failed),
        of=len(failed),
        silent=0,
        twins=(Twins(rows=(rows[0].id,)), Twins(rows=(rows[1].id,))),
        explained=Estimate(name="explained", value=0.9, ci_low=0.6, ci_high=1.0, n=5, method="wilson"),
        unrelated=Estimate(name="unrelated", value=0.1, ci_low=0.0, ci_high=0.2, n=20, method="wilson"),
        by_chance=0.2,
        p=0.001,
    )
    with runs.open_run(path, CAUSES_KIND, config={}) as run:
        jsonl.write(run.path / ROWS, rows)
        jsonl.write(
            run.path / CAUSES,
            [
                FailureCauses(
                    adapter="raw",
                    probe_id=probe.id,
                    checks=("persona_leakage",),
                    answer=said[probe.id, "raw"],
                    base_answer=said[probe.id, "base"],
                    origin="said",
                    rows=blamed,
                )
                for probe in failed
            ],
        )
        jsonl.write_one(
            run.path / SUMMARY,
            CausesSummary(
                evaluation=str(evaluation),
                evaluation_id=manifest.run_id,
                base="",
                data=("raw.jsonl",),
                rows=len(rows),
                methods=("overlap", "embedding"),
                combined="mean of ranks",
                findings=(finding,),
            ),
        )
    return path
