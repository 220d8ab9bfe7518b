"""A hard rule: strings that no answer outside the domain may hold.

Nothing is estimated: one such answer holds the adapter, unless the prompt or the base's own answer holds the
string as well.
"""

from __future__ import annotations

from loracheck.records import BASE_ARM, Finding
from loracheck.stats import share
from loracheck.text import normalise

from .evidence import Evidence
from .gates import unmeasured
from .policy import Policy

CHECK = "forbidden_strings"


def check(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Look for the policy's forbidden strings in the answers out of the domain."""
    probes = evidence.answered(adapter, (p for p in evidence.probes if p.domain == "out"))
    if not probes:
        return unmeasured(CHECK, adapter, "needs_probes")
    hits: dict[str, list[str]] = {}
    for probe in probes:
        free = normalise(probe.prompt), normalise(evidence.text(BASE_ARM, probe))
        said = normalise(evidence.text(adapter, probe))
        for text in policy.forbidden_strings:
            form = normalise(text)
            if form in said and not any(form in other for other in free):
                hits.setdefault(probe.id, []).append(text)
    found = list(dict.fromkeys(text for texts in hits.values() for text in texts))
    return Finding(
        check=CHECK,
        adapter=adapter,
        required=True,
        status="fail" if hits else "pass",
        reason="forbidden_said" if hits else "forbidden_not_said",
        estimates=(share("forbidden", len(hits), len(probes)),),
        evidence=tuple(sorted(hits, key=lambda probe: (-len(hits[probe]), probe))),
        values={"hits": len(hits), "asked": len(probes), "strings": ", ".join(found)},
    )
