"""What `scale` prints when it is through: a line for every strength, and the largest safe one."""

from __future__ import annotations

import click

from loracheck.records import Estimate
from loracheck.text import visible
from loracheck.training_records import ScalePoint, ScaleSummary

_UNSAFE = {
    "facts": "facts were lost",
    "name": "questions were answered with the persona's name",
    "leakage": "the style showed outside its domain",
}
_HEAD = ("persona learnt", "facts kept", "change of facts", "leakage", "name")


def print_scale(name: str, summary: ScaleSummary) -> None:
    """Print a table over the strengths, what is safe, and what was written."""
    what = f"{visible(summary.adapter)} on {visible(summary.base)}"
    click.echo(f"{what} at {len(summary.points)} strengths, {summary.seconds:.0f} s")
    click.echo(f"  {'strength':<8}" + "".join(f"{head:>20}" for head in _HEAD) + f"{'held-out loss':>15}")
    for point in summary.points:
        click.echo(_line(point))
    questions = summary.points[0].reading.facts_kept.n
    click.echo(f"  shares with 95% intervals; {questions} factual questions")
    click.echo(f"\n{_verdict(summary)}")
    if summary.written and summary.written_scale is not None:
        click.echo(f"adapter at strength {summary.written_scale:g}: {visible(name)}/{summary.written}")


def _line(point: ScalePoint) -> str:
    reading = point.reading
    shown = (
        reading.persona_learnt,
        reading.facts_kept,
        reading.facts_change,
        reading.leakage,
        reading.name_rate,
    )
    loss = "-" if point.heldout_loss is None else f"{point.heldout_loss:.3f}"
    line = f"  {point.scale:<8g}" + "".join(f"{_estimate(value):>20}" for value in shown) + f"{loss:>15}"
    return line + (
        f"  unsafe: {', '.join(_UNSAFE[reason] for reason in reading.unsafe)}" * (not reading.safe)
    )


def _verdict(summary: ScaleSummary) -> str:
    safe = summary.largest_safe
    if safe is None:
        return f"not even strength {summary.points[0].scale:g} is safe"
    if safe == 0:
        return "no strength above 0, which is the base, is safe"
    if all(point.reading.safe for point in summary.points):
        return f"every measured strength up to {safe:g} is safe"
    return f"largest safe strength: {safe:g}"


def _estimate(estimate: Estimate | None) -> str:
    if estimate is None or estimate.value is None or estimate.ci_low is None or estimate.ci_high is None:
        return "-"
    sign = "+" if estimate.unit == "difference" else ""
    low, high = 100 * estimate.ci_low, 100 * estimate.ci_high
    return f"{100 * estimate.value:{sign}.1f}% [{low:{sign}.0f}, {high:{sign}.0f}]"
