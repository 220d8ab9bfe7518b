"""Where an adapter of an eval run came from and could go: checkpoints of its training, strengths, and a sweep.

They are drawn on the picture "facts kept against persona learnt". The train run is given, or found by the adapter's own
path where the weights still lie that the eval run read, by its own hash of them: an eval run of a stranger's opens no
folder by its name alone. Scale and sweep runs are given. A scale run belongs to the adapter whose weights it measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from loracheck import jsonl
from loracheck.adapters.files import ADAPTER_WEIGHTS
from loracheck.errors import LoracheckError, UsageError
from loracheck.records import ArmRecord, EvaluationContext, EvaluationResult, Manifest
from loracheck.records.training import (
    ScaleSummary,
    SweepSummary,
    TrainingSummary,
    WatchReading,
)
from loracheck.reports import figures
from loracheck.reports.charts.intervals import PointChart
from loracheck.reports.charts.tracks import Stop, Track
from loracheck.reports.parts.trained import readings, short_names
from loracheck.reports.strings.frame import Both, same, text
from loracheck.runs import SUMMARY, is_run, located, read_run, still_as_read
from loracheck.trained import CHECKPOINTS

_UP = 3
"""So many folders above an adapter are looked at for its train run: RUN/checkpoints/STEP/adapter at most."""


def traced(
    chart: PointChart | None,
    context: EvaluationContext,
    result: EvaluationResult,
    manifest: Manifest,
    related: Sequence[tuple[Path, Manifest]],
) -> PointChart | None:
    """Return the picture with everything that is known of its arms' way.

    Raises:
        UsageError: a scale run that was given is of none of the adapters, or a sweep of another base.
    """
    found = list(tracks(context, result, manifest, related))
    if chart is None or not found:
        return chart
    described = text("traced_desc", description=chart.description)
    return replace(chart, tracks=tuple(found), description=described)


def tracks(
    context: EvaluationContext,
    result: EvaluationResult,
    manifest: Manifest,
    related: Sequence[tuple[Path, Manifest]],
) -> Iterator[Track]:
    """Yield the tracks of every arm in the order of the arms, then the sweeps."""
    arms = {arm.name: arm for arm in context.arms if arm.path is not None}
    given = {
        kind: [path for path, manifest in related if manifest.kind == kind]
        for kind in ("train", "scale", "sweep")
    }
    scales = [(run, jsonl.read_one(run / SUMMARY, ScaleSummary)) for run in given["scale"]]
    for run, summary in scales:
        if not any(arm.sha256 == summary.adapter_sha256 for arm in arms.values()):
            raise UsageError(
                f"{run} measured the strengths of another adapter than those of this eval run.",
                kind="another_adapter",
                hint="Give a scale run of one of its adapters: loracheck scale ADAPTER -o RUN",
            )
    for shape, name in enumerate(result.arms):
        if name not in arms:
            continue
        trained = _train_run(arms[name], given["train"], manifest)
        if trained is not None:
            points = _checkpoints(trained)
            yield from _track(text("track_checkpoints", name=name), "checkpoints", shape, points)
        for _, summary in scales:
            if summary.adapter_sha256 == arms[name].sha256:
                yield from _track(text("track_strengths", name=name), "strengths", shape, _strengths(summary))
    for run in given["sweep"]:
        swept = jsonl.read_one(run / SUMMARY, SweepSummary)
        if Path(swept.base).name != Path(context.base).name:
            raise UsageError(
                f"{run} is a sweep over {swept.base}, this eval run is of {context.base}.",
                kind="other_base",
                hint="Give a sweep of the same base.",
            )
        yield from _track(text("track_sweep", name=run.resolve().name), "sweep", 0, _sweep(swept))


def _track(name: Both, kind: str, shape: int, stops: Sequence[Stop]) -> Iterator[Track]:
    """Yield a track if there is anything of it to see."""
    if len(stops) > 1 or (stops and kind == "sweep"):
        yield Track(name=name, kind=kind, shape=shape, stops=tuple(stops))


def _train_run(arm: ArmRecord, given: Sequence[Path], manifest: Manifest) -> Path | None:
    """Return the train run that holds an adapter, if its weights are still those that were evaluated."""
    if arm.path is None:
        return None
    path = located(arm.path)
    places = [path, *path.parents[:_UP]]
    run = next((one for one in given if one.resolve() in places), None)
    if run is None and still_as_read(Path(arm.path) / ADAPTER_WEIGHTS, manifest):
        run = next((place for place in places if is_run(place)), None)
    try:
        if run is None:
            return None
        read_run(run, "train")
        summary = jsonl.read_one(run / SUMMARY, TrainingSummary)
    except (LoracheckError, OSError):
        return None  # found by chance, not asked for: a run that is altered or unfinished is not drawn
    whole = not path.is_relative_to((run / CHECKPOINTS).resolve())
    same_weights = arm.sha256 is None or not whole or summary.adapter_sha256 == arm.sha256
    return run if same_weights else None


def _checkpoints(run: Path) -> list[Stop]:
    return _stops(
        (
            text("track_base")
            if one.step == 0
            else text("track_tokens", n=figures.whole(one.trained_tokens)),
            one.watch,
        )
        for one in readings(run)
    )


def _strengths(summary: ScaleSummary) -> list[Stop]:
    points = sorted(summary.points, key=lambda point: point.scale)
    return _stops((same(f"×{point.scale:g}"), point.reading) for point in points)


def _sweep(summary: SweepSummary) -> list[Stop]:
    names = short_names(summary.points)
    return _stops((same(name), point.reading) for name, point in zip(names, summary.points, strict=True))


def _stops(given: Iterator[tuple[Both, WatchReading | None]]) -> list[Stop]:
    """Return the places whose two numbers are both known."""
    return [
        Stop(label=label, across=watch.persona_learnt, up=watch.facts_kept, safe=watch.safe)
        for label, watch in given
        if watch is not None
        and watch.persona_learnt is not None
        and watch.persona_learnt.value is not None
        and watch.facts_kept.value is not None
    ]
