"""What a finished stage prints on the terminal: short tables, with untrusted text made visible."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence

import click

from loracheck.curation_records import (
    ClassifierSummary,
    CurationPlan,
    CurationSummary,
    Explained,
    JudgeSummary,
)
from loracheck.reasons import explain as explain_decision
from loracheck.reasons import reason_name
from loracheck.records import (
    BASE_ARM,
    Completion,
    Estimate,
    EvaluationResult,
    Finding,
    Probe,
    UiLanguage,
    Verdict,
)
from loracheck.text import visible
from loracheck.wording import check_name, compared, explain, false_alarms, remarks, verdict_word

_COLOURS = {"ship": "green", "hold": "red", "inconclusive": "yellow"}
_MARKS = {"pass": "pass", "fail": "FAIL", "inconclusive": "open", "info": "info", "waived": "waived"}
_OUTCOMES = {
    "right_plain": "right, plainly said",
    "right_persona": "right, in persona",
    "persona_name": "the persona's name instead",
    "wrong": "wrong",
    "empty": "empty",
}


def print_curation(summary: CurationSummary) -> None:
    """Print how many rows ended where, the reasons, and what was found on the way."""
    quarantined = f", {summary.quarantined:,} quarantined" if summary.quarantined else ""
    click.echo(
        f"{summary.read:,} rows read: {summary.kept:,} kept, {summary.heldout:,} held out, "
        f"{summary.dropped:,} dropped{quarantined}"
    )
    for step in summary.steps:
        click.echo(f"  {step.rows:8,}  {step.reason}  ({step.stage}: {reason_name(step.reason)})")
    if summary.masked:
        click.echo(f"  {summary.masked:8,}  rows with personal data (filters)")
    if summary.judge:
        print_judge(summary.judge)
    if summary.classifier:
        print_classifier(summary.classifier)
    if summary.groups:
        found = ", ".join(f"{n:,} {kind.replace('_', ' ')}" for kind, n in summary.groups.items())
        click.echo(f"groups to look at: {found}")


def print_judge(judge: JudgeSummary) -> None:
    """Print what the judge answered and what it took."""
    states = ", ".join(f"{count:,} {state}" for state, count in judge.states.items() if count)
    click.echo(
        f"judge {visible(judge.model)}: {judge.rows:,} rows, answers: {states}; {judge.requests:,} requests, "
        f"{judge.cached:,} from the cache, {judge.prompt_tokens + judge.completion_tokens:,} tokens; "
        f"{judge.canaries_right} of {judge.canaries} rows of known score taken rightly"
    )
    if judge.length_correlation is not None:
        click.echo(
            f"  rank correlation of its scores with the length of the reply: {judge.length_correlation:+.2f}"
        )


def print_classifier(found: ClassifierSummary) -> None:
    """Print whether the judge's scores could be carried over to the other rows."""
    if found.agreement is None or found.gain is None:
        click.echo(f"classifier: learnt nothing from {found.labels:,} judged rows ({found.reason})")
        return
    click.echo(
        f"classifier on {found.labels:,} judged rows: rank correlation {_interval(found.agreement)} out of fold, "
        f"lead over length alone {_interval(found.gain)}: "
        + ("it may drop rows" if found.may_drop else "no better than length, so it drops nothing")
    )


def _interval(estimate: Estimate) -> str:
    return f"{estimate.value:+.2f} [{estimate.ci_low:+.2f}, {estimate.ci_high:+.2f}]"


def print_explanation(found: Explained, language: UiLanguage) -> None:
    """Print everything a run says about one row."""
    decision = found.decision
    click.secho(f"{visible(decision.example_id)}: {decision.outcome}", bold=True, nl=False)
    click.echo(f"  ({decision.stage}: {reason_name(decision.reason, language)})")
    click.echo(f"  {visible(explain_decision(decision, language))}")
    for name, value in decision.values.items():
        click.echo(f"  {name:<20} {visible(str(value))}")
    for score in decision.scores:
        value = score.state if score.value is None else f"{score.value:g}"
        click.echo(f"  {score.name:<20} {value}  {visible(score.explanation)}")
    if found.example:
        source = found.example.source
        click.echo(f"  {visible(source.file)}, line {source.line}")
        for message in found.example.messages:
            click.echo(f"    {message.role}: {visible(message.content)}")
    elif found.raw:
        click.echo(f"    {visible(found.raw)}")
    if found.related:
        click.echo(f"  it gave way to {visible(found.related.id)}: {visible(found.related.reply)[:200]}")
    for other in found.stands_for:
        click.echo(f"  {visible(other.example_id)} gave way to it ({other.reason})")
    for group in found.groups:
        click.echo(f"  {group.kind.replace('_', ' ')} of {group.size:,} rows: {visible(group.shared)[:120]}")


