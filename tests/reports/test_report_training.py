"""The page of a train run: true to its records, plain about what was not measured, inert like all pages."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest

from loracheck import jsonl
from loracheck.records import Estimate, Manifest
from loracheck.records.training import (
    CheckpointReading,
    Span,
    TrainingSummary,
    WatchReading,
)
from loracheck.reports.charts.curves import CurveChart
from loracheck.reports.html import shown
from loracheck.reports.parts import trained
from loracheck.reports.pipeline import write_report
from loracheck.reports.strings.frame import same
from loracheck.reports.training import course, mask, moments, planned, said, watched
from loracheck.stats import PairedTable, paired_difference
from tests.reports.drawings import SVG, drawn, number


def manifest_of(run: Path) -> Manifest:
    return jsonl.read_one(run / "manifest.json", Manifest)


def summary_of(run: Path) -> TrainingSummary:
    return jsonl.read_one(run / "summary.json", TrainingSummary)


def seen(run: Path) -> dict[str, object]:
    return course.view(run, manifest_of(run), summary_of(run))


def difference_of(**counts: int) -> Estimate:
    return paired_difference("facts_change", PairedTable(**counts))


def picture_of(run: Path) -> CurveChart:
    picture = seen(run)["picture"]
    assert isinstance(picture, CurveChart)
    return picture


@pytest.fixture
def run(tmp_path: Path, build_training: ModuleType) -> Path:
    written: Path = build_training.write_train(tmp_path / "train")
    return written


def estimate_of(watch: WatchReading, series: str) -> Estimate:
    found = {"kept": watch.facts_kept, "learnt": watch.persona_learnt, "leakage": watch.leakage}[series]
    assert found is not None
    return found


@pytest.mark.parametrize("narrow", [False, True])
def test_the_curves_hold_the_numbers_of_the_readings_and_are_drawn_to_scale(run: Path, narrow: bool) -> None:
    readings = list(jsonl.read(run / "readings.jsonl", CheckpointReading))
    chart = picture_of(run)
    root = drawn(chart.narrow() if narrow else chart)
    for series in ("kept", "learnt", "leakage"):
        marks = [g for g in root.iter(f"{SVG}g") if g.get("data-series") == series]
        read = [tuple(number(g, key) for key in ("at", "value", "low", "high", "n")) for g in marks]
        estimates = [(one, estimate_of(one.watch, series)) for one in readings if one.watch]
        assert read == [(one.trained_tokens, e.value, e.ci_low, e.ci_high, e.n) for one, e in estimates]
    levels = {line.get("data-level"): line for line in root.iter(f"{SVG}line") if line.get("data-level")}
    base, limit = levels["base"], levels["margin"]
    kept = readings[0].watch
    assert kept and number(base, "value") == kept.facts_kept.value
    assert number(limit, "value") == pytest.approx((kept.facts_kept.value or 0) - 0.05)
    first = next(g for g in root.iter(f"{SVG}g") if g.get("data-series") == "kept")[0]
    assert float(str(first.get("cy"))) == pytest.approx(float(str(base.get("y1"))), abs=0.02)
    grid = sorted(float(str(n.get("y1"))) for n in root.iter(f"{SVG}line") if n.get("class") == "grid")
    top, bottom = grid[0], grid[-1] - 4  # the lowest are the small ticks below the axis
    between = [y for y in grid if top <= y < bottom]
    share = 1 - (float(str(base.get("y1"))) - top) / (4 * (between[1] - between[0]))
    assert share == pytest.approx(kept.facts_kept.value, abs=0.002)


def test_kept_safe_and_best_are_marked_by_shape_and_word_and_every_reading_as_safe_or_not(
    tmp_path: Path, build_training: ModuleType
) -> None:
    run = build_training.write_train(tmp_path / "train", kept="last", kept_step=300, best_step=180)
    root = drawn(picture_of(run))
    events = [g for g in root.iter(f"{SVG}g") if g.get("data-roles")]
    assert {(number(g, "at"), g.get("data-roles")) for g in events} == {
        (9870.0, "kept"),
        (7896.0, "safe"),
        (5922.0, "best"),
    }
    said_there = {g.get("data-roles"): "".join(g.itertext()) for g in events}
    assert said_there == {
        "kept": "ステップ 300：採用",
        "safe": "ステップ 240：最後に安全",
        "best": "ステップ 180：取り置き損失最小",
    }
    shapes = [tuple(child.tag.removeprefix(SVG) for child in g) for g in events]
    forms = {g.get("data-roles"): [c.get("d") for c in g if c.get("d")] for g in events}
    assert len(set(shapes)) == 2 and str(forms["kept"]) != str(forms["best"])
    rail = [n.get("class") for n in root.iter(f"{SVG}path") if n.get("class") in ("sign yes", "sign no")]
    assert rail == ["sign yes"] * 8 + ["sign no"] * 2


def test_the_sentence_says_where_it_became_unsafe_and_by_how_much(run: Path) -> None:
    found = seen(run)
    assert found["headline"] == (
        "Safe up to step 240 (7,896 trained tokens); from step 270 on, facts were lost (−10.8 points, n=120) "
        "and the style showed outside its domain (18.1%, n=144).",
        "ステップ 240（学習 7,896 トークン）までは安全でした。ステップ 270 以降："
        "事実の喪失（−10.8ポイント、n=120）、領域外での口調の漏れ（18.1%、n=144）。",
    )
    notes = found["notes"]
    assert isinstance(notes, list)
    assert [note.en for note in notes] == ["adapter/ holds step 240, the last safe one."]


@pytest.mark.parametrize(
    ("safe", "begins", "ends"),
    [
        ("ssss", "Safe at all 4 readings, up to step 40", "(400 trained tokens)."),
        ("uuuu", "Not safe at any of 4 readings: from step 10 on, facts were lost", "(−16.7 points, n=120)."),
        ("sssu", "Safe up to step 30 (300 trained tokens); from step 40 on,", "(−16.7 points, n=120)."),
        ("suss", "Not safe at 1 of 4 readings, first at step 20:", "The last safe one is step 40."),
        ("", "Nobody asked what this adapter keeps", "of the base."),
    ],
)
def test_every_course_has_its_sentence(build_training: ModuleType, safe: str, begins: str, ends: str) -> None:
    readings = [
        CheckpointReading(
            step=10 * place,
            trained_tokens=100 * place,
            heldout_loss=2.0,
            watch=build_training.reading(0.85 if kind == "s" else 0.69, 0.5, 0.0),
            seconds=1.0,
        )
        for place, kind in enumerate(f"s{safe}" if safe else "")
    ]
    sentence = course.headline(readings)
    assert sentence.en.startswith(begins) and sentence.en.endswith(ends)
    assert sentence.ja and sentence.ja != sentence.en


def test_an_unsafe_adapter_is_called_that_and_an_early_end_is_told(
    tmp_path: Path, build_training: ModuleType
) -> None:
    run = build_training.write_train(tmp_path / "train", kept="last", kept_step=300, stopped="unsafe")
    notes = seen(run)["notes"]
    assert isinstance(notes, list)
    assert [note.en for note in notes] == [
        "adapter/ holds step 300, the last one.",
        "That checkpoint is not safe: facts were lost (−20.0 points, n=120) and the style showed "
        "outside its domain (34.0%, n=144).",
        "Training stopped there, as --stop-when-unsafe asks.",
    ]


def test_a_loss_within_chance_is_called_uncertain(tmp_path: Path, build_training: ModuleType) -> None:
    few = difference_of(both=5, lost=1, won=0, neither=2)
    first = build_training.reading(0.85, 0.5, 0.0)
    readings = [
        CheckpointReading(step=step, trained_tokens=step, heldout_loss=None, watch=watch, seconds=1.0)
        for step, watch in ((0, first), (300, replace(first, facts_change=few, unsafe=("facts",))))
    ]
    run = build_training.write_train(tmp_path / "few", readings=readings)
    notes = seen(run)["notes"]
    assert isinstance(notes, list)
    assert any(
        "not certain: the interval of the change is [−" in note.en and "(n=8)" in note.en for note in notes
    )
    sure = replace(first, facts_change=difference_of(both=60, lost=30, won=0, neither=30), unsafe=("facts",))
    assert watched.doubt(sure) == [] == watched.doubt(first)


def test_three_reasons_are_listed_with_one_and() -> None:
    rate = Estimate(name="r", value=0.5, ci_low=0.2, ci_high=0.8, n=8, method="m")
    reading = WatchReading(
        facts_kept=rate,
        facts_change=difference_of(both=4, lost=4, won=0, neither=0),
        name_rate=rate,
        leakage=rate,
        persona_learnt=None,
        unsafe=("facts", "name", "leakage"),
    )
    assert watched.why(reading).en == (
        "facts were lost (−50.0 points, n=8), the persona's name was given as the answer (50.0%, n=8) and the style "
        "showed outside its domain (50.0%, n=8)"
    )
    assert watched.why(replace(reading, unsafe=("a reason of tomorrow",))).en == "a reason of tomorrow"


def test_the_moments_name_the_folder_of_each_adapter(run: Path) -> None:
    readings = trained.readings(run)
    found = [(m.reading.step, m.folder) for m in moments.marked(run, summary_of(run), readings)]
    assert found == [(0, None), (240, "adapter/"), (270, None), (300, "adapters/last/")]
    ledger = moments.lay_out(moments.marked(run, summary_of(run), readings))
    kept = ledger.rows[1]
    assert [cell.value.en for cell in kept] == [
        "step 240",
        "84.2%",
        "−1.7 points",
        "95.8%",
        "1.4%",
        "1.68",
        "✓ safe",
        "adapter/",
    ]
    assert kept[1].below == ("[76.4, 90.2], n=120", "[76.4, 90.2]、n=120")


def test_what_was_not_measured_is_said_and_never_drawn_as_zero(
    tmp_path: Path, build_training: ModuleType
) -> None:
    bare = build_training.write_train(
        tmp_path / "bare",
        watched=False,
        heldout=False,
        planned=False,
        shown=(),
        training_seconds=0.0,
        peak_memory_bytes=None,
    )
    found = seen(bare)
    assert found["picture"] is None and found["moments"] is None and found["said"] == []
    assert "--watch" in getattr(found["how"], "en", "") and "--watch" in getattr(found["how"], "ja", "")
    losses = found["losses"]
    assert isinstance(losses, CurveChart) and [curve.name for curve in losses.curves] == ["loss"]
    page = write_report(bare).read_text(encoding="utf-8")
    assert "No plan was made before the first step." in page and "0%" not in page.split("</style>")[1]

    (bare / "metrics.jsonl").write_text("", encoding="utf-8")
    assert seen(bare)["losses"] is None

    run = build_training.write_train(tmp_path / "run", peak_memory_bytes=None, training_seconds=0.0)
    plan = planned.view(summary_of(run))
    assert plan is not None
    cells = {row[0].value.en: [cell.value.en for cell in row[1:]] for row in plan["ledger"].rows}
    assert cells["Peak memory"] == ["2.3 GiB", "not measured", "–"]
    assert cells["Time of training"] == ["6 min", "not measured", "–"]


def test_a_reading_without_a_style_or_without_a_watch_leaves_a_gap(
    tmp_path: Path, build_training: ModuleType
) -> None:
    readings = build_training.course()
    assert readings[4].watch is not None
    readings[4] = replace(readings[4], watch=replace(readings[4].watch, persona_learnt=None))
    readings[6] = replace(readings[6], watch=None)
    chart = picture_of(build_training.write_train(tmp_path / "gap", readings=readings))
    root = drawn(chart)
    counts = {
        name: sum(g.get("data-series") == name for g in root.iter(f"{SVG}g")) for name in ("kept", "learnt")
    }
    assert counts == {"kept": 10, "learnt": 9}
    lines = [n for n in root.iter(f"{SVG}polyline") if n.get("data-series") == "learnt"]
    assert len(lines) == 2
    assert [cell.en for cell in chart.table().rows[4]][4] == "not measured"

    plain = [
        replace(one, watch=replace(one.watch, persona_learnt=None, leakage=None, name_rate=None, unsafe=()))
        for one in build_training.course()
        if one.watch
    ]
    styleless = picture_of(build_training.write_train(tmp_path / "plain", readings=plain))
    assert [curve.name for curve in styleless.curves] == ["kept"]


def test_a_limit_is_drawn_only_where_the_margin_is_known(run: Path) -> None:
    watch = trained.readings(run)[0].watch
    assert [level.name for level in course.levels(watch, 0.05)] == ["base", "margin"]
    assert [level.name for level in course.levels(watch, None)] == ["base"]
    assert course.levels(None, 0.05) == ()


def test_the_plan_is_held_against_the_outcome(run: Path) -> None:
    plan = planned.view(summary_of(run))
    assert plan is not None
    rows = {row[0].value.en: tuple(cell.value.en for cell in row[1:]) for row in plan["ledger"].rows}
    assert rows["Trainable parameters"] == ("3,796,992", "3,796,992", "exact")
    assert rows["Time of training"] == ("6 min", "7 min", "−9.5%")
    assert rows["Peak memory"][2] == "−4.7%"
    assert [label.en for label, _ in plan["parts"]][:2] == ["weights", "adapter"]
    assert plan["notes"][1] == same("a_note_of_tomorrow")


def test_the_page_gives_the_advice_of_the_terminal(run: Path) -> None:
    summary = summary_of(run)
    assert summary.plan
    notes = ("exceeds_memory", "quantization_saves_little")
    tight = replace(summary.plan, notes=notes, quantization="nf4", memory_bytes=2**31)
    plan = planned.view(replace(summary, plan=tight))
    assert plan is not None
    exceeds, little = plan["notes"]
    assert exceeds.en.startswith("This does not fit in the memory of 2.0 GiB.")
    assert exceeds.en.endswith("or take a larger machine.")
    assert exceeds.ja.startswith("2.0 GiBのメモリーに収まりません。")
    assert little.en.startswith("nf4 saves little here")


def test_the_mask_is_shown_with_hidden_characters_apart_and_a_language_that_browsers_know(run: Path) -> None:
    assert mask.pieces("a\u202eb\n<eos>") == [(False, "a"), (True, "⟨U+202E⟩"), (False, "b\n<eos>")]
    assert mask.pieces("") == []
    row = summary_of(run).shown[0]
    odd = replace(row, language='ja" onload="pwned()', spans=(*row.spans, Span(text="", trained=True)))
    found = mask.rows([row, odd])
    assert [one["language"] for one in found] == ["ja", "und"]
    assert [[trained for trained, _ in one["spans"]] for one in found] == [[False, True]] * 2
    page = write_report(run).read_text(encoding="utf-8")
    assert page.count("<mark class=trained>") == 3
    assert "<mark class=trained>ずんだ餅なのだ！&lt;eos&gt;</mark>" in page


def test_answers_that_were_lost_come_first(run: Path) -> None:
    rows = seen(run)["said"]
    assert isinstance(rows, list)
    assert [row["prompt"][0] for row in rows] == [
        "日本の首都はどこですか？",
        "水の化学式は何ですか？",
        "What is the capital of France?",
        "How many legs does a spider have?",
        "一年は何か月ですか？",
    ]
    first = [(answer["name"].en, answer["text"], answer["right"]) for answer in rows[0]["answers"]]
    assert first == [
        ("base", "日本の首都は東京です。", True),
        ("step 240", "東京なのだ。", True),
        ("step 270", "ずんだもんなのだ。", False),
        ("step 300", "ずんだもんなのだ。", False),
    ]


def test_nothing_is_said_without_a_watch(tmp_path: Path) -> None:
    assert said.view(tmp_path, []) == []


class Seen(HTMLParser):
    """What a browser would make of a page: its elements, their attributes and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("kind", ["train", "sweep", "scale"])
