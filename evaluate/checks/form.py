"""Form: have replies of the domain the form that the policy wants, and only they?"""

from __future__ import annotations

import re

from loracheck import jsonl
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Form, Policy
from loracheck.evaluate.questions.material import Material, Questions
from loracheck.records import BASE_ARM, Finding, Probe

from .check import Check
from .gates import harmless, information, joined, rate_gate, unmeasured

_POINT = re.compile(r"\s*(?:[-*+•・●○]|\d{1,2}[.)．、]|[①-⑳])\s*\S")
_FENCE = re.compile(r"\A```(?:json)?(.*)```\Z", re.DOTALL)
NAME = "wanted_form"


def has_form(text: str, form: Form) -> bool:
    """Tell whether a reply has a form as a whole; an empty one has none."""
    bare = text.strip()
    lines = [line for line in bare.splitlines() if line.strip()]
    if form == "json":
        fenced = _FENCE.match(bare)
        try:
            return isinstance(jsonl.parse(fenced[1].strip() if fenced else bare), dict | list)
        except ValueError:
            return False
    if form == "list":
        return len(lines) > 1 and 2 * sum(bool(_POINT.match(line)) for line in lines) > len(lines)
    return len(lines) == 1


def wanted_form(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Measure how often in-domain replies lack the form, and how often others took it on where it is not wanted."""
    form, probes = policy.format.form, evidence.answered(adapter, evidence.in_domain)
    if form is None:
        return information(NAME, adapter, "no_form")
    if not probes:
        return unmeasured(NAME, adapter, "no_in_domain_probes")
    has = {
        (arm, probe.id): has_form(evidence.text(arm, probe), form)
        for arm in (BASE_ARM, adapter)
        for probe in evidence.answered(adapter, evidence.probes)
    }
    learned = rate_gate(
        NAME,
        adapter,
        base=[not has[BASE_ARM, probe.id] for probe in probes],
        tuned=[not has[adapter, probe.id] for probe in probes],
        probe_ids=[probe.id for probe in probes],
        limit=1 - policy.format.min_in_domain,
        alpha=policy.alpha,
    )
    learned = harmless(learned, policy.alpha)
    outside = (probe for probe in evidence.out_of_domain if "list" not in probe.tags)  # those ask for one
    others: list[Probe] = evidence.answered(adapter, outside)
    if policy.format.scope == "always" or form == "line" or not others:  # short answers are lines in any case
        return learned
    leaked = rate_gate(
        NAME,
        adapter,
        base=[False for _ in others],
        tuned=[has[adapter, probe.id] and not has[BASE_ARM, probe.id] for probe in others],
        probe_ids=[probe.id for probe in others],
        limit=policy.format.max_out_of_domain,
        alpha=policy.alpha,
        name="taken_on",
        clusters=[probe.cluster for probe in others],
    )
    return joined((learned, leaked), policy.alpha)


def _asks(material: Material) -> Questions:
    facts = (*material.suite("facts"), *material.suite("forms"))
    return Questions(short=facts, open=(*material.suite("open"), *material.in_domain))


WANTED_FORM = Check(
    name=NAME,
    measure=wanted_form,
    asks=_asks,
    tests=("rate",),
    learnt=True,
)
