"""What `compare` prints: which arm to prefer, differences beside their seed noise, or what flipped between two days."""

from __future__ import annotations

import click

from loracheck.comparison_records import (
    ArmMean,
    Repetition,
    RunComparison,
    SeededDifference,
    SettingChange,
    Side,
)
from loracheck.comparison_words import conclusion, label_text, measure_name, remarks, standing_word
from loracheck.text import visible
from loracheck.wording import check_name, number

SHOWN = 5
SETTINGS_SHOWN = 12


def print_comparison(found: RunComparison) -> None:
    """Print everything that was compared."""
    click.secho(visible(conclusion(found)), bold=True)
    for remark in remarks(found):
        click.echo(visible(remark))
    if found.repetition:
        _print_repetition(found.repetition)
        _print_settings(found.settings)
        return
    for side in found.sides:
        _print_side(side)
    first, second = len(found.first), len(found.second)
    click.echo(
        f"\nsecond arm minus first, {first} and {second} trainings, on the same items; more is better in every line"
    )
    for difference in found.differences:
        _print_difference(difference)
    _print_settings(found.settings)


def _print_side(side: Side) -> None:
    words = [standing_word(verdict.status) for verdict in side.verdicts]
    counts = ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))
    shown = counts if len(words) > 1 else words[0]
    checks = sorted(
        {check for verdict in side.verdicts if verdict.status != "ship" for check in verdict.deciding}
    )
    why = f"  ({', '.join(check_name(check).lower() for check in checks)})" if checks else ""
    click.echo(f"  {visible(side.label)}: {shown}{why}")


def _print_settings(settings: tuple[SettingChange, ...]) -> None:
    if not settings:
        return
    click.echo("\nsettings that differ between the runs:")
    for one in settings[:SETTINGS_SHOWN]:
        before, after = (visible(value or "-")[:60] for value in (one.before, one.after))
        click.echo(f"  {one.part:<9} {visible(one.name)}: {before} -> {after}")
    if len(settings) > SETTINGS_SHOWN:
        click.echo(f"  and {len(settings) - SETTINGS_SHOWN} more")


def _print_difference(one: SeededDifference) -> None:
    click.echo(f"\n{measure_name(one.check, one.measure)}: {label_text(one.label)}")
    click.echo(f"  {_mean(one.first)}; {_mean(one.second)}{_limit(one)}")
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


def _limit(one: SeededDifference) -> str:
    base = "" if one.base is None else f"; base {one.base:.1%}"
    return base if one.limit is None else f"{base}, limit {one.limit:.1%}"


def _print_repetition(found: Repetition) -> None:
    click.echo(
        f"the same adapters in both runs: {found.answers_changed:,} of {found.answers:,} answers differ in their text"
        + (
            f", of the base {found.base_answers_changed:,} of {found.base_answers:,}"
            if found.base_answers
            else ""
        )
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
            click.echo(f"  {measure_name(check, measure)}: {len(same)} flipped: {ids}{more}")
