"""The exact sequence of rows a run trains on, fixed before it starts.

Two data sets are comparable only when they are trained on equally many tokens; and a run resumes exactly only
when its order does not depend on where it stopped.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from loracheck.template import IGNORED, EncodedRow

_GROUP = 8
"""Batches shuffled together are drawn from this many batches of rows sorted by length."""


def training_order(
    rows: Sequence[EncodedRow], *, batch_size: int, epochs: int, max_trained_tokens: int | None, seed: int
) -> list[EncodedRow]:
    """Return the rows of the whole run in order, epoch after epoch, until the budget of trained tokens.

    Rows of like length share a batch. With a budget the last row's loss is cut from its beginning, so the run
    trains on exactly max_trained_tokens and still on every stop token.
    """
    rng = random.Random(seed)
    order: list[EncodedRow] = []
    trained = epoch = 0
    while epoch < epochs if max_trained_tokens is None else trained < max_trained_tokens:
        for index in _epoch(rows, batch_size, rng):
            row = rows[index]
            if max_trained_tokens is not None and trained + row.trained_tokens >= max_trained_tokens:
                order.append(_keep_last(row, max_trained_tokens - trained))
                return order
            order.append(row)
            trained += row.trained_tokens
        epoch += 1
    return order


def _epoch(rows: Sequence[EncodedRow], batch_size: int, rng: random.Random) -> list[int]:
    shuffled = list(range(len(rows)))
    rng.shuffle(shuffled)
    batches: list[list[int]] = []
    for start in range(0, len(shuffled), batch_size * _GROUP):
        group = sorted(shuffled[start : start + batch_size * _GROUP], key=lambda i: len(rows[i].ids))
        batches += [group[i : i + batch_size] for i in range(0, len(group), batch_size)]
    rng.shuffle(batches)
    return [index for batch in batches for index in batch]


def _keep_last(row: EncodedRow, tokens: int) -> EncodedRow:
    """Take loss on the last tokens of a row only."""
    cut = len(row.labels) - tokens
    return replace(row, labels=(*[IGNORED] * cut, *row.labels[cut:]))
