"""Exit code, JSON and text tell the same story."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from loracheck import jsonl
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.verdict.judge import exit_code, judge
from loracheck.records import (
    EvaluationResult,
)
from loracheck.summary import print_result
from tests.evaluate.evidence_records import DEFAULT, GOOD, PERSONA, Arm, Pick, build, verdict_of


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ((), 3),
        (("ship",), 0),
        (("hold",), 1),
        (("inconclusive",), 3),
        (("ship", "inconclusive"), 3),
        (("ship", "hold"), 1),
        (("inconclusive", "hold"), 1),
        (("ship", "ship"), 0),
    ],
)
def test_the_exit_code_is_that_of_the_worst_verdict(statuses: tuple[Any, ...], code: int) -> None:
    verdict = verdict_of(GOOD, facts=5)
    assert exit_code([replace(verdict, status=status) for status in statuses]) == code


def test_json_text_and_exit_code_tell_the_same_story(capsys: pytest.CaptureFixture[str]) -> None:
    seen = set()
    for seed in range(50):
        result = judge(random_evidence(seed), random.Random(seed).choice([PERSONA, DEFAULT]))
        read = msgspec.json.decode(jsonl.encode(result), type=EvaluationResult)
        assert read == result
        print_result(result)
        text = capsys.readouterr().out
        words = dict(re.findall(r"^(\w+): (SHIP|HOLD|INCONCLUSIVE)  \(policy", text, re.MULTILINE))
        assert {name: said.lower() for name, said in words.items()} == {
            verdict.adapter: verdict.status for verdict in read.verdicts
        }
        worst = next(s for s in ("hold", "inconclusive", "ship") if s in {v.status for v in read.verdicts})
        assert exit_code(result.verdicts) == {"hold": 1, "inconclusive": 3, "ship": 0}[worst]
        for verdict in read.verdicts:
            required = [f for f in verdict.findings if f.required]
            assert (verdict.status == "ship") == all(f.status == "pass" for f in required)
            assert (verdict.status == "hold") == any(f.status == "fail" for f in required)
        seen |= {verdict.status for verdict in read.verdicts}
    assert seen == {"ship", "hold", "inconclusive"}


def random_evidence(seed: int) -> Evidence:
    draw = random.Random(seed)

    def pick(usual: str, odd: Sequence[str]) -> Pick:
        share, other = draw.choice([0.0, 0.0, 0.0, 0.02, 0.05, 0.3]), draw.choice(odd)
        chosen = [other if draw.random() < share else usual for _ in range(200)]
        return chosen.__getitem__

    def arm() -> Arm:
        return replace(
            GOOD,
            facts=pick("persona", ["name", "same", "empty", "loop", "wrong", "right"]),
            opens=pick("persona", ["loop", "name", "right"]),
            domain=pick("persona", ["right", "empty"]),
            ends=pick("stop", ["length"]),
            likeliest=pick("right", ["wrong", "name"]),
            likeliest_plain=pick("right", ["wrong"]),
            record={"verified": draw.random() < 0.9, "finite": draw.random() < 0.9},
        )

    return build(
        {"first": arm(), "second": arm()},
        facts=draw.choice([20, 60, 120]),
        opens=draw.choice([0, 10]),
        in_domain=draw.choice([0, 10, 40]),
        training=draw.choice([0, 20]),
    )
