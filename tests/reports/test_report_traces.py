"""Checkpoints, strengths and sweeps on the picture of an eval run: found or given, true to what was read, named."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Browser

from loracheck import jsonl
from loracheck.adapters.files import ADAPTER_WEIGHTS
from loracheck.errors import UsageError
from loracheck.records import EvaluationContext, EvaluationResult, Manifest
from loracheck.records.training import CheckpointReading, ScaleSummary, SweepSummary
from loracheck.reports.charts.intervals import PointChart
from loracheck.reports.evaluation import checks, traces
from loracheck.reports.pipeline import write_report
from loracheck.runs import MANIFEST, file_entry, identity, read_run

SVG = "{http://www.w3.org/2000/svg}"
OTHER = "77aa" * 16


def evaluated(folder: Path, build: ModuleType) -> Path:
    """Write an eval run in which only the raw adapter has the weights of the runs of training_runs.py."""
    run: Path = build.write_eval(folder / "eval")
    context = jsonl.read_one(run / "context.json", EvaluationContext)
    arms = tuple(replace(arm, sha256=OTHER) if arm.name == "curated" else arm for arm in context.arms)
    jsonl.write_one(run / "context.json", replace(context, arms=arms))
    manifest = jsonl.read_one(run / MANIFEST, Manifest)
    jsonl.write_one(run / MANIFEST, replace(manifest, files=()))
    return run


def holds(train: Path, run: Path) -> Path:
    """Put the adapter into a train run that the eval run read, by the hash that it recorded."""
    (train / "adapter").mkdir()
    weights = train / "adapter" / ADAPTER_WEIGHTS
    weights.write_bytes(b"weights")
    manifest = jsonl.read_one(run / MANIFEST, Manifest)
    inputs = (file_entry(weights),)
    told = identity(manifest.kind, manifest.config, inputs)
    jsonl.write_one(run / MANIFEST, replace(manifest, inputs=inputs, identity=told))
    return train


def picture(run: Path, *given: Path) -> PointChart:
    context = jsonl.read_one(run / "context.json", EvaluationContext)
    result = jsonl.read_one(run / "verdict.json", EvaluationResult)
    related = [(path, read_run(path)) for path in given]
    manifest = jsonl.read_one(run / MANIFEST, Manifest)
    found = traces.traced(checks.picture(result), context, result, manifest, related)
    assert found is not None
    return found


def test_the_checkpoints_of_the_train_run_that_holds_the_adapter_are_drawn_unasked(
    tmp_path: Path, build: ModuleType, build_training: ModuleType
) -> None:
    run = evaluated(tmp_path, build)
    assert picture(run).tracks == ()
    train = holds(build_training.write_train(tmp_path / "train-raw"), run)
    [track] = picture(run).tracks
    readings = list(jsonl.read(train / "readings.jsonl", CheckpointReading))
    assert (track.kind, track.shape, track.name.en) == (
        "checkpoints",
        1,
        "raw: checkpoints over trained tokens",
    )
    assert [stop.place for stop in track.stops] == [
        (one.watch.persona_learnt.value, one.watch.facts_kept.value)  # type: ignore[union-attr]
        for one in readings
    ]
    assert [stop.label.en for stop in track.stops][:2] == ["base", "987 tokens"]


def test_no_train_run_is_opened_by_its_name_alone(
    tmp_path: Path, build: ModuleType, build_training: ModuleType
) -> None:
    run = evaluated(tmp_path, build)
    train = build_training.write_train(tmp_path / "train-raw")
    assert picture(run).tracks == ()
    assert [track.kind for track in picture(run, train).tracks] == ["checkpoints"]
    holds(train, run)
    assert [track.kind for track in picture(run).tracks] == ["checkpoints"]
    (train / "adapter" / ADAPTER_WEIGHTS).write_bytes(b"changed")
    assert picture(run).tracks == ()


def test_a_training_whose_weights_are_no_longer_the_evaluated_ones_is_not_drawn(
    tmp_path: Path, build: ModuleType, build_training: ModuleType
) -> None:
    run = evaluated(tmp_path, build)
    holds(build_training.write_train(tmp_path / "train-raw", adapter_sha256=OTHER), run)
    assert picture(run).tracks == ()


def test_a_training_that_was_altered_is_not_drawn(
    tmp_path: Path, build: ModuleType, build_training: ModuleType
) -> None:
    run = evaluated(tmp_path, build)
    train = holds(build_training.write_train(tmp_path / "train-raw"), run)
    file = train / "readings.jsonl"
    file.write_text(file.read_text(encoding="utf-8").replace("0.", "0.1", 1), encoding="utf-8")
    assert picture(run).tracks == ()


def test_a_training_without_a_watch_has_no_track(
    tmp_path: Path, build: ModuleType, build_training: ModuleType
) -> None:
    run = evaluated(tmp_path, build)
    holds(build_training.write_train(tmp_path / "train-raw", watched=False), run)
    assert picture(run).tracks == ()


def test_strengths_and_a_sweep_are_drawn_with_key_table_and_the_numbers_that_were_read(
    tmp_path: Path, build: ModuleType, build_training: ModuleType
) -> None:
    run = evaluated(tmp_path, build)
    scale = build_training.write_scale(tmp_path / "strengths")
    sweep = build_training.write_sweep(tmp_path / "sweep")
    chart = picture(run, scale, sweep)
    strengths, swept = chart.tracks
    points = jsonl.read_one(scale / "summary.json", ScaleSummary).points
    trainings = jsonl.read_one(sweep / "summary.json", SweepSummary).points
    assert [stop.label.en for stop in strengths.stops] == [f"×{point.scale:g}" for point in points]
    assert (strengths.shape, swept.shape, len(swept.stops)) == (1, 0, len(trainings))
    root = ET.fromstring(str(chart.svg("ja")))
    groups = {node.get("data-track"): node for node in root if node.get("data-track")}
    drawn = [
        (float(node.get("data-across", "")), float(node.get("data-up", "")), node.get("data-safe"))
        for node in groups["strengths"].findall(f"{SVG}g")
    ]
    assert drawn == [
        (
            point.reading.persona_learnt.value,  # type: ignore[union-attr]
            point.reading.facts_kept.value,
            "yes" if point.reading.safe else "no",
        )
        for point in points
    ]
    assert "no" in {safe for *_, safe in drawn}
    assert groups["sweep"].find(f"{SVG}polyline") is None, "trainings of a sweep are no path"
    keys = [node.text for node in root if node.get("class") == "key-name"]
    assert keys == ["raw：アダプターの強さ", "スイープ sweep の各学習"]
    labels = [row[0].en for row in chart.table().rows]
    assert "raw: strengths of the adapter, ×0.5: facts kept" in labels
    assert len(labels) == 6 + 2 * (len(points) + len(trainings))
    assert "compare their course, not their level" in chart.description.en


def test_every_track_has_a_line_of_its_own(
    tmp_path: Path, build: ModuleType, build_training: ModuleType
) -> None:
    run = evaluated(tmp_path, build)
    holds(build_training.write_train(tmp_path / "train-raw"), run)
    chart = picture(run, build_training.write_scale(tmp_path / "strengths"))
    root = ET.fromstring(str(chart.svg("en")))
    dashes = [node.get("stroke-dasharray") for node in root if node.get("class") == "track"]
    assert len(dashes) == len(set(dashes)) == 2


def test_strengths_of_another_adapter_are_refused(
    tmp_path: Path, build: ModuleType, build_training: ModuleType
) -> None:
    run = evaluated(tmp_path, build)
    scale = build_training.write_scale(tmp_path / "strengths")
    summary = jsonl.read_one(scale / "summary.json", ScaleSummary)
    jsonl.write_one(scale / "summary.json", replace(summary, adapter_sha256="0" * 64))
    jsonl.write_one(scale / MANIFEST, replace(jsonl.read_one(scale / MANIFEST, Manifest), files=()))
    with pytest.raises(UsageError, match="another adapter"):
        picture(run, scale)


def test_a_sweep_over_another_base_is_refused(
    tmp_path: Path, build: ModuleType, build_training: ModuleType
) -> None:
    run = evaluated(tmp_path, build)
    sweep = build_training.write_sweep(tmp_path / "sweep")
    summary = jsonl.read_one(sweep / "summary.json", SweepSummary)
    jsonl.write_one(sweep / "summary.json", replace(summary, base="someone/other-270m"))
    jsonl.write_one(sweep / MANIFEST, replace(jsonl.read_one(sweep / MANIFEST, Manifest), files=()))
    with pytest.raises(UsageError, match="sweep over someone/other-270m"):
        picture(run, sweep)


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("width", [1280, 320])
def test_tracks_are_read_in_a_browser_without_a_broken_rule_or_a_name_on_another(
    tmp_path: Path,
    build: ModuleType,
    build_training: ModuleType,
    browser: Browser,
    browsing: ModuleType,
    language: str,
    width: int,
) -> None:
    run = evaluated(tmp_path, build)
    holds(build_training.write_train(tmp_path / "train-raw"), run)
    given = [
        build_training.write_scale(tmp_path / "strengths"),
        build_training.write_sweep(tmp_path / "sweep"),
    ]
    path = write_report(run, related=given)
    with browsing.opened(browser, path, width=width, fragment=f"#lang={language}") as page:
        assert browsing.no_sideways_scroll(page)
        clashes = page.evaluate(
            """() => { const boxes = [...document.querySelectorAll('.picture .chart text')]
              .map(n => [n.textContent, n.getBoundingClientRect()]);
              return boxes.flatMap(([name, a], i) => boxes.slice(0, i).filter(([, b]) =>
                Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
                && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 5)
                .map(([other]) => `${name} | ${other}`)); }"""
        )
        assert clashes == []
        outside = page.evaluate(
            "[...document.querySelectorAll('.picture .chart text')].filter(n => {"
            "const b = n.getBoundingClientRect(); return b.left < 0 || b.right > innerWidth; }).map(n => n.textContent)"
        )
        assert outside == []
        browsing.refuse_violations(page, ".picture")
