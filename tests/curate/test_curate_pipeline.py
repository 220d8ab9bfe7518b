from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loracheck import jsonl
from loracheck.curate.config import (
    CurateConfig,
    FilterConfig,
    JudgeConfig,
    ReadConfig,
    ScoreConfig,
    SelectConfig,
)
from loracheck.curate.pipeline import curate
from loracheck.errors import DataError, UsageError
from loracheck.loading.examples import load_examples
from loracheck.progress import Progress
from loracheck.records import Example
from loracheck.records.curation import CurationSummary, Decision, DroppedRow
from loracheck.runs import read_run
from loracheck.words.decisions import explain

WriteJsonl = Callable[[str, list[dict[str, Any]]], Path]
DATA = Path(__file__).parents[2] / "loracheck" / "demo_data"
QUIET = Progress(quiet=True)
CLEAN = ("kept.jsonl", "heldout.jsonl", "decisions.jsonl", "dropped.jsonl")


NO_VETO = ScoreConfig(max_ifd=99.0, min_fit=-99.0)


def decisions_of(out: Path) -> dict[str, Decision]:
    return {d.example_id: d for d in jsonl.read(out / "decisions.jsonl", Decision)}


def small(path: Path, target: Path, rows: int) -> Path:
    lines = path.read_text(encoding="utf-8").splitlines()[:rows]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return target


def test_broken_rows_beyond_the_cap_are_counted_and_none_takes_much_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("loracheck.curate.findings.MOST_BAD_ROWS", 3)
    whole = (DATA / "poponu_raw.jsonl").read_text(encoding="utf-8").splitlines()[:20]
    lines = [json.dumps({"列" * 100_000: 1}, ensure_ascii=False), *["{broken"] * 9, *whole]
    data = tmp_path / "data.jsonl"
    data.write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = CurateConfig(max_loss=1.0, read=ReadConfig(bad_rows="quarantine"))
    summary = curate([data], None, tmp_path / "run", config, progress=Progress())
    assert (summary.read, summary.quarantined) == (30, 10)
    first, *others, last = jsonl.read(tmp_path / "run" / "quarantined.jsonl", DroppedRow)
    assert len(explain(first.decision)) < 1100
    assert [row.source.line for row in others] == [2, 3]
    assert (last.source.line, last.decision.values) == (4, {"rows": 7, "listed": 3})
    assert "10 rows cannot be read; the first 3 are listed, the other 7 counted." in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(file.name for file in DATA.glob("*.jsonl")))
def test_every_bundled_row_ends_in_one_place_with_a_reason(name: str, tmp_path: Path) -> None:
    out = tmp_path / "run"
    summary = curate([DATA / name], None, out, CurateConfig(max_loss=1.0), progress=QUIET)
    read_run(out, "curate")
    examples = {example.id: example for example in load_examples([DATA / name])}
    decisions = decisions_of(out)
    assert list(decisions) == list(examples)
    assert all(
        explain(decision, "en") and explain(decision, "ja") and decision.stage
        for decision in decisions.values()
    )
    places = {
        "kept": [e.id for e in jsonl.read(out / "kept.jsonl", Example)],
        "heldout": [e.id for e in jsonl.read(out / "heldout.jsonl", Example)],
        "dropped": [row.decision.example_id for row in jsonl.read(out / "dropped.jsonl", DroppedRow)],
    }
    assert Counter(i for ids in places.values() for i in ids) == Counter(list(examples))
    for outcome, ids in places.items():
        assert all(decisions[i].outcome == outcome for i in ids)
    assert (summary.kept, summary.heldout, summary.dropped) == tuple(map(len, places.values()))
    assert summary.read == summary.kept + summary.heldout + summary.dropped == len(examples)
    assert sum(step.rows for step in summary.steps) == summary.dropped
    assert summary.unscored == summary.read
    for decision in decisions.values():
        if decision.stage == "dedupe":
            assert decision.related in decisions
            assert decision.related != decision.example_id


