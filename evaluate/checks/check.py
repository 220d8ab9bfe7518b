"""What a check is: what it asks of every arm, what it needs to be there, and how it turns answers into a finding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Policy
from loracheck.evaluate.questions.material import Material, Questions
from loracheck.records import Finding, Probe, ScoredText
from loracheck.records.power import Part

Need = Literal["choices", "likelihoods", "training_data", "weights"]
"""choices and likelihoods: an engine that gives them; training_data: the rows; weights: the adapter's files."""
Test = Literal["paired", "rate"]
"""paired: a difference from the base on the same items (Tango); rate: a share of something bad (exact binomial)."""


def nothing(_: Material) -> Questions:
    """Ask nothing more: the check reads what others ask."""
    return Questions()


def no_texts(_: Evidence, __: str) -> Sequence[ScoredText]:
    """Have nothing scored after the answers."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of the verdict. How it works is told in words in `loracheck.words.about`.

    Attributes:
        name: Stable; the policy's gate and the words of reports go by it.
        measure: Turns the answers to one adapter into a finding. It is called only when every need is met.
        asks: What it puts to the arms; what several checks ask alike is asked once.
        asks_base: What the base scores once an adapter has answered, where an engine has both and gives likelihoods.
        needs: What a run may lack. A required check without it is inconclusive, never a pass.
        tests: The tests behind its limits that have a formula, for the power of a run.
        groups: The items of each test, for the power of a run, where a check tests several kinds each by itself.
        more: Besides these it has tests that must pass and are not foreseen.
        learnt: It asks whether something was learnt; an adapter trained to do no harm need not have learnt it.
        faults: It counts faults that base and good adapters show in few answers, so that they rarely differ.
    """

    name: str
    measure: Callable[[Evidence, str, Policy], Finding]
    asks: Callable[[Material], Questions] = nothing
    asks_base: Callable[[Evidence, str], Sequence[ScoredText]] = no_texts
    needs: tuple[Need, ...] = ()
    tests: tuple[Test, ...] = ()
    groups: Callable[[Questions], Mapping[Part, Sequence[Probe]]] | None = None
    more: bool = False
    learnt: bool = False
    faults: bool = False
