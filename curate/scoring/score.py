"""Scores by the base model itself, no judge needed: perplexity, IFD, reply-given-question gain, an embedding.

IFD (instruction-following difficulty, arXiv 2308.12032) is the loss of the reply given its question over the
loss of the reply alone. It follows length and style, so it serves to find replies that ignore their question, not
to rank. A prompt of any kind helps to predict a reply in its language and its register; what shows that a reply
belongs to its question is that it is likelier with it than with another row's (`RowScore.fit`).

Measured with Gemma 3 270M on 455 rows (two personas, JCommonsenseQA, TruthfulQA, Rakuda answers, GPTeacher), right
pairs against replies under the question of another row. Replies of 48 tokens or more: a fit of 0.5 or less is had by
78% of the wrong pairs and by 1% of the right ones; an IFD of 1 or more by 60% and by none. Shorter replies say too
little: at the same fit 66% and 13%. So the fit counts for long replies only; of the short ones IFD finds one in five.

A row's scores depend on its messages, the base, the template, the scorer's version, and, for `fit`, on the other
question; they are kept by these in a `ScoreCache`, and only what is not there is computed.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loracheck import jsonl
from loracheck.curate.config import ScoreConfig
from loracheck.errors import DataError
from loracheck.progress import Progress
from loracheck.records import Example, Message
from loracheck.records.curation import Score, ThresholdCurve
from loracheck.templates.chat import ChatTemplate, EncodedRow

from .scorecache import Measured, ScoreCache, what_scores

if TYPE_CHECKING:
    from loracheck.models.load import Base

SCORER = "base"
VERSION = "1"
"""Changed whenever the same row would get another score: old entries of the cache are then left alone."""

LONGEST_TOKENS = 4096
"""A longer row loses the beginning of its prompt; one whose reply alone is longer is not scored."""

IFD_LIMITS = (0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.25)
FIT_LIMITS = (-1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 1.5)

ROWS_A_STEP = 64
CHARACTERS_A_STEP = 16_000
"""Rows and characters between two writes to the cache: what a killed process loses at most, and how often progress
is told. Long rows come first: 64 of them would be many minutes on a slow CPU."""

UNSCORABLE = Measured(logprob=0.0, tokens=0)
"""Stands in the cache for a row that the template refuses or that is too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowScore:
    """What the base says of one row. Losses are in nats per token of the reply.

    Attributes:
        loss: Loss of the reply given its question.
        loss_alone: Loss of the reply without any question.
        loss_other: Loss of the reply given another row's question in the same language; None when there is no
            other question, or when it was not asked for.
        tokens: Tokens of the reply, the one that ends it included.
        embedding: Mean of the last hidden states over the whole row, as float16 bytes, (hidden,).
    """

    example_id: str
    loss: float
    loss_alone: float
    tokens: int
    embedding: bytes
    loss_other: float | None = None

    @property
    def ifd(self) -> float:
        """Return the instruction-following difficulty."""
        return self.loss / self.loss_alone if self.loss_alone > 0 else math.inf

    @property
    def gain(self) -> float:
        """Return how much likelier the question makes the reply, in nats per token."""
        return self.loss_alone - self.loss

    @property
    def fit(self) -> float | None:
        """Return how much likelier the reply is with its question than with another, on the scale of its noise.

        That is nats per token times the root of the tokens: the noise of a mean over n tokens falls with the root
        of n, so one limit serves short and long replies.
        """
        if self.loss_other is None:
            return None
        return (self.loss_other - self.loss) * math.sqrt(self.tokens)

    def as_scores(self) -> tuple[Score, ...]:
        """Return the scores as they stand in a decision."""
        fit = () if self.fit is None else (Score(name="fit", value=round(self.fit, 4), scorer=SCORER),)
        return (
            Score(name="ifd", value=round(self.ifd, 4), scorer=SCORER),
            Score(name="perplexity", value=round(math.exp(min(self.loss, 50.0)), 3), scorer=SCORER),
            Score(name="gain", value=round(self.gain, 4), scorer=SCORER),
            *fit,
        )


class _Keys(NamedTuple):
    """Where the three measurements of a row stand in the cache."""

    given: bytes
    alone: bytes
    other: bytes | None


class _Work(NamedTuple):
    """One row to measure: its place, its keys, its length, and the place of the row that asks something else."""

    place: int
    keys: _Keys
    characters: int
    other: int | None


def score_examples(
    base: Base,
    template: ChatTemplate,
    examples: Sequence[Example],
    cache: ScoreCache,
    progress: Progress,
    *,
    other_question: bool = True,
) -> dict[str, RowScore]:
    """Score every row, by example id; only rows that the cache does not know are put through the base.

    Rows that no score can be computed for are left out; `why_unscored` says why.

    Args:
        base: The base.
        template: The template the rows are trained with.
        examples: The rows, by place; read a few at a time.
        cache: What was measured before; grows as the work goes on, so that it resumes after a crash.
        progress: Where to report.
        other_question: Measure `fit` as well. It costs one more pass over every row.
    """
    work = _plan(base, template, examples, other_question=other_question)
    missing = _missing(work, cache)
    if missing:
        progress.say(f"{len(work) - len(missing):,} of {len(work):,} rows were scored before")
        with progress.track("scoring by the base", len(missing)) as advance:
            for step in _steps(missing):
                cache.put(_measure(base, template, examples, step, cache))
                advance(len(step))
    scores = dict(_assemble(work, examples, cache))
    if len(scores) < len(work):
        progress.say(f"{len(work) - len(scores):,} rows cannot be scored by the base")
    return scores


