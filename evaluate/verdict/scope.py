"""What a policy lets count, and whether it fits the run at all: languages, the trained field, pinned hashes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from loracheck.errors import UsageError
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Domain, Policy, refuse_empty
from loracheck.records import EvaluationContext, Probe


def counted(evidence: Evidence, policy: Policy) -> Evidence:
    """Leave out the probes that count in no gate: of other languages, and of the field that may change.

    Probes made of the user's own rows always count.
    """
    kept = tuple(p for p in evidence.probes if p.domain != "out" or counts(p, policy))
    return evidence if len(kept) == len(evidence.probes) else replace(evidence, probes=kept)


def counts(probe: Probe, policy: Policy) -> bool:
    """Tell whether a bundled probe is of a language that counts, and outside the field that may change."""
    spoken = not policy.languages or probe.language in policy.languages
    return spoken and not _of_the_field(probe, policy.domain)


def _of_the_field(probe: Probe, domain: Domain) -> bool:
    tagged = any(tag in domain.tags for tag in probe.tags)
    return tagged or any(probe.suite.startswith(suite) for suite in domain.suites)


def refuse_unfit(policy: Policy, context: EvaluationContext, probes: Sequence[Probe]) -> None:
    """Refuse a policy that was written for something else than this run.

    Raises:
        UsageError: the policy requires nothing, a pinned hash differs, or a language, tag or suite that the policy
            names was not asked; a limit on nothing would pass unseen.
    """
    refuse_empty(policy)
    pins = policy.pinned
    pinned = {"base": pins.base, "template": pins.template} | {
        f"suite {k}": v for k, v in pins.probes.items()
    }
    found = {"base": str(context.fingerprint.get("shell", "")), "template": context.template_sha256}
    found |= {f"suite {suite.name}": suite.sha256 for suite in context.suites}
    differ = [
        f"{name}: pinned {value}, here {found.get(name) or 'none'}"
        for name, value in pinned.items()
        if value and not found.get(name, "").startswith(value)
    ]
    if differ:
        raise UsageError(
            f"policy {policy.name} is pinned to something else than this run; {'; '.join(differ)}.",
            kind="policy_not_for_run",
            hint="Evaluate what the limits were set for, or set them anew and pin the new hashes.",
        )
    asked = [probe for probe in probes if probe.domain == "out"]
    tags = {tag for probe in asked for tag in probe.tags}
    suites = {probe.suite for probe in asked}
    _refuse_unknown(policy, "languages", policy.languages, {probe.language for probe in asked})
    _refuse_unknown(policy, "domain.tags", policy.domain.tags, tags)
    prefixes = {suite for suite in policy.domain.suites if any(one.startswith(suite) for one in suites)}
    _refuse_unknown(policy, "domain.suites", policy.domain.suites, suites | prefixes)


def _refuse_unknown(policy: Policy, field: str, named: Iterable[str], known: Iterable[str]) -> None:
    asked = sorted(known)
    for name in named:
        if name not in asked:
            near = difflib.get_close_matches(name, asked, n=1)
            raise UsageError(
                f"policy {policy.name}: {field}: no probe of this run has {name!r}.",
                kind="policy_not_for_run",
                hint=f"Did you mean {near[0]}?" if near else f"There are {', '.join(asked) or 'none'}.",
            )
