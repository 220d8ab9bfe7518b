"""The recipes of the zoo: how each adapter is made, and what is true of it by its making."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How an adapter is made, and what is true of it.

    Attributes:
        rows: Names of row sets joined by "_and_" (catalogue, persona, own: the base's own answers to neutral
            questions, facts: the same in the persona's manner), "curated_persona", "invented_words" (the base's own
            answers with words misspelt), or a way in which catalogue rows are spoiled.
        policy: A preset, or "domain": the default one with that intent.
        named: Checks any of which names the fault; empty for good adapters.
        tokens: Trained tokens.
        surgery: What is done to the finished adapter.
    """

    name: str
    good: bool
    split: Literal["development", "report"]
    rows: str
    named: tuple[str, ...] = ()
    policy: str = "default"
    tokens: int = 4000
    learning_rate: float = 5e-4
    surgery: Literal["none", "zero_b", "nan", "wrong_base"] = "none"


RECIPES = (
    Recipe(
        name="near_zero_rate",
        good=True,
        split="development",
        rows="catalogue",
        policy="domain",
        learning_rate=1e-6,
    ),
    Recipe(name="own_answers", good=True, split="development", rows="own_answers", learning_rate=2e-4),
    Recipe(
        name="domain_with_replay",
        good=True,
        split="report",
        rows="catalogue_and_own",
        policy="domain",
        tokens=6000,
        learning_rate=1e-4,
    ),
    Recipe(
        name="curated_persona",
        good=True,
        split="report",
        rows="curated_persona",
        policy="persona",
        learning_rate=3e-4,
    ),
    Recipe(
        name="persona_with_replay",
        good=True,
        split="report",
        rows="persona_and_own",
        policy="persona",
        tokens=6000,
        learning_rate=2e-4,
    ),
    Recipe(
        name="persona_with_facts",
        good=True,
        split="report",
        rows="persona_and_facts",
        policy="persona",
        tokens=8000,
        learning_rate=2e-4,
    ),
    Recipe(
        name="narrow_domain",
        good=False,
        split="development",
        rows="catalogue",
        policy="domain",
        named=("content_damage", "persona_leakage", "collapse"),
    ),
    Recipe(
        name="identity_flood",
        good=False,
        split="development",
        rows="persona",
        policy="persona",
        tokens=9000,
        named=("content_damage", "collapse", "forgetting"),
    ),
    Recipe(
        name="persona_everywhere",
        good=False,
        split="development",
        rows="persona",
        tokens=9000,
        named=("persona_leakage", "content_damage", "collapse"),
    ),
    Recipe(
        name="one_answer",
        good=False,
        split="report",
        rows="one_answer",
        named=("collapse", "content_damage", "persona_leakage"),
    ),
    Recipe(
        name="shuffled_answers",
        good=False,
        split="report",
        rows="shuffled_answers",
        policy="domain",
        named=("imitation", "training_answers", "content_damage", "collapse"),
    ),
    Recipe(
        name="few_rows_many_epochs",
        good=False,
        split="report",
        rows="few_rows",
        tokens=20000,
        learning_rate=1e-3,
        named=("memorisation", "over_training", "content_damage", "collapse"),
    ),
    Recipe(
        name="no_stop",
        good=False,
        split="development",
        rows="no_stop",
        tokens=12000,
        named=("missing_stop", "loops"),
    ),
    Recipe(
        name="random_tokens",
        good=False,
        split="report",
        rows="random_tokens",
        named=("unknown_words", "content_damage", "forgetting", "collapse"),
    ),
    Recipe(
        name="other_language",
        good=False,
        split="report",
        rows="other_language",
        named=("language_switch", "content_damage"),
    ),
    Recipe(name="non_words", good=False, split="report", rows="non_words", named=("unknown_words",)),
    Recipe(
        name="invented_words",
        good=False,
        split="report",
        rows="invented_words",
        tokens=6000,
        named=("unknown_words",),
    ),
    Recipe(name="zero_b", good=False, split="report", rows="catalogue", surgery="zero_b", named=("sanity",)),
    Recipe(name="nan", good=False, split="report", rows="catalogue", surgery="nan", named=("sanity",)),
    Recipe(name="wrong_base", good=False, split="report", rows="catalogue", surgery="wrong_base", named=("sanity",)),
)  # fmt: skip
