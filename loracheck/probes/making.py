"""Held-out probes of the user's own domain: rows are drawn, kept out, and asked."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from loracheck.errors import UsageError
from loracheck.probes import IN_DOMAIN, from_rows
from loracheck.records import Example, Probe
from loracheck.text import letters

_NEAR = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What became of the rows.

    Attributes:
        probes: Made of the rows that were drawn.
        rest: Rows to train on.
        set_aside: Rows that ask nearly what a drawn one asks: neither asked nor to be trained on.
    """

    probes: list[Probe]
    rest: list[Example]
    set_aside: list[Example]


def make_probes(rows: Sequence[Example], count: int, seed: int) -> Made:
    """Draw prompts by a seed and make probes of them; no row that asks the same, or nearly, is left to train on.

    Raises:
        UsageError: too few different prompts for so many probes.
    """
    by_prompt: dict[str, list[Example]] = {}
    for row in rows:
        by_prompt.setdefault(letters(row.prompt) or row.prompt, []).append(row)
    if count < 1 or count * 2 > len(by_prompt):
        raise UsageError(
            f"--count {count}: the data holds {len(by_prompt)} different prompts, and half of them are left to train "
            "on.",
            kind="too_few_rows",
            hint=f"Ask for at most {len(by_prompt) // 2}.",
        )
    drawn = sorted(random.Random(seed).sample(range(len(by_prompt)), count))
    forms = list(by_prompt)
    asked = [forms[place] for place in drawn]
    taken = set(asked)
    rest: list[Example] = []
    aside: list[Example] = [row for form in asked for row in by_prompt[form][1:]]
    for form, group in by_prompt.items():
        if form in taken:
            continue
        near = process.extractOne(form, asked, scorer=fuzz.ratio, score_cutoff=_NEAR)
        (rest if near is None else aside).extend(group)
    order = {row.id: place for place, row in enumerate(rows)}
    rest.sort(key=lambda row: order[row.id])
    return Made(
        probes=from_rows([by_prompt[form][0] for form in asked], IN_DOMAIN, count, seed),
        rest=rest,
        set_aside=aside,
    )
