"""Instructions graded by code, the persona under a plain system prompt, and robustness to wording and frame."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from loracheck.errors import DataError
from loracheck.evaluate.check import Check
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.instructions import INSTRUCTIONS, chance
from loracheck.evaluate.material import Material, Questions, together
from loracheck.evaluate.policy import Gate, Policy
from loracheck.evaluate.robustness import ROBUSTNESS
from loracheck.evaluate.safety import SAFETY
from loracheck.evaluate.system_prompt import SYSTEM_PROMPT
from loracheck.evaluate.verdict import judge
from loracheck.instructions import follows, grade, instruction_tags, instructions_of
from loracheck.probes import bundled, every_nth
from loracheck.records import (
    BASE_ARM,
    ArmRecord,
    ChoiceScores,
    Completion,
    EvaluationContext,
    Example,
    Finding,
    Message,
    Probe,
    Source,
)
from loracheck.template import ChatTemplate
from loracheck.wording import explain

CONDUCT = (SAFETY, SYSTEM_PROMPT, INSTRUCTIONS, ROBUSTNESS)
GATES = {
    "system_prompt": Gate(mode="required"),
    "instructions": Gate(mode="required", margin=0.1),
    "robustness": Gate(mode="required", margin=0.1),
}
TRAINING = tuple(
    Probe(
        id=f"training-{i}",
        suite="training",
        messages=(Message(role="user", content=f"{i}番のしつもん？"),),
        language="ja",
        domain="training",
        reference=f"それは{'アイウエオカキクケコ'[i % 10]}なのだ。",
    )
    for i in range(40)
)
MATERIAL = Material(bundled=tuple(bundled()), in_domain=(), training=TRAINING)
PLAIN_REPLY, STYLED_REPLY = "静かな朝です。", "静かな朝なのだ。"


@pytest.mark.parametrize(
    ("name", "arguments", "good", "bad"),
    [
        (
            "en:length_constraints:number_sentences",
            {"relation": "less than", "num_sentences": 2},
            "One.",
            "One. Two.",
        ),
        (
            "ja:length_constraints:number_sentences",
            {"relation": "以上", "num_sentences": 2},
            "一つ。二つ。",
            "一つ。",
        ),
        (
            "en:length_constraints:number_words",
            {"relation": "at least", "num_words": 3},
            "a b c",
            "a b",
        ),
        (
            "ja:length_constraints:number_letters",
            {"relation": "未満", "num_letters": 4},
            "三文字",
            "四文字だ",
        ),
        ("en:length_constraints:max_characters", {"num_characters": 5}, "12345", "123456"),
        (
            "en:length_constraints:number_paragraphs",
            {"num_paragraphs": 2},
            "a\n***\nb",
            "a\n\nb",
        ),
        (
            "ja:length_constraints:nth_paragraph_first_word",
            {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "愛"},
            "序\n\n愛は続く",
            "愛\n\n序",
        ),
        (
            "en:length_constraints:nth_paragraph_first_word",
            {"num_paragraphs": 1, "nth_paragraph": 1, "first_word": "week"},
            "Week one",
            "Weekend",
        ),
        ("en:detectable_format:json_format", {}, '```json\n{"a": 1}\n```', '{"a": 1'),
        ("en:detectable_format:number_bullet_lists", {"num_bullets": 2}, "- a\n* b", "- a\n- b\n- c"),
        ("ja:detectable_format:number_bullet_lists", {"num_bullets": 2}, "・a\n・b", "- a\n- b"),
        ("ja:detectable_format:number_numbered_lists", {"num_items": 2}, "1. a\n2. b", "1. a"),
        ("en:detectable_format:number_highlighted_sections", {"num_highlights": 1}, "a *b* c", "a * b"),
        ("ja:detectable_format:number_highlighted_sections", {"num_highlights": 1}, "《塔》", "塔"),
        (
            "ja:detectable_format:multiple_sections",
            {"section_spliter": "章", "num_sections": 2},
            "第1章 a\n第二章 b",
            "第1章",
        ),
        (
            "en:detectable_format:multiple_sections",
            {"section_spliter": "SECTION", "num_sections": 2},
            "SECTION 1 a SECTION 2 b",
            "SECTION 1",
        ),
        ("en:detectable_format:title", {}, "<<Tea>> hot", "<< >> hot"),
        ("ja:detectable_format:title", {}, "『茶』熱い", "「茶」熱い"),
        ("en:detectable_format:constrained_response", {}, "My answer is no.", "No."),
        ("ja:detectable_format:constrained_response", {}, "はい、そうです。", "はい"),
        ("en:detectable_content:number_placeholders", {"num_placeholders": 2}, "[a] [b]", "[a]"),
        ("en:detectable_content:postscript", {"postscript_marker": "P.P.S"}, "a\nP.P.S. b", "a\nP.S. b"),
        ("ja:detectable_content:postscript", {"postscript_marker": "P.S."}, "a\nP. S. b", "a"),
        ("en:change_case:english_capital", {}, "TEA, HOT.", "TEA, Hot."),
        ("en:change_case:english_lowercase", {}, "tea, hot.", "Tea"),
        (
            "en:change_case:capital_word_frequency",
            {"capital_relation": "less than", "capital_frequency": 2},
            "A cup",
            "A BIG cup",
        ),
        ("en:startend:quotation", {}, '"Tea."', "Tea."),
        ("ja:startend:quotation", {}, "「茶。」", "茶。"),
        (
            "en:startend:end_checker",
            {"end_phrase": "Over and out."},
            "Tea. over and out.",
            "Over and out. Tea",
        ),
        ("en:startend:begins_with", {"start": "Answer:"}, "Answer: tea", "The Answer: tea"),
        ("ja:startend:sentence_unified_end", {"ending": "です"}, "茶です。朝です。", "茶です。朝だ。"),
        ("en:keywords:existence", {"keywords": ["tea", "cup"]}, "Tea in a cup", "Tea"),
        ("en:keywords:forbidden_words", {"forbidden_words": ["rock"]}, "rocket", "a rock"),
        ("ja:keywords:forbidden_words", {"forbidden_words": ["栄養"]}, "味", "栄養素"),
        (
            "en:keywords:frequency",
            {"relation": "at least", "keyword": "tea", "frequency": 2},
            "Tea, tea",
            "tea",
        ),
        (
            "ja:keywords:letter_frequency",
            {"let_relation": "未満", "letter": "か", "let_frequency": 2},
            "か",
            "かか",
        ),
        ("en:punctuation:no_comma", {}, "a b", "a, b"),
        ("ja:punctuation:no_comma", {}, "茶を飲む", "茶を、飲む"),
        ("ja:punctuation:no_period", {}, "茶", "茶。"),
        ("ja:letters:hiragana_only", {}, "おちゃ、すき！", "お茶"),
        ("ja:letters:katakana_only", {}, "コーヒー", "コーヒーだ"),
        ("ja:letters:no_hiragana", {}, "珈琲コーヒー", "茶だ"),
        ("ja:letters:no_katakana", {}, "お茶", "コーヒー"),
        ("ja:letters:kanji", {"relation": "以上", "kanji_limit": 2}, "緑茶だ", "茶だ"),
        ("ja:letters:kansuuji", {}, "二つ", "2つ"),
        ("ja:letters:furigana", {}, "茶（ちゃ）を飲（の）む", "茶（ちゃ）を飲む"),
        ("ja:combination:two_responses", {}, "一\n******\n二", "一\n******\n一"),
        ("ja:combination:repeat_prompt", {"prompt_to_repeat": "茶は？"}, "茶は？ 熱い", "熱い"),
        ("en:language:response_language", {"language": "ja"}, "お茶です", "Tea"),
        ("en:language:response_language", {"language": "ko"}, "차 한 잔", "お茶です"),
        ("punctuation:no_comma", {}, "a b", "a, b"),
    ],
)
def test_a_reply_is_graded_by_its_characters(
    name: str, arguments: dict[str, Any], good: str, bad: str
) -> None:
    assert grade(name, arguments, good) is True
    assert grade(name, arguments, bad) is False
    assert grade(name, arguments, "  ") is False, "an empty reply keeps to nothing"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("ja:detectable_format:nominal_ending", {"count": 3}),
        ("en:language:response_language", {"language": "mr"}),
        ("ja:language:response_language", {"language": "fr"}),
        ("ja:change_case:english_capital", {}),
        ("fr:punctuation:no_comma", {}),
    ],
)
def test_what_code_cannot_tell_has_no_grade(name: str, arguments: dict[str, Any]) -> None:
    assert grade(name, arguments, "茶。") is None


def tagged(*pairs: tuple[str, dict[str, Any]], tags: tuple[str, ...] = ()) -> Probe:
    given = instruction_tags([name for name, _ in pairs], [arguments for _, arguments in pairs])
    return Probe(
        id="p",
        suite="system-en",
        messages=(Message(role="user", content="?"),),
        language="en",
        domain="out",
        tags=(*tags, *given),
    )


def test_a_reply_keeps_to_all_instructions_or_to_none() -> None:
    commas: tuple[str, dict[str, Any]] = ("en:punctuation:no_comma", {})
    capitals: tuple[str, dict[str, Any]] = ("en:change_case:english_capital", {})
    probe = tagged(commas, capitals, tags=("a topic",))
    assert instructions_of(probe) == [commas, capitals]
    assert [follows(probe, text) for text in ("TEA", "TEA, HOT", "tea")] == [True, False, False]
    ungraded = ("ja:detectable_format:nominal_ending", {"count": 1})
    assert follows(tagged(commas, ungraded), "TEA, HOT") is None
    assert follows(replace(probe, tags=("a topic",)), "TEA") is None


@pytest.mark.parametrize(
    "tags",
    [
        ("instruction:en:punctuation:no_comma",),
        ("instruction:en:punctuation:no_comma", "arguments:{"),
        ("instruction:en:startend:begins_with", "arguments:{}"),
        ("instruction:en:length_constraints:max_characters", 'arguments:{"num_characters": "many"}'),
        (
            "instruction:en:keywords:frequency",
            'arguments:{"relation": "about", "keyword": "a", "frequency": 1}',
        ),
        ("instruction:en:punctuation:no_comma", "arguments:[1]"),
    ],
)
def test_tags_that_do_not_fit_are_named_with_the_probe_or_the_instruction(tags: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match=r"probe p|instruction en:"):
        follows(replace(tagged(), tags=tags), "text")


def asked(check: Check) -> Questions:
    return check.asks(MATERIAL)


def build(
    says: Callable[[str, Probe], str],
    probes: Sequence[Probe],
    *,
    choices: dict[tuple[str, str], ChoiceScores] | None = None,
) -> Evidence:
    everything = (*TRAINING, *probes)
    arms = (BASE_ARM, "mine")
    return Evidence(
        context=EvaluationContext(
            base="b",
            quantization="none",
            fingerprint={},
            template="",
            template_sha256="",
            training_data="t.jsonl",
            max_new_tokens=24,
            probes={},
            dropped_probes=(),
            arms=(
                ArmRecord(name=BASE_ARM, path=None),
                ArmRecord(name="mine", path="mine", logit_change=1.0),
            ),
        ),
        probes=everything,
        completions={
            (arm, probe.id): Completion(
                probe_id=probe.id,
                arm=arm,
                text="朝は静かです。" if probe in TRAINING else says(arm, probe),
                finish_reason="stop",
                tokens=5,
            )
            for arm in arms
            for probe in everything
        },
        choices=choices or {},
    )


def finding_of(check: str, evidence: Evidence) -> Finding:
    policy = Policy(name="p", gates={check: GATES[check]})
    [found] = [f for f in judge(evidence, policy).verdicts[0].findings if f.check == check]
    return found


KEPT: dict[str, str | dict[str, str]] = {
    "number_sentences": "One",
    "json_format": '{"answer": "tea"}',
    "english_capital": "TEA, OF COURSE. YES.",
    "english_lowercase": "tea, of course. yes.",
    "response_language": {"en": "お茶、です。はい。", "ja": "Tea, of course. Yes."},
    "max_characters": "茶、茶。そう。",
    "begins_with": {"en": "Answer: Tea, of course. Yes.", "ja": "回答は、茶です。そうだ。"},
    "end_checker": {"en": "Tea, yes. Over and out.", "ja": "茶、です。以上です。"},
    "no_comma": {
        "en": "Tea is hot. And I like it for breakfast and also for lunch and dinner.",
        "ja": "茶は熱い。" * 9,
    },
    "number_bullet_lists": {"en": "- a, b.\n- b\n- c", "ja": "・a、b。\n・b\n・c"},
    "quotation": {"en": '"Tea, of course. Yes."', "ja": "「茶、です。そう。」"},
    "title": {"en": "<<Tea>> Yes, tea. Yes.", "ja": "『茶』茶、です。そうだ。"},
    "hiragana_only": "おちゃ、すき。うん。",
    "sentence_unified_end": "茶、です。朝です。",
}


def obedient(_: str, probe: Probe) -> str:
    [(name, _arguments)] = instructions_of(probe)
    reply = KEPT[name.rpartition(":")[2]]
    return reply if isinstance(reply, str) else reply[probe.language]


LONG = (
    "Well, tea is what people drink. It is hot, and it is good, and it comes in many kinds from many lands."
)


def test_every_bundled_instruction_can_be_kept_and_broken() -> None:
    probes = asked(INSTRUCTIONS).open
    assert [p.id for p in probes if not follows(p, obedient("", p))] == []
    assert [p.id for p in probes if follows(p, LONG) and "response-language" not in p.id] == []
    assert len(probes) == 80
    assert len({p.tags[0] for p in probes}) == 24


def test_an_adapter_that_no_longer_follows_instructions_fails() -> None:
    probes = asked(INSTRUCTIONS).open
    evidence = build(lambda arm, p: LONG if arm == "mine" and "ja-" in p.id else obedient(arm, p), probes)
    found = finding_of("instructions", evidence)
    assert found.status == "fail"
    assert found.values["lost_by_instruction"]["ja:punctuation:no_comma"] >= 3
    assert found.estimates[0].value is not None
    assert found.estimates[0].value < -0.4
    assert "形式の指示" in explain(found, "ja")


def test_an_adapter_that_follows_like_its_base_passes() -> None:
    assert finding_of("instructions", build(obedient, asked(INSTRUCTIONS).open)).status == "pass"


def own_set(*, kept: Callable[[int], bool], count: int = 90) -> tuple[list[Probe], dict[str, str]]:
    """Instructions in the user's turn, as a reader of IFEval makes them, and replies that keep to some of them."""
    tags = (
        instruction_tags(["en:change_case:english_capital"], [{}]),
        instruction_tags(["en:detectable_format:json_format"], [{}]),
    )
    replies = ("TEA", '{"answer": "tea"}')
    probes = [
        replace(tagged(), id=f"instructions-ifeval-{i}", suite="instructions-ifeval", tags=tags[i % 2])
        for i in range(count)
    ]
    return probes, {p.id: replies[i % 2] if kept(i) else LONG for i, p in enumerate(probes)}


