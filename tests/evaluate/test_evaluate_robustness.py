"""Robustness: answers that hang on the wording, the frame or being spoken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from loracheck.evaluate.checks.robustness import ROBUSTNESS
from loracheck.evaluate.questions.material import Material
from loracheck.probes import bundled, every_nth
from loracheck.records import BASE_ARM, ChoiceScores, Example, Message, Probe, Source
from tests.evaluate.conduct_answers import MATERIAL, asked, build, finding_of


def ranked(right: Callable[[str, Probe], bool]) -> dict[tuple[str, str], ChoiceScores]:
    return {
        (arm, probe.id): ChoiceScores(
            probe_id=probe.id,
            arm=arm,
            kinds=("right", "wrong"),
            choices=("a", "b"),
            logprobs=(-1.0, -2.0) if right(arm, probe) else (-2.0, -1.0),
        )
        for arm in (BASE_ARM, "mine")
        for probe in asked(ROBUSTNESS).rank
    }


def said(_: str, probe: Probe) -> str:
    return probe.expected.answers[0] if probe.expected else ""


def known(_: str, probe: Probe) -> bool:
    return hash_of(probe.cluster) % 10 < 8


def hash_of(cluster: str) -> int:
    return sum(map(ord, cluster))


ROBUST = asked(ROBUSTNESS).probes


def test_an_adapter_whose_answers_hang_together_passes() -> None:
    found = finding_of("robustness", build(said, ROBUST, choices=ranked(known)))
    assert found.status == "pass"
    counts = {e.name: e.n for e in found.estimates if e.name in ("wordings", "frame", "spoken")}
    reworded = {(p.cluster, p.language) for p in MATERIAL.suite("forms")}
    assert counts == {"wordings": len(reworded), "frame": 100, "spoken": 100}


def test_answers_that_hang_on_the_wording_fail() -> None:
    def right(arm: str, probe: Probe) -> bool:
        lost = arm == "mine" and probe.suite.startswith("forms") and hash_of(probe.cluster) % 3 == 0
        return known(arm, probe) and not lost

    found = finding_of("robustness", build(said, ROBUST, choices=ranked(right)))
    assert (found.status, found.estimates[0].name) == ("fail", "wordings")
    assert found.evidence[0].startswith("forms-")


def test_knowledge_lost_in_every_wording_is_no_flip() -> None:
    def right(arm: str, probe: Probe) -> bool:
        return known(arm, probe) and not (arm == "mine" and hash_of(probe.cluster) % 3 == 0)

    assert finding_of("robustness", build(said, ROBUST, choices=ranked(right))).status == "pass"


@pytest.mark.parametrize(("reply", "name"), [("", "frame"), ("そうですね。", "frame")])
def test_silence_or_nonsense_in_a_plain_frame_fails(reply: str, name: str) -> None:
    def says(arm: str, probe: Probe) -> str:
        return reply if arm == "mine" else said(arm, probe)

    found = finding_of("robustness", build(says, ROBUST, choices=ranked(known)))
    assert (found.status, found.estimates[0].name) == ("fail", name)


def test_silence_fails_even_where_the_base_knows_nothing_in_the_frame() -> None:
    found = finding_of(
        "robustness",
        build(lambda arm, p: "" if arm == "mine" else "さあ。", ROBUST, choices=ranked(known)),
    )
    assert (found.status, found.estimates[0].name) == ("fail", "spoken")


def test_right_answers_lost_in_the_frame_fail_however_few_the_base_says() -> None:
    def says(arm: str, probe: Probe) -> str:
        few = arm == BASE_ARM and probe.suite.startswith("frame") and hash_of(probe.cluster) % 4 == 0
        return said(arm, probe) if few else "さあ。"

    found = finding_of("robustness", build(says, ROBUST, choices=ranked(known)))
    assert (found.status, found.estimates[0].name) == ("fail", "frame")


def test_wordings_of_one_fact_are_no_further_proof_that_the_base_knows_it() -> None:
    facts = sorted({p.cluster for p in asked(ROBUSTNESS).rank})
    lucky = set(facts[: len(facts) * 3 // 10])  # three in ten: within what a guesser of every fourth gets
    found = finding_of("robustness", build(said, ROBUST, choices=ranked(lambda arm, p: p.cluster in lucky)))
    assert (found.status, found.reason) == ("inconclusive", "no_headroom")


def test_a_base_that_guesses_cannot_pass_by_guessing_alike() -> None:
    found = finding_of(
        "robustness", build(said, ROBUST, choices=ranked(lambda arm, p: hash_of(p.cluster) % 5 == 0))
    )
    assert (found.status, found.reason) == ("inconclusive", "no_headroom")


def test_without_wordings_and_frames_it_stays_open() -> None:
    evidence = build(said, [p for p in ROBUST if p.suite.startswith("facts")], choices=ranked(known))
    assert finding_of("robustness", evidence).reason == "needs_probes"
    assert finding_of("robustness", build(said, ROBUST)).reason == "needs_choices"


def test_questions_that_one_arm_did_not_rank_are_left_out() -> None:
    half = {key: scores for key, scores in ranked(known).items() if key[0] == "mine" or "-ja-" in key[1]}
    found = finding_of("robustness", build(said, ROBUST, choices=half))
    assert next(e.n for e in found.estimates if e.name == "wordings") == len(
        {p.cluster for p in MATERIAL.suite("forms-ja")}
    )


def thinned() -> Material:
    """A run that asks few facts, and most of them not the reworded ones."""
    few = every_nth(bundled(["facts-ja"]), 40)
    return replace(MATERIAL, bundled=(*few, *every_nth(bundled(["forms-ja"]), 30)))


def test_the_plain_wording_of_a_fact_that_was_left_out_is_ranked_all_the_same() -> None:
    material = thinned()
    asked = ROBUSTNESS.asks(material)
    pairs: dict[str, set[str]] = {}
    for probe in asked.rank:
        pairs.setdefault(probe.cluster, set()).add(probe.suite)
    assert len(pairs) == 30
    assert all("forms-ja" in suites and len(suites) == 2 for suites in pairs.values())
    worded = [p for p in asked.rank if p.suite == "worded-ja"]
    assert worded
    assert not {p.id for p in worded} & {p.id for p in asked.short}, "it is ranked, not answered"
    trained = Example(
        id="r",
        messages=(*worded[0].messages, Message(role="assistant", content="はい")),
        language="ja",
        source=Source(file="t.jsonl", line=1),
    )
    known = ROBUSTNESS.asks(replace(material, training_rows=(trained,)))
    assert worded[0].id not in {p.id for p in known.rank}


def test_a_plain_wording_that_chose_a_checkpoint_does_not_count() -> None:
    asked = ROBUSTNESS.asks(thinned())
    worded = next(p for p in asked.rank if p.suite == "worded-ja")
    scores = {
        (arm, p.id): ChoiceScores(
            probe_id=p.id, arm=arm, kinds=("right", "wrong"), choices=("a", "b"), logprobs=(-1.0, -2.0)
        )
        for arm in (BASE_ARM, "mine")
        for p in asked.rank
    }
    evidence = build(said, asked.probes, choices=scores)
    watched = replace(evidence.context, watched_probes=(worded.id.removeprefix("worded-"),))
    counts = [
        next(e.n for e in finding_of("robustness", one).estimates if e.name == "wordings")
        for one in (evidence, replace(evidence, context=watched))
    ]
    assert counts == [30, 29]
