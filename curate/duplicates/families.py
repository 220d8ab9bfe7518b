"""Template families: rows that differ in aligned slots only, kept up to a share of the set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loracheck.curate.config import DedupeConfig
from loracheck.curate.fields import Fields

from .slots import skeleton


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    """Two rows of one template, and what stands in the slots of each."""

    one: int
    other: int
    slots: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The rows of one template, best first, and the template with its slots as …."""

    members: tuple[int, ...]
    shared: str


def cap_families(
    rows: Sequence[Fields],
    siblings: Sequence[Sibling],
    left: set[int],
    rank: NDArray[np.int64],
    config: DedupeConfig,
    total: int,
) -> tuple[list[Family], dict[int, int]]:
    """Join siblings to families, and take out of each what is over its share.

    Siblings are joined transitively: all follow one template, however far their slots differ.

    Returns:
        The families of at least `family_rows` rows, and the rows over the cap with the row that stands for them.
    """
    parent: dict[int, int] = {}

    def root(place: int) -> int:
        while parent.setdefault(place, place) != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    fillers: dict[int, set[str]] = {}
    for pair in siblings:
        if pair.one in left and pair.other in left:
            parent[root(pair.one)] = root(pair.other)
            fillers.setdefault(pair.one, set()).update(a for a, _ in pair.slots)
            fillers.setdefault(pair.other, set()).update(b for _, b in pair.slots)
    members: dict[int, list[int]] = {}
    for place in sorted(parent, key=lambda place: int(rank[place])):
        members.setdefault(root(place), []).append(place)
    cap = max(config.family_rows, int(config.family_share * total))
    families: list[Family] = []
    over: dict[int, int] = {}
    for places in members.values():
        if len(places) >= config.family_rows:
            shared = skeleton(rows[places[0]], fillers[places[0]])
            families.append(Family(members=tuple(places), shared=shared))
            over |= dict.fromkeys(places[cap:], places[0])
    return families, over
