"""Probes on a terminal: the bundled suites, some of their items, what is wrong with a file, scores of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from loracheck.probes.check import Problem
from loracheck.probes.lm_eval_files import TaskScore
from loracheck.probes.userfiles import ProbeFile
from loracheck.records import Probe, SuiteRecord
from loracheck.terminal import either, padded, visible

_MOST_SHOWN = 40
_HARMFUL = "harmful"


def print_suites(version: str, suites: Sequence[tuple[SuiteRecord, Mapping[str, int]]]) -> None:
    """Print a line a suite: its size, what each tier asks, the beginning of its hash."""
    tiers = list(suites[0][1])
    click.echo(either(f"bundled suites, version {version}", f"同梱の問題集、版{version}"))
    head = padded(either("suite", "問題集"), 14) + padded(either("probes", "プローブ"), 8, right=True)
    click.echo(head + "".join(f"{tier:>10}" for tier in tiers) + "  sha256")
    for record, use in suites:
        asked = "".join(f"{use[tier]:>10,}" for tier in tiers)
        click.echo(f"{record.name:<14}{record.probes:>8,}{asked}  {record.sha256[:16]}")
    click.echo(
        either(
            "A suite asked in one language alone is asked twice as far by each tier.",
            "片方の言語だけを尋ねるときは、どの規模でも、その言語の問題集から2倍まで出題します。",
        )
    )


def print_probes(probes: Sequence[Probe], of: int, *, harmful: bool) -> None:
    """Print what is asked, what is right and what is wrong; harmful requests only where they are wanted."""
    click.echo(either(f"{len(probes)} of {of:,} probes", f"{of:,}問のうち{len(probes)}問"))
    for probe in probes:
        click.echo(f"\n{visible(probe.id)}  {visible(', '.join(probe.tags))}")
        if _HARMFUL in probe.tags and not harmful:
            click.echo(
                either(
                    "  (a harmful request; --harmful shows it)", "  (有害な依頼です。--harmfulで表示します)"
                )
            )
            continue
        for message in probe.messages:
            click.echo(f"  {message.role}: {_shown(message.content)}")
        if probe.expected:
            for word, texts in (
                (either("right", "正答"), probe.expected.answers),
                (either("wrong", "誤答"), probe.expected.wrong),
            ):
                click.echo(f"  {word}: {' | '.join(visible(text) for text in texts)}")
        if probe.reference:
            click.echo(f"  {either('reference', '手本')}: {_shown(probe.reference)}")


def print_problems(file: ProbeFile, problems: Sequence[Problem]) -> None:
    """Print what a file is, then what is wrong with it, the severe first."""
    suites = ", ".join(f"{visible(suite.name)} {suite.probes:,}" for suite in file.suites)
    click.echo(
        either(
            f"{file.path}: {file.form}, {len(file.probes):,} probes ({suites})",
            f"{file.path}: {file.form}、{len(file.probes):,}問({suites})",
        )
    )
    if file.drawn:
        click.echo(
            either(
                f"  {file.drawn:,} had no wrong choices; three were drawn from the other answers of the file",
                f"  誤答の選択肢がない{file.drawn:,}問には、ファイル内のほかの答えから三つずつ選びました",
            )
        )
    for problem in problems[:_MOST_SHOWN]:
        mark = click.style(either("wrong", "誤り"), fg="red") if problem.severe else either("look ", "確認")
        click.echo(f"  {mark}  {visible(problem.probe_id)}: {visible(problem.message)}")
    if len(problems) > _MOST_SHOWN:
        more = len(problems) - _MOST_SHOWN
        click.echo(either(f"  and {more:,} more; --json names them all", f"  ほか{more:,}件。全件は--jsonで"))
    severe = sum(problem.severe for problem in problems)
    click.echo(
        either(
            f"{severe:,} to mend, {len(problems) - severe:,} to look at",
            f"直すもの{severe:,}件、確かめるもの{len(problems) - severe:,}件",
        )
    )


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
