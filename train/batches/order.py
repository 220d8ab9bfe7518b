"""The exact sequence of optimiser steps of a run, fixed before it starts.

Two data sets are comparable only when they are trained on equally many tokens; and a run resumes exactly only
when its order does not depend on where it stopped.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from loracheck.models.likelihood import length_batches
from loracheck.templates.chat import IGNORED, EncodedRow

Step = list[EncodedRow]

_GROUP = 8
"""Steps shuffled together are drawn from this many steps' worth of rows sorted by length."""


def training_steps(
    rows: Sequence[EncodedRow],
    replay: Sequence[EncodedRow] = (),
    *,
    replay_share: float = 0.0,
    batch_size: int,
    epochs: int,
    max_trained_tokens: int | None,
    seed: int,
) -> list[Step]:
    """Return the rows of every step of the run, epoch after epoch, until the budget of trained tokens.

    Rows of like length share a step. Replay rows make up their share of every epoch, in turn until all were
    seen. With a budget the last row's loss is cut from its beginning, so the run trains on exactly
    max_trained_tokens and still on every stop token.
    """
    rng = random.Random(seed)
    mixed = _Mixture(rows, replay, replay_share, rng)
    steps: list[Step] = []
    trained = epoch = 0
    while epoch < epochs if max_trained_tokens is None else trained < max_trained_tokens:
        for step in _epoch(mixed.epoch(), batch_size, rng):
            steps.append([])
            for row in step:
                if max_trained_tokens is not None and trained + row.trained_tokens >= max_trained_tokens:
                    steps[-1].append(_keep_last(row, max_trained_tokens - trained))
                    return steps
                steps[-1].append(row)
                trained += row.trained_tokens
        epoch += 1
    return steps


def micro_batches(step: Sequence[EncodedRow], max_batch_tokens: int, *, packing: bool) -> list[Step]:
    """Divide a step into parts of at most so many tokens, padding included; the largest row may have more."""
    if not packing:
        return [
            [step[i] for i in part] for part in length_batches([len(r.ids) for r in step], max_batch_tokens)
        ]
    parts: list[Step] = []
    for row in sorted(step, key=lambda row: -len(row.ids)):
        room = (part for part in parts if sum(len(r.ids) for r in part) + len(row.ids) <= max_batch_tokens)
        part = next(room, None)
        if part is None:
            parts.append([row])
        else:
            part.append(row)
    return parts


def padded_tokens(part: Sequence[EncodedRow], *, packing: bool) -> int:
    """Return how many tokens of a part pass through the model."""
    lengths = [len(row.ids) for row in part]
    return sum(lengths) if packing else len(lengths) * max(lengths)


class _Mixture:
    """The rows of each epoch: all of the data, and replay rows in turn."""

    def __init__(
        self, rows: Sequence[EncodedRow], replay: Sequence[EncodedRow], share: float, rng: random.Random
    ) -> None:
        self.rows = rows
        self.replay = list(replay)
        rng.shuffle(self.replay)
        self.count = round(share / (1 - share) * len(rows)) if replay else 0
        self.next = 0

    def epoch(self) -> list[EncodedRow]:
        """Return the rows of the next epoch."""
        drawn = [self.replay[(self.next + i) % len(self.replay)] for i in range(self.count)]
        self.next += self.count
        return [*self.rows, *drawn]


def _epoch(rows: Sequence[EncodedRow], batch_size: int, rng: random.Random) -> list[Step]:
    shuffled = list(rows)
    rng.shuffle(shuffled)
    steps: list[Step] = []
    for start in range(0, len(shuffled), batch_size * _GROUP):
        group = sorted(shuffled[start : start + batch_size * _GROUP], key=lambda row: len(row.ids))
        steps += [group[i : i + batch_size] for i in range(0, len(group), batch_size)]
    rng.shuffle(steps)
    return steps


def _keep_last(row: EncodedRow, tokens: int) -> EncodedRow:
    """Take loss on the last tokens of a row only."""
    kept = 0
    labels = list(row.labels)
    for place in reversed(range(len(labels))):
        if labels[place] != IGNORED:
            kept += 1
            if kept > tokens:
                labels[place] = IGNORED
    return replace(row, labels=tuple(labels))
