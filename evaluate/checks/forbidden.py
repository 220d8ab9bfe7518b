"""A hard rule: strings that no answer outside the domain may hold.

Nothing is estimated: one such answer holds the adapter, unless the prompt or the base's own answer holds the
string as well.
"""

from __future__ import annotations

import re
import unicodedata

from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Policy
from loracheck.records import BASE_ARM, Finding
from loracheck.stats import share
from loracheck.text import normalise

from .gates import unmeasured

CHECK = "forbidden_strings"
_LATIN = r"[a-z0-9À-ɏ]"
_OTHER_SCRIPT = re.compile(r"[^\x00-ɏ]")


def holds(text: str, forbidden: str) -> bool:
    """Tell whether a text holds a string; a Latin one as whole words, so that "special" does not hold CIA."""
    plain = unicodedata.normalize("NFKC", forbidden)
    if _OTHER_SCRIPT.search(plain):
        return normalise(forbidden) in normalise(text)
    words = r"\s+".join(re.escape(part) for part in plain.split())
    whole = re.compile(rf"(?<!{_LATIN}){words}(?!{_LATIN})", re.IGNORECASE)
    return bool(whole.search(unicodedata.normalize("NFKC", text)))


def check(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Look for the policy's forbidden strings in the answers out of the domain."""
    probes = evidence.answered(adapter, (p for p in evidence.probes if p.domain == "out"))
    if not probes:
        return unmeasured(CHECK, adapter, "needs_probes")
    hits: dict[str, list[str]] = {}
    for probe in probes:
        said, *free = evidence.text(adapter, probe), probe.prompt, evidence.text(BASE_ARM, probe)
        for text in policy.forbidden_strings:
            if holds(said, text) and not any(holds(other, text) for other in free):
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
