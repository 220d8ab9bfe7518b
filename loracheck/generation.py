"""Prompts to completions, batched and greedy; one path for the base and for every adapter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch

from loracheck.likelihood import length_batches
from loracheck.template import ChatTemplate

if TYPE_CHECKING:
    from transformers import PreTrainedModel

FinishReason = Literal["stop", "turn", "length"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """One reply: its text, why it ended and how many tokens it took."""

    text: str
    finish_reason: FinishReason
    tokens: int


def generate(
    model: PreTrainedModel,
    template: ChatTemplate,
    prompts: Sequence[Sequence[int]],
    *,
    max_new_tokens: int,
    batch_size: int = 48,
    done: AbstractSet[int] = frozenset(),
) -> Iterator[list[tuple[int, Generated]]]:
    """Answer prompts greedily in batches of similar length; yields (index, reply) pairs batch by batch.

    Batches depend on the prompts alone, so every arm sees the same padding, and so does a resumed run: a batch
    is left out only when all of it is done.
    """
    pad_id = pad_token_id(template)
    longest = max((len(prompt) for prompt in prompts), default=0)
    for indices in length_batches([len(prompt) for prompt in prompts], batch_size * max(1, longest)):
        for start in range(0, len(indices), batch_size):
            part = indices[start : start + batch_size]
            if done >= set(part):
                continue
            ids, mask = left_pad([prompts[i] for i in part], pad_id)
            with torch.inference_mode():
                output = model.generate(  # type: ignore[operator]  # the stub gives Tensor
                    input_ids=ids.to(model.device),
                    attention_mask=mask.to(model.device),
                    max_new_tokens=max_new_tokens,
                    do_sample=False,
                    eos_token_id=list(template.stop_ids),
                    pad_token_id=pad_id,
                )
            new = output[:, ids.shape[1] :].tolist()
            yield [(index, _finish(new[place], template)) for place, index in enumerate(part)]


def left_pad(prompts: Sequence[Sequence[int]], pad_id: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Stack prompts into left-padded ids and attention mask, each (prompts, longest)."""
    longest = max(len(prompt) for prompt in prompts)
    ids = torch.full((len(prompts), longest), pad_id, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for i, prompt in enumerate(prompts):
        ids[i, longest - len(prompt) :] = torch.tensor(prompt, dtype=torch.long)
        mask[i, longest - len(prompt) :] = 1
    return ids, mask


def pad_token_id(template: ChatTemplate) -> int:
    """Return the padding id; a tokenizer without one is padded with its first stop token (masked anyway)."""
    pad = template.tokenizer.pad_token_id
    return int(pad) if pad is not None else template.stop_ids[0]


def _finish(ids: list[int], template: ChatTemplate) -> Generated:
    reason: FinishReason = "length"
    tokens = len(ids)
    for place, token in enumerate(ids):
        if token in template.stop_ids:
            ids, tokens, reason = ids[:place], place + 1, "stop"
            break
    text = str(template.tokenizer.decode(ids, skip_special_tokens=True))
    cuts = [cut for opener in template.turn_openers if (cut := ("\n" + text).find("\n" + opener)) >= 0]
    if cuts:
        text, reason = text[: max(0, min(cuts) - 1)], "turn"
    return Generated(text=text.strip(), finish_reason=reason, tokens=tokens)
