"""The gate: the verdict computed again from the raw answers of a finished run; loads no model."""

from __future__ import annotations

from pathlib import Path

from loracheck import jsonl
from loracheck.records import EvaluationResult
from loracheck.runs import read_run

from .evidence import read_evidence
from .policy import Policy
from .verdict import judge


def rejudge(run: Path, policy: Policy | None) -> EvaluationResult:
    """Recompute the verdict of a finished eval run from its raw answers.

    Args:
        run: The eval run; every file is verified against its hash first.
        policy: The policy to apply; None takes the one the run was made with.

    Raises:
        RunError: no finished eval run, or an altered one.
    """
    manifest = read_run(run, "eval")
    return judge(read_evidence(run), policy or jsonl.convert(manifest.config["policy"], Policy))
