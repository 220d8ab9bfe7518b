"""A model in this process as an engine: one load of the base serves every arm that is an adapter on it.

Prompts are batched by length, what choices share is computed once, and what the base answered to the very same
batch before comes out of a cache.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from loracheck.engines import Ability, Decoding, Generated, Offer, Scored
from loracheck.engines.answer_cache import AnswerCache
from loracheck.models.generation import generate, pad_token_id, prompt_batches
from loracheck.models.likelihood import group_batches, length_batches, score_groups, score_tokens
from loracheck.models.load import arm
from loracheck.records import BASE_ARM, Probe, ScoredText
from loracheck.templates.chat import ChatTemplate, EncodedRow

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

T = TypeVar("T")
_BATCH_TOKENS = 2048
_CHOICE_TOKENS = 1024
"""Of choices in a batch: their rests are short and differ, and smaller batches hold less padding."""


class LocalEngine:
    """A loaded model; with adapters it answers as the arm named, a plain one as it stands.

    Args:
        model: The base, with adapters or without, or a whole model of its own.
        template: Of all arms.
        cache: Of the base's answers; None asks everything.
    """

    gives: frozenset[Ability] = frozenset({"choices", "likelihoods", "draws", "continues"})

    def __init__(
        self,
        model: PeftModel | PreTrainedModel,
        template: ChatTemplate,
        cache: AnswerCache | None = None,
    ) -> None:
        self.template = template
        self._cache = cache
        self._held: list[PeftModel | PreTrainedModel] = [model]

    def complete(
        self, arm_name: str, probes: Sequence[Probe], decoding: Decoding, done: AbstractSet[int]
    ) -> Iterator[list[tuple[int, Generated]]]:
        """Answer probes, in batches of similar length."""
        prompts = [self.template.prompt_ids(probe.messages) for probe in probes]

        def compute(known: AbstractSet[int]) -> Iterator[list[tuple[int, Generated]]]:
            with arm(self._held[0], arm_name) as model:
                yield from generate(
                    model,
                    self.template,
                    prompts,
                    max_new_tokens=decoding.max_new_tokens,
                    temperature=decoding.temperature,
                    seed=decoding.seed,
                    done=known,
                )

        asked = {"answers": asdict(decoding), "stops": self.template.stop_ids}
        yield from self._known_first(
            arm_name, asked, prompts, lambda: prompt_batches(prompts), Generated, done, compute
        )

    def rank(
        self, arm_name: str, offers: Sequence[Offer], done: AbstractSet[int]
    ) -> Iterator[list[tuple[int, tuple[float, ...]]]]:
        """Score all replies to a probe at once; what they share passes through the model once."""
        groups = [
            [self.template.encode_reply(offer.probe.messages, reply) for reply in offer.replies]
            for offer in offers
        ]

        def compute(known: AbstractSet[int]) -> Iterator[list[tuple[int, tuple[float, ...]]]]:
            with arm(self._held[0], arm_name) as model:
                yield from score_groups(
                    model, groups, pad_id=pad_token_id(self.template), batch_tokens=_CHOICE_TOKENS, done=known
                )

        def planned() -> list[list[int]] | None:
            with arm(self._held[0], arm_name) as model:
                return group_batches(model, groups, _CHOICE_TOKENS)

        contents = [[_content(row) for row in group] for group in groups]
        yield from self._known_first(
            arm_name, {"choices": _CHOICE_TOKENS}, contents, planned, tuple[float, ...], done, compute
        )

    def score(
        self, arm_name: str, texts: Sequence[ScoredText], done: AbstractSet[int]
    ) -> Iterator[list[tuple[int, Scored]]]:
        """Score texts token by token, in batches of similar length."""
        rows = [self._encoded(text) for text in texts]

        def compute(known: AbstractSet[int]) -> Iterator[list[tuple[int, tuple[float, ...]]]]:
            with arm(self._held[0], arm_name) as model:
                yield from score_tokens(
                    model, rows, pad_id=pad_token_id(self.template), batch_tokens=_BATCH_TOKENS, done=known
                )

        def planned() -> list[list[int]]:
            return length_batches([len(row.ids) for row in rows], _BATCH_TOKENS)

        contents = [_content(row) for row in rows]
        for batch in self._known_first(
            arm_name, {"tokens": _BATCH_TOKENS}, contents, planned, tuple[float, ...], done, compute
        ):
            yield [
                (place, Scored(pieces=self.template.pieces(rows[place]), logprobs=logprobs))
                for place, logprobs in batch
            ]

    def close(self) -> None:
        """Let the model go."""
        self._held.clear()
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _known_first(
        self,
        arm_name: str,
        asked: dict[str, Any],
        contents: Sequence[object],
        planned: Callable[[], list[list[int]] | None],
        record: Any,  # noqa: ANN401 - a type such as tuple[float, ...] has no narrower one
        done: AbstractSet[int],
        compute: Callable[[AbstractSet[int]], Iterator[list[tuple[int, T]]]],
    ) -> Iterator[list[tuple[int, T]]]:
        """Give batches that the cache knows, and compute the others.

        A batch is known as a whole or not at all: other company means other padding, and so other last bits.
        """
        batches = planned() if self._cache is not None and arm_name == BASE_ARM else None
        if self._cache is None or batches is None:
            yield from compute(done)
            return
        known = set(done)
        for batch in batches:
            if known >= set(batch):
                continue
            values: list[T] | None = self._cache.find(asked, [contents[place] for place in batch], record)
            if values is not None:
                yield list(zip(batch, values, strict=True))
                known |= set(batch)
        if len(known) == len(contents):
            return
        for fresh in compute(known):
            self._cache.keep(asked, [contents[place] for place, _ in fresh], [value for _, value in fresh])
            yield fresh

    def _encoded(self, text: ScoredText) -> EncodedRow:
        if text.probe.messages:
            return self.template.encode_reply(text.probe.messages, text.text)
        return self.template.encode_text(text.text)


def _content(row: EncodedRow) -> list[object]:
    """Return what a row's likelihood depends on: its tokens, and from where on they count."""
    return [row.ids, [place for place, label in enumerate(row.labels) if label >= 0]]
