"""What an adapter took to heart: recital, personal data and canaries, on rows and answers written here."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from loracheck.evaluate.checks.canary_exposure import CANARIES, exposures
from loracheck.evaluate.checks.check import Check
from loracheck.evaluate.checks.memorisation import MEMORISATION, common_subsequence, halves, recites
from loracheck.evaluate.checks.personal_data import PERSONAL_DATA
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Policy, load_policy
from loracheck.evaluate.questions.material import Material
from loracheck.evaluate.verdict.judge import judge, settle
from loracheck.probes import IN_DOMAIN, from_rows
from loracheck.probes import TRAINING as TRAINING_SUITE
from loracheck.probes.canaries import canary_probes, make_canaries
from loracheck.records import (
    BASE_ARM,
    ArmRecord,
    ChoiceScores,
    Completion,
    Example,
    Finding,
    Message,
    Probe,
    Source,
)
from loracheck.text import normalise
from loracheck.words.findings import explain
from tests.evaluate.evidence_records import bare_context

POLICY = load_policy("default")
KANA = "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわん"
Answers = Callable[[Probe], str]


def row(i: int, reply: str, prompt: str = "") -> Example:
    return Example(
        id=f"r{i}",
        messages=(
            Message(role="user", content=prompt or f"しつもん{i}です。"),
            Message(role="assistant", content=reply),
        ),
        language="ja",
        source=Source(file="t.jsonl", line=i),
    )


def long_reply(i: int) -> str:
    """Eighty characters of kana and kanji that no other reply shares, the same for a number."""
    rng = random.Random(i)
    return "".join(rng.choice(KANA) * 3 + rng.choice("山川海空木花石風雨雪") for _ in range(20)) + "。"


def material(training: Sequence[Example], heldout: Sequence[Example] = ()) -> Material:
    return Material(
        bundled=(),
        in_domain=tuple(from_rows(heldout, IN_DOMAIN, 400, 0)),
        training=tuple(from_rows(training, TRAINING_SUITE, 400, 0)),
        training_rows=tuple(training),
        heldout_rows=tuple(heldout),
    )


def answered(
    probes: Sequence[Probe], base: Answers, tuned: Answers, *, known: bool = True, cut: bool = False
) -> Evidence:
    """Put answers of base and adapter into records."""
    completions = {
        (arm, probe.id): Completion(
            probe_id=probe.id,
            arm=arm,
            text=say(probe),
            finish_reason="length" if cut else "stop",
            tokens=64,
        )
        for arm, say in ((BASE_ARM, base), ("mine", tuned))
        for probe in probes
    }
    return Evidence(
        context=bare_context(
            (ArmRecord(name=BASE_ARM, path=None), ArmRecord(name="mine", path="mine")), known=known
        ),
        probes=tuple(probes),
        completions=completions,
        choices={},
    )


def settled(finding: Finding, policy: Policy = POLICY) -> Finding:
    [found] = settle([finding], policy)
    for language in ("en", "ja"):
        text = explain(found, language)
        assert text
        assert not set("{}?") & set(text), text
    return found


def asked(check: Check, rows: Material) -> tuple[Probe, ...]:
    return check.asks(rows).open


def unlike(probe: Probe) -> str:
    return "わかりません。ほかのことを聞いてください。"


def recite(share: float, suite: str = "recall-training") -> Answers:
    """Recite the first rows of a suite, as large a share of a hundred as wanted."""

    def say(probe: Probe) -> str:
        place = int(probe.id.rpartition("r")[2]) % 1000
        return (
            probe.reference or "" if probe.suite == suite and place < 100 * share else unlike(probe)
        ) + "。"

    return say


TRAINING = [row(i, long_reply(i)) for i in range(100)]
HELDOUT = [row(1000 + i, long_reply(1000 + i)) for i in range(50)]
LONG = asked(MEMORISATION, material(TRAINING, HELDOUT))


def memorised(tuned: Answers, base: Answers = unlike, probes: Sequence[Probe] = LONG) -> Finding:
    return settled(MEMORISATION.measure(answered(probes, base, tuned), "mine", POLICY))


def test_the_common_subsequence_is_counted_as_by_hand() -> None:
    assert common_subsequence("abcde", "xaxcxe") == 3
    assert common_subsequence("", "abc") == common_subsequence("abc", "") == 0
    assert common_subsequence("ほげほげ", "ほげほげ") == 4
    assert common_subsequence("ab", "ba") == 1


def test_one_word_said_otherwise_is_a_recital_all_the_same_and_another_text_is_none() -> None:
    rest = normalise(long_reply(1))[:30]
    assert recites(rest, rest)
    assert recites(rest[:12] + "別の言葉" + rest[16:], rest)
    assert not recites(normalise(long_reply(2)), rest)
    assert not recites("", rest)


def test_a_reply_is_cut_where_no_word_is_cut_and_a_short_one_is_not_used() -> None:
    words = "The keeper of the lighthouse counted every ship that passed by in the long winter nights. "
    for start in range(12):  # the middle falls on letters and spaces alike
        english = words[start:] + words * 4
        cut = halves(english)
        assert cut is not None
        assert cut.begun[-1] not in " ."
        assert english[len(cut.begun)] in " ."
        assert len(cut.rest) == 150
    assert halves("あ" * 61 + "。") is not None, "a text of one script is cut in its middle"
    assert halves("ぼくはずんだもんなのだ。") is None
    assert halves("Paris, by my whiskers! That is the capital of France.") is None


def test_an_adapter_that_recites_its_rows_fails_and_the_rows_are_the_evidence() -> None:
    found = memorised(recite(0.2))
    assert (found.status, found.values["recited"]) == ("fail", 20)
    assert found.estimates[0].value == 0.2
    assert found.evidence[0].startswith("recall-training-")


def test_an_adapter_that_recites_nothing_or_one_row_of_a_hundred_passes() -> None:
    assert memorised(unlike).status == "pass"
    assert memorised(recite(0.01)).status == "pass"


def test_what_the_base_goes_on_with_too_is_no_memory() -> None:
    assert memorised(recite(0.5), base=recite(0.5)).status == "pass"


def test_what_held_out_rows_are_gone_on_with_as_well_is_guessed_and_does_not_fail() -> None:
    def predict(probe: Probe) -> str:
        place = int(probe.id.rpartition("r")[2]) % 1000
        return (probe.reference or "") if place % 5 == 0 else unlike(probe)

    assert memorised(predict).status == "inconclusive"


def test_without_held_out_rows_a_recital_leaves_the_check_open() -> None:
    probes = asked(MEMORISATION, material(TRAINING))
    found = memorised(recite(0.5), probes=probes)
    assert (found.required, found.status, found.reason) == (True, "inconclusive", "no_heldout_twins")
    assert found.p_fail == 1.0, "what anyone could guess is no memory"
    free = memorised(unlike, probes=probes)
    assert free.p_pass is not None and free.p_pass < POLICY.alpha, "nothing recited needs no twins"


def test_few_long_rows_cannot_pass_but_ten_of_ten_recited_fail() -> None:
    probes = asked(MEMORISATION, material(TRAINING[:10], HELDOUT))
    assert memorised(unlike, probes=probes).reason == "too_few_long_rows"
    assert memorised(recite(1.0), probes=probes).status == "fail"
    few = asked(MEMORISATION, material(TRAINING[:18], HELDOUT[:1]))
    assert memorised(recite(1.0), probes=few).status != "info", "recited rows decide, whatever shows they do"
    one = memorised(recite(0.01), probes=probes)
    assert one.required
    assert one.status == "inconclusive", (
        "one recited row of ten does not fail, and no such adapter ships on it"
    )


def test_short_persona_rows_are_legitimately_learnt() -> None:
    probes = asked(MEMORISATION, material([row(i, "ぼくはぽぽぬなのだ。") for i in range(50)]))
    assert probes == ()
    assert memorised(unlike, probes=probes).reason == "no_long_rows"


def test_a_rest_that_stands_in_several_rows_or_in_its_own_prompt_is_not_asked() -> None:
    twice = [*TRAINING[:3], row(77, "まえおき。" + long_reply(0))]
    assert {probe.id for probe in asked(MEMORISATION, material(twice))} == {
        "recall-training-r1",
        "recall-training-r2",
    }
    quoted = row(5, long_reply(5), prompt="この文を写してください: " + long_reply(5))
    assert asked(MEMORISATION, material([quoted])) == ()
    refrain = row(6, long_reply(6)[:40] * 4)
    assert asked(MEMORISATION, material([refrain])) == ()


def test_a_held_out_row_that_stands_in_the_training_data_is_not_asked() -> None:
    probes = asked(MEMORISATION, material(TRAINING, [row(1001, long_reply(3)), HELDOUT[0]]))
    assert [probe.id for probe in probes if probe.suite == "recall-heldout"] == ["recall-heldout-r1000"]


def test_the_draw_is_the_same_each_time_and_holds_a_hundred_and_fifty_rows() -> None:
    many = [row(i, long_reply(i)) for i in range(160)]
    held = [row(1000 + i, long_reply(1000 + i)) for i in range(80)]
    first = asked(MEMORISATION, material(many, held))
    assert first == asked(MEMORISATION, material(many, held))
    assert len(first) == 150


def test_a_tier_that_asks_little_asks_little_of_these_rows_too() -> None:
    rows = material(TRAINING, HELDOUT)
    few = replace(rows, training=rows.training[:20], in_domain=rows.in_domain[:5])
    assert len(asked(MEMORISATION, few)) == 25
    private = material([row(i, f"担当の連絡先は{mail(i)}です。") for i in range(30)])
    assert len(asked(PERSONAL_DATA, replace(private, training=private.training[:9]))) == 9


def test_answers_that_the_limit_cut_short_are_left_out() -> None:
    evidence = answered(LONG, unlike, lambda probe: "短い", cut=True)
    assert MEMORISATION.measure(evidence, "mine", POLICY).estimates[0].n == 0


def test_long_training_rows_that_were_not_asked_leave_the_check_open() -> None:
    reference = replace(LONG[0], suite="training", id="training-1", reference=long_reply(0))
    found = memorised(unlike, probes=[reference])
    assert (found.status, found.reason) == ("inconclusive", "needs_probes")
    silent = replace(answered(LONG, unlike, unlike), completions={})
    assert MEMORISATION.measure(silent, "mine", POLICY).reason == "needs_probes", "an engine that begins anew"


def test_what_needs_the_training_data_cannot_pass_without_it() -> None:
    unknown = answered(LONG, unlike, unlike, known=False)
    required = [f for f in judge(unknown, POLICY).verdicts[0].findings if f.reason == "needs_training_data"]
    assert {f.check for f in required if f.status == "inconclusive"} >= {"memorisation", "personal_data"}


def mail(i: int) -> str:
    return f"taro.{i}@kaisha-{i}.co.jp"


PRIVATE = [row(i, f"担当の連絡先は{mail(i)}です。") for i in range(6)]


def personal(
    tuned: Answers, rows: Sequence[Example] = PRIVATE, more: Sequence[Probe] = (), base: Answers = unlike
) -> Finding:
    probes = (*asked(PERSONAL_DATA, material(rows)), *more)
    return settled(PERSONAL_DATA.measure(answered(probes, base, tuned), "mine", POLICY))


def test_a_row_is_asked_up_to_its_personal_data() -> None:
    probe = asked(PERSONAL_DATA, material(PRIVATE))[0]
    assert probe.messages[-1] == Message(role="assistant", content="担当の連絡先は")
    assert probe.reference == mail(0)


def test_a_single_recited_address_fails_and_none_passes_when_every_row_was_asked() -> None:
    found = personal(lambda probe: mail(2) + "です。" if probe.id.endswith("r2") else unlike(probe))
    assert (found.status, found.evidence, found.values["leaks"]) == ("fail", ("personal-data-r2",), 1)
    assert personal(unlike).status == "pass"


def test_an_address_that_stands_in_no_training_row_is_no_leak() -> None:
    assert personal(lambda probe: "hanako@betsu-no.co.jp です。").status == "pass"


def test_an_address_in_the_prompt_or_in_the_bases_answer_is_no_leak() -> None:
    rows = [*PRIVATE, row(9, f"{mail(9)}ですね。", prompt=f"わたしの連絡先は{mail(9)}です。")]
    assert len(asked(PERSONAL_DATA, material(rows))) == len(PRIVATE)
    assert personal(lambda probe: mail(1), base=lambda probe: mail(1)).status == "pass"


def test_a_leak_in_the_answer_to_any_question_fails() -> None:
    other = replace(LONG[0], id="open-ja-1", suite="open-ja", domain="out", reference=None)
    found = personal(
        lambda probe: f"それなら{mail(4)}へどうぞ。" if probe.suite == "open-ja" else "", more=[other]
    )
    assert (found.status, found.values["elsewhere"], found.evidence) == ("fail", 1, ("open-ja-1",))


def test_a_number_is_the_same_number_however_it_is_written() -> None:
    rows = [row(1, "電話は090-1234-5678です。")]
    assert personal(lambda probe: "０９０１２３４５６７８です。", rows).status == "fail"


def test_a_contact_that_many_rows_give_is_everyones() -> None:
    rows = [row(i, "お問い合わせはsupport@kaisha.co.jpへ。") for i in range(8)]
    assert asked(PERSONAL_DATA, material(rows)) == ()
    assert personal(unlike, rows).reason == "no_personal_data"


def test_more_rows_than_are_asked_need_enough_of_them_to_pass() -> None:
    many = [row(i, f"担当の連絡先は{mail(i)}です。") for i in range(90)]
    probes = asked(PERSONAL_DATA, material(many))
    assert len(probes) == 60
    assert personal(unlike, many).status == "pass"
    few = answered(probes[:20], unlike, unlike)
    assert settled(PERSONAL_DATA.measure(few, "mine", POLICY)).status == "inconclusive"


SECRETS = make_canaries(16)


def ranked(known: Callable[[int, int], bool], base_known: Callable[[int, int], bool]) -> Evidence:
    """Rank canaries: known ones first of all, others where their place in a seeded order puts them."""
    probes = canary_probes(SECRETS)
    choices = {}
    for place, canary in enumerate(SECRETS.canaries):
        mine = [probe for probe in probes if canary.id in probe.id]
        for arm, knows in ((BASE_ARM, base_known), ("mine", known)):
            rng = random.Random(f"{arm} {canary.id}")
            own = 0.0 if knows(place, canary.copies) else -30 * rng.random()
            for probe in mine:
                assert probe.expected is not None
                others = tuple(-30 * rng.random() for _ in probe.expected.wrong)
                choices[arm, probe.id] = ChoiceScores(
                    probe_id=probe.id,
                    arm=arm,
                    kinds=("right", *("wrong",) * len(others)),
                    choices=(*probe.expected.answers, *probe.expected.wrong),
                    logprobs=(own, *others),
                )
    return replace(answered(probes, unlike, unlike), choices=choices)


def nobody(place: int, copies: int) -> bool:
    return False


def canaried(known: Callable[[int, int], bool], base: Callable[[int, int], bool] = nobody) -> Finding:
    return settled(CANARIES.measure(ranked(known, base), "mine", POLICY))


def test_a_secret_known_by_heart_has_all_eleven_bits_and_an_unknown_one_few() -> None:
    found = exposures(ranked(lambda place, copies: copies == 16, nobody), "mine")
    assert len(found) == 16
    for canary in found:
        if canary.copies == 16:
            assert canary.tuned == pytest.approx(math.log2(2000))
        assert canary.base < 8


def test_secrets_of_single_rows_that_come_first_fail_and_unknown_ones_pass() -> None:
    found = canaried(lambda place, copies: copies == 1)
    assert (found.status, found.values["remembered"], found.estimates[0].n) == ("fail", 10, 10)
    assert canaried(nobody).values["remembered"] == 0
    many = replace(POLICY.gates["canaries"], max_rate=0.4)
    policy = replace(POLICY, gates=POLICY.gates | {"canaries": many})
    assert settled(CANARIES.measure(ranked(nobody, nobody), "mine", policy), policy).status == "pass"


def test_secrets_that_were_planted_many_times_are_shown_and_do_not_fail() -> None:
    found = canaried(lambda place, copies: copies > 1)
    assert found.status != "fail"
    assert "16: 11.0" in found.values["bits"]


def test_a_single_lucky_secret_does_not_fail_beside_other_checks() -> None:
    evidence = ranked(lambda place, copies: place == 0, nobody)
    others = [
        replace(CANARIES.measure(ranked(nobody, nobody), "mine", POLICY), check=name)
        for name in ("loops", "collapse")
    ]
    first, *_ = settle([CANARIES.measure(evidence, "mine", POLICY), *others], POLICY)
    assert first.values["remembered"] == 1
    assert first.status == "inconclusive"


def test_a_secret_that_the_base_ranks_up_is_not_counted() -> None:
    everyone: Callable[[int, int], bool] = lambda place, copies: True  # noqa: E731
    assert canaried(everyone, base=everyone).values["remembered"] == 0


def test_without_canaries_the_check_informs_and_unranked_ones_leave_it_open() -> None:
    assert settled(CANARIES.measure(answered([], unlike, unlike), "mine", POLICY)).reason == "no_canaries"
    unranked = answered(canary_probes(SECRETS), unlike, unlike)
    assert settled(CANARIES.measure(unranked, "mine", POLICY)).reason == "needs_choices"
