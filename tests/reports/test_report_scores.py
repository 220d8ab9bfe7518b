"""Histograms and the map hold the numbers of a real curate run, in the picture as in the table."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from loracheck import jsonl
from loracheck.curate.config import CurateConfig, ScoreConfig, SelectConfig
from loracheck.curate.pipeline import curate
from loracheck.progress import Progress
from loracheck.records import Estimate
from loracheck.records.curation import ClassifierSummary, CurationSummary, JudgeSummary
from loracheck.reports.charts.distributions import HistogramChart
from loracheck.reports.curation import scores
from loracheck.reports.pipeline import write_report

SVG = "{http://www.w3.org/2000/svg}"
DATA = Path(__file__).parents[2] / "loracheck" / "demo_data"
Parsed = Callable[[Any], ElementTree.Element]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, tiny_gemma: Path) -> Path:
    folder = tmp_path_factory.mktemp("scores")
    lines = (DATA / "poponu_raw.jsonl").read_text(encoding="utf-8").splitlines()[:120]
    (folder / "data.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = CurateConfig(
        select=SelectConfig(target_rows=15),
        score=ScoreConfig(max_ifd=1.02, min_fit=-99.0),
        max_loss=1.0,
    )
    curate([folder / "data.jsonl"], str(tiny_gemma), folder / "run", config, progress=Progress(quiet=True))
    return folder / "run"


def summary(run: Path) -> CurationSummary:
    return jsonl.read_one(run / "summary.json", CurationSummary)


def drawn(chart: Any) -> ElementTree.Element:  # noqa: ANN401 - either chart
    return ElementTree.fromstring(str(chart.svg("ja")))


def test_every_scored_row_stands_in_one_bin_by_its_end(run: Path) -> None:
    columns = pq.read_table(run / "scores.parquet").to_pydict()
    charts = {chart.title.en: chart for chart in scores.histograms(run, summary(run))}
    assert len(charts) == 4
    ifd = charts["IFD: difficulty of the reply given its question"]
    kept = sum(
        value is not None and outcome in ("kept", "heldout")
        for value, outcome in zip(columns["ifd"], columns["outcome"], strict=True)
    )
    assert sum(ifd.kept) == kept > 0
    assert sum(ifd.dropped) == sum(value is not None for value in columns["ifd"]) - kept > 0
    assert ifd.limit == 1.02
    bars = list(drawn(ifd).iter(f"{SVG}rect"))
    assert sum(int(str(node.get("data-rows"))) for node in bars) == sum(ifd.kept) + sum(ifd.dropped)
    assert [row[2].en for row in ifd.table().rows] == [str(n) for n in ifd.kept]


def test_the_limit_is_drawn_where_it_cuts_the_bins_and_left_out_where_it_lies_beyond() -> None:
    chart = HistogramChart(
        id="h", title=scores.score_name("ifd"), description=scores.score_name("ifd"),
        edges=(0.0, 1.0, 2.0, 4.0), kept=(1, 2, 3), dropped=(0, 0, 4), limit=3.0,
    )  # fmt: skip
    (line,) = [node for node in drawn(chart).iter(f"{SVG}line") if node.get("class") == "limit"]
    left, right = 40, chart.WIDTH - 8
    assert float(str(line.get("x1"))) == pytest.approx(left + (right - left) * 2.5 / 3, abs=0.01)
    beyond = replace(chart, limit=9.0)
    assert not [node for node in drawn(beyond).iter(f"{SVG}line") if node.get("class") == "limit"]


def test_every_row_with_a_vector_is_on_the_map_and_in_a_cluster(run: Path) -> None:
    columns = pq.read_table(run / "scores.parquet").to_pydict()
    placed = [row for row, x in enumerate(columns["x"]) if x is not None]
    chart = scores.cluster_map(run, {})
    assert chart is not None
    assert len(chart.spots) == len(placed)
    totals = [sum(line.rows[kind] for line in chart.clusters) for kind in range(3)]
    for kind, name in enumerate(("kept", "heldout", "dropped")):
        assert totals[kind] == sum(columns["outcome"][row] == name for row in placed)
    marks = drawn(chart)
    dots = [node for node in marks.iter(f"{SVG}circle") if node.get("class") == "dot"]
    assert len(dots) == totals[0] + 1  # one in the key


def test_many_rows_are_thinned_out_on_the_map_and_counted_in_full(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = scores.cluster_map(run, {})
    monkeypatch.setattr(scores, "MOST_SPOTS", 10)
    thinned = scores.cluster_map(run, {})
    assert whole is not None and thinned is not None
    assert len(thinned.spots) <= 10
    assert thinned.clusters == whole.clusters


def test_what_the_judge_and_the_classifier_did_is_told_in_both_languages(run: Path, tmp_path: Path) -> None:
    def number(value: float) -> Estimate:
        return Estimate(
            name="x",
            value=value,
            ci_low=value - 0.1,
            ci_high=value + 0.1,
            n=9,
            method="m",
            unit="correlation",
        )

    judge = JudgeSummary(
        model="<b>qwen</b>", rubrics=("helpfulness",), rows=90, requests=110, cached=3, prompt_tokens=5000,
        completion_tokens=900, canaries=10, canaries_right=9, flagged=2, injected=1, length_correlation=0.41,
        states={"scored": 88, "unparsable": 2, "refused": 0, "error": 0, "unscored": 0},
    )  # fmt: skip
    classifier = ClassifierSummary(
        labels=88, predicted=300, agreement=number(0.6), length_agreement=number(0.2), gain=number(0.4),
        languages=(), may_drop=True, reason="beats_length",
    )  # fmt: skip
    table = scores.judge_table(replace(summary(run), judge=judge, classifier=classifier))
    assert table is not None
    told = {row[0].en: row[1] for row in table.rows}
    assert told["Rows of known score taken rightly"].en == "9 / 10"
    assert told["Lead of the classifier over length"].en == "+0.40 [+0.30, +0.50]"
    assert told["What the classifier may do"].ja == "長さを上回るため、行の除外に使えます"
    assert "Refusals" not in told
    assert scores.judge_table(summary(run)) is None


def test_the_page_shows_them(run: Path) -> None:
    page = write_report(run, related=[], language="ja").read_text(encoding="utf-8")
    assert page.count('class="bar ') > 20
    assert "id=cluster-map-t" in page
    assert json.dumps("IFD")[1:-1] in page
