"""Which of two arms to prefer: the better verdict; else the one that is better and nowhere worse; else neither."""

from __future__ import annotations

from collections.abc import Sequence

from loracheck.records import VerdictStatus
from loracheck.records.comparison import Conclusion, Ground, SeededDifference, Side, Which

_VERDICTS: tuple[tuple[VerdictStatus, Ground], ...] = (("ship", "ships"), ("hold", "held"))
"""Statuses that one arm alone may have, the one that ships and the one that is held, with the ground that gives."""


def conclude(first: Side, second: Side, differences: Sequence[SeededDifference]) -> Conclusion:
    """Decide by verdicts, then by what differs beyond the noise of items and seeds.

    A verdict outranks a difference: it holds an adapter against fixed limits at a fixed error rate. One that is held
    was shown to be beyond a limit; one that is still open was asked the same and was not. It has to be so in every
    training of the one arm and in none of the other, of as many: verdicts that differ by seed are noise. Only measures
    that the policy requires sway it, so that wanted style is neither a merit nor a fault twice.
    """
    counted = [one for one in differences if one.required]
    better, worse = (
        tuple((one.check, one.measure) for one in counted if one.label == label)
        for label in ("better", "worse")
    )
    for status, ground in _VERDICTS:
        found = [{verdict.status == status for verdict in side.verdicts} for side in (first, second)]
        alike = len(first.verdicts) == len(second.verdicts)
        if alike and found in ([{True}, {False}], [{False}, {True}]):
            second_is_it = (found[1] == {True}) == (status == "ship")
            return Conclusion(preferred=_one(second_is_it), ground=ground, better=better, worse=worse)
    if better and worse:
        return Conclusion(preferred=None, ground="traded", better=better, worse=worse)
    if better or worse:
        return Conclusion(preferred=_one(bool(better)), ground="differences", better=better, worse=worse)
    unknown = any(one.label == "noise_unknown" for one in differences)
    return Conclusion(preferred=None, ground="noise_unknown" if unknown else "no_difference")


def _one(second: bool) -> Which:
    return "second" if second else "first"