def why_unscored(template: ChatTemplate, example: Example) -> str:
    """Say why a row has no score by the base."""
    encoded = _encode(template, example.messages)
    return encoded if isinstance(encoded, str) else "it could not be measured"


def ignores_question(score: RowScore, config: ScoreConfig) -> dict[str, Any] | None:
    """Return the values behind the finding that a reply is no likelier with its question, or None.

    No likelier than without any question (IFD), or, within noise, than with another row's question (fit).
    """
    values = {"ifd": score.ifd, "fit": score.fit}
    if score.ifd >= config.max_ifd:
        return values | {"what": f"IFD {score.ifd:.2f} ≥ {config.max_ifd:.2f}"}
    if score.fit is not None and score.tokens >= config.fit_tokens and score.fit <= config.min_fit:
        return values | {"what": f"fit {score.fit:.2f} ≤ {config.min_fit:.2f}"}
    return None


def mismatch_curves(scores: Sequence[RowScore], config: ScoreConfig) -> tuple[ThresholdCurve, ...]:
    """Return how many rows another limit would have found to ignore their question, for IFD and for the fit."""
    ifds = np.asarray([score.ifd for score in scores])
    long = (score for score in scores if score.tokens >= config.fit_tokens)
    fits = np.asarray([score.fit for score in long if score.fit is not None])
    curves = (
        ("score.max_ifd", config.max_ifd, IFD_LIMITS, [int((ifds >= limit).sum()) for limit in IFD_LIMITS]),
        ("score.min_fit", config.min_fit, FIT_LIMITS, [int((fits <= limit).sum()) for limit in FIT_LIMITS]),
    )
    return tuple(
        ThresholdCurve(
            rule="ignores_question",
            option=option,
            chosen=chosen,
            thresholds=limits,
            dropped=tuple(counts),
        )
        for (option, chosen, limits, counts), measured in zip(curves, (ifds, fits), strict=True)
        if len(measured)
    )


def embeddings(scores: Sequence[RowScore]) -> NDArray[np.float32]:
    """Stack the embeddings, centred and of length 1, as (rows, hidden)."""
    width = len(scores[0].embedding) // 2
    stacked = np.empty((len(scores), width), dtype=np.float32)
    for row, score in enumerate(scores):
        stacked[row] = np.frombuffer(score.embedding, dtype=np.float16)
    stacked -= stacked.mean(axis=0)
    stacked /= np.maximum(np.linalg.norm(stacked, axis=1, keepdims=True), 1e-6)
    return stacked


def _plan(
    base: Base, template: ChatTemplate, examples: Sequence[Example], *, other_question: bool
) -> list[_Work]:
    """Give every row its keys; nothing but hashes is held of the text."""
    prompts, replies, languages, lengths = [], [], [], []
    for example in examples:
        prompts.append(_digest(example.messages[:-1]))
        replies.append(_digest(example.messages[-1:]))
        languages.append(example.language)
        lengths.append(sum(len(message.content) for message in example.messages))
    others = _other_questions(prompts, languages) if other_question else [None] * len(prompts)
    setting = hashlib.sha256(jsonl.encode([VERSION, *what_scores(base, template)])).digest()

    def key(kind: bytes, *digests: bytes) -> bytes:
        return hashlib.sha256(b"".join((kind, setting, *digests))).digest()

    return [
        _Work(
            place=place,
            keys=_Keys(
                given=key(b"given", prompt, reply),
                alone=key(b"alone", reply),
                other=None if other is None else key(b"other", prompts[other], reply),
            ),
            characters=characters,
            other=other,
        )
        for place, (prompt, reply, characters, other) in enumerate(
            zip(prompts, replies, lengths, others, strict=True)
        )
    ]


def _other_questions(prompts: Sequence[bytes], languages: Sequence[str]) -> list[int | None]:
    """Return, for each row, the place of a row of its language that asks something else; None if there is none.

    It is the next by hash of the question: as good as drawn at random, and the same in every run, but for rows
    between which a new question comes to stand.
    """
    first: dict[str, dict[bytes, int]] = {}
    for place, (prompt, language) in enumerate(zip(prompts, languages, strict=True)):
        first.setdefault(language, {}).setdefault(prompt, place)
    following: dict[tuple[str, bytes], int] = {}
    for language, places in first.items():
        ordered = sorted(places)
        if len(ordered) > 1:
            for prompt, after in zip(ordered, [*ordered[1:], ordered[0]], strict=True):
                following[language, prompt] = places[after]
    return [following.get((language, prompt)) for prompt, language in zip(prompts, languages, strict=True)]


