"""What each check asks, decides by, costs and may be set off by: for `loracheck checks` and docs/checks.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loracheck.wording import check_name

from .checks import CHECKS
from .policy import Gate, Policy

_NEEDS = {
    "choices": "likelihoods of choices",
    "likelihoods": "likelihoods of texts",
    "training_data": "the training data",
    "weights": "the adapter's weights",
}
_HEAD = """\
# The checks

Written by `loracheck checks --format markdown`; the limits are those of the {policy} policy. A check's module holds
its method and the papers behind it. Every number is held against its limit with an interval; a required check that
could not be measured leaves the verdict open.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckEntry:
    """One check as a user meets it; `needs` lists what a run may lack."""

    name: str
    title: str
    mode: str
    limits: dict[str, float]
    what: str
    interval: str
    cost: str
    needs: tuple[str, ...]
    false_alarms: str


def catalogue(policy: Policy) -> tuple[CheckEntry, ...]:
    """Return every check with the limits of a policy."""
    return tuple(
        CheckEntry(
            name=check.name,
            title=check_name(check.name),
            mode=policy.mode(check.name),
            limits=_limits(policy.gates.get(check.name, Gate(mode="off"))),
            what=" ".join((check.measure.__doc__ or "").split("\n\n")[0].split()),
            interval=check.interval,
            cost=check.cost,
            needs=tuple(_NEEDS[need] for need in check.needs),
            false_alarms=check.false_alarms,
        )
        for check in CHECKS
    )


def as_markdown(entries: Sequence[CheckEntry], policy: str) -> str:
    """Return the catalogue as a page."""
    return _HEAD.format(policy=policy) + "".join(_section(entry) for entry in entries)


def _section(entry: CheckEntry) -> str:
    limits = ", ".join(f"{name} {value:g}" for name, value in entry.limits.items())
    lines = [
        ("Mode", entry.mode + (f" ({limits})" if limits else "")),
        ("Decided by", entry.interval),
        ("Costs", entry.cost),
        ("Needs", ", ".join(entry.needs) or "answers alone"),
        ("May be set off by", entry.false_alarms),
    ]
    listed = "\n".join(f"- {label}: {value}" for label, value in lines)
    return f"\n## {entry.title} (`{entry.name}`)\n\n{entry.what}\n\n{listed}\n"


def _limits(gate: Gate) -> dict[str, float]:
    values = {
        "margin": gate.margin,
        "margin_nats": gate.margin_nats,
        "min_ratio": gate.min_ratio,
        "max_rate": gate.max_rate,
        "min_items": gate.min_items or None,
    }
    return {name: value for name, value in values.items() if value is not None}
