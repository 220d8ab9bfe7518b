from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from loracheck import jsonl
from loracheck.cli import cli
from loracheck.curate.config import CurateConfig, SelectConfig
from loracheck.curate.pipeline import curate
from loracheck.curate.synthesize import KINDS, SynthesizeConfig, _neutral, synthesize
from loracheck.errors import EnvironmentFault, UsageError
from loracheck.loading.examples import load_examples
from loracheck.probes import BUNDLED, bundled
from loracheck.progress import Progress
from loracheck.records import Example
from loracheck.text import language_of, letters

Server = Any
DATA = Path(__file__).parents[2] / "loracheck" / "demo_data"
QUIET = Progress(quiet=True)


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORACHECK_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def curated(tmp_path: Path) -> Path:
    config = CurateConfig(max_loss=1.0, select=SelectConfig(flood_share=1.0))
    curate([DATA / "brindle_heldout.jsonl"], None, tmp_path / "curated", config, progress=QUIET)
    return tmp_path / "curated"


def writing(body: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Answer with a row of its own for each request."""
    text = body["messages"][-1]["content"]
    (mark,) = re.findall(r"<(rows-[0-9a-f]{12})>", text)
    assert f"</{mark}>" in text
    row = json.dumps({"question": f"What of {mark}?", "answer": f"Of {mark} there is much to say."})
    return 200, {"choices": [{"message": {"content": row}, "finish_reason": "stop"}]}, {}


def config(server: Server, exercises: int = 12, **options: Any) -> SynthesizeConfig:  # noqa: ANN401
    given = {"generator": "m", "endpoint": server.address, "retries": 0, **options}
    return SynthesizeConfig(exercises=exercises, **given)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_neutral_questions_are_distinct_in_their_language_and_no_probes(language: Any) -> None:  # noqa: ANN401
    questions = _neutral(SynthesizeConfig(replay=240, languages=(language,)))
    assert len({letters(text) for text in questions}) == 240
    assert {language_of(text) for text in questions} == {language}
    probes = {letters(probe.prompt) for suite in BUNDLED for probe in bundled([suite])}
    assert not probes & {letters(text) for text in questions}
    assert questions != _neutral(SynthesizeConfig(replay=240, languages=(language,), seed=1))
    with pytest.raises(UsageError, match="there are 240 neutral questions"):
        _neutral(SynthesizeConfig(replay=241, languages=(language,)))


@pytest.mark.slow
def test_replay_rows_are_the_bases_own_answers_and_say_so(tmp_path: Path, gemma: Path) -> None:
    options = SynthesizeConfig(replay=12, max_new_tokens=64)
    made = synthesize(tmp_path / "one", str(gemma), None, options, progress=QUIET)
    rows = load_examples([tmp_path / "one" / "rows.jsonl"])
    assert 2 <= len(rows) == made.rows["replay"] <= 12
    assert len(rows) + made.failed.get("unfinished", 0) == 12
    assert {row.metadata["synthetic"] for row in rows} == {"replay"}
    assert {row.prompt for row in rows} <= set(_neutral(options))
    synthesize(tmp_path / "two", str(gemma), None, options, progress=QUIET)
    assert (tmp_path / "one" / "rows.jsonl").read_bytes() == (tmp_path / "two" / "rows.jsonl").read_bytes()


def test_replies_that_are_not_finished_are_no_replay_rows(tmp_path: Path, tiny_gemma: Path) -> None:
    options = SynthesizeConfig(replay=8, max_new_tokens=2)
    with pytest.raises(UsageError, match="finished none of its 8 replies within 2 tokens"):
        synthesize(tmp_path / "run", str(tiny_gemma), None, options, progress=QUIET)


def test_exercises_are_asked_for_thin_clusters_and_marked(
    chat_server: Server, curated: Path, tmp_path: Path
) -> None:
    chat_server.respond = writing
    out = tmp_path / "made"
    summary = synthesize(out, None, curated, config(chat_server), progress=QUIET)
    assert summary.rows == dict.fromkeys(KINDS, 4)
    rows = load_examples([out / "rows.jsonl"])
    assert Counter(str(row.metadata["synthetic"]) for row in rows) == dict.fromkeys(KINDS, 4)
    assert {row.metadata["source"] for row in rows} == {f"synthetic/{kind}" for kind in KINDS}
    kept = {example.prompt for example in jsonl.read(curated / "kept.jsonl", Example)}
    for body in chat_server.bodies:
        assert any(prompt in body["messages"][-1]["content"] for prompt in kept)


def test_a_second_run_asks_for_nothing_and_made_rows_pass_curation(
    chat_server: Server, curated: Path, tmp_path: Path
) -> None:
    chat_server.respond = writing
    synthesize(tmp_path / "one", None, curated, config(chat_server), progress=QUIET)
    asked = len(chat_server.bodies)
    synthesize(tmp_path / "two", None, curated, config(chat_server), progress=QUIET)
    assert len(chat_server.bodies) == asked == 12
    assert (tmp_path / "one" / "rows.jsonl").read_bytes() == (tmp_path / "two" / "rows.jsonl").read_bytes()
    mixed = CurateConfig(max_loss=1.0, select=SelectConfig(flood_share=1.0))
    data = [DATA / "brindle_heldout.jsonl", tmp_path / "one" / "rows.jsonl"]
    curate(data, None, tmp_path / "mixed", mixed, progress=QUIET)
    marked = [e for e in jsonl.read(tmp_path / "mixed" / "kept.jsonl", Example) if "synthetic" in e.metadata]
    assert marked


def test_what_cannot_be_read_is_counted_and_too_much_of_it_ends_the_run(
    chat_server: Server, curated: Path, tmp_path: Path
) -> None:
    broken = iter([True, True, *[False] * 100])

    def respond(body: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
        if next(broken):
            return 200, {"choices": [{"message": {"content": "Sure! Q: x A: y"}}]}, {}
        return writing(body)

    chat_server.respond = respond
    summary = synthesize(tmp_path / "made", None, curated, config(chat_server, concurrency=1), progress=QUIET)
    assert summary.failed == {"unparsable": 2}
    assert sum(summary.rows.values()) == 10
    asked = len(chat_server.bodies)
    mended = synthesize(tmp_path / "again", None, curated, config(chat_server), progress=QUIET)
    assert (sum(mended.rows.values()), mended.failed) == (12, {})
    assert len(chat_server.bodies) == asked + 2
    chat_server.respond = lambda body: (500, b"", {})
    with pytest.raises(EnvironmentFault, match="3 error of 12 requests"):
        synthesize(
            tmp_path / "x", None, curated, config(chat_server, generator="n", concurrency=1), progress=QUIET
        )


def test_one_reply_that_cannot_be_read_is_no_fault_of_a_base(
    chat_server: Server, curated: Path, tmp_path: Path
) -> None:
    chat_server.respond = lambda body: (200, {"choices": [{"message": {"content": "Sure! Q: x A: y"}}]}, {})
    summary = synthesize(tmp_path / "made", None, curated, config(chat_server, exercises=1), progress=QUIET)
    assert (summary.rows, summary.failed) == ({}, {"unparsable": 1})


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "nothing is asked for"),
        (["--replay", "3"], "needs a base"),
        (["--exercises", "3"], "needs a curate run and a generator"),
    ],
)
def test_what_is_missing_is_named(options: list[str], told: str, tmp_path: Path) -> None:
    failed = CliRunner().invoke(cli, ["curate", "synthesize", "-o", str(tmp_path / "x"), *options])
    assert isinstance(failed.exception, UsageError)
    assert told in failed.exception.message
    assert not (tmp_path / "x").exists()


def test_a_plan_over_the_budget_asks_nothing(chat_server: Server, curated: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="12 requests are planned, the budget is 5"):
        synthesize(tmp_path / "x", None, curated, config(chat_server, max_requests=5), progress=QUIET)
    assert not chat_server.bodies


def test_retries_count_against_the_budget(chat_server: Server, curated: Path, tmp_path: Path) -> None:
    chat_server.respond = lambda _: (503, b"", {"Retry-After": "0"})
    options = config(chat_server, max_requests=13, retries=9)
    with pytest.raises(EnvironmentFault, match="failed too often"):
        synthesize(tmp_path / "x", None, curated, options, progress=QUIET)
    assert len(chat_server.bodies) == 13
