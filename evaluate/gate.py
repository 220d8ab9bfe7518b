"""The gate: the verdict computed again from the raw answers of a finished run; loads no model."""

from __future__ import annotations

from pathlib import Path

from loracheck.records import EvaluationResult

from .asked import read_asked
from .policy import Policy
from .verdict.judge import judge
from .verdict.scope import refuse_unfit
from .verdict.waivers import refuse_expired


def rejudge(run: Path, policy: Policy | None) -> EvaluationResult:
    """Recompute the verdict of a finished eval run from its raw answers.

    Args:
        run: The eval run; every file is verified against its hash first.
        policy: The policy to apply; None takes the one the run was made with. Limits other than those of the
            run mark the verdicts as post hoc.

    Raises:
        RunError: no finished eval run, or an altered one.
        UsageError: a waiver is past its day, or the policy was written for something else.
    """
    asked = read_asked(run)
    applied = policy or asked.policy
    refuse_expired(applied.name, applied.waivers)
    refuse_unfit(applied, asked.evidence.context, asked.evidence.probes)
    post_hoc = asked.post_hoc or not applied.same_limits(asked.policy)
    return judge(asked.evidence, applied, post_hoc=post_hoc)
