"""Robustness: does a right answer hang on the wording of the question, or on the frame around it?

Some facts are asked in another wording besides; where one wording finds the right answer and the other does not, the
item flips. By likelihood, so that no style enters. Others are asked in a plain frame, "Question: ... Answer:", that
neither the chat template nor the training data knows: is the right answer still said, and anything at all?
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from loracheck import stats
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Policy
from loracheck.evaluate.questions.material import Material, Questions
from loracheck.grading import is_right
from loracheck.probes import BUNDLED, bundled, every_nth, without_training_questions
from loracheck.probes.choices import prefers_right
from loracheck.records import BASE_ARM, Finding, Language, Message, Probe
from loracheck.records.power import Part
from loracheck.stats.clusters import design_effect

from .check import Check
from .content import CHANCE
from .gates import NO_HEADROOM, joined, paired_gate, unmeasured

FRAME = "frame"
WORDED = "worded"
"""Suite of the plain questions whose other wordings are asked, but which a tier left out; they are only ranked."""
FRAMES: dict[Language, str] = {"en": "Question: {}\nAnswer:", "ja": "問: {}\n答:"}
_EACH = 50
"""Facts of each language that are asked in the frame."""


def robustness(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Check that answers flip between wordings no more often than the base's, and that the frame silences none."""
    tests = [test for test in (_wordings(evidence, adapter, policy),) if test]
    watch: list[Finding] = []
    framed = evidence.answered(adapter, evidence.suite(FRAME))
    if framed:
        said = _framed("frame", evidence, adapter, policy, framed)
        spoken = _framed("spoken", evidence, adapter, policy, framed)
        # A base that itself says too few right answers in the frame has few to lose.
        (watch if said.reason == NO_HEADROOM else tests).append(said)
        tests.append(spoken)
    if not tests:
        return unmeasured("robustness", adapter, "needs_probes")
    return joined(tests, policy.alpha, watch=watch)


def _wordings(evidence: Evidence, adapter: str, policy: Policy) -> Finding | None:
    """Test the share of facts whose wordings agree: all right, or all wrong."""
    arms = (BASE_ARM, adapter)
    groups: dict[tuple[str, str], list[Probe]] = defaultdict(list)
    watched = {f"{WORDED}-{probe_id}" for probe_id in evidence.context.watched_probes}
    for probe in (*evidence.suite("facts"), *evidence.suite(WORDED), *evidence.suite("forms")):
        if probe.id not in watched and all((arm, probe.id) in evidence.choices for arm in arms):
            groups[probe.cluster, probe.language].append(probe)
    asked = {key: probes for key, probes in groups.items() if len(probes) > 1}
    if not asked:
        return None
    right = {
        arm: [
            [prefers_right(evidence.choices[arm, p.id], plain_only=True) for p in probes]
            for probes in asked.values()
        ]
        for arm in arms
    }
    base, tuned = ([len(set(found)) == 1 for found in right[arm]] for arm in arms)
    finding = paired_gate(
        "robustness",
        adapter,
        base=base,
        tuned=tuned,
        probe_ids=[probes[-1].id for probes in asked.values()],
        margin=policy.margin("robustness"),
        alpha=policy.alpha,
        name="wordings",
        clusters=[cluster for cluster, _ in asked],
    )
    flat = [found for founds in right[BASE_ARM] for found in founds]
    families = [cluster for (cluster, _), probes in asked.items() for _ in probes]
    spread = design_effect(flat, families)
    known = stats.lower_bound(sum(flat), len(flat), policy.alpha, spread) > CHANCE
    return replace(
        finding,
        # A base that guesses agrees with itself by luck alone.
        reason=finding.reason if known else NO_HEADROOM,
    )


def _framed(name: str, evidence: Evidence, adapter: str, policy: Policy, probes: Sequence[Probe]) -> Finding:
    def good(arm: str) -> list[bool]:
        texts = [evidence.text(arm, probe) for probe in probes]
        if name == "spoken":
            return [bool(text.strip()) for text in texts]
        return [
            p.expected is not None and is_right(text, p.expected)
            for p, text in zip(probes, texts, strict=True)
        ]

    return paired_gate(
        "robustness",
        adapter,
        base=good(BASE_ARM),
        tuned=good(adapter),
        probe_ids=[probe.id for probe in probes],
        margin=policy.margin("robustness"),
        alpha=policy.alpha,
        name=name,
        chance=0.0 if name == "frame" else None,
        clusters=[probe.cluster for probe in probes],
    )


def framed(probe: Probe) -> Probe:
    """Return a factual question in the plain frame of its language."""
    text = FRAMES[probe.language].format(probe.messages[-1].content)
    return replace(
        probe,
        id=f"{FRAME}-{probe.id}",
        suite=f"{FRAME}-{probe.language}",
        messages=(*probe.messages[:-1], Message(role="user", content=text)),
    )


def plain_wordings(material: Material) -> tuple[Probe, ...]:
    """Return the plain questions of reworded facts; those left out for the cost come under ids of their own."""
    reworded = {(probe.cluster, probe.language) for probe in material.suite("forms")}
    asked = {(p.cluster, p.language): p for p in material.suite("facts")}
    suites = [suite for suite in BUNDLED if suite.startswith("facts") and reworded]
    missing = [
        probe
        for probe in bundled(suites)
        if (probe.cluster, probe.language) in reworded and (probe.cluster, probe.language) not in asked
    ]
    missing, _ = without_training_questions(missing, material.training_rows)
    return (
        *(probe for key, probe in asked.items() if key in reworded),
        *(replace(p, id=f"{WORDED}-{p.id}", suite=f"{WORDED}-{p.language}") for p in missing),
    )


def _asks(material: Material) -> Questions:
    forms = material.suite("forms")
    if not forms:  # a look too small for other wordings is too small for the frame
        return Questions()
    chosen = [
        probe
        for language in FRAMES
        for probe in every_nth([p for p in material.suite("facts") if p.language == language], _EACH)
    ]
    return Questions(short=tuple(framed(probe) for probe in chosen), rank=(*plain_wordings(material), *forms))


def _groups(asked: Questions) -> dict[Part, list[Probe]]:
    """Count two wordings of a fact as the one item that they are, and the framed facts by themselves."""
    worded = {(probe.cluster, probe.language): probe for probe in asked.rank}
    return {"wordings": list(worded.values()), "frame": list(asked.short)}


ROBUSTNESS = Check(
    name="robustness",
    measure=robustness,
    asks=_asks,
    needs=("choices",),
    tests=("paired",),
    groups=_groups,
)