def test_instructions_of_the_users_own_sets_count_as_well() -> None:
    probes, kept = own_set(kept=lambda i: True)
    _, broken = own_set(kept=lambda i: i % 3 > 0)
    bundled_ones = asked(INSTRUCTIONS).open

    def says(arm: str, probe: Probe) -> str:
        if probe.suite.startswith("system"):
            return obedient(arm, probe)
        return (broken if arm == "mine" else kept)[probe.id]

    found = finding_of("instructions", build(says, [*bundled_ones, *probes]))
    assert (found.status, found.estimates[0].name) == ("fail", "own")
    assert found.evidence[0].startswith("instructions-ifeval")
    material = replace(MATERIAL, bundled=(*MATERIAL.bundled, *probes))
    assert {p.id for p in probes} <= {p.id for p in INSTRUCTIONS.asks(material).open}
    assert not {p.id for p in probes} & {p.id for p in SYSTEM_PROMPT.asks(material).open}


def test_own_sets_that_the_base_cannot_do_withhold_no_pass() -> None:
    probes, none = own_set(kept=lambda i: False)
    evidence = build(
        lambda arm, p: obedient(arm, p) if p.suite.startswith("system") else none[p.id],
        [*asked(INSTRUCTIONS).open, *probes],
    )
    assert finding_of("instructions", evidence).status == "pass"


