"""Surface: replies that run in loops, and replies that never end."""

from __future__ import annotations

from loracheck.records import BASE_ARM, Finding, Probe
from loracheck.text import is_loop

from .check import Check
from .evidence import Evidence
from .gates import both, information, paired_gate, rate_gate, unmeasured
from .material import Material, Questions
from .policy import Policy


def loops(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Check that out-of-domain answers loop no more often than the base's, and long ones by themselves.

    There are many short factual answers; they would hide loops in the open ones.
    """
    everything = _loops(evidence, adapter, policy, evidence.out_of_domain)
    long = evidence.suite("open")
    return both(everything, _loops(evidence, adapter, policy, long), policy.alpha) if long else everything


def _loops(evidence: Evidence, adapter: str, policy: Policy, probes: list[Probe]) -> Finding:
    return paired_gate(
        "loops",
        adapter,
        base=[not is_loop(evidence.text(BASE_ARM, probe)) for probe in probes],
        tuned=[not is_loop(evidence.text(adapter, probe)) for probe in probes],
        probe_ids=[probe.id for probe in probes],
        margin=policy.margin("loops"),
        alpha=policy.alpha,
    )


def missing_stop(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Check that replies to prompts of the domain end by a stop token within the limit.

    An untuned base rarely stops by itself, so the training format is the standard, not the base. Without
    held-out prompts of the domain nobody knows how long a reply should be: a policy that requires the check
    then stays open, else the number informs.
    """
    probes = evidence.in_domain or evidence.suite("open")
    if not evidence.in_domain and policy.required("missing_stop"):
        return unmeasured("missing_stop", adapter, "no_in_domain_probes")
    if not probes:
        return information("missing_stop", adapter, "no_in_domain_probes")
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
    return (
        finding
        if evidence.in_domain
        else information("missing_stop", adapter, "no_in_domain_probes", finding)
    )


def _end_is_known(evidence: Evidence, adapter: str, probe: Probe) -> bool:
    ends = [evidence.completions.get((arm, probe.id)) for arm in (BASE_ARM, adapter)]
    return all(end is not None and end.finish_reason != "unknown" for end in ends)


def _asks_loops(material: Material) -> Questions:
    return Questions(short=(*material.suite("facts"), *material.suite("forms")), open=material.suite("open"))


def _asks_stop(material: Material) -> Questions:
    return Questions(open=material.in_domain or material.suite("open"))


LOOPS = Check(
    name="loops",
    measure=loops,
    asks=_asks_loops,
    interval="Tango's score interval of the paired difference (1998)",
    cost="answers that other checks take as well",
    false_alarms="prompts that ask for a list of like items",
)
MISSING_STOP = Check(
    name="missing_stop",
    measure=missing_stop,
    asks=_asks_stop,
    interval="exact binomial test of the rate; Clopper-Pearson interval",
    cost="in-domain answers that persona leakage takes as well",
    false_alarms="replies of the domain longer than the limit of tokens",
)
