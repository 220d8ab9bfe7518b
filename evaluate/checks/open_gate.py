"""The gate of what may go wrong on the surface of any answer: over all of them, and over the open ones alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from loracheck.evaluate.policy import Policy
from loracheck.records import BASE_ARM, Finding, Probe

from .gates import joined, paired_gate


def open_gate(
    check: str, adapter: str, probes: Sequence[Probe], good: Callable[[str, Probe], bool], policy: Policy
) -> Finding:
    """Hold how much less often answers are good than the base's against the check's margin.

    There are many short factual answers; they would hide what happens in the open ones, which are therefore tested
    by themselves as well.

    Args:
        check: Name of the check.
        adapter: Name of the adapter.
        probes: What both arms answered.
        good: Whether an arm's answer to a probe is free of the damage.
        policy: Whose margin and error rate hold.
    """
    open_ones = [probe for probe in probes if probe.expected is None]

    def gate(some: Sequence[Probe]) -> Finding:
        return paired_gate(
            check,
            adapter,
            base=[good(BASE_ARM, probe) for probe in some],
            tuned=[good(adapter, probe) for probe in some],
            probe_ids=[probe.id for probe in some],
            margin=policy.margin(check),
            alpha=policy.alpha,
            clusters=[probe.cluster for probe in some],
        )

    if not open_ones or len(open_ones) == len(probes):
        return gate(probes)
    return joined((gate(probes), gate(open_ones)), policy.alpha)
