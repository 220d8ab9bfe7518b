"""Two looks at one adapter: a quick run, then the standard one, on one error rate.

Whoever may look twice has two chances of a wrong verdict. A quick run therefore spends a fifth of alpha (.01 of
.05) and the run after it the rest (.04); by Bonferroni both together err at most at alpha. Nothing can tell a
second look that is not declared with `--after` from a first one.
"""

from __future__ import annotations

from pathlib import Path

from loracheck.errors import RunError
from loracheck.evaluate.policy import Policy
from loracheck.records import ArmRecord, EvaluationContext

QUICK = "quick"
FIRST_SHARE = 0.2


def share_of_alpha(context: EvaluationContext) -> float:
    """Return which part of alpha a run may spend."""
    if context.tier == QUICK:
        return FIRST_SHARE
    return 1 - FIRST_SHARE if context.after else 1.0


def refuse_first_look(run: Path, context: EvaluationContext, first: Policy, policy: Policy) -> None:
    """Refuse a run that a second look cannot come after.

    Args:
        run: Its folder.
        context: What it asked.
        first: The policy that it was made under.
        policy: That of the second look.

    Raises:
        RunError: it is no quick run, or was made under other limits.
    """
    if context.tier != QUICK:
        raise RunError(
            f"--after {run}: a {context.tier} run; only a quick one kept error rate for a second look.",
            kind="second_look",
            hint="Leave --after out, or name the run that was made with --tier quick.",
        )
    if not first.same_limits(policy):
        raise RunError(
            f"--after {run}: it was made under policy {first.name}, whose limits differ from those of {policy.name}.",
            kind="second_look",
            hint="Both looks take the same policy, fixed before the first.",
        )


def refuse_other_subject(run: Path, first: EvaluationContext, second: EvaluationContext) -> None:
    """Refuse a second look at something else than the first one's adapters, base and template.

    Raises:
        RunError: names what differs.
    """
    differ = [
        name for name in ("fingerprint", "template_sha256") if getattr(first, name) != getattr(second, name)
    ]
    before = _judged(first)
    for name, arm in _judged(second).items():
        if name not in before or before[name].sha256 != arm.sha256:
            differ.append(f"adapter {name}")
    if second.tier == QUICK:
        raise RunError(
            f"--after {run}: this run is quick as well; a third look would find no error rate left.",
            kind="second_look",
            hint="Make it with --tier standard.",
        )
    if differ:
        raise RunError(
            f"--after {run}: it looked at something else; what differs: {', '.join(differ)}.",
            kind="second_look",
            hint="A second look is at the same adapters on the same base; leave --after out for a first one.",
        )


def _judged(context: EvaluationContext) -> dict[str, ArmRecord]:
    return {arm.name: arm for arm in context.arms if arm.path is not None and arm.name not in context.nulls}
