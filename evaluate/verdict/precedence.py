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
_MOST = {"collapse": 0.75}
"""A persona's name in half of the answers is content damage; one answer to nearly everything is a collapse."""


def explaining_first(failed: Iterable[Finding]) -> list[Finding]:
    """Sort failed findings: those that concern much before the rest, the more particular before the general."""
    return sorted(failed, key=lambda finding: (not _much(finding), _place(finding), finding.p_fail or 0.0))


def _place(finding: Finding) -> int:
    return _ORDER.index(finding.check) if finding.check in _ORDER else len(_ORDER)


def _much(finding: Finding) -> bool:
    """Tell whether a finding concerns a quarter of its items; what is no share of items counts as much."""
    if not finding.estimates:
        return True
    first = finding.estimates[0]
    if first.value is None or first.unit not in ("share", "difference"):
        return True
    return abs(first.value) >= _MOST.get(finding.check, _MUCH)
