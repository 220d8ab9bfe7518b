"""What `power` prints: a line for each limit, and the chance that a good adapter ships."""

from __future__ import annotations

import click

from loracheck.records.power import OUTLOOKS, POWERS, LimitPower, PowerForecast
from loracheck.wording import check_name

QUICK = "quick"
_SHOWN = {"margin": "margin {:.1%}", "nats": "margin {:g} nats", "rate": "at most {:.1%}"}


def print_forecast(found: PowerForecast) -> None:
    """Print the forecast as a table."""
    assumed = found.assumptions
    click.echo(
        f"policy {found.policy}, {found.tier}, one-sided alpha {found.alpha:g}; assumed of a good adapter: "
        f"the base right {assumed.base_rate:.0%}, {assumed.discordant:.0%} of items differ, by "
        f"{100 * assumed.difference:+.1f} points on balance, {assumed.bad_rate:.1%} bad, a correlation of "
        f"{assumed.family_correlation:g} within families, a spread of {assumed.nats_spread:g} nats over texts"
    )
    heads = "".join(f"{f'{power:.0%}':>9}" for power in POWERS)
    click.echo(f"\n{'items needed for a power of':<50}{heads}{'here':>9}{'power':>9}")
    for limit in found.limits:
        click.echo(_line(limit))
    if found.joint_least is not None and found.joint_most is not None and found.joint_independent is not None:
        click.echo(
            f"\nall required checks pass together for such an adapter: {found.joint_independent:.1%} "
            f"if they were independent, at least {found.joint_least:.1%}, at most {found.joint_most:.1%}"
        )
    if found.untold:
        names = ", ".join(check_name(check).lower() for check in found.untold)
        click.echo(f"not counted in that: {names}")
    if found.tier == QUICK:
        click.echo("A quick run holds an adapter or leaves it open; it ships none.")


def _line(limit: LimitPower) -> str:
    shown = "" if limit.kind is None or limit.limit is None else " " + _SHOWN[limit.kind].format(limit.limit)
    part = ", open prompts" if limit.part == "open" else ""
    name = f"{check_name(limit.check)}{part}{shown}{'' if limit.required else ' (info)'}"
    needed = "".join(f"{'-' if n is None else f'{n:,}':>9}" for n in limit.needed) or " " * 9 * len(POWERS)
    power = f"{limit.power:.1%}" if limit.power is not None else "?"
    return f"  {name:<48}{needed}{limit.items:>9,}{power:>9}  {OUTLOOKS[limit.outlook]['en']}"
