"""Options of a causes run."""

from __future__ import annotations

from dataclasses import dataclass

from loracheck.errors import UsageError
from loracheck.records.causes import METHODS, Method


@dataclass(frozen=True, slots=True, kw_only=True)
class CausesConfig:
    """What is compared, and how much is shown.

    Attributes:
        methods: "overlap" of the texts, "embedding" by the base's hidden states, "gradient" of the adapter's weights.
        max_failures: Failures looked at of each finding, the worst first.
        min_others: Answers that are no failure, at least; as many as failures where these are more.
        shown_rows: Rows kept of each failure's ranking.
        dimensions: Of the projected gradients.
    """

    methods: tuple[Method, ...] = METHODS
    max_failures: int = 40
    min_others: int = 20
    shown_rows: int = 10
    dimensions: int = 8192
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.methods:
            raise UsageError(
                "--method names none.", kind="option_value", hint=f"There are {', '.join(METHODS)}."
            )
        for method in self.methods:
            if method not in METHODS:
                raise UsageError(f"--method {method}: there are {', '.join(METHODS)}.", kind="option_value")
        for name in ("max_failures", "shown_rows", "dimensions"):
            if getattr(self, name) < 1:
                raise UsageError(
                    f"--{name.replace('_', '-')} must be at least 1, not {getattr(self, name)}.",
                    kind="option_value",
                )
