"""Which failed check is named first: the one that explains the others.

One answer to everything, a foreign language or a reply that never ends also looks like lost knowledge and like the
training data's style, so their own checks come before those; by p-value alone the check with the most items would
always lead. A check that concerns few items explains little and stands back.
"""

from __future__ import annotations

from collections.abc import Iterable

from loracheck.records import Finding

_ORDER = (
    "sanity",
    "forbidden_strings",
    "canaries",
    "personal_data",
    "memorisation",
    "empty_answers",
    "missing_stop",
    "loops",
    "language_switch",
    "unknown_words",
    "collapse",
    "imitation",
    "training_answers",
    "content_damage",
    "persona_leakage",
)
_MUCH = 0.25
"""Share of a check's items from which on it can explain what else is wrong."""
_MOST = 0.75
"""Of a collapse: a persona's name in half of the answers is content damage; one answer to nearly everything is none."""


def explaining_first(failed: Iterable[Finding]) -> list[Finding]:
    """Sort failed findings: those that concern much before the rest, the more particular before the general."""
    return sorted(failed, key=lambda finding: (not _much(finding), _place(finding), finding.p_fail or 0.0))


def _place(finding: Finding) -> int:
    if finding.check not in _ORDER or finding.values.get("of_persona") is True:
        return len(_ORDER)
    return _ORDER.index(finding.check)


def _much(finding: Finding) -> bool:
    """Tell whether a finding concerns a quarter of its items; what is no share of items counts as much."""
    if not finding.estimates:
        return True
    first = finding.estimates[0]
    value = finding.values.get("explains", first.value)
    if value is None or ("explains" not in finding.values and first.unit not in ("share", "difference")):
        return True
    persona = finding.check == "collapse" and finding.values.get("of_persona", True)
    return bool(abs(value) >= (_MOST if persona else _MUCH))
