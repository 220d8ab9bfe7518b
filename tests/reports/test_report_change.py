"""What would change a verdict: more items only where more items can settle it."""

from __future__ import annotations

import pytest

from loracheck.records import Finding
from loracheck.reports.parts.verdicts import change
from loracheck.stats import share


def missed(reason: str, n_needed: int | None = None) -> Finding:
    return Finding(
        check="persona_learned",
        adapter="mine",
        required=True,
        status="inconclusive",
        reason=reason,
        estimates=(share("rate", 54, 60),),
        threshold=0.5,
        n_needed=n_needed,
    )


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (missed("not_enough_evidence", 400), "About 400 items would settle it"),
        (missed("not_enough_evidence"), "it takes more items, or a clearer effect"),
        (missed("no_headroom"), "questions that the base answers better"),
        (missed("not_learnt"), "to be shown to lie below 50.0%; it is 40.0 points above"),
        (missed("base_does_not_end"), "to be shown to lie below 50.0%; it is 40.0 points above"),
    ],
)
def test_items_are_asked_for_only_where_they_help(finding: Finding, said: str) -> None:
    assert said in change(finding).en