def _missing(work: Sequence[_Work], cache: ScoreCache) -> list[_Work]:
    """Return the rows of which a measurement is missing, each text once, the longest first.

    The order depends on the rows alone, and a step is stored whole or not at all: so a run that was cut off
    goes on with the very batches that it would have come to, and the numbers are the same to the last bit.
    """
    once = list({row.keys.given: row for row in reversed(work)}.values())
    missing: list[_Work] = []
    for start in range(0, len(once), 4096):
        part = once[start : start + 4096]
        known = cache.get([key for row in part for key in row.keys if key])
        missing += [row for row in part if not _is_known(row, known)]
    return sorted(missing, key=lambda row: (-row.characters, row.keys.given))


def _steps(missing: Sequence[_Work]) -> Iterator[list[_Work]]:
    """Cut the work into steps from its beginning: what is left after some of them is cut into the others."""
    step: list[_Work] = []
    characters = 0
    for row in missing:
        if step and (len(step) == ROWS_A_STEP or characters + row.characters > CHARACTERS_A_STEP):
            yield step
            step, characters = [], 0
        step.append(row)
        characters += row.characters
    if step:
        yield step


def _is_known(row: _Work, known: dict[bytes, Measured]) -> bool:
    given = known.get(row.keys.given)
    return given is not None and (given == UNSCORABLE or all(key in known for key in row.keys if key))


def _measure(
    base: Base,
    template: ChatTemplate,
    examples: Sequence[Example],
    step: Sequence[_Work],
    cache: ScoreCache,
) -> dict[bytes, Measured]:
    """Put the rows of one step through the base, as far as the cache does not know them."""
    measured: dict[bytes, Measured] = {}
    whole: dict[bytes, EncodedRow] = {}
    parts: dict[bytes, EncodedRow] = {}
    for row in step:
        example = examples[row.place]
        encoded = _encode(template, example.messages)
        if isinstance(encoded, str):
            measured[row.keys.given] = UNSCORABLE
            continue
        whole[row.keys.given] = encoded
        parts[row.keys.alone] = template.encode_alone(example.reply)
        if row.other is not None and row.keys.other:
            asked = _encode(template, (*examples[row.other].messages[:-1], example.messages[-1]))
            if isinstance(asked, str):
                measured[row.keys.other] = UNSCORABLE
            else:
                parts[row.keys.other] = asked
    known = cache.get([*whole, *parts])
    measured |= _likelihoods(base, template, {k: v for k, v in whole.items() if k not in known}, embed=True)
    measured |= _likelihoods(base, template, {k: v for k, v in parts.items() if k not in known})
    return measured


def _likelihoods(
    base: Base, template: ChatTemplate, rows: dict[bytes, EncodedRow], *, embed: bool = False
) -> dict[bytes, Measured]:
    from loracheck.models.generation import pad_token_id  # noqa: PLC0415 - heavy
    from loracheck.models.likelihood import score_rows  # noqa: PLC0415 - heavy

    keys = sorted(rows)
    measured: dict[bytes, Measured] = {}
    for batch in score_rows(
        base.model, [rows[key] for key in keys], pad_id=pad_token_id(template), embed=embed
    ):
        for index, row in batch:
            measured[keys[index]] = Measured(
                logprob=row.logprob,
                tokens=row.tokens,
                embedding=np.asarray(row.embedding, dtype=np.float16).tobytes(),
            )
    return measured


def _encode(template: ChatTemplate, messages: Sequence[Message]) -> EncodedRow | str:
    """Encode a conversation; a row that cannot be encoded gives the reason instead."""
    try:
        encoded = template.encode(messages, LONGEST_TOKENS)
    except DataError as error:
        return error.message
    if len(encoded.ids) > LONGEST_TOKENS:
        return f"its reply has {encoded.trained_tokens} tokens, at most {LONGEST_TOKENS} are scored"
    return encoded


def _assemble(
    work: Sequence[_Work], examples: Sequence[Example], cache: ScoreCache
) -> Iterator[tuple[str, RowScore]]:
    for start in range(0, len(work), 1024):
        part = work[start : start + 1024]
        known = cache.get([key for row in part for key in row.keys if key])
        for row in part:
            given, alone = known.get(row.keys.given), known.get(row.keys.alone)
            other = known.get(row.keys.other) if row.keys.other else None
            if given and alone and given != UNSCORABLE:
                name = examples[row.place].id
                yield (
                    name,
                    RowScore(
                        example_id=name,
                        loss=given.loss,
                        loss_alone=alone.loss,
                        loss_other=other.loss if other and other != UNSCORABLE else None,
                        tokens=given.tokens,
                        embedding=given.embedding,
                    ),
                )


def _digest(messages: Sequence[Message]) -> bytes:
    return hashlib.sha256(jsonl.encode(messages)).digest()
