"""How far the form that ships is from the form that was trained, measured on the trained form's own answers.

An adapter trained on a 4-bit base and merged into the 16-bit one is another model than the one that was trained and,
it may be, evaluated. Both are asked the same seeded probes: the trained form answers greedily, and along its answers
(so that both see the same text) the next-token distributions are compared. Its own answers and no reference answers
are taken because they are what it says in use, and because open questions have no reference.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Literal

import numpy as np
import torch
from torch.nn import functional

from loracheck.models.generation import generate, pad_token_id
from loracheck.models.likelihood import logits_at, pad
from loracheck.probes import bundled
from loracheck.progress import Progress
from loracheck.records import Estimate, Message
from loracheck.records.adapter import FormComparison
from loracheck.stats import share
from loracheck.templates.chat import IGNORED, ChatTemplate, EncodedRow

if TYPE_CHECKING:
    from transformers import PreTrainedModel

THRESHOLD = 0.05
"""Nats per token. Measured: about 0.001 for a merge in bfloat16 into what the adapter was trained on, 0.25 to 0.45
for an adapter trained on NF4 and merged into the bfloat16 base."""
_RESAMPLES = 2000
_QUIET = Progress(quiet=True)
_SUITES = (("facts-ja", "open-ja"), ("facts-en", "open-en"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the trained form said: the rows, and its log-probabilities at their answer positions on disk."""

    rows: tuple[EncodedRow, ...]
    logprobs: IO[bytes]
    vocabulary: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Probe:
    """One probe's positions: summed divergence, positions with the same most likely token, and their number."""

    divergence: float
    same_top: int
    largest: float
    tokens: int


def choose_prompts(
    per_language: int, seed: int, own: Sequence[tuple[Message, ...]] = ()
) -> list[tuple[Message, ...]]:
    """Draw prompts: factual and open ones of both languages, and as many of the user's own."""
    chance = random.Random(seed)
    chosen: list[tuple[Message, ...]] = []
    for facts, opened in _SUITES:
        for suite, count in ((facts, per_language - per_language // 2), (opened, per_language // 2)):
            prompts = [probe.messages for probe in bundled((suite,))]
            chosen += chance.sample(prompts, min(count, len(prompts)))
    return chosen + chance.sample(list(own), min(per_language, len(own)))


def record_answers(
    model: PreTrainedModel,
    template: ChatTemplate,
    prompts: Sequence[tuple[Message, ...]],
    *,
    max_new_tokens: int,
    store: IO[bytes],
    progress: Progress = _QUIET,
) -> Answers:
    """Let the trained form answer, and keep its distributions in a file: a large vocabulary fills the memory."""
    encoded = [template.prompt_ids(messages) for messages in prompts]
    replies = [""] * len(prompts)
    with progress.track("answers of the trained form", len(prompts)) as advance:
        for batch in generate(model, template, encoded, max_new_tokens=max_new_tokens):
            for index, reply in batch:
                replies[index] = reply.text
            advance(len(batch))
    rows = tuple(
        template.encode_reply(messages, reply) for messages, reply in zip(prompts, replies, strict=True)
    )
    vocabulary = 0
    for logprobs in _answer_logprobs(model, template, rows, "distributions of the trained form", progress):
        vocabulary = logprobs.shape[1]
        store.write(logprobs.numpy().tobytes())
    return Answers(rows=rows, logprobs=store, vocabulary=vocabulary)


def compare_form(
    model: PreTrainedModel,
    template: ChatTemplate,
    answers: Answers,
    *,
    shipped: str,
    seed: int,
    progress: Progress = _QUIET,
) -> FormComparison:
    """Hold a shipped form against the recorded answers of the trained one."""
    if model.config.get_text_config().vocab_size != answers.vocabulary:
        return not_compared(shipped, "its vocabulary has another size than the base's")
    answers.logprobs.seek(0)
    probes = []
    for logprobs in _answer_logprobs(model, template, answers.rows, shipped, progress):
        content = answers.logprobs.read(logprobs.numel() * 4)
        trained = torch.from_numpy(np.frombuffer(content, dtype=np.float32).reshape(logprobs.shape).copy())
        probes.append(_compare(trained, logprobs))
    if not all(np.isfinite(probe.divergence) for probe in probes):
        return not_compared(shipped, "its logits are not finite")
    divergence = _per_token("divergence", [probe.divergence for probe in probes], probes, seed, "nats")
    return FormComparison(
        shipped=shipped,
        divergence=divergence,
        same_top=_same_top(probes, seed),
        largest=max(probe.largest for probe in probes),
        tokens=sum(probe.tokens for probe in probes),
        above_threshold=divergence.value is not None and divergence.value > THRESHOLD,
    )


def not_compared(shipped: str, reason: str) -> FormComparison:
    """Say that a form was not compared, and why."""
    return FormComparison(
        shipped=shipped,
        divergence=None,
        same_top=None,
        largest=None,
        tokens=0,
        above_threshold=None,
        reason=reason,
    )


def _answer_logprobs(
    model: PreTrainedModel,
    template: ChatTemplate,
    rows: Sequence[EncodedRow],
    label: str,
    progress: Progress,
) -> Iterator[torch.Tensor]:
    """Yield the log-probabilities at each row's answer positions, (positions, vocabulary), row by row.

    One row at a time: padding would move the last bits, and differently in each form.
    """
    pad_id = pad_token_id(template)
    with progress.track(label, len(rows)) as advance:
        for row in rows:
            batch = {name: value.to(model.device) for name, value in pad([row], pad_id).items()}
            columns = torch.nonzero(batch["labels"][0, 1:] != IGNORED).flatten()
            with torch.inference_mode():
                logits, _ = logits_at(model, batch, torch.zeros_like(columns), columns)
                yield functional.log_softmax(logits.float(), dim=-1).cpu()
            advance(1)


def _compare(trained: torch.Tensor, shipped: torch.Tensor) -> _Probe:
    # A token that both rule out (minus infinity) adds nothing.
    terms = torch.where(trained.isneginf(), 0.0, trained.exp() * (trained - shipped))
    each = terms.double().sum(dim=-1).clamp_min(0.0)
    return _Probe(
        divergence=float(each.sum()),
        same_top=int((trained.argmax(dim=-1) == shipped.argmax(dim=-1)).sum()),
        largest=float(each.max()),
        tokens=len(each),
    )


def _same_top(probes: Sequence[_Probe], seed: int) -> Estimate:
    if all(probe.same_top == probe.tokens for probe in probes):
        return share("same_top", len(probes), len(probes))  # resampling would claim certainty
    return _per_token("same_top", [probe.same_top for probe in probes], probes, seed, "share")


def _per_token(
    name: str, sums: Sequence[float], probes: Sequence[_Probe], seed: int, unit: Literal["nats", "share"]
) -> Estimate:
    """Estimate a mean over positions; its interval resamples whole probes, whose positions are not independent."""
    totals, tokens = np.array(sums, dtype=float), np.array([probe.tokens for probe in probes], dtype=float)
    picks = np.random.default_rng(seed).integers(0, len(totals), size=(_RESAMPLES, len(totals)))
    low, high = np.quantile(totals[picks].sum(axis=1) / tokens[picks].sum(axis=1), [0.025, 0.975])
    return Estimate(
        name=name,
        value=float(totals.sum() / tokens.sum()),
        ci_low=float(low),
        ci_high=float(high),
        n=len(totals),
        method="bootstrap over probes",
        unit=unit,
    )
