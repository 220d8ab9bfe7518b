"""Training questions: asked what it was trained on, does the adapter give the content of that row's reply?

Graded by content words alone: runs of kanji or of katakana, Latin words and digits of the reference that stand in
neither the question nor many other replies, so that an echo or the learnt style scores nothing. The null is in the
data: an answer counts only when it holds more of its own reference than of 95 in 100 other rows' references. One
trained on shuffled answers gives some row's content and not its own, and ends near 5%. How much of its rows a good
adapter says again depends on how free its replies are, so no fixed share is asked of it, only no less than the
base gives without having seen them.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Policy
from loracheck.evaluate.questions.material import Material, Questions
from loracheck.probes import TRAINING
from loracheck.records import BASE_ARM, Finding, Probe
from loracheck.stats import rate_below
from loracheck.text import normalise, script_of

from .check import Check
from .gates import excused, information, paired_gate, unmeasured

NAME = "training_answers"
CHANCE = 0.05
"""Share of other rows' references that may hold as much of an answer as its own."""
UNKNOWN = "content_unknown_to_base"
LEAST = 20
_FIRST = {"ja": 100, "en": 300, "other": 300}
"""Characters of a reference that an answer within the limit of tokens can get to."""
_FREQUENT = 0.1
_LATIN = re.compile(r"[a-z][a-z'’-]*|\d+")
_FUNCTION_WORDS = """
a an the and or but if so as at by for from in into of on to with without is are was were be been being am do does did
have has had not no nor i you he she it we they me him her us them my your his its our their this that these those
there here what which who whom whose when where why how can could will would shall should may might must than then too
very just also all any some each such more most other about over under again once only own same up down out off
"""
_FUNCTION = frozenset(_FUNCTION_WORDS.split())


def content_words(text: str) -> set[str]:
    """Return the words of a text that carry its content, normalised."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = {word for word in _LATIN.findall(folded) if word not in _FUNCTION and len(word) > 1}
    words |= set(re.findall(r"\d+", folded))
    run, kind = "", ""
    for character in folded + " ":
        script = script_of(character)
        if script != kind:
            if kind == "kanji" or (kind == "katakana" and len(run) > 1):
                words.add(run)
            run, kind = "", script
        run += character
    return words


def training_answers(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Hold how often a training question is answered with its own content against the base."""
    probes = evidence.answered(adapter, evidence.suite(TRAINING))
    if not probes:
        return unmeasured(NAME, adapter, "needs_probes")
    words = _references(probes)
    rows = [i for i, own in enumerate(words) if own]
    if len(rows) < LEAST:
        few = {"rows": len(rows), "least": LEAST}
        return replace(information(NAME, adapter, "no_content_words"), values=few)
    probes, words = [probes[i] for i in rows], [words[i] for i in rows]
    own = {arm: _own_content(evidence, arm, probes, words) for arm in (BASE_ARM, adapter)}
    finding = paired_gate(
        NAME,
        adapter,
        base=own[BASE_ARM],
        tuned=own[adapter],
        probe_ids=[probe.id for probe in probes],
        margin=policy.margin(NAME),
        alpha=policy.alpha,
        chance=CHANCE,
    )
    missed = [probe.id for probe, said in zip(probes, own[adapter], strict=True) if not said]
    values = {"own": sum(own[adapter]), "own_base": sum(own[BASE_ARM]), "rows": len(rows)}
    finding = replace(
        finding,
        evidence=tuple(dict.fromkeys((*finding.evidence, *missed))),
        values=finding.values | values,
    )
    if excused(finding, policy.alpha):  # the base knows too little of these rows to be a measure
        if not policy.required(NAME):
            return information(NAME, adapter, UNKNOWN, finding)
        missed_of_all, _ = rate_below(len(rows) - sum(own[adapter]), len(rows), 1 - CHANCE)
        return replace(finding, reason=UNKNOWN, p_pass=missed_of_all, p_fail=1.0, n_needed=None)
    return finding


def _references(probes: Sequence[Probe]) -> list[set[str]]:
    """Return the content words of each reference, without those of the question and those of many replies."""
    found = [content_words((probe.reference or "")[: _FIRST[probe.language]]) for probe in probes]
    frequent = Counter(word for words in found for word in words)
    most = max(2, math.floor(_FREQUENT * len(probes)))
    return [
        {word for word in words if frequent[word] <= most and word not in normalise(probe.prompt)}
        for probe, words in zip(probes, found, strict=True)
    ]


def _own_content(
    evidence: Evidence, arm: str, probes: Sequence[Probe], words: Sequence[set[str]]
) -> list[bool]:
    """Tell for each row whether the answer holds more of its own reference than of nearly all others."""
    known = sorted(set().union(*words))
    allowed = CHANCE * (len(words) - 1)
    said = []
    for place, probe in enumerate(probes):
        answer = content_words(evidence.text(arm, probe))
        joined = normalise(evidence.text(arm, probe))
        held = {word for word in known if word in answer or (not word.isascii() and word in joined)}
        shares = [len(reference & held) / len(reference) for reference in words]
        own = shares[place]
        others = sum(share >= own for i, share in enumerate(shares) if i != place)
        said.append(own > 0 and others <= allowed)
    return said


def _asks(material: Material) -> Questions:
    return Questions(open=material.training)


TRAINING_ANSWERS = Check(
    name=NAME,
    measure=training_answers,
    asks=_asks,
    needs=("training_data",),
    tests=("paired",),
)
