"""Evidence built record by record: what base and adapters do, put into the records of an eval run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from loracheck import jsonl
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Policy, load_policy
from loracheck.evaluate.verdict.judge import judge
from loracheck.records import (
    BASE_ARM,
    ArmRecord,
    ChoiceScores,
    Completion,
    EvaluationContext,
    Expected,
    Finding,
    Message,
    Probe,
    Verdict,
)
from loracheck.runs import open_run

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
    "stuck": lambda i: "ええと、" * 8,
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


def bare_context(arms: Iterable[ArmRecord], *, known: bool = True) -> EvaluationContext:
    """The context of a run of these arms of which nothing else matters; known: its training data was given."""
    return EvaluationContext(
        base="b",
        quantization="none",
        fingerprint={},
        template="",
        template_sha256="",
        training_data="t.jsonl" if known else None,
        max_new_tokens=24,
        probes={},
        dropped_probes=(),
        arms=tuple(arms),
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
        context=replace(
            bare_context((ArmRecord(name=BASE_ARM, path=None), *records), known=bool(training)),
            probes=dict(Counter(probe.suite for probe in probes)),
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


def write_run(path: Path, evidence: Evidence, policy: Policy) -> Path:
    """Write an eval run of an evidence, judged by a policy."""
    with open_run(path, "eval", config={"policy": jsonl.to_builtins(policy)}):
        jsonl.write(path / "probes.jsonl", evidence.probes)
        jsonl.write(path / "completions.jsonl", evidence.completions.values())
        jsonl.write(path / "choices.jsonl", evidence.choices.values())
        jsonl.write_one(path / "context.json", evidence.context)
        jsonl.write_one(path / "verdict.json", judge(evidence, policy))
    return path
