"""The page of a comparison: what it concludes, what it draws, and the order of its list."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest

from loracheck import jsonl
from loracheck.loaded import LoadedComparison, load
from loracheck.records.comparison import COMPARISON, RunComparison
from loracheck.reports.charts.comparison import ForestChart, difference_ends, ticks
from loracheck.reports.comparison import page as comparison
from loracheck.reports.comparison import rows as comparison_rows
from loracheck.reports.folder import write_index
from loracheck.reports.pipeline import write_report
from loracheck.runs import read_run
from tests.evaluate.evidence_records import PERSONA
from tests.packed import unpacked


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory, build_comparison: ModuleType) -> Path:
    return cast(Path, build_comparison.write_seeds(tmp_path_factory.mktemp("compared")))


def viewed(run: Path) -> dict[str, Any]:
    return comparison.view(run, read_run(run))


def listed(run: Path) -> list[dict[str, Any]]:
    found = jsonl.read_one(run / COMPARISON, RunComparison)
    pieces = comparison_rows.view(run, found)["packed"].pieces
    return [row for piece in pieces for row in unpacked(piece)]


def test_the_page_says_which_arm_to_prefer_in_both_languages_with_the_verdict_of_each(seeds: Path) -> None:
    page = viewed(seeds)
    said = page["headline_text"].en
    assert said.startswith("Of the two, prefer curated: raw is held in 4 of 4 trainings by ")
    assert "content damage" in said
    assert "collapse onto one answer" in said
    assert said.endswith(", and curated is not.")
    assert page["headline_text"].ja.startswith("二つのうちではcuratedを推奨します。")
    assert [(card["label"], card["status"]) for card in page["cards"]] == [
        ("raw", "hold"),
        ("curated", "inconclusive"),
    ]
    assert page["cards"][0]["trainings"].en == "4 trainings: 4 HOLD"


def test_a_row_of_the_chart_holds_difference_limit_and_label_and_the_table_says_the_same(seeds: Path) -> None:
    found = jsonl.read_one(seeds / COMPARISON, RunComparison)
    picture = viewed(seeds)["picture"]
    assert isinstance(picture, ForestChart)
    drawn = str(picture.svg("en"))
    for one in found.differences:
        row = next(
            part
            for part in drawn.split("<g ")
            if f'data-measure="{one.measure}"' in part and f'data-check="{one.check}"' in part
        )
        assert f'data-value="{one.estimate.value}"' in row
        assert f'data-label="{one.label}"' in row
        assert (f'data-limit="{one.limit}"' in row) == (one.limit is not None)
    said = next(
        row for row in picture.table().rows if row[0].en == "Content damage" and row[1].en == "↑ better"
    )
    assert said[2].en == "80.0%", "what the base does is in the table"
    assert said[6].en == "75.0%", "the limit lies five points below the base"
    assert len(re.findall('class="hollow-point"', drawn)) == 4 * len(found.differences), (
        "a mark for each training"
    )


def test_the_thin_line_of_seeds_is_longer_than_the_thick_one_of_items(seeds: Path) -> None:
    picture = viewed(seeds)["picture"]
    row = next(part for part in str(picture.svg("en")).split("<g ") if 'data-measure="said"' in part)
    lengths = [
        abs(float(re.search('x2="([-0-9.]+)"', line)[1]) - float(re.search('x1="([-0-9.]+)"', line)[1]))  # type: ignore[index]
        for name in ("interval thin", "interval thick")
        for line in [next(part for part in row.split("<line ") if name in part)]
    ]
    assert lengths[0] > 1.05 * lengths[1] > 0


def test_lost_probes_come_first_then_won_then_other_words_and_each_says_what_flipped(seeds: Path) -> None:
    rows = listed(seeds)
    found = jsonl.read_one(seeds / COMPARISON, RunComparison)
    lost = {i for one in found.differences if one.required for i in one.lost}
    won = {i for one in found.differences if one.required for i in one.won}
    order = [0 if row["id"] in lost else 1 if row["id"] in won else 2 for row in rows]
    assert lost
    assert order == sorted(order)
    assert len(rows) == len({row["id"] for row in rows}) == 200
    kinds = {kind for row in rows if row["id"] in lost for kind, _ in row["flips"]}
    assert "s-fail" in kinds
    assert all(len(row["answers"][1]) == len(row["answers"][2]) == 4 for row in rows)


def test_no_set_of_probes_is_offered_that_holds_none(seeds: Path) -> None:
    found = jsonl.read_one(seeds / COMPARISON, RunComparison)
    offered = comparison_rows.view(seeds, found)["row_filters"]["check"]
    assert {place for place, _ in offered} == {place for row in listed(seeds) for place in row["sets"]}
    assert any(not one.won or not one.lost for one in found.differences)


def test_two_days_show_the_verdict_the_rules_the_settings_and_the_examples_that_changed(
    tmp_path: Path, build_comparison: ModuleType
) -> None:
    gates = PERSONA.gates | {"loops": replace(PERSONA.gates["loops"], margin=0.1)}
    page = viewed(build_comparison.write_days(tmp_path, policy=replace(PERSONA, gates=gates)))
    assert page["headline_text"].en == "The verdict changed: mine was INCONCLUSIVE and is HOLD."
    assert page["notes"][-1].en == "56 of 220 answers differ in their text; of the base, 0 of 220."
    first = page["outcomes"][0]["status"][0]
    assert (first["differs"], [cell["status"] for cell in first["cells"]]) == (True, ["pass", "inconclusive"])
    settings = {row[0].value.en: [cell.value.en for cell in row[1:]] for row in page["settings"].rows}
    assert settings == {
        "gates.loops.margin": ["policy", "0.05", "0.1"],
        "seed": ["options", "–", "7"],
    }
    flips = {row.label.en: (row.lost, row.won) for row in page["picture"].rows}
    assert flips["Content damage, right answer said"] == (32, 16)
    assert page["sections"][0][0] == "differences"


def test_two_days_without_a_change_say_that_every_verdict_stands(
    tmp_path: Path, build_comparison: ModuleType
) -> None:
    page = viewed(build_comparison.write_days(tmp_path, changed=False, adapters=("mine", "other")))
    assert page["headline_text"].en == "All 2 verdicts stand."
    assert page["settings"] is None
    assert [card["label"] for card in page["cards"]] == [
        "mine (monday)",
        "mine (tuesday)",
        "other (monday)",
        "other (tuesday)",
    ]
    assert page["data"]["pairs"] == {1: 2, 2: 1, 3: 4, 4: 3}


def test_a_comparison_is_drawn_again_listed_in_the_index_and_opened_from_python(seeds: Path) -> None:
    first = write_report(seeds).read_bytes()
    assert write_report(seeds).read_bytes() == first
    index = write_index(seeds.parent).read_text(encoding="utf-8")
    assert "compared/report.html" in index
    assert "Of the two, prefer curated" in index
    loaded = load(seeds)
    assert isinstance(loaded, LoadedComparison)
    frame = loaded.differences_frame()
    assert list(frame[frame.measure == "said"].label) == ["better"]
    assert len(loaded.answers) == 200 * 9
    assert "Of the two, prefer curated" in loaded._repr_html_()


@pytest.mark.parametrize(
    ("ends", "drawn"),
    [((-0.1, 0.1), [-0.1, 0.0, 0.1]), ((-1.0, 1.0), [-1.0, -0.5, 0.0, 0.5, 1.0]), ((-0.1, 0.5), None)],
)
def test_ticks_of_differences_are_round_few_and_hold_zero(
    ends: tuple[float, float], drawn: list[float] | None
) -> None:
    found = ticks(*ends)
    assert drawn is None or found == drawn
    assert 0.0 in found
    assert len(found) <= 7


def test_the_axis_of_differences_reaches_every_interval_and_limit(seeds: Path) -> None:
    found = jsonl.read_one(seeds / COMPARISON, RunComparison)
    low, high = difference_ends(found.differences)
    for one in found.differences:
        assert one.estimate.ci_low is not None
        assert one.estimate.ci_high is not None
        assert low <= one.estimate.ci_low
        assert one.estimate.ci_high <= high
        if one.limit is not None:
            assert low <= one.limit - one.first.share <= high
