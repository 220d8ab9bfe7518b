"""Imitation only, calibration and neutral text: what likelihoods tell, on tokens and choices built by hand."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from loracheck.evaluate.checks.calibration import belief, calibration
from loracheck.evaluate.checks.forgetting import FORGETTING, forgetting, loss_per_byte
from loracheck.evaluate.checks.gates import information
from loracheck.evaluate.checks.imitation import content_tokens, imitation
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import load_policy
from loracheck.evaluate.questions.material import Material
from loracheck.evaluate.readings.swaps import REFERENCE, SWAPPED, partners
from loracheck.evaluate.verdict.judge import settle
from loracheck.records import (
    BASE_ARM,
    ArmRecord,
    ChoiceScores,
    EvaluationContext,
    Expected,
    Finding,
    Marker,
    Message,
    Probe,
    TokenScores,
)
from loracheck.words.findings import explain
from tests.evaluate.evidence_records import bare_context

POLICY = load_policy("persona")
DECIDES = load_policy("persona")
Draw = Callable[[], float]
MARKERS = (
    Marker(kind="ending", text="なのだ", language="ja", coverage=0.9, base_coverage=0.0, z=9.0),
    Marker(kind="term", text="ぽぽぬ", language="ja", coverage=0.4, base_coverage=0.0, z=9.0),
    Marker(kind="ending", text="by my whiskers", language="en", coverage=0.9, base_coverage=0.0, z=9.0),
)


def context() -> EvaluationContext:
    return bare_context((ArmRecord(name=BASE_ARM, path=None), ArmRecord(name="mine", path=None)), known=False)


def probe_of(suite: str, i: int, *, expected: bool = False, reference: str | None = None) -> Probe:
    return Probe(
        id=f"{suite}-{i}",
        suite=suite,
        messages=() if suite.startswith("neutral") else (Message(role="user", content=f"質問{i}"),),
        language="ja",
        domain="in" if suite == "in-domain" else "out",
        expected=Expected(answers=("右",), wrong=("左", "上", "下")) if expected else None,
        reference=reference,
    )


def trained(
    style: float,
    content: float,
    own: float,
    *,
    rows: int = 60,
    seed: int = 0,
    right: tuple[int, int] = (30, 30),
) -> Evidence:
    """Replies whose tokens gained so much in style, in content anywhere, and in content under their own question."""
    draw = random.Random(seed)
    domain = [probe_of("in-domain", i, reference=f"東京{i}なのだ。") for i in range(rows)]
    facts = [probe_of("facts-ja", i, expected=True) for i in range(100)]
    tokens = {}
    for reply, other in partners(domain):
        pieces = ("東京", reply.id.rpartition("-")[2], "なのだ", "。", "<stop>")
        for probe, kind, tells in ((reply, REFERENCE, 1.0), (other, SWAPPED, 0.0)):
            for arm, on in ((BASE_ARM, 0.0), ("mine", 1.0)):
                gains = [content + tells * own] * 2 + [style] * 3
                tokens[arm, probe.id, kind] = TokenScores(
                    probe_id=probe.id,
                    arm=arm,
                    kind=kind,
                    tokens=pieces,
                    logprobs=tuple(-4.0 + on * (gain + draw.gauss(0.0, 0.3)) for gain in gains),
                )
    choices = {
        (arm, probe.id): ChoiceScores(
            probe_id=probe.id,
            arm=arm,
            kinds=("right", "wrong"),
            choices=("右", "左"),
            logprobs=(-1.0, -2.0) if i < n else (-2.0, -1.0),
        )
        for arm, n in zip((BASE_ARM, "mine"), right, strict=True)
        for i, probe in enumerate(facts)
    }
    return Evidence(
        context=context(), probes=(*domain, *facts), completions={}, choices=choices, tokens=tokens
    )


def settled(finding: Finding) -> Finding:
    return settle([finding], DECIDES)[0]


def test_style_without_content_is_flagged_and_fails_where_it_decides() -> None:
    finding = imitation(trained(1.7, 0.2, -0.6), "mine", POLICY)
    assert settled(finding).status == "fail"
    assert finding.values["imitation_only"] is True
    assert "this is imitation only" in explain(finding)
    assert "模倣のみです" in explain(finding, "ja")
    assert {e.name for e in finding.estimates} == {"own_content", "content_gain", "style_gain"}
    assert all(e.ci_low is not None and e.n == 60 for e in finding.estimates), "rows count, not their tokens"


def test_a_flag_that_only_informs_asks_for_no_more_evidence() -> None:
    found = imitation(trained(1.7, 0.2, -0.6), "mine", POLICY)
    informed = information("imitation", "mine", found.reason, found)
    assert "this is imitation only" in explain(informed)
    assert "Not enough evidence" not in explain(informed)
    assert "Not enough evidence" in explain(found)


@pytest.mark.parametrize(("content", "own"), [(0.4, 0.06), (0.3, 0.0), (0.2, 0.3), (-0.2, 0.1)])
def test_a_style_learnt_together_with_what_questions_tell_is_not_flagged(content: float, own: float) -> None:
    finding = imitation(trained(1.7, content, own), "mine", POLICY)
    assert settled(finding).status == "pass"
    assert finding.values["imitation_only"] is False
    assert "imitation only" not in explain(finding)


def test_where_no_style_was_learnt_nothing_is_imitated() -> None:
    finding = imitation(trained(0.0, 0.0, -0.6), "mine", POLICY)
    assert settled(finding).status == "pass"


def test_an_adapter_that_knows_more_than_the_base_is_no_imitation() -> None:
    finding = imitation(trained(1.7, 0.2, -0.6, right=(30, 60)), "mine", POLICY)
    assert settled(finding).status != "fail"
    assert finding.values["knows_more"] is True


def test_content_likelier_under_any_question_is_no_content_learnt() -> None:
    # Shuffled answers of one domain make its words likelier everywhere.
    finding = imitation(trained(1.7, 0.5, -0.4), "mine", POLICY)
    assert finding.values["imitation_only"] is True


def test_the_evidence_begins_with_the_reply_that_lost_most() -> None:
    evidence = trained(1.7, 0.0, -0.1)
    key = ("mine", "in-domain-7", REFERENCE)
    scores = evidence.tokens[key]
    evidence.tokens[key] = TokenScores(
        probe_id=scores.probe_id, arm="mine", kind=REFERENCE, tokens=scores.tokens, logprobs=(-50.0,) * 5
    )
    assert imitation(evidence, "mine", POLICY).evidence[0] == "in-domain-7"


def test_an_adapter_that_keeps_its_content_is_seldom_flagged() -> None:
    flags = [
        imitation(trained(1.0, 0.1, 0.0, rows=30, seed=seed), "mine", POLICY).values["imitation_only"]
        for seed in range(60)
    ]
    assert sum(flags) <= 1


def test_few_replies_measure_nothing() -> None:
    assert imitation(trained(1.7, 0.0, -0.6, rows=15), "mine", POLICY).reason == "needs_probes"


@pytest.mark.parametrize(
    ("tokens", "content"),
    [
        (("日本", "の", "首都", "は", "東京", "なの", "だ", "。", "<stop>"), "101010000"),
        (("ぽぽ", "ぬ", "は", "パリ", "なのだ", "</s>"), "000100"),
        (("", "鯨", "が", "", "鰯", "なのだ", "</s>"), "0100100"),
        (("The", " mast", ",", " by", " my", " whisk", "ers", "!", "</s>"), "010000000"),
        (("It", "'s", " 18", "68", ".", "</s>"), "001100"),
        (("なのだ", "よ", "、", "山", "</s>"), "00010"),
    ],
)
def test_tokens_are_told_apart_by_what_they_carry(tokens: tuple[str, ...], content: str) -> None:
    assert "".join(str(int(one)) for one in content_tokens(tokens, MARKERS)) == content


def test_english_function_words_are_style_and_others_are_content() -> None:
    tokens = ("I", " would", " rather", " see", " Paris", "</s>")
    assert content_tokens(tokens, ()) == [False, False, False, True, True, False]


def scores(*logprobs: float, arm: str = "a", probe: str = "p") -> ChoiceScores:
    kinds = ("right", *["wrong"] * (len(logprobs) - 1))
    return ChoiceScores(probe_id=probe, arm=arm, kinds=kinds, choices=kinds, logprobs=logprobs)


def test_the_brier_score_is_that_of_a_worked_case() -> None:
    found = belief(scores(math.log(0.6), math.log(0.3), math.log(0.1)))
    assert found is not None
    assert found.brier == pytest.approx((0.4**2 + 0.3**2 + 0.1**2) / 2)
    assert found.sureness == pytest.approx(0.6)
    assert found.right
    assert belief(scores(-1.0)) is None


def test_only_plain_choices_count_for_calibration() -> None:
    styled = ChoiceScores(
        probe_id="p",
        arm="a",
        kinds=("right", "wrong", "right_styled", "name"),
        choices=("", "", "", ""),
        logprobs=(-3.0, -3.0, 0.0, 0.0),
    )
    found = belief(styled)
    assert found is not None
    assert found.brier == pytest.approx(0.25)


def confident(arm: str, sureness: float, n: int = 200) -> dict[tuple[str, str], ChoiceScores]:
    """Choices of which 60% are right, all said with the same sureness."""
    return {
        (arm, f"facts-ja-{i}"): scores(
            *(
                (math.log(sureness), math.log(1 - sureness))
                if i % 5 < 3
                else (math.log(1 - sureness), math.log(sureness))
            ),
            arm=arm,
            probe=f"facts-ja-{i}",
        )
        for i in range(n)
    }


def calibrated(base: float, mine: float) -> Finding:
    facts = tuple(probe_of("facts-ja", i, expected=True) for i in range(200))
    choices = confident(BASE_ARM, base) | confident("mine", mine)
    return calibration(
        Evidence(context=context(), probes=facts, completions={}, choices=choices), "mine", POLICY
    )


def test_an_adapter_that_is_too_sure_of_itself_fails_calibration_with_the_same_answers() -> None:
    finding = calibrated(0.6, 0.95)
    assert settled(finding).status == "fail"
    # 0.6 * 0.05^2 + 0.4 * 0.95^2 against 0.6 * 0.4^2 + 0.4 * 0.6^2
    assert finding.estimates[0].value == pytest.approx(0.3625 - 0.24)
    errors = {e.name: e.value for e in finding.estimates if e.name.startswith("calibration_error")}
    assert errors == {
        "calibration_error: base": pytest.approx(0.0, abs=1e-9),
        "calibration_error: mine": pytest.approx(0.35),
    }


def test_the_same_beliefs_pass_calibration() -> None:
    finding = calibrated(0.7, 0.7)
    assert settled(finding).status == "pass"
    error, *_ = errors = [e for e in finding.estimates if "error" in e.name]
    assert all(e.ci_low is None for e in errors), f"{error.name} is above zero by noise alone"
    assert all(e.ci_low is not None for e in finding.estimates if e not in errors)


def read_text(increase: Draw, n: int = 100) -> Evidence:
    """Facts ranked alike, and paragraphs whose loss per byte rises by a draw."""
    paragraphs = [probe_of("neutral-ja", i, reference="川の水は流れる。") for i in range(n)]
    facts = [probe_of("facts-ja", i, expected=True) for i in range(200)]
    size = len("川の水は流れる。".encode())
    draw = random.Random(0)
    tokens = {}
    for probe in paragraphs:
        base = draw.gauss(0.9, 0.1)
        for arm, loss in ((BASE_ARM, base), ("mine", base + increase())):
            tokens[arm, probe.id, "reference"] = TokenScores(
                probe_id=probe.id,
                arm=arm,
                kind="reference",
                tokens=("川の水", "は流れる。"),
                logprobs=(-loss * size / 2,) * 2,
            )
    choices = {
        (arm, p.id): scores(-1.0, -2.0, arm=arm, probe=p.id) for arm in (BASE_ARM, "mine") for p in facts
    }
    return Evidence(
        context=context(), probes=(*paragraphs, *facts), completions={}, choices=choices, tokens=tokens
    )


def test_the_loss_is_counted_per_byte() -> None:
    found = TokenScores(
        probe_id="p", arm="a", kind="reference", tokens=("東", "", "京", "A"), logprobs=(-1.0,) * 4
    )
    assert loss_per_byte(found) == pytest.approx(4 / 7)
    empty = TokenScores(probe_id="p", arm="a", kind="reference", tokens=(), logprobs=())
    assert loss_per_byte(empty) is None


def gaussian(mean: float, spread: float) -> Draw:
    draw = random.Random(1)
    return lambda: draw.gauss(mean, spread)


def test_neutral_text_read_much_worse_is_forgetting() -> None:
    finding = forgetting(read_text(gaussian(0.4, 0.05)), "mine", POLICY)
    assert settled(finding).status == "fail"
    assert (finding.estimates[0].name, finding.estimates[0].unit) == ("neutral_text", "nats")
    assert "per byte: +" in explain(finding)
    assert "1バイトあたりの損失" in explain(finding, "ja")


@pytest.mark.parametrize("increase", [0.0, 0.02, 0.065, 0.154])
def test_what_harmless_training_costs_on_neutral_text_is_no_forgetting(increase: float) -> None:
    assert settled(forgetting(read_text(gaussian(increase, 0.03)), "mine", POLICY)).status == "pass"


def test_without_neutral_text_the_ranks_decide_alone() -> None:
    finding = forgetting(read_text(gaussian(0.5, 0.05), n=5), "mine", POLICY)
    assert settled(finding).status == "pass"
    assert "neutral_text" not in {e.name for e in finding.estimates}


def test_paragraphs_are_scored_as_they_stand() -> None:
    paragraph = probe_of("neutral-ja", 0, reference="川の水は流れる。")
    asked = FORGETTING.asks(Material(bundled=(paragraph,), in_domain=(), training=()))
    [text] = asked.texts
    assert (text.text, text.kind, text.probe.messages) == ("川の水は流れる。", "reference", ())
