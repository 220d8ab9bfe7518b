"""What pages say of trainings: several side by side, and the short names of those of a sweep."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from loracheck import jsonl
from loracheck.records.training import CheckpointReading, SweepPoint, TrainingStep, TrainingSummary
from loracheck.reports import figures
from loracheck.reports.charts.flows import LineChart, Series
from loracheck.reports.strings.frame import Both, same, text
from loracheck.runs import SUMMARY
from loracheck.trained import METRICS, READINGS

EQUAL_WITHIN = 0.02
AUDITED = (
    "truncated",
    "prefix_mismatches",
    "untrained_stop",
    "nothing_to_learn",
    "double_bos",
    "control_tokens",
)
_SEED = "seed"


def table(given: Sequence[tuple[Path, str]]) -> dict[str, Any] | None:
    """Return the summaries side by side, whether they saw equally many tokens, and the course of their losses."""
    if not given:
        return None
    summaries = [jsonl.read_one(path / SUMMARY, TrainingSummary) for path, _ in given]
    return {
        "names": [name for _, name in given],
        "lines": [(label, [value(summary) for summary in summaries]) for label, value in lines()],
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


def lines() -> list[tuple[Both, Callable[[TrainingSummary], Both]]]:
    """Return what is told of every training: a label, and how its value is read off a summary."""
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


def steps(run: Path) -> list[TrainingStep]:
    """Return the logged steps of a train run."""
    return list(jsonl.read_if_there(run / METRICS, TrainingStep))


def readings(run: Path) -> list[CheckpointReading]:
    """Return what a train run found at its checkpoints, by step."""
    found = {one.step: one for one in jsonl.read_if_there(run / READINGS, CheckpointReading)}
    return [found[step] for step in sorted(found)]


def short_names(points: Sequence[SweepPoint]) -> list[str]:
    """Number the configurations; seeds of one configuration share a number and differ by a letter."""
    numbers: dict[str, int] = {}
    seeds: dict[str, int] = {}
    keys = [
        json.dumps({k: v for k, v in point.values.items() if k != _SEED}, sort_keys=True, default=str)
        for point in points
    ]
    names = []
    for key in keys:
        number = numbers.setdefault(key, len(numbers) + 1)
        place = seeds[key] = seeds.get(key, -1) + 1
        names.append(f"{number}{_letter(place)}" if keys.count(key) > 1 else str(number))
    return names


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
        if logged := steps(path):
            series.append(
                Series(
                    label=same(name),
                    at=tuple(float(step.trained_tokens) for step in logged),
                    values=tuple(step.loss for step in logged),
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


def _letter(place: int) -> str:
    """Return a, b, ... z, aa, ab and so on."""
    return (_letter(place // 26 - 1) if place >= 26 else "") + chr(ord("a") + place % 26)
