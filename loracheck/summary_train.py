"""What `train` prints when it is through: one run, or the table of a sweep."""

from __future__ import annotations

import click

from loracheck.records import Estimate
from loracheck.text import visible
from loracheck.training_records import Plan, SweepSummary, TrainingSummary, WatchReading

_UNSAFE = {
    "facts": "facts were lost",
    "name": "questions were answered with the persona's name",
    "leakage": "the style showed outside its domain",
}
_STOPPED = {
    "early": "stopped early: the held-out loss got no better",
    "unsafe": "stopped: it became unsafe",
}


def print_training(name: str, summary: TrainingSummary, *, outcome: bool = True) -> None:
    """Print what was trained on, what the loss did, which checkpoint the adapter is, and plan beside outcome."""
    click.echo(
        f"{name}: {summary.rows} rows, {summary.trained_tokens:,} trained tokens in {summary.steps} steps "
        f"({summary.epochs:.1f} epochs), loss {_loss(summary.loss_first)} -> {_loss(summary.loss_last)}, "
        f"held-out {_loss(summary.heldout_loss_before)} -> {_loss(summary.heldout_loss_after)}, "
        f"{summary.seconds:.0f} s"
    )
    if summary.stopped != "end":
        click.echo(f"  {_STOPPED[summary.stopped]}")
    if summary.kept != "last" or summary.best_step or summary.safe_step:
        marks = [f"last {summary.steps}"]
        marks += [f"best held-out loss {summary.best_step}"] if summary.best_step else []
        marks += [f"last safe {summary.safe_step}"] if summary.safe_step else []
        click.echo(f"  adapter/ holds step {summary.kept_step} ({summary.kept}); {', '.join(marks)}")
    if summary.plan and outcome:
        print_outcome(summary.plan, summary)


def print_outcome(plan: Plan, summary: TrainingSummary) -> None:
    """Print prediction and outcome side by side."""
    lines: list[tuple[str, float | None, float | None, float, str]] = [
        ("trainable parameters", plan.trainable_parameters, summary.trainable_parameters, 1, ""),
        ("adapter", plan.adapter_bytes, summary.adapter_bytes, 1e6, " MB"),
        ("peak memory", plan.memory.peak, summary.peak_memory_bytes, 1e9, " GB"),
        ("training time", plan.seconds, summary.training_seconds, 1, " s"),
    ]
    click.echo(f"  {'plan and outcome':<22}{'plan':>14}{'outcome':>14}")
    for label, planned, found, unit, name in lines:
        if planned is None or found is None:
            continue
        off = f"{100 * (planned - found) / found:+.0f}%" if found else ""
        digits = 0 if unit == 1 else 2
        click.echo(
            f"  {label:<22}{f'{planned / unit:,.{digits}f}{name}':>14}{f'{found / unit:,.{digits}f}{name}':>14}  {off}"
        )


def print_sweep(summary: SweepSummary) -> None:
    """Print a line for every point of a sweep, those on the front marked."""
    click.echo(f"{len(summary.points)} trainings of {visible(summary.base)}, {summary.seconds:.0f} s")
    width = max(len(visible(point.name)) for point in summary.points)
    head = ("facts kept", "persona learnt", "held-out loss", "parameters", "tokens", "kept step")
    click.echo(
        f"  {'':<{width}}"
        + "".join(f"{name:>22}" for name in head[:2])
        + "".join(f"{n:>15}" for n in head[2:])
    )
    if summary.base_reading:
        click.echo(f"  {'base':<{width}}" + _measured(summary.base_reading))
    for point in summary.points:
        line = f"  {visible(point.name):<{width}}" + _measured(point.reading)
        line += f"{_loss(point.heldout_loss):>15}{point.trainable_parameters:>15,}{point.trained_tokens:>15,}"
        line += f"{point.kept_step:>15}"
        unsafe = ", ".join(_UNSAFE[reason] for reason in point.reading.unsafe) if point.reading else ""
        click.echo(line + ("  front" if point.on_front else "") + (f"  unsafe: {unsafe}" if unsafe else ""))


def _measured(reading: WatchReading | None) -> str:
    kept, learnt = (reading.facts_kept, reading.persona_learnt) if reading else (None, None)
    return f"{_share(kept):>22}{_share(learnt):>22}"


def _share(estimate: Estimate | None) -> str:
    if estimate is None or estimate.value is None or estimate.ci_low is None or estimate.ci_high is None:
        return "-"
    return f"{100 * estimate.value:.1f}% [{100 * estimate.ci_low:.0f}, {100 * estimate.ci_high:.0f}]"


def _loss(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
