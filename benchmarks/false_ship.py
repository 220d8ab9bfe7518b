"""How often a gate passes an adapter that lies exactly on its margin: the rate at which bad ones ship.

    python benchmarks/false_ship.py [--draws 4000]

At nominal 5% the aim is 3 to 6% from 60 to 1,000 items, with and without families of questions. Each row draws
outcomes of base and adapter whose true difference is the margin, and counts passes of the test as it stands
("plain") and of the one that knows the families ("families"). Within a family, items share their fate with the
probability `together`; the true difference stays the margin.
"""

from __future__ import annotations

import argparse
import math
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loracheck import stats
from loracheck.stats.clusters import design_effect
from loracheck.stats.means import mean_of

ALPHA = 0.05
MARGIN = 0.05
SIZES = (60, 120, 300, 600, 1000)
DISCORDANT = (0.07, 0.15, 0.30)
FAMILIES = ((1, 0.0), (2, 0.0), (2, 0.3), (2, 0.7), (4, 0.3), (4, 0.7))
LOSS_SPREAD, LOSS_MARGIN = 0.2, 0.05


def main() -> int:
    """Print both tables; exit 1 when a rate of the tests in use exceeds 7%."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=4000, help="simulated evaluations a row")
    draws = parser.parse_args().draws
    worst = 0.0
    sys.stdout.write("paired shares, margin 5 points\n")
    sys.stdout.write(f"{'n':>6}{'family':>8}{'together':>10}{'discordant':>12}{'plain':>9}{'families':>10}\n")
    for n in SIZES:
        for size, together in FAMILIES:
            for discordant in DISCORDANT:
                draw = np.random.default_rng([n, size, round(100 * together), round(100 * discordant)])
                plain, known = shares(draw, n, size, together, discordant, draws)
                worst = max(worst, known)
                row = f"{n:>6}{size:>8}{together:>10}{discordant:>12}{plain:>9.1%}{known:>10.1%}\n"
                sys.stdout.write(row)
    sys.stdout.write(f"\nmeans, margin {LOSS_MARGIN} nats, spread {LOSS_SPREAD}\n")
    sys.stdout.write(f"{'n':>6}{'family':>8}{'together':>10}{'plain':>9}{'families':>10}\n")
    for n in SIZES:
        for size, together in FAMILIES:
            draw = np.random.default_rng([n, size, round(100 * together)])
            plain, known = losses(draw, n, size, together, draws)
            worst = max(worst, known)
            sys.stdout.write(f"{n:>6}{size:>8}{together:>10}{plain:>9.1%}{known:>10.1%}\n")
    sys.stdout.write(f"\nlargest rate of the tests in use: {worst:.1%}\n")
    return int(worst > 0.07)


def shares(
    draw: np.random.Generator, n: int, size: int, together: float, discordant: float, draws: int
) -> tuple[float, float]:
    """Return the rates at which the plain test and the one of families pass a loss of exactly the margin."""
    lost, won = (discordant + MARGIN) / 2, (discordant - MARGIN) / 2
    clusters = [str(i // size) for i in range(n)]
    plain = known = 0
    for _ in range(draws):
        differences = draw.choice((-1, 1, 0), size=n, p=(lost, won, 1 - lost - won))
        differences = _shared(draw, differences, size, together)
        table = stats.PairedTable(
            both=int((differences == 0).sum()),
            lost=int((differences < 0).sum()),
            won=int((differences > 0).sum()),
            neither=0,
        )
        plain += stats.noninferiority(table, MARGIN)[0] < ALPHA
        effect = design_effect(differences.tolist(), clusters) if size > 1 else 1.0
        known += stats.noninferiority(table, MARGIN, effect)[0] < ALPHA
    return plain / draws, known / draws


def losses(draw: np.random.Generator, n: int, size: int, together: float, draws: int) -> tuple[float, float]:
    """Return the same rates for the mean of an increase in nats."""
    clusters = [str(i // size) for i in range(n)]
    plain = known = 0
    for _ in range(draws):
        increases = draw.normal(LOSS_MARGIN, LOSS_SPREAD, n)
        increases = _shared(draw, increases, size, together)
        plain += mean_of(increases.tolist()).below(LOSS_MARGIN) < ALPHA
        known += mean_of(increases.tolist(), clusters).below(LOSS_MARGIN) < ALPHA
    return plain / draws, known / draws


def _shared(draw: np.random.Generator, values: NDArray[Any], size: int, together: float) -> NDArray[Any]:
    """Give members of a family their first member's value so often that two of them agree by `together`."""
    first = np.repeat(values[::size], size)[: len(values)]
    copied = draw.random(len(values)) < math.sqrt(together)
    return np.where(copied, first, values)


if __name__ == "__main__":
    raise SystemExit(main())
