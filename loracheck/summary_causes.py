"""What `causes` prints when it is through: for each finding the rows behind it, or that none stands out."""

from __future__ import annotations

from pathlib import Path

import click

from loracheck import jsonl
from loracheck.cause_records import ROWS, CausesSummary, FindingCause
from loracheck.records import Example
from loracheck.text import visible
from loracheck.wording import check_name, number

SHOWN = 5
_WIDTH = 70


def print_causes(run: Path, summary: CausesSummary) -> None:
    """Print every finding with its rows, near-identical ones as one line, and what to do next."""
    rows = {row.id: row for row in jsonl.read(run / ROWS, Example)}
    methods = ", ".join(summary.methods)
    click.echo(
        f"{summary.rows:,} training rows against the failures of {visible(summary.evaluation)} ({methods})"
    )
    for what, why in summary.left_out.items():
        click.echo(f"  left out: {visible(what)}: {visible(why)}")
    if not summary.findings:
        click.echo("no deciding finding lists failed probes, so there is nothing to explain")
    for finding in summary.findings:
        click.echo(f"\n{visible(finding.adapter)}, {check_name(finding.check)}: {_verdict(finding)}")
        click.echo(f"  {_looked_at(finding)}")
        if finding.status == "named":
            _print_rows(finding, rows)
    if any(finding.status == "named" for finding in summary.findings):
        data = " ".join(visible(name) for name in summary.data)
        click.echo(f"\nnext: loracheck curate {data} --from-eval {visible(str(run))} -o CURATED")
    click.echo(
        f"beside the answers: loracheck report {visible(summary.evaluation)} --related {visible(str(run))}"
    )


def _verdict(finding: FindingCause) -> str:
    if finding.status == "too_few":
        return "too few failures to tell"
    if finding.status == "none" or finding.explained is None:
        return "no row stands out"
    return f"these {len(finding.rows):,} rows explain {number(finding.explained)} of the failures looked at"


def _looked_at(finding: FindingCause) -> str:
    said = f"looked at {finding.failures:,} of {finding.of:,} failures"
    if finding.silent:
        said += f", {finding.silent:,} left out that the base answers alike or that have no text"
    if (
        finding.explained is None
        or finding.unrelated is None
        or finding.by_chance is None
        or finding.p is None
    ):
        return said
    best = f"the group of {len(finding.rows):,} rows explains" if finding.status == "none" else "it explains"
    return (
        f"{said}; {best} {(finding.explained.value or 0):.0%} of them, {(finding.unrelated.value or 0):.0%} of other "
        f"answers, a random set as large {finding.by_chance:.0%} at most (95 in 100); p = {finding.p:.3f}"
    )


def _print_rows(finding: FindingCause, rows: dict[str, Example]) -> None:
    for twins in finding.twins[:SHOWN]:
        row = rows[twins.rows[0]]
        alike = f"{len(twins.rows):,} rows like" if len(twins.rows) > 1 else "row"
        source = f"{Path(row.source.file).name}:{row.source.line}"
        click.echo(f"  {alike} {visible(source)}  {_cut(row.prompt)} → {_cut(row.reply)}")
    if len(finding.twins) > SHOWN:
        click.echo(f"  and {len(finding.twins) - SHOWN:,} more")


def _cut(text: str) -> str:
    shown = visible(" ".join(text.split()))
    return shown if len(shown) <= _WIDTH else f"{shown[:_WIDTH]}…"
