"""What an evaluation would ask and take, without asking it: everything up to the first question, then nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, NoReturn

from loracheck.records import Cost

from .config import EvalConfig
from .pipeline import evaluate
from .policy import Policy


class _Foreseen(Exception):
    """Ends an evaluation before its first question."""

    def __init__(self, cost: Cost) -> None:
        super().__init__("planned")
        self.cost = cost


def plan(
    base_spec: str,
    adapters: dict[str, Path],
    config: EvalConfig,
    policy: Policy,
    **inputs: Any,  # noqa: ANN401 - those of `evaluate`, by their names
) -> Cost:
    """Load base and adapters, choose the questions, count and time them; leaves nothing behind.

    Raises:
        LoracheckError: whatever would stop the evaluation before its first question.
    """

    def stop(cost: Cost) -> NoReturn:
        raise _Foreseen(cost)

    with tempfile.TemporaryDirectory(prefix="loracheck-plan-") as folder:
        try:
            evaluate(base_spec, adapters, Path(folder) / "eval", config, policy, before_asking=stop, **inputs)
        except _Foreseen as found:
            return found.cost
    raise AssertionError("an evaluation asks something")
