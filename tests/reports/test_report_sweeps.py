"""The pages of sweep and scale runs: every training where it came out, and a sentence for each outcome."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from loracheck import jsonl
from loracheck.records import Manifest
from loracheck.records.training import (
    ScaleSummary,
    SweepSummary,
)
from loracheck.reports.parts.trained import short_names
from loracheck.reports.training import scales, sweeps
from tests.reports.drawings import SVG, drawn, number


def manifest_of(run: Path) -> Manifest:
    return jsonl.read_one(run / "manifest.json", Manifest)


@pytest.fixture
def sweep(tmp_path: Path, build_training: ModuleType) -> Path:
    written: Path = build_training.write_sweep(tmp_path / "sweep", ranks=(4, 16, 32, 64), seeds=(0, 1))
    return written


@pytest.fixture
def scale(tmp_path: Path, build_training: ModuleType) -> Path:
    written: Path = build_training.write_scale(tmp_path / "scale")
    return written


def test_a_sweep_shows_every_training_where_it_came_out(sweep: Path) -> None:
    summary = jsonl.read_one(sweep / "summary.json", SweepSummary)
    names = short_names(summary.points)
    assert names[:5] == ["1a", "1b", "2a", "2b", "3a"] and names[-1] == "12b"
    chart = sweeps.picture(summary, names)
    assert chart is not None
    for one in (chart, chart.narrow()):
        root = drawn(one)
        marks = {g.get("data-name"): g for g in root.iter(f"{SVG}g") if g.get("data-name")}
        base = summary.base_reading
        assert base and base.persona_learnt and set(marks) == {"base", *names}
        assert number(marks["base"], "up") == base.facts_kept.value
        for point, name in zip(summary.points, names, strict=True):
            reading = point.reading
            assert reading and reading.persona_learnt
            assert number(marks[name], "across") == reading.persona_learnt.value
            assert number(marks[name], "up") == reading.facts_kept.value
            assert marks[name].get("data-front") == ("yes" if point.on_front else "no")
            form = marks[name][0].get("class")
            assert form == ("sign point" if point.on_front else "sign hollow-point")
        line = next(n for n in root.iter(f"{SVG}polyline") if n.get("class") == "front")
        through = {tuple(float(part) for part in pair.split(",")) for pair in str(line.get("points")).split()}
        front = {
            (round(float(str(g[0].get("cx"))), 1), round(float(str(g[0].get("cy"))), 1))
            for g in marks.values()
            if g.get("data-front") == "yes"
        }
        assert len(through) > 3
        assert all(any(abs(a - x) + abs(b - y) < 0.3 for x, y in front) for a, b in through)


def test_the_names_of_24_trainings_overlap_neither_one_another_nor_the_edge(sweep: Path) -> None:
    summary = jsonl.read_one(sweep / "summary.json", SweepSummary)
    chart = sweeps.picture(summary, short_names(summary.points))
    assert chart is not None
    for one in (chart, chart.narrow()):
        boxes = []
        for text in drawn(one).iter(f"{SVG}text"):
            if text.get("class") == "point-name":
                x, y = float(str(text.get("x"))), float(str(text.get("y")))
                half = 3.6 * len(str(text.get("data-en") or text.text))
                boxes.append((x - half, y - 9, x + half, y))
                assert x - half >= 0 and x + half <= one.width and y <= one.height
        assert len(boxes) == 25
        for place, box in enumerate(boxes):
            for other in boxes[:place]:
                wide = min(box[2], other[2]) - max(box[0], other[0])
                high = min(box[3], other[3]) - max(box[1], other[1])
                assert wide <= 1 or high <= 1, (box, other)


def test_the_table_of_a_sweep_has_a_row_for_the_base_and_for_every_training(sweep: Path) -> None:
    view = sweeps.view(sweep, manifest_of(sweep))
    ledger = view["points"]
    assert [head.en for head in ledger.head][:6] == [
        "No.",
        "lora_r",
        "learning_rate",
        "seed",
        "Facts kept",
        "Persona learnt",
    ]
    assert len(ledger.rows) == 25 and all(len(row) == len(ledger.head) for row in ledger.rows)
    second = [cell.value.en for cell in ledger.rows[3]]
    assert second[:4] == ["● 2a", "4", "0.0003", "0"] and second[-1] == "lora_r-4_learning_rate-0.0003_seed-0"
    assert view["headline_text"].en.startswith("7 of 24 trainings are beaten by no other")
    told = [note.en for note in view["notes"]]
    assert told[0] == "Safe among these: 2a, 4b, 7b, 10b."
    assert told[1].startswith("All saw the same number of trained tokens, 9,873 (within 2%)")


def test_a_sweep_says_when_tokens_differ_or_a_number_is_missing(
    tmp_path: Path, build_training: ModuleType
) -> None:
    unequal = build_training.write_sweep(tmp_path / "unequal", unequal=True)
    told = " ".join(note.en for note in sweeps.view(unequal, manifest_of(unequal))["notes"])
    assert "different numbers of trained tokens (up to 2.00 times as many)" in told

    blind = build_training.write_sweep(tmp_path / "blind", watched=False)
    view = sweeps.view(blind, manifest_of(blind))
    assert view["picture"] is None and "--watch" in view["notes"][0].en
    assert view["points"].rows[0][3].value.en == "not measured"

    summary = jsonl.read_one(unequal / "summary.json", SweepSummary)
    styleless = replace(
        summary,
        points=tuple(
            replace(point, on_front=False, reading=replace(point.reading, persona_learnt=None))
            for point in summary.points
            if point.reading
        ),
    )
    (unequal / "summary.json").write_text(json.dumps(jsonl.to_builtins(styleless)), encoding="utf-8")
    view = sweeps.view(unequal, manifest_of(unequal))
    assert view["picture"] is None and view["notes"][0].en.startswith("No style was found")


def test_one_training_of_a_sweep_is_drawn_too(tmp_path: Path, build_training: ModuleType) -> None:
    single = build_training.write_sweep(tmp_path / "one", ranks=(4,), rates=(1e-4,))
    view = sweeps.view(single, manifest_of(single))
    assert sum(bool(g.get("data-name")) for g in drawn(view["picture"]).iter(f"{SVG}g")) == 2
    assert "All saw" not in " ".join(note.en for note in view["notes"])


def test_strengths_are_drawn_as_measured_and_the_largest_safe_one_is_marked(scale: Path) -> None:
    summary = jsonl.read_one(scale / "summary.json", ScaleSummary)
    view = scales.view(scale, manifest_of(scale))
    assert view["headline_text"].en == (
        "Safe up to strength 0.6; at 0.7 facts were lost (−8.3 points, n=120) and the style showed outside its "
        "domain (6.2%, n=144)."
    )
    assert view["notes"][0].en == "adapter/ holds the adapter at strength 0.6."
    root = drawn(view["picture"])
    kept = [g for g in root.iter(f"{SVG}g") if g.get("data-series") == "kept"]
    assert [(number(g, "at"), number(g, "value"), number(g, "low")) for g in kept] == [
        (p.scale, p.reading.facts_kept.value, p.reading.facts_kept.ci_low) for p in summary.points
    ]
    events = [(number(g, "at"), g.get("data-roles")) for g in root.iter(f"{SVG}g") if g.get("data-roles")]
    assert events == [(0.6, "written largest")]
    assert [row[0].value.en for row in view["strengths"].rows] == [
        "base",
        *(f"{tenth / 10:g}" for tenth in range(1, 11)),
    ]
    labels = [answer["name"].en for answer in view["said"][0]["answers"]]
    assert labels == ["base", "strength 0.6", "strength 0.7", "strength 1"]


@pytest.mark.parametrize(
    ("largest", "harm_from", "sentence"),
    [
        (1.0, 1.0, "Safe at every measured strength, up to 1."),
        (0.0, 0.0, "Not safe even at the smallest measured strength, 0.1: facts were lost"),
        (None, 0.0, "Not safe even at the smallest measured strength, 0.1: facts were lost"),
    ],
)
def test_every_scale_run_has_its_sentence(
    tmp_path: Path, build_training: ModuleType, largest: float | None, harm_from: float, sentence: str
) -> None:
    run = build_training.write_scale(tmp_path / "scale", harm_from=harm_from, written=False, harm=1.2)
    summary = replace(jsonl.read_one(run / "summary.json", ScaleSummary), largest_safe=largest)
    assert scales.headline(summary).en.startswith(sentence)
    (run / "summary.json").write_text(json.dumps(jsonl.to_builtins(summary)), encoding="utf-8")
    view = scales.view(run, manifest_of(run))
    assert view["notes"][0].en == "No scaled adapter was written."
    roles = [g.get("data-roles") for g in drawn(view["picture"]).iter(f"{SVG}g") if g.get("data-roles")]
    assert roles == (["largest"] if largest else [])