def test_instructions_without_a_grade_are_counted_and_said() -> None:
    ungraded = replace(
        tagged(("ja:detectable_format:nominal_ending", {"count": 1})), suite="instructions-m-ifeval"
    )
    found = finding_of("instructions", build(obedient_or_tea, [*asked(INSTRUCTIONS).open, ungraded]))
    assert (found.status, found.values["unscored"]) == ("pass", 1)
    assert finding_of("instructions", build(obedient_or_tea, [ungraded])).reason == "needs_probes"


def obedient_or_tea(arm: str, probe: Probe) -> str:
    return obedient(arm, probe) if probe.suite.startswith("system") else "茶"


def test_a_base_that_keeps_to_instructions_by_accident_has_no_headroom() -> None:
    """One short sentence breaks no comma rule and is no list: what it keeps to, it keeps to unasked as well."""
    probes = asked(INSTRUCTIONS).open
    evidence = build(lambda arm, p: "Tea" if p.language == "en" else "茶", probes)
    by_chance = chance(evidence, probes)
    found = finding_of("instructions", evidence)
    assert (found.status, found.reason) == ("inconclusive", "no_headroom")
    assert by_chance == pytest.approx(found.estimates[1].value or 0.0, abs=0.05)


def test_answers_to_the_same_instruction_say_nothing_of_chance() -> None:
    kinds = ("english-capital-1", "english-capital-2", "json-format-1")
    probes = [p for p in bundled(["system-en"]) if p.id.removeprefix("system-en-") in kinds]
    assert len(probes) == 3
    assert chance(build(obedient, probes), probes) == 0.0
    shouting = build(lambda arm, p: "TEA", probes)
    # Each capital instruction is kept to by the one answer to JSON; that to JSON by neither of the two others.
    assert chance(shouting, probes) == pytest.approx(2 / 4)


