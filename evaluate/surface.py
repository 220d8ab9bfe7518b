"""Surface: replies that run in loops, and replies that never end."""

from __future__ import annotations

from loracheck.records import BASE_ARM, Finding, Probe
from loracheck.text import is_loop

from .evidence import Evidence
from .gates import both, information, paired_gate, rate_gate, unmeasured
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
        margin=policy.loop_margin,
        alpha=policy.alpha,
        required=policy.loops == "required",
    )


def missing_stop(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Check that replies to prompts of the domain end by a stop token within the limit.

    An untuned base rarely stops by itself, so the training format is the standard, not the base. Without
    held-out prompts of the domain nobody knows how long a reply should be: a policy that requires the check
    then stays open, else the number informs.
    """
    probes = evidence.in_domain or evidence.suite("open")
    if not evidence.in_domain and policy.missing_stop == "required":
        return unmeasured("missing_stop", adapter, "no_in_domain_probes")
    if not probes:
        return information("missing_stop", adapter, "no_in_domain_probes")
    finding = rate_gate(
        "missing_stop",
        adapter,
        base=[evidence.completions[BASE_ARM, probe.id].finish_reason != "stop" for probe in probes],
        tuned=[evidence.completions[adapter, probe.id].finish_reason != "stop" for probe in probes],
        probe_ids=[probe.id for probe in probes],
        limit=policy.max_missing_stop,
        alpha=policy.alpha,
        required=policy.missing_stop == "required",
    )
    return (
        finding
        if evidence.in_domain
        else information("missing_stop", adapter, "no_in_domain_probes", finding)
    )
