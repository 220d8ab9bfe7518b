"""Train at every point of a grid, on equally many tokens, and lay the results side by side."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from loracheck import jsonl
from loracheck.models.load import base_source, load_tokenizer
from loracheck.progress import Progress
from loracheck.records.training import (
    CheckpointReading,
    SweepPoint,
    SweepSummary,
    TrainingSummary,
    WatchReading,
)
from loracheck.runs import SUMMARY, open_run
from loracheck.templates.chat import choose_template
from loracheck.train.batches.encode import encode_rows
from loracheck.train.config import TrainConfig
from loracheck.train.fitting.processes import start_processes
from loracheck.train.inputs import TrainInputs, data_files, load_rows
from loracheck.train.pipeline import train
from loracheck.trained import READINGS, WATCH

from .grid import Point, varied


def sweep(
    points: Sequence[Point], out: Path, config: TrainConfig, inputs: TrainInputs, *, progress: Progress
) -> SweepSummary | None:
    """Train every point into a folder of its own below out; what is finished is not trained again.

    All points see equally many trained tokens, unless epochs or tokens are what is varied.

    Args:
        points: What is trained, see `grid`.
        out: The run directory of the sweep.
        config: The options that all points share.
        inputs: The base, and further files.
        progress: Where to report.

    Returns:
        The table; None in all but the main process of a run on several devices.

    Raises:
        LoracheckError: as `train`.
    """
    started = time.monotonic()
    names = varied(points)
    if not {"num_train_epochs", "max_trained_tokens"} & set(names):
        points = on_equal_tokens(points, inputs)
    options = {
        "base": inputs.base,
        **asdict(config),
        "points": {p.name: jsonl.to_builtins(p.values) for p in points},
    }
    files = [file for point in points for file in data_files(point.data, inputs.heldout) if file is not None]
    files += [file for file in (inputs.replay, inputs.chat_template) if file is not None]
    if not start_processes().main:
        for point in points:
            train(point.data, out / point.name, point.config, inputs, progress=progress)
        return None
    with open_run(out, "sweep", config=options, inputs=list(dict.fromkeys(files)), seed=config.seed) as run:
        if run.complete:
            progress.say_finished(out)
            return jsonl.read_one(out / SUMMARY, SweepSummary)
        results = []
        for place, point in enumerate(points, start=1):
            progress.say(f"{place} of {len(points)}: {point.name}")
            lent = replace(inputs, base_answers=_base_answers(points[: place - 1], point, out))
            summary = train(point.data, out / point.name, point.config, lent, progress=progress)
            assert summary is not None  # only other processes get none
            results.append(_result(point, summary, _readings(out / point.name)))
        table = SweepSummary(
            base=inputs.base,
            varied=names,
            trained_tokens=max(point.trained_tokens for point in results),
            base_reading=next((r.watch for r in _readings(out / points[0].name) if r.step == 0), None),
            points=tuple(mark_front(results)),
            seconds=round(time.monotonic() - started, 1),
        )
        jsonl.write_one(out / SUMMARY, table)
    return table


def mark_front(points: Sequence[SweepPoint]) -> list[SweepPoint]:
    """Mark the points that no other one beats in facts kept and persona learnt alike (the Pareto front)."""
    places = {
        point.name: (kept, learnt)
        for point in points
        if (kept := _value(point.reading, "facts_kept")) is not None
        and (learnt := _value(point.reading, "persona_learnt")) is not None
    }

    def beaten(place: tuple[float, float]) -> bool:
        return any(
            other != place and other[0] >= place[0] and other[1] >= place[1] for other in places.values()
        )

    return [
        replace(point, on_front=point.name in places and not beaten(places[point.name])) for point in points
    ]


def _value(reading: WatchReading | None, name: str) -> float | None:
    estimate = getattr(reading, name, None)
    return None if estimate is None else estimate.value


def on_equal_tokens(points: Sequence[Point], inputs: TrainInputs) -> list[Point]:
    """Give every point the trained tokens of the first one's epochs."""
    first = points[0]
    budget = first.config.max_trained_tokens
    if budget is None:
        template = choose_template(load_tokenizer(base_source(inputs.base)), [], inputs.chat_template)
        rows = encode_rows(
            template,
            load_rows(first.data, inputs.heldout).examples,
            first.config.max_length,
            every_turn=first.config.assistant_only_loss,
        )
        budget = first.config.num_train_epochs * sum(row.trained_tokens for row in rows)
    return [replace(point, config=replace(point.config, max_trained_tokens=budget)) for point in points]


def _base_answers(done: Sequence[Point], point: Point, out: Path) -> Path | None:
    """Return the watch of an earlier point whose base was asked the same; the watch itself checks that it was."""

    def asked(one: Point) -> tuple[Path, str, int]:
        return one.data, one.config.quantization, one.config.seed

    found = (out / other.name / WATCH for other in reversed(done) if asked(other) == asked(point))
    return next((folder for folder in found if folder.is_dir()), None)


def _readings(run: Path) -> list[CheckpointReading]:
    return list(jsonl.read(run / READINGS, CheckpointReading))


def _result(point: Point, summary: TrainingSummary, readings: Sequence[CheckpointReading]) -> SweepPoint:
    kept = next((reading for reading in readings if reading.step == summary.kept_step), None)
    return SweepPoint(
        name=point.name,
        values=point.values,
        steps=summary.steps,
        trained_tokens=summary.trained_tokens,
        trainable_parameters=summary.trainable_parameters,
        heldout_loss=summary.heldout_loss_after,
        reading=kept.watch if kept else None,
        kept=summary.kept,
        kept_step=summary.kept_step,
        adapter_sha256=summary.adapter_sha256,
        seconds=summary.seconds,
    )
