"""What `causes` prints when it is through: for each finding the rows behind it, or that none stands out."""

from __future__ import annotations

from pathlib import Path

import click

from loracheck import jsonl
from loracheck.records import Example
from loracheck.records.causes import ROWS, CausesSummary, FindingCause
from loracheck.terminal import either, language, visible
from loracheck.words.findings import check_name, number

SHOWN = 5
_WIDTH = 70


def print_causes(run: Path, summary: CausesSummary) -> None:
    """Print every finding with its rows, near-identical ones as one line, and what to do next."""
    rows = {row.id: row for row in jsonl.read(run / ROWS, Example)}
    methods = ", ".join(summary.methods)
    evaluation = visible(summary.evaluation)
    click.echo(
        either(
            f"{summary.rows:,} training rows against the failures of {evaluation} ({methods})",
            f"{evaluation}の失敗を学習データ{summary.rows:,}行と照合({methods})",
        )
    )
    for what, why in summary.left_out.items():
        click.echo(f"  {either('left out', '省略')}: {visible(what)}: {visible(why)}")
    if not summary.findings:
        click.echo(
            either(
                "no deciding finding lists failed probes, so there is nothing to explain",
                "決め手の検査に失敗したプローブがないため、説明することはありません",
            )
        )
    for finding in summary.findings:
        name = check_name(finding.check, language())
        click.echo(f"\n{visible(finding.adapter)}, {name}: {_verdict(finding)}")
        click.echo(f"  {_looked_at(finding)}")
        if finding.status == "named":
            _print_rows(finding, rows)
    if any(finding.status == "named" for finding in summary.findings):
        data = " ".join(visible(name) for name in summary.data)
        command = f"loracheck curate {data} --from-eval {visible(str(run))} -o CURATED"
        click.echo(f"\n{either('next', '次の手順')}: {command}")
    command = f"loracheck report {evaluation} --related {visible(str(run))}"
    click.echo(f"{either('beside the answers', '回答と並べて見る')}: {command}")


def _verdict(finding: FindingCause) -> str:
    if finding.status == "too_few":
        return either("too few failures to tell", "失敗が少なく、判断できません")
    if finding.status == "none" or finding.explained is None:
        return either("no row stands out", "目立つ行はありません")
    rows, share = len(finding.rows), number(finding.explained, language())
    return either(
        f"these {rows:,} rows explain {share} of the failures looked at",
        f"次の{rows:,}行が、調べた失敗の{share}を説明します",
    )


def _looked_at(finding: FindingCause) -> str:
    said = either(
        f"looked at {finding.failures:,} of {finding.of:,} failures",
        f"失敗{finding.of:,}件のうち{finding.failures:,}件を調査",
    )
    if finding.silent:
        said += either(
            f", {finding.silent:,} left out that the base answers alike or that have no text",
            f"(ベースも同じ答えか本文のない{finding.silent:,}件は除外)",
        )
    if (
        finding.explained is None
        or finding.unrelated is None
        or finding.by_chance is None
        or finding.p is None
    ):
        return said
    rows, chance, p = len(finding.rows), f"{finding.by_chance:.0%}", f"{finding.p:.3f}"
    explained, other = f"{finding.explained.value or 0:.0%}", f"{finding.unrelated.value or 0:.0%}"
    best = f"the group of {rows:,} rows explains" if finding.status == "none" else "it explains"
    group = f"{rows:,}行のまとまりが" if finding.status == "none" else "この行が"
    return either(
        f"{said}; {best} {explained} of them, {other} of other answers, a random set as large {chance} at "
        "most "
        f"(95 in 100); p = {p}",
        f"{said}。{group}失敗の{explained}、その他の回答の{other}を説明。"
        f"同じ大きさの無作為な集合は最大{chance}(100回中95回)、p = {p}",
    )


def _print_rows(finding: FindingCause, rows: dict[str, Example]) -> None:
    for twins in finding.twins[:SHOWN]:
        row = rows[twins.rows[0]]
        source = visible(f"{Path(row.source.file).name}:{row.source.line}")
        count = len(twins.rows)
        which = (
            either(f"{count:,} rows like {source}", f"{source}と同様の{count:,}行")
            if count > 1
            else either(f"row {source}", f"行 {source}")
        )
        click.echo(f"  {which}  {_cut(row.prompt)} → {_cut(row.reply)}")
    if (more := len(finding.twins) - SHOWN) > 0:
        click.echo(either(f"  and {more:,} more", f"  ほか{more:,}件"))


def _cut(text: str) -> str:
    shown = visible(" ".join(text.split()))
    return shown if len(shown) <= _WIDTH else f"{shown[:_WIDTH]}…"
