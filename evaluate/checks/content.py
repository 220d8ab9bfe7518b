"""Content: does the adapter still say, and still prefer, the right answer, in persona or plainly?

Several tests make one check. By generation: how often is the persona's own name the answer to a factual question,
and how often is the right answer still said? By likelihood: is the right answer, in either style, still preferred to
wrong ones and to the reply that floods the training data? A model may rank the right answer first and not say it
(suppressed), or not know it any more (lost); only both tests together tell, question by question.

How far the training moved style and content apart from each other is read off the four strings of a question, right
and wrong, plain and in style (`loracheck.probes.choices.contrast`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Policy
from loracheck.evaluate.questions.material import Material, Questions
from loracheck.evaluate.readings.sameness import manner, words_told
from loracheck.grading import outcome
from loracheck.probes.choices import contrast, guessing, prefers_right
from loracheck.records import BASE_ARM, Estimate, Finding, Probe
from loracheck.stats.means import mean_of
from loracheck.style.markers import names_persona

from .check import Check
from .gates import NO_HEADROOM, excused, joined, paired_gate, rate_gate, unmeasured

CHECK = "content_damage"
CHANCE = 0.25
"""One right answer among four choices."""


def outcomes(evidence: Evidence, arm: str) -> dict[str, str]:
    """Classify every graded answer of an arm, by probe id."""
    probes = [
        p for p in evidence.out_of_domain if p.expected is not None and (arm, p.id) in evidence.completions
    ]
    found = {probe.id: outcome(probe, evidence.text(arm, probe), evidence.markers) for probe in probes}
    for language in sorted({probe.language for probe in probes}):
        mine = [probe for probe in probes if probe.language == language]
        found |= dict.fromkeys(_spoken_of_oneself(evidence, arm, mine, found), "wrong")
    return found


def _spoken_of_oneself(
    evidence: Evidence, arm: str, probes: Sequence[Probe], found: dict[str, str]
) -> list[str]:
    """Return the wrong answers that hold the name only because the persona speaks of itself by name.

    It does so where most of its right answers hold the name too, and these are as many as the wrong ones that do; what
    a wrong one says besides is then its answer. Where right answers are few, the name stays what was answered.
    """
    right = [evidence.text(arm, probe) for probe in probes if found[probe.id].startswith("right")]
    wrong = sum(found[probe.id] == "persona_name" for probe in probes)
    named = sum(names_persona(evidence.markers, text) for text in right)
    spoken = manner([words_told(text) for text in right])
    if not spoken or named <= len(right) / 2 or named < wrong:
        return []
    spoken |= {word for marker in evidence.markers for word in words_told(marker.text)}
    return [
        probe.id
        for probe in probes
        if found[probe.id] == "persona_name"
        and words_told(evidence.text(arm, probe)) - words_told(probe.prompt) - spoken
    ]


def content_damage(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Check that the right answer is still said and preferred."""
    facts = [probe for probe in evidence.suite("facts") if probe.expected is not None]
    ranked = evidence.ranked(adapter, facts)
    answered = evidence.answered(adapter, facts)
    if not ranked or not answered:
        return unmeasured(CHECK, adapter, "needs_probes")
    found = {arm: outcomes(evidence, arm) for arm in (BASE_ARM, adapter)}
    right = {arm: {i for i, said in found[arm].items() if said.startswith("right")} for arm in found}
    preferred = {
        arm: {p.id for p in ranked if prefers_right(evidence.choices[arm, p.id])}
        for arm in (BASE_ARM, adapter)
    }
    tests = [_paired("difference", adapter, policy, ranked, preferred)]
    if any(marker.kind == "term" for marker in evidence.markers):
        tests.append(_names(adapter, policy, answered, found))
    said = _paired("said", adapter, policy, answered, right, chance=0.0)
    watch = []
    if excused(
        said, policy.alpha
    ):  # the base itself says too few right answers: a loss counts, keeping them does not
        watch.append(said)
    else:
        tests.append(said)
    known = _paired(
        "known", adapter, policy, said_elsewhere(answered, evidence, right[BASE_ARM]), right, chance=0.0
    )
    if known.reason != NO_HEADROOM:
        watch.append(known)
    finding = joined(tests, policy.alpha, watch=watch)
    ids = [probe.id for probe in answered]
    counts = {arm: dict(Counter(found[arm][i] for i in ids)) for arm in found}
    values = finding.values | {"outcomes": counts} | _fates(evidence, adapter, ids, right)
    return replace(
        finding, estimates=(*finding.estimates, *_effects(evidence, adapter, ranked)), values=values
    )


