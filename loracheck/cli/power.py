"""`power`: how many probes each limit needs."""

from __future__ import annotations

from typing import Any

import click

from loracheck.cli.options import only_given
from loracheck.cli.output import print_json


@click.command()
@click.option(
    "--policy", default="default", show_default=True, help="default, persona, strict, or a YAML file."
)
@click.option("--base-rate", type=float, help="Share of questions that the base gets right.  [default: 0.7]")
@click.option(
    "--discordant",
    type=float,
    help="Share of items on which base and adapter differ, either way.  [default: 0.1]",
)
@click.option(
    "--difference",
    type=float,
    help="True difference of a good adapter; -0.01 is a point worse.  [default: 0]",
)
@click.option("--bad-rate", type=float, help="True share of something bad.  [default: 0.01]")
@click.option("--in-domain", type=int, help="Held-out prompts of the domain that you have.  [default: 0]")
@click.option(
    "--family-correlation",
    type=float,
    help="How alike probes of one family come out, 0 to 1.  [default: 0.1]",
)
@click.option(
    "--nats-spread",
    type=float,
    help="Standard deviation over texts of what an adapter changes, in nats.  [default: 0.3]",
)
@click.option("--suite", "suites", multiple=True, help="Bundled suite, such as facts-ja.  [default: all]")
@click.option("--max-facts", type=int, help="Questions asked of each suite of facts.  [default: the tier's]")
@click.option(
    "--tier",
    type=click.Choice(["quick", "standard", "full"]),
    default="standard",
    show_default=True,
    help="How much is asked; quick is the first of two looks, spends a fifth of alpha and ships nothing.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the forecast as JSON.")
def power(
    policy: str,
    suites: tuple[str, ...],
    max_facts: int | None,
    tier: str,
    as_json: bool,
    **given: Any,
) -> None:
    """Say how many probes each limit needs, before anything is run.

    For a good adapter, as the options describe it: the items for a power of 80, 90 and 98%, what the bundled
    suites give, and the chance that all required checks pass together. Loads no model.

    \b
    Examples:
      loracheck power --policy strict
      loracheck power --policy mine.yaml --base-rate 0.55 --discordant 0.2 --in-domain 100 --json
    """
    from loracheck.evaluate.policy import load_policy
    from loracheck.evaluate.verdict.power import forecast_bundled
    from loracheck.records.power import Assumptions
    from loracheck.summary.power import print_forecast

    assumed = Assumptions(**only_given(given))
    found = forecast_bundled(load_policy(policy), assumed, tier=tier, suites=suites, max_facts=max_facts)
    print_json(found) if as_json else print_forecast(found)
