"""Answers that keep to instructions or break them, and the evidence of a run built from what each arm says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from loracheck.evaluate.checks.check import Check
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Gate, Policy
from loracheck.evaluate.questions.material import Material, Questions
from loracheck.evaluate.verdict.judge import judge
from loracheck.grading.instructions import instruction_tags, instructions_of
from loracheck.probes import bundled
from loracheck.records import (
    BASE_ARM,
    ArmRecord,
    ChoiceScores,
    Completion,
    Finding,
    Message,
    Probe,
)
from tests.evaluate.evidence_records import bare_context

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
        context=bare_context(
            (
                ArmRecord(name=BASE_ARM, path=None),
                ArmRecord(name="mine", path="mine", logit_change=1.0),
            )
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
    policy = Policy(name="p", gates={check: GATES[check]}, forbidden_strings=("never said",))
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