def said_elsewhere(facts: Sequence[Probe], evidence: Evidence, right: set[str]) -> list[Probe]:
    """Return the questions whose fact an arm says right in another wording or language.

    What is known is chosen by one answer and measured by another: an answer that was right by luck is then no loss
    when its luck is out. `right` holds the ids of the arm's right answers.
    """
    wordings: dict[str, set[str]] = defaultdict(set)
    for probe in evidence.out_of_domain:
        if probe.cluster and probe.id in right:
            wordings[probe.cluster].add(probe.id)
    return [probe for probe in facts if wordings.get(probe.cluster, set()) - {probe.id}]


def _paired(
    name: str,
    adapter: str,
    policy: Policy,
    probes: Sequence[Probe],
    right: dict[str, set[str]],
    *,
    chance: float | None = None,
) -> Finding:
    return paired_gate(
        CHECK,
        adapter,
        base=[probe.id in right[BASE_ARM] for probe in probes],
        tuned=[probe.id in right[adapter] for probe in probes],
        probe_ids=[probe.id for probe in probes],
        margin=policy.margin(CHECK),
        alpha=policy.alpha,
        name=name,
        chance=guessing(probes) if chance is None else chance,
        clusters=[probe.cluster for probe in probes],
    )


def _names(
    adapter: str, policy: Policy, answered: Sequence[Probe], found: dict[str, dict[str, str]]
) -> Finding:
    return rate_gate(
        CHECK,
        adapter,
        base=[found[BASE_ARM][probe.id] == "persona_name" for probe in answered],
        tuned=[found[adapter][probe.id] == "persona_name" for probe in answered],
        probe_ids=[probe.id for probe in answered],
        limit=policy.max_rate(CHECK),
        alpha=policy.alpha,
        name="name_rate",
        clusters=[probe.cluster for probe in answered],
    )


def _fates(
    evidence: Evidence, adapter: str, ids: Sequence[str], right: dict[str, set[str]]
) -> dict[str, Any]:
    """Tell of every answer that the base says and the adapter no longer does whether it is suppressed or lost."""
    unsaid = [i for i in ids if i in right[BASE_ARM] and i not in right[adapter]]
    scores = {i: evidence.choices.get((adapter, i)) for i in unsaid}
    kept = {
        i: prefers_right(ranked, name=False) for i, ranked in scores.items() if ranked and ranked.logprobs
    }
    suppressed, lost = [i for i in kept if kept[i]], [i for i in kept if not kept[i]]
    return {
        "unsaid": len(kept),
        "suppressed": len(suppressed),
        "gone": len(lost),
        "questions": {"suppressed": suppressed, "lost": lost},
    }


def _effects(evidence: Evidence, adapter: str, ranked: Sequence[Probe]) -> tuple[Estimate, ...]:
    """Estimate in nats how far the training moved the preference for the right content, and for the style."""
    moved: dict[str, list[tuple[float, str]]] = {"content_effect": [], "style_effect": []}
    for probe in ranked:
        before, after = (contrast(evidence.choices[arm, probe.id]) for arm in (BASE_ARM, adapter))
        if before is None or after is None:
            continue
        moved["content_effect"].append((after.content - before.content, probe.cluster))
        if before.style is not None and after.style is not None:
            moved["style_effect"].append((after.style - before.style, probe.cluster))
    return tuple(
        mean_of([value for value, _ in pairs], [cluster for _, cluster in pairs]).estimate(name)
        for name, pairs in moved.items()
        if pairs
    )


def _asks(material: Material) -> Questions:
    facts = material.suite("facts")
    return Questions(short=(*facts, *material.suite("forms")), rank=facts, base_only=material.training)


CONTENT_DAMAGE = Check(
    name=CHECK,
    measure=content_damage,
    asks=_asks,
    needs=("choices",),
    tests=("paired", "rate"),
    more=True,
)