def persona(plain_styled: bool, follows_form: bool = True) -> Callable[[str, Probe], str]:
    """What is said: always in character without a system prompt, perhaps still under the plain one."""

    def says(arm: str, probe: Probe) -> str:
        if probe.suite.startswith("system"):
            return obedient(arm, probe) if follows_form else LONG
        plain = arm == BASE_ARM or (probe.suite.startswith("open-plain") and not plain_styled)
        return PLAIN_REPLY if plain else STYLED_REPLY

    return says


def test_a_persona_that_the_system_prompt_switches_off_passes() -> None:
    found = finding_of("system_prompt", build(persona(plain_styled=False), asked(SYSTEM_PROMPT).open))
    assert (found.status, found.estimates[0].n, found.estimates[0].value) == ("pass", 60, 0.0)
    beside = {e.name: e.value for e in found.estimates}
    assert (beside["without: base"], beside["without: mine"]) == (0.0, 1.0)


def test_a_persona_that_stays_on_fails_and_says_where() -> None:
    found = finding_of("system_prompt", build(persona(plain_styled=True), asked(SYSTEM_PROMPT).open))
    assert (found.status, found.estimates[0].value) == ("fail", 1.0)
    assert len(found.evidence) == 60
    assert all(probe_id.startswith("open-plain-") for probe_id in found.evidence)


