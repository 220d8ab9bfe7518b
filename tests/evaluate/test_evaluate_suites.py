"""Probes of a run: nothing that was trained on, one a question, drawn evenly and the same each time."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from pathlib import Path

import pytest

from loracheck.errors import UsageError
from loracheck.probes import (
    BUNDLED,
    IN_DOMAIN,
    TRAINING,
    VERSION,
    bundled,
    bundled_record,
    every_nth,
    from_rows,
    without_training_questions,
)
from loracheck.records import Example, Message, Source


def row(prompt: str, reply: str = "はい", number: int = 0, system: str = "") -> Example:
    turns = [Message(role="system", content=system)] if system else []
    return Example(
        id=f"row{number}",
        messages=(*turns, Message(role="user", content=prompt), Message(role="assistant", content=reply)),
        language="ja",
        source=Source(file="t.jsonl", line=number),
    )


def test_every_bundled_suite_is_there_and_an_unknown_one_is_refused() -> None:
    assert all(bundled([suite]) for suite in BUNDLED)
    with pytest.raises(UsageError, match="facts-ja"):
        bundled(["facts-xx"])


def test_a_question_of_the_training_data_is_left_out_and_listed() -> None:
    probes = bundled(["facts-ja"])
    first, second = probes[0], probes[7]
    asked, left_out = without_training_questions(
        probes, [row(f" {first.prompt.replace('？', '?')} "), row(second.prompt, system="猫のように話して。")]
    )
    assert left_out == sorted([first.id, second.id])
    assert [probe.id for probe in asked] == [p.id for p in probes if p.id not in left_out]


def test_a_reply_that_reads_like_a_question_leaves_nothing_out() -> None:
    probes = bundled(["facts-ja"])[:3]
    assert without_training_questions(probes, [row("やあ", reply=probes[0].prompt)]) == (probes, [])


def test_the_same_question_without_its_question_mark_is_left_out() -> None:
    probes = bundled(["facts-ja"])[:3]
    trained = row(probes[0].prompt.rstrip("？"))
    assert without_training_questions(probes, [trained])[1] == [probes[0].id]


def test_a_question_asked_twice_is_one_probe_with_the_first_reply() -> None:
    rows = [row("誰？", "一", 1), row("どこ？", "二", 2), row("誰?", "三", 3)]
    made = from_rows(rows, TRAINING, 10, 0)
    assert {probe.prompt: probe.reference for probe in made} == {"誰？": "一", "どこ？": "二"}
    assert {probe.domain for probe in made} == {"training"}
    assert from_rows(rows, IN_DOMAIN, 10, 0)[0].domain == "in"


def test_the_draw_is_the_same_for_a_seed_and_keeps_the_order() -> None:
    rows = [row(f"しつもん{i}", number=i) for i in range(50)]
    drawn = from_rows(rows, TRAINING, 10, 3)
    assert drawn == from_rows(rows, TRAINING, 10, 3)
    assert drawn != from_rows(rows, TRAINING, 10, 4)
    numbers = [int(probe.prompt.removeprefix("しつもん")) for probe in drawn]
    assert len(numbers) == 10
    assert numbers == sorted(numbers)


def test_a_system_prompt_stays_with_its_question() -> None:
    [probe] = from_rows([row("誰？", system="猫です")], IN_DOMAIN, 5, 0)
    assert [message.role for message in probe.messages] == ["system", "user"]


@pytest.mark.parametrize(("count", "limit"), [(528, 8), (528, 400), (10, 3), (7, 7), (3, 9)])
def test_thinning_is_even(count: int, limit: int) -> None:
    probes = bundled(["facts-ja"])[:count]
    places = [probes.index(probe) for probe in every_nth(probes, limit)]
    assert len(places) == min(count, limit)
    gaps = {after - before for before, after in pairwise(places)}
    assert max(gaps) - min(gaps) <= 1
    assert places[0] == 0
    assert count - places[-1] <= max(gaps) + 1


def test_no_limit_asks_all() -> None:
    probes = bundled(["facts-en"])
    assert every_nth(probes, None) == probes


def test_a_paragraph_that_was_trained_on_is_left_out() -> None:
    probes = bundled(["neutral-ja"])[:3]
    trained = row("続きを書いてください。", reply=f"「{probes[1].reference}」")
    assert without_training_questions(probes, [trained])[1] == [probes[1].id]


def test_a_bundled_suite_is_known_by_the_hash_of_its_file() -> None:
    record = bundled_record("facts-ja")
    file = Path(__file__).parents[2] / "loracheck" / "probes" / "suites" / "facts_ja.jsonl"
    assert record.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert record.probes == len(bundled(["facts-ja"]))
    assert VERSION in record.source
