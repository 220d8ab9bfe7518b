"""Tiers: how much is asked, what it costs, and that a quick look never ships an adapter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from loracheck.errors import UsageError
from loracheck.evaluate.checks.listed import CHECKS
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.policy import load_policy
from loracheck.evaluate.questions.cost import Speed, count, in_words, minutes, store_speed, stored_speed
from loracheck.evaluate.questions.lengths import MOST_ROOM, beyond_room, reply_room
from loracheck.evaluate.questions.material import Material, Questions, together
from loracheck.evaluate.questions.tiers import FULL, QUICK, STANDARD, TIERS
from loracheck.evaluate.verdict.judge import judge
from loracheck.models.load import load_tokenizer
from loracheck.probes import BUNDLED, IN_DOMAIN, TRAINING, bundled, every_nth, from_rows
from loracheck.records import Example, Expected, Message, Probe, ScoredText, Source
from loracheck.templates.chat import ChatTemplate
from loracheck.words.findings import explain
from tests.evaluate.evidence_records import BASE, FORGETTING_ONLY, GOOD, PERSONA, build, every, finding

JAPANESE = tuple(name for name in BUNDLED if name.endswith("-ja"))


@pytest.mark.parametrize(
    ("tier", "status"), [("quick", "inconclusive"), ("standard", "ship"), ("full", "ship")]
)
def test_a_quick_look_at_a_good_adapter_is_open_and_says_why(tier: str, status: str) -> None:
    evidence = build({"mine": GOOD}, facts=900, opens=120, in_domain=120)
    [verdict] = judge(replace(evidence, context=replace(evidence.context, tier=tier)), PERSONA).verdicts
    assert verdict.status == status
    if tier == "quick":
        assert verdict.deciding == ("tier",), "it is the size of the look alone that keeps it from shipping"
        assert "--tier standard" in explain(finding(verdict, "tier"))
        assert "--tier standard" in explain(finding(verdict, "tier"), "ja")


def test_a_quick_look_holds_a_bad_adapter() -> None:
    evidence = build({"mine": replace(GOOD, facts=every(2, "name", "persona"))}, facts=76)
    [verdict] = judge(replace(evidence, context=replace(evidence.context, tier="quick")), PERSONA).verdicts
    assert (verdict.status, verdict.deciding[0]) == ("hold", "content_damage")


def test_adapters_trained_to_do_no_harm_are_no_alarm_for_the_size_of_the_look() -> None:
    evidence = build({"mine": GOOD, "idle": GOOD})
    context = replace(evidence.context, tier="quick", nulls=("idle",))
    result = judge(replace(evidence, context=context), PERSONA)
    assert "tier" not in {alarm.check for alarm in result.false_alarms}


def test_one_language_may_take_twice_as_many_and_own_limits_win() -> None:
    both, one = EvalConfig(), EvalConfig(suites=JAPANESE)
    assert both.limit("facts-ja") == STANDARD.limits["facts"]
    assert one.limit("facts-ja") == 2 * STANDARD.limits["facts"]
    own = EvalConfig(suites=JAPANESE, max_facts=7, max_open=3, max_in_domain=5)
    assert (own.limit("facts-ja"), own.limit("open-ja"), own.in_domain_limit) == (7, 3, 5)
    assert own.limit("forms-ja") == 2 * STANDARD.limits["forms"]
    assert [EvalConfig(tier="full").limit(name) for name in BUNDLED] == [None] * len(BUNDLED)


def test_a_file_of_the_users_own_has_a_limit_of_its_own() -> None:
    assert EvalConfig(tier="quick").limit("facts-medicine") == QUICK.own
    assert EvalConfig(tier="full").limit("safety-xstest") is None
    assert EvalConfig(tier="quick", max_facts=5).limit("facts-medicine") == 5


def test_a_suite_asked_for_by_name_is_asked_a_little_in_a_quick_look() -> None:
    assert EvalConfig(tier="quick").limit("safety-ja") == 0
    assert EvalConfig(tier="quick", suites=("safety-ja",)).limit("safety-ja") == 8


def test_an_unknown_tier_or_suite_is_refused_with_what_there_is() -> None:
    with pytest.raises(UsageError, match="quick, standard, full"):
        EvalConfig(tier="huge")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="--probes FILE"):
        EvalConfig(suites=("facts-xx",))


def template(folder: Path) -> ChatTemplate:
    return ChatTemplate(load_tokenizer(str(folder)))


def test_the_cost_of_a_few_questions_is_counted_by_hand(tiny_smollm: Path) -> None:
    asked_of = template(tiny_smollm)

    def probe(name: str, text: str, expected: Expected | None = None) -> Probe:
        messages = (Message(role="user", content=text),)
        return Probe(
            id=name, suite="facts-x", messages=messages, language="en", domain="out", expected=expected
        )

    fact = probe("a", "What is the capital of France?", Expected(answers=("Paris",), wrong=("Rome",)))
    long = probe("b", "Write a short letter.")
    seen = probe("c", "Who are you?")
    paragraph = Probe(
        id="n", suite="neutral-en", messages=(), language="en", domain="out", reference="The sky is blue."
    )
    text = ScoredText(probe=paragraph, text="The sky is blue.")
    asked = Questions(short=(fact,), open=(long,), base_only=(), rank=(fact,), texts=(text,))
    config = EvalConfig(max_new_tokens=24, max_new_tokens_open=64)
    cost = count(asked, config, asked_of, arms=3)
    prompts = [len(asked_of.prompt_ids(p.messages)) for p in (fact, long)]
    replies = sum(asked_of.encode_reply(fact.messages, reply).trained_tokens for reply in ("Paris", "Rome"))
    assert cost.generated == 24 + 64
    assert cost.prefill == sum(prompts) + prompts[0] + replies + 2 + len(asked_of.encode_text(text.text).ids)
    assert (cost.arms, cost.items) == (3, {"facts-x": 2, "neutral-en": 1})
    with_data = count(replace(asked, base_only=(seen,)), config, asked_of, arms=3)
    assert with_data.prefill == cost.prefill + replies + 2, "each choice is offered in the data's style, too"
    drawn = count(asked, replace(config, temperature=0.7, seeds=2), asked_of, arms=3)
    assert drawn.generated == 24 + 3 * 64
    speed = Speed(generated=10, prefill=1000)
    expected = (3 * cost.generated / 10 + 3 * cost.prefill / 1000) / 60
    assert minutes(cost, asked, config, speed) == pytest.approx(expected)
    assert "3 arms: at most 88 tokens generated" in in_words(cost)
    assert count(asked, config, None, arms=1).prefill > 20, "without a tokenizer it is estimated"


def test_a_measured_speed_is_kept_and_a_broken_file_is_none() -> None:
    speed = Speed(generated=12.5, prefill=800.0)
    store_speed("a base on this machine", speed)
    assert stored_speed("a base on this machine") == speed
    assert stored_speed("another base") is None


@pytest.mark.slow
@pytest.mark.parametrize("suites", [BUNDLED, JAPANESE])
@pytest.mark.parametrize(
    ("tier", "generated", "prefill"), [("quick", 8_000, 60_000), ("standard", 70_000, 400_000)]
)
def test_the_tiers_stay_within_their_cost(
    gemma: Path, suites: tuple[str, ...], tier: str, generated: int, prefill: int
) -> None:
    config = EvalConfig(tier=TIERS[tier].name, suites=suites)
    rows = [
        Example(
            id=str(i),
            messages=(
                Message(role="user", content=f"{i}番目のしつもんをします。これは何ですか？"),
                Message(role="assistant", content=f"それは{i}番目のこたえなのだ。"),
            ),
            language="ja",
            source=Source(file="t.jsonl", line=i),
        )
        for i in range(300)
    ]
    material = Material(
        bundled=tuple(p for name in suites for p in every_nth(bundled([name]), config.limit(name))),
        in_domain=tuple(from_rows(rows[200:], IN_DOMAIN, config.in_domain_limit, 0)),
        training=tuple(from_rows(rows[:200], TRAINING, config.training_limit, 0)),
        training_rows=tuple(rows[:200]),
        heldout_rows=tuple(rows[200:]),
    )
    policy = load_policy("default")
    asked = together(check.asks(material) for check in CHECKS if policy.mode(check.name) != "off")
    cost = count(asked, config, template(gemma), arms=2)
    named = (
        1_000 if tier == "quick" and suites != BUNDLED else 0
    )  # for suites that it leaves out unless named
    assert cost.generated <= generated + named
    assert cost.prefill <= prefill


def test_the_pooled_gates_of_the_standard_tier_have_600_to_1000_items() -> None:
    for suites in (BUNDLED, JAPANESE):
        config = EvalConfig(suites=suites)
        facts = [name for name in suites if name.startswith("facts")]
        asked = sum(len(every_nth(bundled([name]), config.limit(name))) for name in facts)
        assert 600 <= asked <= 1000
    assert FULL.limit("facts-ja") is None


def test_a_base_that_guesses_at_two_choices_has_nothing_to_lose() -> None:
    """With one wrong choice a guesser is right half of the time, so 58% is no knowledge that could be lost."""

    def pick(i: int) -> str:
        return "wrong" if i % 12 < 5 else "right"

    guesser = replace(BASE, likeliest=pick, likeliest_plain=pick)
    evidence = build({"mine": guesser}, facts=240)
    same = {key: replace(score, arm="base") for key, score in evidence.choices.items()}
    level = {("base", i): same["mine", i] for _, i in same if (("mine", i) in same)}
    [verdict] = judge(replace(evidence, choices=evidence.choices | level), FORGETTING_ONLY).verdicts
    assert finding(verdict, "forgetting").reason == "no_headroom"


def test_the_room_for_replies_follows_the_long_ones_within_bounds() -> None:
    assert reply_room([], 64) == 64
    assert reply_room([10] * 20, 64) == 64
    assert reply_room([100] * 100, 64) == 150
    assert reply_room([100] * 96 + [5000] * 4, 64) == 150, "a few far longer ones do not count"
    assert reply_room([5000] * 9, 64) == MOST_ROOM
    assert beyond_room({"a": 100, "b": 130}, 150) == ("b",)
    assert beyond_room({"a": 10_000}, None) == ()
