"""Probes on a terminal: the bundled suites, some of their items, what is wrong with a file, scores of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from loracheck.probes.check import Problem
from loracheck.probes.lm_eval_files import TaskScore
from loracheck.probes.userfiles import ProbeFile
from loracheck.records import Probe, SuiteRecord
from loracheck.text import visible

_MOST_SHOWN = 40
_HARMFUL = "harmful"


def print_suites(version: str, suites: Sequence[tuple[SuiteRecord, Mapping[str, int]]]) -> None:
    """Print a line a suite: its size, what each tier asks, the beginning of its hash."""
    tiers = list(suites[0][1])
    click.echo(f"bundled suites, version {version}")
    click.echo(f"{'suite':<14}{'probes':>8}" + "".join(f"{tier:>10}" for tier in tiers) + "  sha256")
    for record, use in suites:
        asked = "".join(f"{use[tier]:>10,}" for tier in tiers)
        click.echo(f"{record.name:<14}{record.probes:>8,}{asked}  {record.sha256[:16]}")
    click.echo("A suite asked in one language alone is asked twice as far by each tier.")


def print_probes(probes: Sequence[Probe], of: int, *, harmful: bool) -> None:
    """Print what is asked, what is right and what is wrong; harmful requests only where they are wanted."""
    click.echo(f"{len(probes)} of {of:,} probes")
    for probe in probes:
        click.echo(f"\n{visible(probe.id)}  {visible(', '.join(probe.tags))}")
        if _HARMFUL in probe.tags and not harmful:
            click.echo("  (a harmful request; --harmful shows it)")
            continue
        for message in probe.messages:
            click.echo(f"  {message.role}: {_shown(message.content)}")
        if probe.expected:
            click.echo(f"  right: {' | '.join(visible(text) for text in probe.expected.answers)}")
            click.echo(f"  wrong: {' | '.join(visible(text) for text in probe.expected.wrong)}")
        if probe.reference:
            click.echo(f"  reference: {_shown(probe.reference)}")


def print_problems(file: ProbeFile, problems: Sequence[Problem]) -> None:
    """Print what a file is, then what is wrong with it, the severe first."""
    suites = ", ".join(f"{visible(suite.name)} {suite.probes:,}" for suite in file.suites)
    click.echo(f"{file.path}: {file.form}, {len(file.probes):,} probes ({suites})")
    if file.drawn:
        click.echo(
            f"  {file.drawn:,} had no wrong choices; three were drawn from the other answers of the file"
        )
    for problem in problems[:_MOST_SHOWN]:
        mark = click.style("wrong", fg="red") if problem.severe else "look "
        click.echo(f"  {mark}  {visible(problem.probe_id)}: {visible(problem.message)}")
    if len(problems) > _MOST_SHOWN:
        click.echo(f"  and {len(problems) - _MOST_SHOWN:,} more; --json names them all")
    severe = sum(problem.severe for problem in problems)
    click.echo(f"{severe:,} to mend, {len(problems) - severe:,} to look at")


def print_scores(scores: Sequence[TaskScore]) -> None:
    """Print the scores of another tool; no verdict rests on them."""
    click.echo("lm-evaluation-harness, for information: no verdict rests on these")
    for score in scores:
        found = score.estimate
        interval = (
            f"[{found.ci_low:.3f}, {found.ci_high:.3f}]"
            if found.ci_low is not None and found.ci_high is not None
            else "no interval"
        )
        size = f"n={found.n:,}" if found.n else "n unknown"
        click.echo(
            f"  {visible(score.task):<28} {visible(score.metric):<24} {found.value:.3f} {interval}, {size}  "
            f"{visible(score.model)}"
        )


def _shown(text: str) -> str:
    return visible(" / ".join(text.split("\n")))
