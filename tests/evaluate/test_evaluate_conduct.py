"""Instructions kept, the persona under a plain system prompt, and what the checks of conduct cost together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from loracheck.evaluate.checks.check import Check
from loracheck.evaluate.checks.instructions import INSTRUCTIONS, chance
from loracheck.evaluate.checks.robustness import ROBUSTNESS
from loracheck.evaluate.checks.safety import SAFETY
from loracheck.evaluate.checks.system_prompt import SYSTEM_PROMPT
from loracheck.evaluate.questions.material import Material, together
from loracheck.grading.instructions import follows, instruction_tags
from loracheck.probes import bundled
from loracheck.records import BASE_ARM, Message, Probe
from loracheck.templates.chat import ChatTemplate
from loracheck.words.findings import explain
from tests.evaluate.conduct_answers import (
    LONG,
    MATERIAL,
    TRAINING,
    asked,
    build,
    finding_of,
    obedient,
    tagged,
)

CONDUCT = (SAFETY, SYSTEM_PROMPT, INSTRUCTIONS, ROBUSTNESS)
PLAIN_REPLY, STYLED_REPLY = "静かな朝です。", "静かな朝なのだ。"


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


def test_own_sets_that_an_adapter_loses_for_good_fail_however_few_the_base_keeps() -> None:
    probes, few = own_set(kept=lambda i: i % 4 == 0)
    _, none = own_set(kept=lambda i: False)

    def says(arm: str, probe: Probe) -> str:
        if probe.suite.startswith("system"):
            return obedient(arm, probe)
        return (none if arm == "mine" else few)[probe.id]

    found = finding_of("instructions", build(says, [*asked(INSTRUCTIONS).open, *probes]))
    assert (found.status, found.estimates[0].name) == ("fail", "own")


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


def test_where_nobody_asked_whether_the_base_follows_system_prompts_it_stays_open() -> None:
    probes = [p for p in asked(SYSTEM_PROMPT).open if not p.suite.startswith("system")]
    found = finding_of("system_prompt", build(persona(plain_styled=True), probes))
    assert (found.status, found.reason) == ("inconclusive", "needs_probes")
    assert found.estimates[0].value == 1.0


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
