"""The measures inside findings, taken apart so that every arm of one measure stands in one chart.

A check may join two measures, and which of them decides can differ from adapter to adapter. The deciding one
comes first in a finding, with the shares of the arms named "base" and after the adapter; further measures follow
under their own name, their arms as "measure: arm".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from loracheck.records import BASE_ARM, Estimate, Finding


@dataclass(slots=True, kw_only=True)
class Measure:
    """What one measure found: the adapters' own numbers, the shares of the arms, and its limit, if it decides."""

    name: str
    leads: dict[str, Estimate] = field(default_factory=dict)
    shares: dict[str, Estimate] = field(default_factory=dict)
    limit: float | None = None

    def line(self) -> float | None:
        """Return where the limit lies on the axis of the shares.

        The limit of a share is itself. The margin of a difference lies that far from the base's share, to the
        side that the difference is taken; None when the shares do not give the difference.
        """
        if self.limit is None:
            return None
        base = self.shares.get(BASE_ARM)
        for adapter, lead in self.leads.items():
            own = self.shares.get(adapter)
            if own is None or own.value is None or lead.value is None:
                continue
            if lead.unit == "share":
                return self.limit
            if base is None or base.value is None or lead.unit != "difference":
                continue
            for sign in (1, -1):
                if math.isclose(sign * (own.value - base.value), lead.value, abs_tol=0.005):
                    return base.value + sign * self.limit
        return None


def measures(findings: Sequence[Finding]) -> list[Measure]:
    """Collect the measures of one check over all adapters, those that decide first."""
    found: dict[str, Measure] = {}
    for finding in findings:
        if not finding.estimates:
            continue
        arms = (BASE_ARM, finding.adapter)
        first = finding.estimates[0]
        # A single estimate may be its own adapter's share.
        decides = "share" if first.name in arms else first.name
        lead = found.setdefault(decides, Measure(name=decides))
        lead.limit = finding.threshold if lead.limit is None else lead.limit
        lead.leads[finding.adapter] = first
        for index, estimate in enumerate(finding.estimates):
            name, arm = parts(finding, estimate)
            if estimate.name in arms:
                lead.shares.setdefault(estimate.name, estimate)
            elif arm is not None:
                found.setdefault(name, Measure(name=name)).shares.setdefault(arm, estimate)
            elif index:
                other = found.setdefault(estimate.name, Measure(name=estimate.name))
                # A joined measure may bear the name of the deciding one, whose number stays.
                other.leads.setdefault(finding.adapter, estimate)
    return sorted(found.values(), key=lambda measure: measure.limit is None)


def parts(finding: Finding, estimate: Estimate) -> tuple[str, str | None]:
    """Take the name of a further number apart: the measure, and the arm where it is of one."""
    for arm in (BASE_ARM, finding.adapter):
        if estimate.name.endswith(f": {arm}"):
            return estimate.name.removesuffix(f": {arm}"), arm
    return estimate.name, None


def inverted(estimate: Estimate) -> Estimate:
    """Return the share of the opposite: of those that lack a thing, those that have it."""

    def flip(share: float | None) -> float | None:
        return None if share is None else 1 - share

    return replace(
        estimate,
        value=flip(estimate.value),
        ci_low=flip(estimate.ci_high),
        ci_high=flip(estimate.ci_low),
    )