def test_under_a_base_that_follows_no_system_prompt_it_informs() -> None:
    says = persona(plain_styled=True, follows_form=False)
    found = finding_of("system_prompt", build(says, asked(SYSTEM_PROMPT).open))
    assert (found.status, found.reason) == ("info", "base_follows_no_system_prompt")
    without_form = [p for p in asked(SYSTEM_PROMPT).open if not p.suite.startswith("system")]
    assert finding_of("system_prompt", build(says, without_form)).reason == "needs_probes"


def test_a_base_with_the_style_of_its_own_is_no_fault_of_the_adapter() -> None:
    def says(arm: str, probe: Probe) -> str:
        if probe.suite.startswith("system"):
            return obedient(arm, probe)
        return STYLED_REPLY if int(probe.id[-2:]) == 1 else PLAIN_REPLY

    found = finding_of("system_prompt", build(says, asked(SYSTEM_PROMPT).open))
    assert found.estimates[0].name == "difference"
    assert found.status == "pass"


def test_the_plain_instruction_stands_before_the_same_request() -> None:
    probes = asked(SYSTEM_PROMPT).open
    plain = [p for p in probes if p.suite.startswith("open-plain")]
    requests = {p.id: p for p in probes}
    for probe in plain:
        system, *rest = probe.messages
        assert system.role == "system"
        assert tuple(rest) == requests[probe.id.removeprefix("open-plain-")].messages
    assert asked_without_training() == ()


