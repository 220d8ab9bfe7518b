"""What `compare` prints: differences of two arms beside their seed noise, or what flipped between two days."""

from __future__ import annotations

import click

from loracheck.comparison_records import ArmMean, Repetition, RunComparison, SeededDifference
from loracheck.text import visible
from loracheck.wording import check_name, number

SHOWN = 5
_MEASURES = {
    "said": "right answer said",
    "preferred": "right answer preferred",
    "preferred_plainly": "right answer preferred, plainly",
    "not_the_same_answer": "not the one repeated answer",
    "no_loop": "no loop",
    "stopped": "ends by a stop token",
    "no_style_outside": "no learnt style outside the domain",
    "style_inside": "learnt style in the domain",
}
_LABELS = {
    "better": "better",
    "worse": "worse",
    "no_difference": "no difference shown",
    "noise_unknown": "noise unknown: one seed says nothing of another training",
}
_NOTES = {
    "style_differs": "The runs found different styles in their training data, so persona measures are left out.",
    "policy_differs": "The runs were made under policies with different limits; each is judged by its own.",
}


def print_comparison(found: RunComparison) -> None:
    """Print everything that was compared."""
    for note in found.notes:
        click.echo(_NOTES[note])
    if found.repetition:
        _print_repetition(found.repetition)
        return
    first, second = len(found.first), len(found.second)
    click.echo(
        f"second arm minus first, {first} and {second} trainings, on the same items; more is better in every line"
    )
    for difference in found.differences:
        _print_difference(difference)


def _print_difference(one: SeededDifference) -> None:
    click.echo(f"\n{check_name(one.check)}, {_MEASURES[one.measure]}: {_LABELS[one.label]}")
    click.echo(f"  {_mean(one.first)}; {_mean(one.second)}")
    p = "" if one.p is None else f", p {one.p:.3f} before Holm"
    click.echo(f"  difference {number(one.estimate)} ({one.estimate.method}{p})")
    click.echo(f"  won {len(one.won)}, lost {len(one.lost)}, unchanged {one.unchanged}")
    for what, ids in (("won", one.won), ("lost", one.lost)):
        if ids:
            click.echo(
                f"  {what}: {', '.join(visible(i) for i in ids[:SHOWN])}{', ...' if len(ids) > SHOWN else ''}"
            )


def _mean(arm: ArmMean) -> str:
    noise = "seed SD unknown" if arm.seed_sd is None else f"seed SD {100 * arm.seed_sd:.1f} points"
    return (
        f"{visible(arm.name)} {arm.share:.1%} over {arm.seeds} seed{'s' if arm.seeds > 1 else ''} ({noise})"
    )


def _print_repetition(found: Repetition) -> None:
    click.echo(
        f"the same adapters in both runs: {found.answers_changed:,} of {found.answers:,} answers differ in their text"
    )
    for pair in found.verdicts:
        change = "as before" if pair.before == pair.after else f"was {pair.before.upper()}"
        click.echo(f"\n{visible(pair.adapter)}: {pair.after.upper()}, {change}")
        for rule in (flip for flip in found.rules if flip.adapter == pair.adapter):
            click.echo(
                f"  {check_name(rule.check):<25} {rule.before or 'not measured'} ({rule.reason_before or '-'}) -> "
                f"{rule.after or 'not measured'} ({rule.reason_after or '-'})"
            )
        flips = [flip for flip in found.examples if flip.adapter == pair.adapter]
        for check, measure in dict.fromkeys((flip.check, flip.measure) for flip in flips):
            same = [flip for flip in flips if (flip.check, flip.measure) == (check, measure)]
            ids = ", ".join(f"{visible(f.probe_id)} {'+' if f.after else '-'}" for f in same[:SHOWN])
            more = ", ..." if len(same) > SHOWN else ""
            click.echo(f"  {check_name(check)}, {_MEASURES[measure]}: {len(same)} flipped: {ids}{more}")
