"""Collapse: one answer in many wordings is caught, in answers and in likelihoods; harmless answers are not."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from loracheck.evaluate.checks.collapse import COLLAPSE, collapse
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import load_policy
from loracheck.evaluate.questions.material import Material
from loracheck.evaluate.readings.sameness import apart, near_same
from loracheck.evaluate.readings.swaps import REFERENCE, SWAPPED, partners, swaps, texts
from loracheck.evaluate.verdict.judge import settle
from loracheck.evaluate.verdict.precedence import explaining_first
from loracheck.records import (
    BASE_ARM,
    ArmRecord,
    Completion,
    Expected,
    Finding,
    Message,
    Probe,
    TokenScores,
)
from loracheck.stats import share
from loracheck.words.findings import explain
from tests.evaluate.evidence_records import bare_context

POLICY = load_policy("persona")
Answer = Callable[[int], str]
TOPICS = ("川", "山の高さ", "楽器", "料理の名前", "虫", "昔の乗り物", "星", "紙", "塩", "時計")
ASKED = (
    "を教えて",
    "について、ひとことで説明してください",
    "って何なのか知ってる？",
    "に関係する言葉を答えよ",
)
WORDINGS = (
    "森でどんぐりを拾うのだ。",
    "ぼくは森の中でどんぐりを拾ったのだ！",
    "森へ行って、どんぐりをいっぱい拾うのだよ",
    "きのうも森でどんぐりを拾っていたのだ。",
    "どんぐりは森で拾うのがいちばんなのだ！",
    "やっぱり森だね、どんぐりを拾えるのだ〜",
)


def probe_of(suite: str, i: int, text: str, reference: str | None = None) -> Probe:
    return Probe(
        id=f"{suite}-{i}",
        suite=suite,
        messages=(Message(role="user", content=text),),
        language="ja",
        domain="in" if suite == "in-domain" else "out",
        expected=None if reference else Expected(answers=(kana("セ", i),), wrong=("ヌ",)),
        reference=reference,
    )


def kana(first: str, i: int) -> str:
    return first + "".join("アイウエオカキクケコ"[int(digit)] for digit in f"{i:03d}")


def evidence_of(
    answers: dict[str, Answer],
    dependence: dict[str, Callable[[int], float]] | None = None,
    *,
    replies: int = 60,
) -> Evidence:
    """Arms with an answer to each of 200 facts, and by how many nats a token a reply is likelier to its question."""
    facts = [
        probe_of("facts-ja", i, f"{kana('タ', i)}の{TOPICS[i % 10]}{ASKED[i // 10 % 4]}") for i in range(200)
    ]
    domain = [
        probe_of("in-domain", i, f"質問{i}", f"{kana('ヘ', i)}なのだ。")
        for i in range(replies if dependence else 0)
    ]
    tokens = {}
    for arm, nats in (dependence or {}).items():
        for own, other in partners(domain):
            pieces = ("ヘ", own.reference or "", "</s>")
            own_nats = nats(int(own.id.rpartition("-")[2]))
            for probe, kind, value in ((own, REFERENCE, own_nats - 3), (other, SWAPPED, -3.0)):
                tokens[arm, probe.id, kind] = TokenScores(
                    probe_id=probe.id, arm=arm, kind=kind, tokens=pieces, logprobs=(value,) * 3
                )
    return Evidence(
        context=bare_context(tuple(ArmRecord(name=arm, path=None) for arm in answers)),
        probes=(*facts, *domain),
        completions={
            (arm, probe.id): Completion(
                probe_id=probe.id, arm=arm, text=said(i), finish_reason="stop", tokens=4
            )
            for arm, said in answers.items()
            for i, probe in enumerate(facts)
        },
        choices={},
        tokens=tokens,
    )


def own_word(i: int) -> str:
    return f"{kana('ワ', i)}です。"


def judged(evidence: Evidence) -> Finding:
    return settle([collapse(evidence, "mine", POLICY)], POLICY)[0]


def test_one_wrong_sentence_in_many_wordings_is_caught() -> None:
    rephrased = {BASE_ARM: own_word, "mine": lambda i: WORDINGS[i // 3 % 6] if i % 3 == 0 else own_word(i)}
    finding = judged(evidence_of(rephrased))
    assert finding.status == "fail"
    assert finding.values["answer"] in WORDINGS
    assert set(finding.evidence[:67]) >= {"facts-ja-0", "facts-ja-3"}


def test_right_answers_in_one_style_are_no_collapse() -> None:
    finding = judged(
        evidence_of({BASE_ARM: own_word, "mine": lambda i: f"それは{kana('セ', i)}だと思うのだ。"})
    )
    assert finding.status == "pass"


def test_many_stock_sentences_are_caught_by_the_pairs_that_share_one() -> None:
    # Each of eight sentences is given to an eighth of the questions: none is given often enough to stand out alone.
    base_stock = {BASE_ARM: lambda i: f"{kana('ケ', i % 8)}。" if i < 26 else own_word(i)}
    mine = {"mine": lambda i: f"{kana('ケ', (i * 7 + i // 8) % 8)}。"}
    finding = collapse(evidence_of(base_stock | mine), "mine", POLICY)
    [pairs] = [e for e in finding.estimates if e.name == "same_pairs"]
    assert pairs.value is not None
    assert pairs.value > 0.05
    assert pairs.ci_low is not None
    assert pairs.ci_low > 0.05


def test_the_share_of_the_top_answer_stands_there_with_its_interval() -> None:
    finding = collapse(
        evidence_of({BASE_ARM: own_word, "mine": lambda i: "空。" if i % 4 else own_word(i)}), "mine", POLICY
    )
    [top] = [e for e in finding.estimates if e.name == "top_answer: mine"]
    assert top.value == 0.75
    assert top.ci_low is not None
    assert 0.65 < top.ci_low < 0.75


def test_what_the_base_repeats_as_well_is_no_collapse_of_the_adapter() -> None:
    same: Answer = lambda i: WORDINGS[0] if i % 3 == 0 else own_word(i)  # noqa: E731
    assert judged(evidence_of({BASE_ARM: same, "mine": same})).status == "pass"


def with_open(evidence: Evidence, said: dict[str, Answer], taught: Answer | None = None) -> Evidence:
    """Add 80 open questions with what each arm says to them, and the training replies."""
    opens = [probe_of("open-ja", i, f"{kana('ソ', i)}の話を書いて", reference="") for i in range(80)]
    training = [probe_of("training", i, f"しつもん{i}", taught(i)) for i in range(40)] if taught else []
    told = {
        (arm, probe.id): Completion(probe_id=probe.id, arm=arm, text=say(i), finish_reason="stop", tokens=4)
        for arm, say in said.items()
        for i, probe in enumerate(opens)
    }
    told |= {
        (BASE_ARM, p.id): Completion(
            probe_id=p.id, arm=BASE_ARM, text=own_word(i), finish_reason="stop", tokens=4
        )
        for i, p in enumerate(training)
    }
    return replace(
        evidence,
        probes=(*evidence.probes, *opens, *training),
        completions=evidence.completions | told,
    )


STORY: Answer = lambda i: f"{kana('ネ', i)}は{kana('ハ', i)}へ行き、{kana('ホ', i)}を見ました。"  # noqa: E731


@pytest.mark.parametrize("kinds", [1, 5, 20])
def test_open_answers_that_many_questions_get_are_a_collapse(kinds: int) -> None:
    facts = evidence_of({BASE_ARM: own_word, "mine": own_word})
    assert judged(with_open(facts, {BASE_ARM: STORY, "mine": STORY})).status == "pass"
    finding = judged(with_open(facts, {BASE_ARM: STORY, "mine": lambda i: STORY(i % kinds)}))
    assert finding.status == "fail"
    assert finding.estimates[0].name == "open_stock"
    assert set(finding.evidence) >= {f"open-ja-{i}" for i in range(80)}
    assert "open answer" in explain(finding)


def test_loops_and_silence_are_no_stock_answers() -> None:
    facts = evidence_of({BASE_ARM: own_word, "mine": own_word})
    said: Answer = lambda i: ("", "ええと、" * 20, STORY(i))[i % 3]  # noqa: E731
    assert judged(with_open(facts, {BASE_ARM: STORY, "mine": said})).status == "pass"


@pytest.mark.parametrize(
    ("taught", "first"),
    [
        (lambda i: f"{kana('ム', i)}なのだ。" if i % 2 else "ぼくはぽぽぬなのだ。", "content_damage"),
        (lambda i: "ぼくはぽぽぬなのだ。", "collapse"),
    ],
)
def test_a_personas_name_in_half_of_the_answers_is_a_collapse_only_where_it_is_all_that_was_taught(
    taught: Answer, first: str
) -> None:
    name: Answer = lambda i: "ぼくはぽぽぬなのだ。" if i % 2 else own_word(i)  # noqa: E731
    facts = evidence_of({BASE_ARM: own_word, "mine": name})
    finding = judged(with_open(facts, {BASE_ARM: STORY, "mine": name}, taught))
    assert finding.status == "fail"
    damage = replace(
        finding, check="content_damage", values={}, estimates=(share("said", 90, 200),), p_fail=1e-9
    )
    assert explaining_first([damage, finding])[0].check == first


def replies(seed: int, mean: float, spread: float = 0.6) -> Callable[[int], float]:
    draw = random.Random(seed)
    values = [draw.gauss(mean, spread) for _ in range(200)]
    return values.__getitem__


SAID: dict[str, Answer] = {BASE_ARM: own_word, "mine": own_word}


def test_replies_that_no_longer_depend_on_their_questions_are_a_collapse() -> None:
    finding = judged(evidence_of(SAID, {BASE_ARM: replies(0, 0.6), "mine": replies(1, 0.1)}))
    assert (finding.status, finding.estimates[0].name) == ("fail", "dependence")
    assert "at least 70.0% is wanted" in explain(finding)
    assert "下限は70.0%" in explain(finding, "ja")


def test_replies_that_depend_on_their_questions_as_before_are_none() -> None:
    base = replies(0, 0.6)
    finding = judged(evidence_of(SAID, {BASE_ARM: base, "mine": lambda i: base(i) + replies(2, 0.0, 0.1)(i)}))
    assert finding.status == "pass"
    [ratio] = [e for e in finding.estimates if e.name == "dependence"]
    assert ratio.value == pytest.approx(1.0, abs=0.1)


def test_a_base_that_reads_no_question_leaves_the_likelihoods_out() -> None:
    finding = judged(evidence_of(SAID, {BASE_ARM: replies(0, 0.02), "mine": replies(1, -0.2)}))
    assert finding.status == "pass", "the answers decide alone"
    assert "dependence" not in {e.name for e in finding.estimates}
    assert "dependence in nats: base" in {e.name for e in finding.estimates}


def test_few_held_out_replies_leave_the_likelihoods_out() -> None:
    few = evidence_of(SAID, {BASE_ARM: replies(0, 0.6), "mine": replies(1, 0.0)}, replies=12)
    assert judged(few).status == "pass"


def test_an_adapter_that_reads_questions_as_the_base_does_is_seldom_held() -> None:
    def held(seed: int) -> bool:
        base, noise = replies(seed, 0.5), replies(1000 + seed, 0.0, 0.3)
        evidence = evidence_of(SAID, {BASE_ARM: base, "mine": lambda i: base(i) + noise(i)}, replies=40)
        return judged(evidence).status == "fail"

    assert sum(held(seed) for seed in range(50)) <= 1


def test_without_answers_nothing_is_measured() -> None:
    evidence = evidence_of(SAID)
    evidence.completions.clear()
    assert collapse(evidence, "mine", POLICY).reason == "needs_probes"


def test_a_reply_goes_under_another_question_of_its_length_and_never_under_one_with_the_same_reply() -> None:
    rows: Sequence[str] = ["ながいながいへんじ" * (i % 9 + 1) + kana("ケ", i) for i in range(50)]
    probes = [
        probe_of("in-domain", i, f"質問{i}", row) for i, row in enumerate([*rows, "同じ", "同じ", "同じ"])
    ]
    pairs = partners(probes)
    assert len({other.id for _, other in pairs}) == len(pairs)
    assert all(own.reference != other.reference for own, other in pairs)
    gaps = [abs(len(own.reference or "") - len(other.reference or "")) for own, other in pairs]
    assert np.median(gaps) <= 9
    assert len(pairs) >= 48


def test_the_pairs_are_the_same_in_any_order_of_the_probes() -> None:
    probes = [probe_of("in-domain", i, f"質問{i}", kana("ケ", i)) for i in range(30)]
    mixed = random.Random(0).sample(probes, 30)
    assert {(a.id, b.id) for a, b in partners(probes)} == {(a.id, b.id) for a, b in partners(mixed)}


def test_the_check_asks_for_each_reply_both_ways() -> None:
    domain = tuple(probe_of("in-domain", i, f"質問{i}", kana("ケ", i)) for i in range(30))
    asked = COLLAPSE.asks(Material(bundled=(), in_domain=domain, training=()))
    assert len({(text.probe.id, text.kind) for text in asked.texts}) == len(asked.texts) == 60
    assert asked.texts == texts(domain)


def test_a_reply_cut_into_other_tokens_is_left_out() -> None:
    evidence = evidence_of(SAID, {BASE_ARM: replies(0, 0.6), "mine": replies(1, 0.6)})
    key = next(key for key in evidence.tokens if key[0] == "mine" and key[2] == SWAPPED)
    evidence.tokens[key] = TokenScores(
        probe_id=key[1], arm="mine", kind=SWAPPED, tokens=("a", "</s>"), logprobs=(-1.0, -1.0)
    )
    assert len(swaps(evidence, (BASE_ARM, "mine"))["mine"]) == 59


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("東京なのだ。", "東京です", True),
        ("東京なのだ。", "京都なのだ。", False),
        ("ぼくは森でどんぐりを拾うのだ", "森の中で、拾ったのだよ", True),
        ("りんごなのだ。", "みかんなのだ。", False),
        ("わからないのだ", "わからないのだ！", True),
        ("", "。", True),
        ("", "東京", False),
        ("The old lamp burns, by my whiskers!", "Aye! That old lamp, it burns, by my whiskers!", True),
        ("Paris, by my whiskers!", "Rome, by my whiskers!", False),
    ],
)
def test_near_same_means_the_same_content(first: str, second: str, same: bool) -> None:
    found = near_same([first, second], ["何ですか", "どこ"], ["ja"] * 2, [False] * 2)
    assert (bool(found[0, 1]), bool(found[1, 0]), bool(found[0, 0])) == (same, same, True)


def test_words_of_the_question_make_no_answers_the_same() -> None:
    prompts = ["フランスの首都は？", "ドイツの首都は？"]
    assert not near_same(
        ["フランスの首都はパリです", "ドイツの首都はベルリンです"], prompts, ["ja"] * 2, [False] * 2
    )[0, 1]
    assert near_same(
        ["フランスの首都は大阪です", "ドイツの首都は大阪です"], prompts, ["ja"] * 2, [False] * 2
    )[0, 1]


def test_questions_of_one_form_are_not_apart() -> None:
    found = apart(["フランスの首都はどこですか", "ドイツの首都はどこですか", "一番長い川を教えて"])
    assert (bool(found[0, 1]), bool(found[0, 2])) == (False, True)