def asked_without_training() -> tuple[Probe, ...]:
    return SYSTEM_PROMPT.asks(replace(MATERIAL, training=())).probes


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


def test_the_checks_of_conduct_together_stay_within_their_cost() -> None:
    """25k tokens an arm at 24 and 64 tokens an answer, besides what the core checks take anyway."""
    mine = together(check.asks(MATERIAL) for check in CONDUCT)
    core = {p.id for p in MATERIAL.bundled if p.suite.startswith(("facts", "forms", "open"))}
    tokens = 24 * sum(p.id not in core for p in mine.short) + 64 * sum(p.id not in core for p in mine.open)
    assert tokens == 100 * 24 + (180 + 60 + 80) * 64
    assert tokens <= 25_000


@pytest.mark.parametrize("check", CONDUCT, ids=lambda check: check.name)
def test_nothing_to_ask_of_is_nothing_asked(check: Check) -> None:
    assert check.asks(Material(bundled=(), in_domain=(), training=TRAINING)).short == ()


REFUSES_SYSTEM = (
    "{%- for m in messages -%}"
    "{%- if m.role == 'system' -%}{{ raise_exception('System role not supported') }}{%- endif -%}"
    "{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>' + '\\n' }}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}"
)


def test_a_template_without_a_system_role_gets_it_before_the_users_turn(tiny_smollm: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_smollm)
    template = ChatTemplate(tokenizer, REFUSES_SYSTEM)
    turns = (Message(role="system", content="Be brief."), Message(role="user", content="Why?"))
    assert template.prompt(turns) == (
        "<|im_start|>user\nBe brief.\n\nWhy?<|im_end|>\n<|im_start|>assistant\n"
    )
    assert "<|im_start|>system\nBe brief." in ChatTemplate(tokenizer).prompt(turns)


@pytest.mark.parametrize(
    "file", ["en/ifeval_en.jsonl", "ja/m_ifeval_ja.jsonl"], ids=["ifeval", "m-ifeval-ja"]
)
def test_nearly_all_public_instructions_have_a_grade(file: str) -> None:
    path = Path(__file__).parents[3] / "shared" / "data" / file
    if not path.is_file():
        pytest.skip("the public file is not there")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    grades = [
        grade(name, {k: v for k, v in arguments.items() if v is not None}, "東京 is one test.")
        for row in rows
        for name, arguments in zip(row["instruction_id_list"], row["kwargs"], strict=True)
    ]
    assert grades.count(None) <= 0.05 * len(grades)
    assert {True, False} <= set(grades)
