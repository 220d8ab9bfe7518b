"""The page of a train run, and the table inside an evaluation that holds several against one another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from loracheck import jsonl
from loracheck.records import Manifest
from loracheck.records.training import TrainingStep, TrainingSummary
from loracheck.reports import figures, provenance
from loracheck.reports.charts.flows import LineChart, Series
from loracheck.reports.strings.frame import Both, same, text
from loracheck.runs import SUMMARY
from loracheck.trained import METRICS

from . import course, mask, planned, watched
from .watched import Ledger

EQUAL_WITHIN = 0.02
AUDITED = (
    "truncated",
    "prefix_mismatches",
    "untrained_stop",
    "nothing_to_learn",
    "double_bos",
    "control_tokens",
)


def view(run: Path, manifest: Manifest) -> dict[str, Any]:
    """Return everything the page of a train run shows."""
    name = run.resolve().name
    summary = _summary(run)
    given = table([(run, name)])
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


def table(given: Sequence[tuple[Path, str]]) -> dict[str, Any] | None:
    """Return the summaries side by side, whether they saw equally many tokens, and the course of their losses."""
    if not given:
        return None
    summaries = [_summary(path) for path, _ in given]
    return {
        "names": [name for _, name in given],
        "lines": [(label, [value(summary) for summary in summaries]) for label, value in _lines()],
        "tokens": _equal_tokens(summaries),
        "loss": _loss(given),
        "audits": [
            {
                "name": name,
                "clean": text("audit_clean", rows=figures.whole(summary.audit.rows))
                if not any(getattr(summary.audit, field) for field in AUDITED)
                else None,
                "lines": [
                    (text(f"audit_{field}"), figures.whole(getattr(summary.audit, field)))
                    for field in ("rows", *AUDITED)
                ],
            }
            for (_, name), summary in zip(given, summaries, strict=True)
        ],
    }


def _lines() -> list[tuple[Both, Callable[[TrainingSummary], Both]]]:
    return [
        (text("train_base"), lambda s: same(s.base)),
        (text("train_quantization"), lambda s: same(s.quantization)),
        (text("train_rows"), lambda s: same(figures.whole(s.rows))),
        (text("train_epochs"), lambda s: same(f"{s.epochs:.3g}")),
        (text("train_steps"), lambda s: same(figures.whole(s.steps))),
        (text("train_tokens"), lambda s: same(figures.whole(s.trained_tokens))),
        (text("train_loss"), lambda s: _from_to(s.loss_first, s.loss_last)),
        (text("train_heldout"), lambda s: _from_to(s.heldout_loss_before, s.heldout_loss_after)),
        (text("train_heldout_rows"), lambda s: same(figures.whole(s.heldout_rows))),
        (text("train_parameters"), lambda s: same(figures.whole(s.trainable_parameters))),
        (text("train_adapter"), lambda s: figures.size(s.adapter_bytes)),
        (text("train_seconds"), lambda s: figures.duration(s.seconds)),
        (text("train_memory"), lambda s: figures.size(s.peak_memory_bytes)),
    ]


def _facts(summary: TrainingSummary) -> Ledger:
    """Return what the run was, in a line each."""
    lines = [(label, value(summary)) for label, value in _lines()]
    lines += [
        (text("train_kind"), same(summary.kind)),
        (text("train_device"), same(summary.device)),
        (text("train_path"), watched.known("path", summary.loss_path)),
        (text("train_replay"), same(figures.whole(summary.replay_rows))),
        (text("train_left_out"), same(figures.whole(summary.left_out))),
    ]
    return Ledger(
        head=(),
        rows=tuple((watched.plain(label), watched.plain(value)) for label, value in lines),
        caption=text("section_training"),
    )


def _from_to(first: float | None, last: float | None) -> Both:
    if first is None and last is None:
        return text("unknown")
    start, end = figures.nats(first), figures.nats(last)
    return Both(f"{start.en} → {end.en}", f"{start.ja} → {end.ja}")


def _equal_tokens(summaries: list[TrainingSummary]) -> Both | None:
    tokens = [summary.trained_tokens for summary in summaries]
    if len(tokens) < 2 or min(tokens) <= 0:
        return None
    ratio = max(tokens) / min(tokens)
    if ratio <= 1 + EQUAL_WITHIN:
        return text("equal_tokens", percent=figures.percent(EQUAL_WITHIN))
    return text("unequal_tokens", ratio=f"{ratio:.2f}")


def _loss(given: Sequence[tuple[Path, str]]) -> LineChart | None:
    series = []
    for path, name in given:
        file = path / METRICS
        steps = list(jsonl.read(file, TrainingStep)) if file.is_file() else []
        if steps:
            series.append(
                Series(
                    label=same(name),
                    at=tuple(float(step.trained_tokens) for step in steps),
                    values=tuple(step.loss for step in steps),
                )
            )
    if not series:
        return None
    return LineChart(
        id="loss",
        title=text("loss_title"),
        description=text("loss_desc"),
        series=tuple(series),
        across=text("axis_tokens"),
        up=text("axis_loss"),
    )


def _summary(run: Path) -> TrainingSummary:
    return jsonl.read_one(run / SUMMARY, TrainingSummary)
