"""The gate: the verdict computed again from the raw answers of a finished run; loads no model."""

from __future__ import annotations

from pathlib import Path

from loracheck import jsonl
from loracheck.records import EvaluationResult
from loracheck.runs import read_run

from .evidence import read_evidence
from .policy import Policy
from .scope import refuse_unfit
from .verdict import judge
from .waivers import refuse_expired


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
    manifest = read_run(run, "eval")
    own = jsonl.convert(manifest.config["policy"], Policy)
    applied, evidence = policy or own, read_evidence(run)
    refuse_expired(applied.name, applied.waivers)
    refuse_unfit(applied, evidence.context, evidence.probes)
    return judge(evidence, applied, post_hoc=not applied.same_limits(own))
