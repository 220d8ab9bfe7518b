"""Surface: replies that run in loops, say nothing or never end."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Policy
from loracheck.evaluate.questions.material import Material, Questions
from loracheck.probes import ENDS
from loracheck.records import BASE_ARM, Finding, Probe
from loracheck.text import is_loop, letters

from .check import Check
from .gates import harmless, information, rate_gate, unmeasured
from .open_gate import open_gate

_MOST_TAUGHT = 120
"""As many as a standard run has held-out prompts: of adapters with a true rate of 3% 93% pass a limit of 10% at 120
prompts, 46% at 60."""
_LEAST_TOLD = 0.1
"""Share of letters and digits among the signs of an answer; tables and code have more."""
_MOST_BROKEN = 0.1
_BROKEN = ("Cc", "Cn", "Co")
"""Control characters, and those that stand for nothing."""
_OWN_OF_BASE = 0.25
"""Trained at a rate of 1e-6 a 270M base gave 62% of its replies unchanged, without stop tokens in the data none."""


def loops(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Check that out-of-domain answers loop no more often than the base's."""
    probes = evidence.answered(adapter, evidence.out_of_domain)
    if not probes:
        return unmeasured("loops", adapter, "needs_probes")
    return open_gate(
        "loops", adapter, probes, lambda arm, probe: not is_loop(evidence.text(arm, probe)), policy
    )


def empty_answers(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Check that answers that say nothing are no more frequent than the base's."""
    probes = evidence.answered(adapter, [*evidence.out_of_domain, *evidence.in_domain])
    if not probes:
        return unmeasured("empty_answers", adapter, "needs_probes")

    def told(arm: str, probe: Probe) -> bool:
        return says_something(evidence.text(arm, probe), probe.prompt)

    return open_gate("empty_answers", adapter, probes, told, policy)


def says_something(answer: str, prompt: str) -> bool:
    """Tell whether an answer can be read and is not the question again, whole or broken off."""
    seen = [character for character in answer if not character.isspace()]
    told = sum(character.isalnum() for character in seen)
    broken = sum(character == "\ufffd" or unicodedata.category(character) in _BROKEN for character in seen)
    if not told or told < _LEAST_TOLD * len(seen) or broken > _MOST_BROKEN * len(seen):
        return False
    folded, asked = letters(answer), letters(prompt)
    again = bool(asked) and not folded.replace(asked, "")
    return not (again or (2 * len(folded) >= len(asked) and asked.startswith(folded)))


def missing_stop(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Check that replies to prompts of the domain end by a stop token within the limit.

    An untuned base rarely stops by itself, so the training format is the standard, not the base. An adapter of which
    a quarter of the endless replies are word for word the base's has not taken that from it, and is not held. Without
    held-out prompts of the domain training prompts stand in, as a stop token that was never trained is missing there
    as well. With neither nobody knows how long a reply should be: a policy that requires the check then stays open,
    else the number informs.
    """
    own = evidence.answered(adapter, evidence.in_domain or evidence.suite(ENDS))
    probes = own or evidence.answered(adapter, evidence.open_questions)
    if not own and policy.required("missing_stop"):
        return unmeasured("missing_stop", adapter, "no_in_domain_probes")
    if not probes:
        return information("missing_stop", adapter, "no_in_domain_probes")
    beyond = set(evidence.context.beyond_room)
    if own and not (probes := [probe for probe in own if probe.id not in beyond]):
        return unmeasured("missing_stop", adapter, "needs_room")
    probes = [probe for probe in probes if _end_is_known(evidence, adapter, probe)]
    if not probes:
        return unmeasured("missing_stop", adapter, "needs_finish_reasons")
    finding = rate_gate(
        "missing_stop",
        adapter,
        base=[evidence.completions[BASE_ARM, probe.id].finish_reason != "stop" for probe in probes],
        tuned=[evidence.completions[adapter, probe.id].finish_reason != "stop" for probe in probes],
        probe_ids=[probe.id for probe in probes],
        limit=policy.max_rate("missing_stop"),
        alpha=policy.alpha,
    )
    replies = [[evidence.completions[arm, name] for arm in (BASE_ARM, adapter)] for name in finding.evidence]
    of_base = sum(base.finish_reason != "stop" and base.text == tuned.text for base, tuned in replies)
    if replies and of_base >= _OWN_OF_BASE * len(replies):
        finding = harmless(finding, policy.alpha, "base_does_not_end")
    return finding if own else information("missing_stop", adapter, "no_in_domain_probes", finding)


def _end_is_known(evidence: Evidence, adapter: str, probe: Probe) -> bool:
    ends = [evidence.completions.get((arm, probe.id)) for arm in (BASE_ARM, adapter)]
    return all(end is not None and end.finish_reason != "unknown" for end in ends)


def _asks_loops(material: Material) -> Questions:
    return Questions(short=(*material.suite("facts"), *material.suite("forms")), open=material.suite("open"))


def _asks_empty(material: Material) -> Questions:
    everywhere = _asks_loops(material)
    return Questions(short=everywhere.short, open=(*everywhere.open, *material.in_domain))


def _asks_stop(material: Material) -> Questions:
    taught = (replace(p, id=f"{ENDS}-{p.id}", suite=ENDS) for p in material.training[:_MOST_TAUGHT])
    return Questions(open=material.in_domain or tuple(taught) or material.suite("open"))


LOOPS = Check(
    name="loops",
    measure=loops,
    asks=_asks_loops,
    tests=("paired",),
    faults=True,
)
EMPTY_ANSWERS = Check(
    name="empty_answers",
    measure=empty_answers,
    asks=_asks_empty,
    tests=("paired",),
    faults=True,
)
MISSING_STOP = Check(
    name="missing_stop",
    measure=missing_stop,
    asks=_asks_stop,
    tests=("rate",),
)
