"""Scores by the base model itself, no judge needed: perplexity of the reply, IFD, and an embedding.

IFD (instruction-following difficulty, arXiv 2308.12032) is the loss of the reply given its question over the
loss of the reply alone: from 1 up, the question does not help to predict the reply. It follows length, so it
serves to find replies that ignore their question, not to rank.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loracheck import jsonl
from loracheck.generation import pad_token_id
from loracheck.likelihood import score_rows
from loracheck.models import Base
from loracheck.progress import Progress
from loracheck.records import Example, Score
from loracheck.template import ChatTemplate

SCORER = "base"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowScore:
    """A line of scores.jsonl. Losses are in nats per token; the embedding is float16 bytes, (hidden,)."""

    example_id: str
    loss: float
    loss_alone: float
    tokens: int
    embedding: bytes

    @property
    def ifd(self) -> float:
        """Return the instruction-following difficulty."""
        return self.loss / self.loss_alone if self.loss_alone > 0 else math.inf

    def as_scores(self) -> tuple[Score, ...]:
        """Return the scores as they stand in a decision."""
        return (
            Score(name="ifd", value=round(self.ifd, 4), scorer=SCORER),
            Score(name="perplexity", value=round(math.exp(min(self.loss, 50.0)), 3), scorer=SCORER),
        )


def score_examples(
    base: Base, template: ChatTemplate, examples: Sequence[Example], path: Path, progress: Progress
) -> dict[str, RowScore]:
    """Score every row, appending to a file as the work goes; rows already in the file are not scored again."""
    log = jsonl.Appender(path)
    scores = {score.example_id: score for score in jsonl.read(path, RowScore)}
    done = {place for place, example in enumerate(examples) if example.id in scores}
    if len(done) == len(examples):
        return scores
    given = [template.encode(example.messages) for example in examples]
    alone = [template.encode_alone(example.reply) for example in examples]
    pad_id = pad_token_id(template)
    with progress.track("scoring by the base", 2 * (len(examples) - len(done))) as advance:
        losses: dict[int, float] = {}
        for batch in score_rows(base.model, alone, pad_id=pad_id, done=done):
            losses |= {index: -row.logprob / row.tokens for index, row in batch}
            advance(sum(index not in done for index, _ in batch))
        for batch in score_rows(base.model, given, pad_id=pad_id, embed=True, done=done):
            fresh = [
                RowScore(
                    example_id=examples[index].id,
                    loss=-row.logprob / row.tokens,
                    loss_alone=losses[index],
                    tokens=row.tokens,
                    embedding=np.asarray(row.embedding, dtype=np.float16).tobytes(),
                )
                for index, row in batch
                if index not in done
            ]
            log.append(fresh)
            scores |= {score.example_id: score for score in fresh}
            advance(len(fresh))
    return scores


def embeddings(scores: Sequence[RowScore]) -> NDArray[np.float32]:
    """Stack the embeddings, centred and of length 1, as (rows, hidden)."""
    stacked = np.stack([np.frombuffer(score.embedding, dtype=np.float16) for score in scores]).astype(
        np.float32
    )
    stacked -= stacked.mean(axis=0)
    return np.asarray(
        stacked / np.maximum(np.linalg.norm(stacked, axis=1, keepdims=True), 1e-6), dtype=np.float32
    )