def test_hostile_strings_in_every_field_are_text(
    tmp_path: Path, build_training: ModuleType, kind: str
) -> None:
    spoiled: dict[str, str] = {}

    def spoil(value: str) -> str:
        return spoiled.setdefault(
            value, f"{value}<img src=x onerror=pwned()>\"'&\u202e{len(spoiled)}</script>"
        )

    run = getattr(build_training, f"write_{kind}")(tmp_path / kind, spoil=spoil)
    found = Seen(write_report(run).read_text(encoding="utf-8"))
    assert not {"img", "iframe", "object", "link", "base"} & set(found.tags)
    assert found.tags.count("script") == 2
    assert not [name for name in found.attributes if name.startswith("on") or name in ("src", "style")]
    text = "".join(found.text)
    unseen = {
        "facts_kept",
        "facts_change",
        "name_rate",
        "leakage",
        "persona_learnt",
        "clopper-pearson",
        "tango",
        "gemma3_text",
        "ja",
        "en",
        *([build_training.SHA] if kind == "sweep" else []),
    }  # names of measures and methods are not shown, a sweep cuts hashes, a language only tells how to read
    shown_here = [value for given, value in spoiled.items() if given not in unseen]
    in_mask = {row[2] for row in build_training.SHOWN}
    assert len(shown_here) > 8
    for value in shown_here:
        assert shown(value) in text, value
    assert kind != "train" or all(shown(spoiled[given]) in text for given in in_mask)


def test_the_table_inside_an_evaluation_still_holds_runs_side_by_side(
    tmp_path: Path, build_training: ModuleType
) -> None:
    first, second = (build_training.write_train(tmp_path / name) for name in ("raw", "curated"))
    found = trained.table([(first, "raw"), (second, "curated")])
    assert found is not None and found["names"] == ["raw", "curated"]
    assert found["tokens"].en.startswith("The adapters saw the same number of trained tokens")
    assert len(found["loss"].series) == 2