@pytest.mark.parametrize("name", ["poponu_raw.jsonl", "brindle_raw.jsonl"])
def test_every_duplicate_names_a_row_that_is_none_itself(name: str, tmp_path: Path) -> None:
    curate([DATA / name], None, tmp_path / "run", CurateConfig(max_loss=1.0), progress=QUIET)
    decisions = decisions_of(tmp_path / "run")
    repeats = [decision for decision in decisions.values() if decision.stage == "dedupe"]
    assert repeats
    for decision in repeats:
        assert decision.related is not None
        assert decisions[decision.related].stage != "dedupe"


def test_the_raw_sets_lose_their_flood_and_keep_most_of_the_rest(tmp_path: Path) -> None:
    for name in ("poponu", "brindle"):
        summary = curate(
            [DATA / f"{name}_raw.jsonl"], None, tmp_path / name, CurateConfig(max_loss=1.0), progress=QUIET
        )
        assert {step.reason for step in summary.steps} >= {"identity_flood", "exact_duplicate"}
        assert summary.kept > 0.25 * summary.read


def test_equal_rows_in_two_files_leave_one_of_them(write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    row = {"instruction": "あなたの好きな花は何ですか？", "output": "たんぽぽがいちばん好きなのだ。"}
    others = [
        {"instruction": "夜空には何が見える？", "output": "きらきら光る星が見えるのだ。"},
        {"instruction": "雨の日はどう過ごす？", "output": "葉っぱの下でじっと待つのだ。"},
        {"instruction": "おなかはすいた？", "output": "朝つゆを飲んだから平気なのだ。"},
    ]
    data = [write_jsonl("one.jsonl", [row, *others]), write_jsonl("two.jsonl", [row])]
    summary = curate(
        data, None, tmp_path / "run", CurateConfig(select=SelectConfig(flood_share=1.0)), progress=QUIET
    )
    assert summary.read == 5
    assert summary.kept + summary.heldout == 4


def test_a_second_run_is_identical_but_for_times(tmp_path: Path, tiny_gemma: Path) -> None:
    data = small(DATA / "poponu_raw.jsonl", tmp_path / "data.jsonl", 60)
    config = CurateConfig(select=SelectConfig(target_rows=10), score=NO_VETO, max_loss=1.0)
    for name in ("one", "two"):
        curate([data], str(tiny_gemma), tmp_path / name, config, progress=QUIET)
    for file in CLEAN:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file
    one, two = (json.loads((tmp_path / name / "summary.json").read_text()) for name in ("one", "two"))
    assert one == two


def test_a_target_is_kept_to_and_every_row_over_it_names_its_nearest(
    tmp_path: Path, tiny_gemma: Path
) -> None:
    data = small(DATA / "poponu_raw.jsonl", tmp_path / "data.jsonl", 80)
    config = CurateConfig(select=SelectConfig(target_rows=8), score=NO_VETO, max_loss=1.0)
    summary = curate([data], str(tiny_gemma), tmp_path / "run", config, progress=QUIET)
    decisions = decisions_of(tmp_path / "run")
    assert summary.kept == 8
    over = [decision for decision in decisions.values() if decision.reason == "over_budget"]
    assert over
    assert all(d.related and decisions[d.related].outcome == "kept" for d in over)
    assert all({score.name for score in d.scores} == {"ifd", "perplexity", "gain", "fit"} for d in over)


def test_a_finished_run_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = small(DATA / "poponu_raw.jsonl", tmp_path / "data.jsonl", 30)
    first = curate([data], None, tmp_path / "run", CurateConfig(max_loss=1.0), progress=QUIET)
    monkeypatch.setattr("loracheck.curate.pipeline.find_duplicates", None)
    assert curate([data], None, tmp_path / "run", CurateConfig(max_loss=1.0), progress=QUIET) == first
    assert jsonl.read_one(tmp_path / "run" / "summary.json", CurationSummary) == first


def test_a_rubric_file_that_was_edited_makes_it_another_run(
    chat_server: Any,  # noqa: ANN401
    write_jsonl: WriteJsonl,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LORACHECK_CACHE", str(tmp_path / "cache"))
    content = {"choices": [{"message": {"content": '{"score": 4}'}, "finish_reason": "stop"}]}
    chat_server.respond = lambda _: (200, content, {})
    data = write_jsonl("data.jsonl", [{"instruction": "日本の首都は？", "output": "東京です。"}])
    mine = tmp_path / "mine.yaml"
    judge = JudgeConfig(model="m", endpoint=chat_server.address, rubrics=(str(mine),))
    for told in ("a", "b"):
        mine.write_text(f"name: mine\nen: {told}\nja: {told}\n", encoding="utf-8")
        for _ in range(2):
            curate([data], None, tmp_path / told, CurateConfig(judge=judge), progress=QUIET)
    assert len(chat_server.bodies) == 2
    with pytest.raises(UsageError, match="another curate run"):
        curate([data], None, tmp_path / "a", CurateConfig(judge=judge), progress=QUIET)


@pytest.mark.parametrize(("pii", "kept"), [("mask", 2), ("drop", 1)])
def test_personal_data_beside_the_messages_is_masked_and_drops_no_row(
    write_jsonl: WriteJsonl,
    tmp_path: Path,
    pii: Any,  # noqa: ANN401
    kept: int,
) -> None:
    data = write_jsonl(
        "data.jsonl",
        [
            {
                "instruction": "日本の首都は？",
                "output": "東京です。",
                "source": "letters of taro@gmail.com",
            },
            {"instruction": "連絡先は？", "output": "taro@gmail.comまでご連絡ください。"},
        ],
    )
    config = CurateConfig(max_loss=1.0, heldout_share=0.0, filters=FilterConfig(pii=pii))
    assert curate([data], None, tmp_path / "run", config, progress=QUIET).kept == kept
    told = (tmp_path / "run" / "kept.jsonl").read_text(encoding="utf-8")
    assert "[EMAIL]" in told
    assert "taro@" not in told


def test_when_no_row_passes_the_reasons_are_named(write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    data = write_jsonl("data.jsonl", [{"instruction": f"質問{n}", "output": ""} for n in range(3)])
    with pytest.raises(DataError, match="no row of 3 passed") as caught:
        curate([data], None, tmp_path / "run", CurateConfig(max_loss=1.0), progress=QUIET)
    assert "empty_reply (3)" in caught.value.hint


def test_a_set_of_one_row_keeps_it(write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    data = write_jsonl("data.jsonl", [{"instruction": "日本の首都は？", "output": "東京です。"}])
    assert curate([data], None, tmp_path / "run", CurateConfig(), progress=QUIET).kept == 1


@pytest.mark.parametrize(
    ("judge", "told"),
    [
        (JudgeConfig(model="m", endpoint="localhost:9"), "no web address"),
        (JudgeConfig(model="m", endpoint="http://localhost:9/v1", rubrics=("safty",)), "no rubric 'safty'"),
    ],
)
def test_a_judge_that_cannot_be_asked_is_refused_before_any_work(
    judge: JudgeConfig, told: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=told):
        curate([DATA / "poponu_raw.jsonl"], None, tmp_path / "run", CurateConfig(judge=judge), progress=QUIET)
    assert not (tmp_path / "run").exists()


def test_a_judge_is_not_asked_when_no_row_is_left(write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    data = write_jsonl("data.jsonl", [{"instruction": "質問", "output": ""}])
    judge = JudgeConfig(model="m", endpoint="http://127.0.0.1:9/v1", retries=0)
    with pytest.raises(DataError, match="no row of 1 passed"):
        curate([data], None, tmp_path / "run", CurateConfig(judge=judge, max_loss=1.0), progress=QUIET)


def test_a_language_is_named_and_not_left_as_its_code() -> None:
    decision = Decision(
        example_id="1",
        outcome="dropped",
        stage="filters",
        reason="wrong_language",
        values={"found": "other", "wanted": "en, ja"},
    )
    assert explain(decision) == "the reply is in another language, wanted is English or Japanese"
    assert explain(decision, "ja") == "応答の言語はそのほかの言語ですが、求める言語は英語または日本語です"
