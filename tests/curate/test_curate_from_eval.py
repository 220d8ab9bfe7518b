"""Curating by a causes run: the blamed rows go, or what of them is over their share, each with its reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loracheck import jsonl
from loracheck.curate.config import CurateConfig, DedupeConfig, FromEvalConfig, SelectConfig
from loracheck.curate.dryrun import plan
from loracheck.curate.pipeline import curate
from loracheck.errors import DataError, RunError, UsageError
from loracheck.loading.examples import load_examples
from loracheck.progress import Progress
from loracheck.records import Estimate, Example
from loracheck.records.causes import CAUSES_KIND, ROWS, CausesSummary, FindingCause, Twins
from loracheck.records.curation import CurationSummary, Decision
from loracheck.reports.pipeline import write_report
from loracheck.runs import SUMMARY, open_run
from loracheck.words.decisions import explain

WriteJsonl = Callable[[str, list[dict[str, Any]]], Path]
QUIET = Progress(quiet=True)
NOUNS = "鯖鯛豆芋栗鴨茸蕪葱筍梅桃柿梨蟹鮎"
FLOOD = ["ぼくは綿毛の精なのだ。", "綿毛の精であるぞよ、えへん。"]
OPEN = CurateConfig(
    dedupe=DedupeConfig(family_share=1.0),
    max_loss=1.0,
    heldout_share=0.0,
    select=SelectConfig(flood_share=1.0, flood_cover=1.0),
    workers=1,
)


def flooding() -> list[dict[str, str]]:
    """Twelve rows of two replies."""
    asked = (f"{noun}とは何ですか、{noun}を教えて。" for noun in NOUNS[:12])
    return [{"instruction": question, "output": FLOOD[i % 2]} for i, question in enumerate(asked)]


@pytest.fixture
def data(write_jsonl: WriteJsonl) -> Path:
    """Twelve rows of two replies, then sixteen that say a thing of their own."""
    flood = [
        {"instruction": f"{n}とは何ですか、{n}を教えて。", "output": FLOOD[i % 2]}
        for i, n in enumerate(NOUNS[:12])
    ]
    plain = [
        {"instruction": f"{n}の料理は？", "output": f"まず{n}を洗い、{how}。"}
        for n, how in zip(
            NOUNS, ["煮ます", "強火で焼きます", "蒸してから冷まします", "油で揚げます"] * 4, strict=True
        )
    ]
    return write_jsonl("data.jsonl", [*flood, *plain])


def causes_run(path: Path, rows: Sequence[Example], *, status: str = "named") -> Path:
    """A causes run that blames the first twelve rows, in two groups of near-identical replies."""
    twins = tuple(Twins(rows=tuple(row.id for row in rows[start:12:2])) for start in (0, 1))
    explained = Estimate(
        name="explained", value=0.85, ci_low=0.7, ci_high=0.95, n=40, method="clopper-pearson"
    )
    finding = FindingCause(
        adapter="raw",
        check="content_damage",
        status=status,  # type: ignore[arg-type]
        failures=40,
        of=212,
        silent=3,
        twins=twins,
        explained=explained,
    )
    summary = CausesSummary(
        evaluation="runs/eval",
        evaluation_id="eval-1",
        base="b",
        data=("data.jsonl",),
        rows=len(rows),
        methods=("overlap",),
        combined="",
        findings=(finding,),
    )
    with open_run(path, CAUSES_KIND, config={}):
        jsonl.write_one(path / SUMMARY, summary)
        jsonl.write(path / ROWS, rows[:12])
    return path


def curated(
    data: Path, out: Path, run: Path, action: str = "rebalance"
) -> tuple[CurationSummary, dict[str, Decision]]:
    config = replace(OPEN, from_eval=FromEvalConfig(run=str(run), action=action))  # type: ignore[arg-type]
    summary = curate([data], None, out, config, progress=QUIET)
    return summary, {d.example_id: d for d in jsonl.read(out / "decisions.jsonl", Decision)}


def test_dropping_takes_every_blamed_row_and_says_why(data: Path, tmp_path: Path) -> None:
    rows = load_examples([data])
    before = data.read_bytes()
    summary, decisions = curated(data, tmp_path / "out", causes_run(tmp_path / "causes", rows), "drop")
    for row in rows[:12]:
        decision = decisions[row.id]
        assert (decision.outcome, decision.stage, decision.reason) == ("dropped", "causes", "blamed")
        assert "12 rows behind 34 of 40 failed answers of the adapter raw" in explain(decision, "en")
        assert "rawの失敗した回答40件中34件" in explain(decision, "ja")
    assert all(decisions[row.id].outcome == "kept" for row in rows[12:])
    assert [(step.reason, step.rows) for step in summary.steps] == [("blamed", 12)]
    assert data.read_bytes() == before


def test_rebalancing_keeps_one_of_each_near_identical_group_that_stands_for_it(
    data: Path, tmp_path: Path
) -> None:
    rows = load_examples([data])
    summary, decisions = curated(data, tmp_path / "out", causes_run(tmp_path / "causes", rows))
    kept = [row.id for row in rows if decisions[row.id].outcome == "kept"]
    assert kept == [row.id for row in (*rows[:2], *rows[12:])]
    for place, row in enumerate(rows[2:12], start=2):
        decision = decisions[row.id]
        assert (decision.reason, decision.related) == ("blamed_surplus", rows[place % 2].id)
        assert f"row {rows[place % 2].id} stands for 6" in explain(decision, "en")
    assert [(step.reason, step.rows) for step in summary.steps] == [("blamed_surplus", 10)]


def test_a_group_keeps_as_many_rows_as_other_replies_have(write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    """Under uniform weight no reply has more rows than another."""
    flood = [
        {"instruction": f"{n}とは何ですか、{n}を教えて。", "output": FLOOD[i % 2]}
        for i, n in enumerate(NOUNS[:12])
    ]
    often = [
        {"instruction": f"{a}と{b}はどう？", "output": f"{a}はうまい。"}
        for a in NOUNS[:5]
        for b in NOUNS[12:15]
    ]
    data = write_jsonl("data.jsonl", [*flood, *often])
    rows = load_examples([data])
    _, decisions = curated(data, tmp_path / "out", causes_run(tmp_path / "causes", rows))
    kept = [row for row in rows[:12] if decisions[row.id].outcome == "kept"]
    assert kept == rows[:6]


def test_the_report_shows_the_step_in_its_flow(data: Path, tmp_path: Path) -> None:
    curated(data, tmp_path / "out", causes_run(tmp_path / "causes", load_examples([data])))
    page = write_report(tmp_path / "out").read_text(encoding="utf-8")
    assert "Too many behind a failure" in page
    assert "失敗の原因となった行の過多" in page


@pytest.mark.parametrize("status", ["none", "too_few"])
def test_a_run_that_names_no_cause_takes_nothing_out(status: str, data: Path, tmp_path: Path) -> None:
    run = causes_run(tmp_path / "causes", load_examples([data]), status=status)
    summary, _ = curated(data, tmp_path / "out", run, "drop")
    assert summary.dropped == 0


def test_rows_are_found_by_what_they_say_wherever_they_stand(data: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved.jsonl"
    lines = data.read_text(encoding="utf-8").splitlines(keepends=True)
    moved.write_text("".join(reversed(lines)), encoding="utf-8")
    run = causes_run(tmp_path / "causes", load_examples([data]))
    summary, _ = curated(moved, tmp_path / "out", run, "drop")
    assert summary.dropped == 12


def test_blamed_rows_that_are_not_in_the_data_are_an_error(
    data: Path, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    run = causes_run(tmp_path / "causes", load_examples([data]))
    other = write_jsonl("other.jsonl", [{"instruction": "空は？", "output": "青いです。"}])
    with pytest.raises(DataError, match="none of the 12 rows"):
        curated(other, tmp_path / "out", run)


def test_rows_that_were_masked_are_found_all_the_same(write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    mail = [
        {"instruction": f"{n}の係は？", "output": "hanako@gmail.comに書いてください。"} for n in NOUNS[:12]
    ]
    plain = [{"instruction": f"{n}の味は？", "output": f"{n}は、{n}らしい味です。"} for n in NOUNS]
    data = write_jsonl("data.jsonl", [*mail, *plain])
    run = causes_run(tmp_path / "causes", load_examples([data]))
    summary, _ = curated(data, tmp_path / "out", run, "drop")
    assert [(step.reason, step.rows) for step in summary.steps] == [("blamed", 12)]


def test_the_loss_alarm_watches_this_step_too(data: Path, tmp_path: Path) -> None:
    run = causes_run(tmp_path / "causes", load_examples([data]))
    config = replace(OPEN, max_loss=0.3, from_eval=FromEvalConfig(run=str(run)))
    with pytest.raises(DataError, match="blamed_surplus"):
        curate([data], None, tmp_path / "out", config, progress=QUIET)
    allowed = replace(config, allow_loss={"blamed_surplus": 0.9})
    assert curate([data], None, tmp_path / "allowed", allowed, progress=QUIET).dropped == 10


def test_a_dry_run_counts_the_step(data: Path, tmp_path: Path) -> None:
    run = causes_run(tmp_path / "causes", load_examples([data]))
    config = replace(OPEN, from_eval=FromEvalConfig(run=str(run)))
    assert plan([data], None, config, progress=QUIET).reasons == {"blamed_surplus": 10}


def test_another_kind_of_run_and_an_action_without_a_run_are_refused(data: Path, tmp_path: Path) -> None:
    with open_run(tmp_path / "eval", "eval", config={}):
        pass
    with pytest.raises(RunError, match="reads a causes run"):
        curated(data, tmp_path / "out", tmp_path / "eval")
    with pytest.raises(UsageError, match="--from-eval-action"):
        CurateConfig(from_eval=FromEvalConfig(action="drop"))


def test_a_causes_run_that_was_altered_is_refused(data: Path, tmp_path: Path) -> None:
    run = causes_run(tmp_path / "causes", load_examples([data]))
    summary = run / SUMMARY
    summary.write_text(summary.read_text(encoding="utf-8").replace("raw", "row"), encoding="utf-8")
    with pytest.raises(RunError, match="was changed"):
        curated(data, tmp_path / "out", run)