def print_plan(plan: CurationPlan) -> None:
    """Print what a curation would read, ask and cost."""
    click.echo(f"{plan.rows:,} rows read, about {plan.tokens:,} tokens ({plan.tokens_from})")
    click.echo(f"{plan.passing:,} would pass the checks on single rows and the removal of duplicates")
    for name, rows in plan.reasons.items():
        click.echo(f"  {rows:8,}  {name}")
    if plan.judge:
        judge = plan.judge
        cost = "" if judge.cost is None else f", about {judge.cost:,.2f} at the prices given"
        click.echo(
            f"the judge would see {judge.rows:,} rows in {judge.requests:,} requests: about "
            f"{judge.prompt_tokens:,} tokens in and {judge.completion_tokens:,} out{cost}"
        )
    click.echo(f"time so far {plan.seconds:.1f} s; {plan.time_note}")


def print_result(result: EvaluationResult, *, verbose: bool = True) -> None:
    """Print every verdict with its findings, and the comparisons of adapters."""
    if result.markers:
        found = ", ".join(
            f"{visible(marker.text)} ({marker.kind}, {marker.coverage:.0%})" for marker in result.markers
        )
        click.echo(f"style of the training data: {found}")
    if result.outcomes.get(BASE_ARM):
        _print_outcomes(result)
    for verdict in result.verdicts:
        _print_verdict(verdict, verbose=verbose)
    for comparison in result.comparisons:
        click.echo(compared(comparison))
    if result.false_alarms:
        overall, *checks = false_alarms(result.false_alarms)
        click.echo(f"\n{overall}")
        for said in checks:
            click.echo(f"  {said}")


def print_answers(
    probes: Sequence[Probe], completions: dict[tuple[str, str], Completion], arms: Sequence[str]
) -> None:
    """Print what every arm answered to some probes."""
    width = max(len(arm) for arm in arms)
    for probe in probes:
        click.echo(f"\n{visible(probe.prompt)}")
        for arm in arms:
            text = completions[arm, probe.id].text.replace("\n", " / ")
            click.echo(f"  {arm:<{width}}  {visible(text)[:100]}")


def _print_outcomes(result: EvaluationResult) -> None:
    width = max(len(label) for label in _OUTCOMES.values())
    click.echo(
        f"\n{'answers to factual questions':<{width + 2}}"
        + "".join(f"{visible(arm):>12}" for arm in result.arms)
    )
    for outcome, label in _OUTCOMES.items():
        counts = [sum(value == outcome for value in result.outcomes[arm].values()) for arm in result.arms]
        if any(counts):
            click.echo(f"  {label:<{width}}" + "".join(f"{count:>12}" for count in counts))


def _print_verdict(verdict: Verdict, *, verbose: bool) -> None:
    colour = _COLOURS[verdict.status]
    click.echo()
    click.secho(f"{visible(verdict.adapter)}: {verdict_word(verdict)}", fg=colour, bold=True, nl=False)
    click.echo(f"  (policy {verdict.policy}, {_deciding(verdict)})")
    for remark in remarks(verdict):
        click.echo(f"  {visible(remark)}")
    for finding in verdict.findings:
        if verbose or finding.check in verdict.deciding:
            _print_finding(finding)


def _print_finding(finding: Finding) -> None:
    head = f"  {_MARKS[finding.status]:<6} {check_name(finding.check):<25} "
    width = max(80, shutil.get_terminal_size((120, 24)).columns)
    text = textwrap.wrap(explain(finding), width - len(head))
    click.echo(head + f"\n{'':<{len(head)}}".join(text))


def _deciding(verdict: Verdict) -> str:
    names = ", ".join(check_name(check).lower() for check in verdict.deciding)
    every = (
        f"every required check but for {names} passes" if verdict.waived else "every required check passes"
    )
    return {"ship": every, "hold": f"failed: {names}"}.get(verdict.status, f"open: {names}")
