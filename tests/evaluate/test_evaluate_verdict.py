"""From raw answers to verdict, on evidence built record by record: every check, every rule, every exit code."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pytest

from loracheck import jsonl, stats
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.gates import both, paired_gate, rate_gate
from loracheck.evaluate.policy import Mode, Persona, Policy, load_policy
from loracheck.evaluate.verdict import exit_code, judge, settle
from loracheck.records import (
    BASE_ARM,
    ArmRecord,
    ChoiceScores,
    Completion,
    EvaluationContext,
    EvaluationResult,
    Expected,
    Finding,
    Message,
    Probe,
    Verdict,
)
from loracheck.summary import print_result

NAME_REPLY = "ぼくはぽぽぬなのだ。"
KINDS = ("right", "wrong", "wrong", "right_styled", "wrong_styled", "wrong_styled", "name")
CORE = (
    "content_damage",
    "forgetting",
    "collapse",
    "persona_leakage",
    "persona_learned",
    "loops",
    "missing_stop",
)


def core(name: str) -> Policy:
    """A preset with the checks that the evidence here is built for."""
    policy = load_policy(name)
    return replace(policy, gates={check: policy.gates[check] for check in CORE})


PERSONA = core("persona")
DEFAULT = core("default")
FORGETTING_ONLY = replace(PERSONA, gates={"forgetting": PERSONA.gates["forgetting"]})
Pick = Callable[[int], str]


def word(first: str, i: int) -> str:
    """A katakana word of its own for every number."""
    return first + "".join("アイウエオカキクケコ"[int(digit)] for digit in f"{i:04d}")


SAID: dict[str, Pick] = {
    "right": lambda i: f"{word('セ', i)}です。",
    "persona": lambda i: f"{word('セ', i)}なのだ。",
    "wrong": lambda i: f"{word('ワ', i)}です。",
    "wrong_persona": lambda i: f"{word('ワ', i)}なのだ。",
    "name": lambda i: NAME_REPLY,
    "same": lambda i: "大阪です。",
    "empty": lambda i: "",
    "loop": lambda i: f"{word('ワ', i)}、" * 8,
}


def always(value: str) -> Pick:
    return lambda i: value


def every(n: int, some: str, others: str) -> Pick:
    """One value for every nth item, another for the rest."""
    return lambda i: some if i % n == 0 else others


RIGHT, SPOKEN, STOP = always("right"), always("persona"), always("stop")


@dataclass(frozen=True, kw_only=True)
class Arm:
    """What one arm does: a key of SAID per question, and the kind of choice it finds likeliest."""

    facts: Pick = RIGHT
    opens: Pick = RIGHT
    domain: Pick = SPOKEN
    ends: Pick = STOP
    likeliest: Pick = RIGHT
    likeliest_plain: Pick = RIGHT
    record: dict[str, Any] = field(default_factory=dict)


BASE = Arm(facts=every(5, "wrong", "right"), domain=always("right"), likeliest=every(4, "wrong", "right"))
BASE = replace(BASE, likeliest_plain=BASE.likeliest)
GOOD = replace(
    BASE, facts=every(5, "wrong_persona", "persona"), opens=always("persona"), domain=always("persona")
)


def build(
    arms: dict[str, Arm], *, facts: int = 300, opens: int = 60, in_domain: int = 60, training: int = 60
) -> Evidence:
    """Put the behaviour of base and arms into records, as an eval run holds them."""
    probes = [
        *(
            _probe("facts-ja", i, Expected(answers=(word("セ", i),), wrong=(word("ヌ", i),)))
            for i in range(facts)
        ),
        *(_probe("open-ja", i) for i in range(opens)),
        *(_probe("in-domain", i) for i in range(in_domain)),
        *(
            _probe("training", i, reference=(NAME_REPLY, word("ム", i) + "なのだ。")[i % 2])
            for i in range(training)
        ),
    ]
    completions: dict[tuple[str, str], Completion] = {}
    choices: dict[tuple[str, str], ChoiceScores] = {}
    for name, arm in {BASE_ARM: BASE, **arms}.items():
        picks = {
            "facts-ja": arm.facts,
            "open-ja": arm.opens,
            "in-domain": arm.domain,
            "training": always("right"),
        }
        for probe in probes:
            i = int(probe.id.rpartition("-")[2])
            completions[name, probe.id] = Completion(
                probe_id=probe.id,
                arm=name,
                text=SAID[picks[probe.suite](i)](i),
                finish_reason="length" if probe.suite == "in-domain" and arm.ends(i) != "stop" else "stop",
                tokens=5,
            )
            if probe.suite == "facts-ja":
                choices[name, probe.id] = _scores(name, probe.id, arm.likeliest(i), arm.likeliest_plain(i))
    records = [ArmRecord(name=n, path=n, logit_change=2.5, **arm.record) for n, arm in arms.items()]
    return Evidence(
        context=EvaluationContext(
            base="b",
            quantization="none",
            fingerprint={},
            template="",
            template_sha256="",
            training_data="t.jsonl" if training else None,
            max_new_tokens=24,
            probes={},
            dropped_probes=(),
            arms=(ArmRecord(name=BASE_ARM, path=None), *records),
        ),
        probes=tuple(probes),
        completions=completions,
        choices=choices,
    )


def _probe(suite: str, i: int, expected: Expected | None = None, reference: str | None = None) -> Probe:
    return Probe(
        id=f"{suite}-{i}",
        suite=suite,
        messages=(Message(role="user", content=f"しつもん、{suite}の{i}？"),),
        language="ja",
        domain={"in-domain": "in", "training": "training"}.get(suite, "out"),  # type: ignore[arg-type]
        expected=expected,
        reference=reference,
    )


def _scores(arm: str, probe: str, best: str, best_plain: str) -> ChoiceScores:
    logprobs = [-20.0] * len(KINDS)
    logprobs[KINDS.index(best_plain)] = -5.0
    logprobs[KINDS.index(best)] = -1.0
    return ChoiceScores(probe_id=probe, arm=arm, kinds=KINDS, choices=KINDS, logprobs=tuple(logprobs))


def verdict_of(arm: Arm, policy: Policy = PERSONA, **sizes: int) -> Verdict:
    return judge(build({"mine": arm}, **sizes), policy).verdicts[0]


def finding(verdict: Verdict, check: str) -> Finding:
    [found] = [finding for finding in verdict.findings if finding.check == check]
    return found


def test_a_good_adapter_in_persona_ships() -> None:
    verdict = verdict_of(GOOD)
    assert (verdict.status, exit_code([verdict])) == ("ship", 0)
    assert {f.check: f.status for f in verdict.findings} == {
        "sanity": "pass",
        "content_damage": "pass",
        "forgetting": "pass",
        "collapse": "pass",
        "persona_leakage": "info",
        "persona_learned": "pass",
        "loops": "pass",
        "missing_stop": "pass",
    }


def test_a_flood_of_the_personas_name_holds_and_names_content_damage_first() -> None:
    verdict = verdict_of(replace(GOOD, facts=every(2, "name", "persona")))
    assert (verdict.status, verdict.deciding[0]) == ("hold", "content_damage")
    found = finding(verdict, "content_damage")
    assert found.estimates[0].name == "name_rate"
    assert (found.estimates[0].value, found.estimates[0].n) == (0.5, 300)
    assert "facts-ja-0" in found.evidence


def test_preferring_the_name_by_likelihood_holds_even_when_it_is_never_said() -> None:
    arm = replace(GOOD, likeliest=every(2, "name", "right"))
    verdict = verdict_of(arm)
    assert (verdict.status, verdict.deciding) == ("hold", ("content_damage",))
    assert finding(verdict, "forgetting").status == "pass"
    assert finding(verdict, "content_damage").estimates[0].name == "difference"


def test_the_right_answer_in_persona_counts_as_right() -> None:
    verdict = verdict_of(replace(GOOD, likeliest=every(4, "wrong_styled", "right_styled")))
    assert finding(verdict, "content_damage").status == "pass"


def test_one_answer_to_everything_holds_and_names_collapse() -> None:
    verdict = verdict_of(replace(GOOD, facts=every(3, "same", "persona")))
    assert (verdict.status, verdict.deciding) == ("hold", ("collapse",))
    assert finding(verdict, "collapse").values["answer"] == "大阪です。"


def test_repeating_an_answer_where_it_is_right_is_no_collapse() -> None:
    evidence = build({"mine": replace(GOOD, facts=lambda i: "same" if i % 3 == 0 else "persona")})
    expected = Expected(answers=("大阪",), wrong=("東京",))
    probes = (
        replace(p, expected=expected) if evidence.text("mine", p) == "大阪です。" else p
        for p in evidence.probes
    )
    verdict = judge(replace(evidence, probes=tuple(probes)), PERSONA).verdicts[0]
    assert finding(verdict, "collapse").status == "pass"


def test_silence_is_a_collapse_too() -> None:
    assert "collapse" in verdict_of(replace(GOOD, facts=always("empty"))).deciding


def test_lost_knowledge_holds_and_names_forgetting() -> None:
    worse = every(2, "wrong", "right")
    verdict = verdict_of(replace(GOOD, likeliest=worse, likeliest_plain=worse))
    assert verdict.status == "hold"
    assert set(verdict.deciding) == {"forgetting", "content_damage"}


def test_loops_hold() -> None:
    assert verdict_of(replace(GOOD, facts=every(5, "loop", "persona"))).deciding == ("loops",)


def test_replies_that_never_end_hold() -> None:
    assert verdict_of(replace(GOOD, ends=every(3, "length", "stop"))).deciding == ("missing_stop",)


def test_a_persona_that_was_not_learnt_holds() -> None:
    assert verdict_of(replace(GOOD, domain=every(2, "right", "persona"))).deciding == ("persona_learned",)


def test_without_headroom_nothing_passes_and_nothing_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = every(3, "right", "wrong")
    low = replace(BASE, likeliest=chance, likeliest_plain=chance)
    monkeypatch.setitem(globals(), "BASE", low)
    verdict = verdict_of(replace(GOOD, likeliest=chance, likeliest_plain=chance))
    found = finding(verdict, "forgetting")
    assert (found.status, found.reason) == ("inconclusive", "no_headroom")
    assert found.p_pass is not None
    assert found.p_pass < 0.05, "the headroom alone must stop it"
    assert (verdict.status, exit_code([verdict])) == ("inconclusive", 3)


@pytest.mark.parametrize(
    ("record", "status", "reason"),
    [
        ({"finite": False, "logit_change": None}, "hold", "adapter_not_finite"),
        ({"inert": True}, "inconclusive", "adapter_inert"),
        ({"logit_change": 0.0}, "inconclusive", "adapter_inert"),
        ({"verified": False}, "inconclusive", "adapter_unverified"),
    ],
)
def test_a_broken_inert_or_unproved_adapter_never_ships(
    record: dict[str, Any], status: str, reason: str
) -> None:
    evidence = build({"mine": GOOD})
    base, mine = evidence.context.arms
    evidence = replace(evidence, context=replace(evidence.context, arms=(base, replace(mine, **record))))
    verdict = judge(evidence, PERSONA).verdicts[0]
    assert (verdict.status, verdict.deciding, verdict.findings[0].reason) == (status, ("sanity",), reason)


def test_a_ruined_adapter_that_is_also_unproved_holds() -> None:
    arm = replace(GOOD, facts=always("name"), record={"verified": False})
    assert verdict_of(arm).status == "hold"


def test_a_missing_required_measurement_never_ships() -> None:
    verdict = verdict_of(GOOD, facts=0, opens=60)
    assert verdict.status == "inconclusive"
    assert set(verdict.deciding) == {"content_damage", "forgetting", "collapse"}


def test_a_check_that_only_informs_decides_nothing() -> None:
    arm = replace(GOOD, facts=every(5, "loop", "persona"))
    verdict = verdict_of(arm, with_mode(PERSONA, "loops", "info"))
    assert verdict.status == "ship"
    assert finding(verdict, "loops").status == "info"
    assert "loops" not in {f.check for f in verdict_of(arm, with_mode(PERSONA, "loops", "off")).findings}


def with_mode(policy: Policy, check: str, mode: Mode) -> Policy:
    return replace(policy, gates=policy.gates | {check: replace(policy.gates[check], mode=mode)})


def test_a_check_passes_on_no_fewer_items_than_the_policy_wants() -> None:
    gates = PERSONA.gates | {"forgetting": replace(PERSONA.gates["forgetting"], min_items=301)}
    verdict = verdict_of(GOOD, replace(PERSONA, gates=gates))
    assert (verdict.status, finding(verdict, "forgetting").reason) == ("inconclusive", "too_few_items")


def test_a_required_check_without_what_it_needs_is_open_and_says_what() -> None:
    evidence = replace(build({"mine": GOOD}), choices={})
    verdict = judge(evidence, PERSONA).verdicts[0]
    assert verdict.status == "inconclusive"
    assert finding(verdict, "forgetting").reason == "needs_choices"
    informed = judge(evidence, with_mode(PERSONA, "forgetting", "info")).verdicts[0]
    assert finding(informed, "forgetting").status == "info"


def scoped(scope: Any) -> Policy:  # noqa: ANN401
    return replace(DEFAULT, persona=Persona(scope=scope))


@pytest.mark.parametrize(
    ("scope", "leaks", "learned", "status"),
    [
        ("always", True, True, "ship"),
        ("in_domain", True, True, "hold"),
        ("in_domain", False, True, "ship"),
        ("in_domain", False, False, "hold"),
        ("never", True, True, "hold"),
        ("never", False, False, "ship"),
    ],
)
def test_the_scope_says_where_the_style_is_wanted(
    scope: str, leaks: bool, learned: bool, status: str
) -> None:
    arm = replace(GOOD, domain=always("persona" if learned else "right"))
    if not leaks:
        arm = replace(arm, facts=BASE.facts, opens=always("right"))
    assert verdict_of(arm, scoped(scope)).status == status


def test_without_training_data_leakage_informs_only() -> None:
    verdict = verdict_of(GOOD, DEFAULT, training=0)
    found = finding(verdict, "persona_leakage")
    assert (found.status, found.reason) == ("info", "training_data_unknown")
    assert found.estimates[0].value == 1.0


def test_few_items_are_inconclusive_and_say_how_many_would_do() -> None:
    verdict = verdict_of(GOOD, facts=40)
    found = finding(verdict, "forgetting")
    assert (verdict.status, found.reason) == ("inconclusive", "not_enough_evidence")
    assert found.n_needed is not None
    # Tango's z at no discordant pair is sqrt(n * margin / (1 - margin)): 1.6449**2 * 0.95 / 0.05 = 51.4.
    assert found.n_needed == 52
    assert finding(verdict_of(GOOD, facts=52), "forgetting").status == "pass"
    assert finding(verdict_of(GOOD, facts=51), "forgetting").status == "inconclusive"


def test_loops_in_every_third_open_answer_hold() -> None:
    verdict = verdict_of(replace(GOOD, opens=every(3, "loop", "persona")), facts=1000, opens=60)
    assert verdict.status == "hold", finding(verdict, "loops").estimates[0]


def test_style_in_every_third_open_answer_is_leakage() -> None:
    arm = replace(GOOD, facts=BASE.facts, opens=every(3, "persona", "right"))
    assert verdict_of(arm, DEFAULT, facts=1000, opens=60).status == "hold"


def test_an_adapter_that_ranks_answers_right_but_says_only_wrong_ones_does_not_ship() -> None:
    assert verdict_of(replace(GOOD, facts=always("wrong_persona"))).status != "ship"


def test_style_inside_the_domain_is_not_wanted_where_none_is() -> None:
    arm = replace(GOOD, facts=BASE.facts, opens=always("right"))
    assert verdict_of(arm, scoped("never")).status != "ship"


def test_a_required_end_of_reply_that_nobody_could_measure_does_not_ship() -> None:
    assert verdict_of(GOOD, in_domain=0).status != "ship"


def outcomes(both_right: int, lost: int, won: int, neither: int) -> tuple[list[bool], list[bool]]:
    base = [True] * (both_right + lost) + [False] * (won + neither)
    tuned = [True] * both_right + [False] * lost + [True] * won + [False] * neither
    return base, tuned


def paired(base: Sequence[bool], tuned: Sequence[bool], check: str = "forgetting") -> Finding:
    return paired_gate(
        check,
        "mine",
        base=base,
        tuned=tuned,
        probe_ids=[str(i) for i in range(len(base))],
        margin=0.05,
        alpha=0.05,
    )


def rated(hits: int, n: int, limit: float = 0.05, check: str = "persona_leakage") -> Finding:
    return rate_gate(
        check,
        "mine",
        base=[False] * n,
        tuned=[i < hits for i in range(n)],
        probe_ids=[str(i) for i in range(n)],
        limit=limit,
        alpha=0.05,
    )


@pytest.mark.parametrize("counts", [(80, 5, 5, 10), (60, 4, 0, 36), (90, 8, 2, 0), (150, 14, 6, 30)])
def test_the_items_a_paired_check_asks_for_settle_it(counts: tuple[int, int, int, int]) -> None:
    found = settle([paired(*outcomes(*counts))], DEFAULT)[0]
    assert found.status == "inconclusive"
    assert found.n_needed is not None
    factor = found.n_needed / sum(counts) * 1.05  # counts are whole numbers
    scaled = [round(count * factor) for count in counts]
    assert settle([paired(*outcomes(*scaled))], DEFAULT)[0].status != "inconclusive"


@pytest.mark.parametrize(("hits", "n"), [(0, 20), (0, 50), (1, 60), (3, 100), (12, 160)])
def test_the_items_a_rate_asks_for_settle_it(hits: int, n: int) -> None:
    found = settle([rated(hits, n)], DEFAULT)[0]
    assert found.status == "inconclusive"
    assert found.n_needed is not None
    settled = settle([rated(round(hits * found.n_needed / n), found.n_needed)], DEFAULT)[0]
    assert settled.status != "inconclusive"


def test_no_number_of_items_settles_a_rate_on_its_limit() -> None:
    assert rated(5, 100).n_needed is None
    assert paired(*outcomes(80, 5, 0, 15)).n_needed is None


def test_holm_does_not_let_one_borderline_failure_among_many_hold() -> None:
    def with_p(check: str, p_fail: float) -> Finding:
        return replace(rated(2, 100), check=check, p_fail=p_fail, p_pass=0.9)

    many = [with_p(f"check{i}", 0.03) for i in range(7)]
    assert {f.status for f in settle(many, DEFAULT)} == {"inconclusive"}
    assert [f.status for f in settle(many[:1], DEFAULT)] == ["fail"]
    one = [with_p("first", 0.007), *many[1:]]
    assert [f.status for f in settle(one, DEFAULT)] == ["fail"] + ["inconclusive"] * 6


def test_two_tests_in_one_check_fail_only_at_half_the_error_rate() -> None:
    first = replace(paired(*outcomes(80, 5, 5, 10)), p_fail=0.03, p_pass=0.97)
    second = replace(rated(0, 100), p_fail=1.0, p_pass=0.01)
    joined = both(first, second, 0.05)
    assert (joined.p_fail, joined.p_pass) == (0.06, 0.97)


def test_a_truly_bad_adapter_exactly_at_the_margin_seldom_ships() -> None:
    shipped = 0
    for seed in range(300):
        draw = random.Random(seed)
        # A quarter of the items is there to be won and won by 12%, the rest is lost by 8/75: 3 points up, 8 down.
        plain = [
            ("right" if draw.random() < 0.12 else "wrong")
            if i % 4 == 0
            else ("wrong" if draw.random() < 8 / 75 else "right")
            for i in range(120)
        ]
        arm = replace(GOOD, likeliest_plain=plain.__getitem__, likeliest=always("right_styled"))
        verdict = verdict_of(arm, FORGETTING_ONLY, facts=120, opens=0, training=0, in_domain=0)
        shipped += verdict.status == "ship"
    assert 0 < shipped <= 0.07 * 300


@pytest.mark.parametrize("n", [60, 200, 600])
def test_a_paired_gate_passes_what_lies_on_the_margin_at_most_at_alpha(n: int) -> None:
    draw = random.Random(n)
    passed = 0
    for _ in range(1000):
        lost = sum(draw.random() < 0.10 for _ in range(n))
        won = sum(draw.random() < 0.05 / 0.9 for _ in range(n - lost))
        table = stats.PairedTable(both=n - lost - won, lost=lost, won=won, neither=0)
        passed += stats.noninferiority(table, 0.05)[0] < 0.05
    assert passed <= 0.07 * 1000


def test_the_same_answers_twice_never_hold() -> None:
    for seed in range(30):
        draw = random.Random(seed)
        said = [draw.choice(["right", "wrong", "persona", "empty", "same", "loop"]) for _ in range(80)]
        ranked = [draw.choice(["right", "wrong", "right_styled", "name"]) for _ in range(80)]
        plain = ["right" if kind.startswith("right") else "wrong" for kind in ranked]
        same = Arm(
            facts=said.__getitem__,
            likeliest=ranked.__getitem__,
            likeliest_plain=plain.__getitem__,
            opens=always("right"),
            domain=always("right"),
        )
        evidence = build({"first": same, "second": same}, facts=80, in_domain=0, training=0)
        for i in range(80):  # the base answers just so, too
            key = (BASE_ARM, f"facts-ja-{i}")
            twin = ("first", f"facts-ja-{i}")
            evidence.completions[key] = replace(evidence.completions[twin], arm=BASE_ARM)
            evidence.choices[key] = replace(evidence.choices[twin], arm=BASE_ARM)
        result = judge(evidence, DEFAULT)
        assert "hold" not in {verdict.status for verdict in result.verdicts}, seed
        assert all(c.difference.value == 0.0 and not c.won and not c.lost for c in result.comparisons)


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
    for seed in range(200):
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
