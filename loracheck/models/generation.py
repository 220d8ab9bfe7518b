"""Prompts to completions, batched, greedy or drawn under a seed; one path for the base and for every adapter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

import torch

from loracheck.engines import Generated
from loracheck.models.likelihood import length_batches
from loracheck.records import FinishReason
from loracheck.templates.chat import ChatTemplate

if TYPE_CHECKING:
    from transformers import PreTrainedModel

BATCH_SIZE = 48
STRETCH = 8
"""Tokens between two looks at which replies have ended."""


def generate(
    model: PreTrainedModel,
    template: ChatTemplate,
    prompts: Sequence[Sequence[int]],
    *,
    max_new_tokens: int,
    batch_size: int = BATCH_SIZE,
    temperature: float = 0.0,
    seed: int = 0,
    done: AbstractSet[int] = frozenset(),
) -> Iterator[list[tuple[int, Generated]]]:
    """Answer prompts in batches of similar length; yields (index, reply) pairs batch by batch.

    Greedy at temperature 0; above it tokens are drawn from the whole distribution, under a seed of the batch's own.
    Batches depend on the prompts alone, so every arm sees the same padding, and so does a resumed run: a batch
    is left out only when all of it is done.
    """
    pad_id = pad_token_id(template)
    drawn: dict[str, Any] = {"do_sample": False}
    if temperature > 0:
        drawn = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
    for part in prompt_batches(prompts, batch_size):
        if done >= set(part):
            continue
        devices = [model.device] if model.device.type == "cuda" else []
        with torch.inference_mode(), torch.random.fork_rng(devices):
            torch.manual_seed(1_000_003 * seed + part[0])
            new = _in_stretches(model, template, [prompts[i] for i in part], pad_id, max_new_tokens, drawn)
        yield [(index, _finish(new[place], template)) for place, index in enumerate(part)]


def prompt_batches(prompts: Sequence[Sequence[int]], batch_size: int = BATCH_SIZE) -> list[list[int]]:
    """Group prompts by length, the longest first, at most batch_size of them together."""
    longest = max((len(prompt) for prompt in prompts), default=0)
    return [
        indices[start : start + batch_size]
        for indices in length_batches([len(prompt) for prompt in prompts], batch_size * max(1, longest))
        for start in range(0, len(indices), batch_size)
    ]


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


def _in_stretches(
    model: PreTrainedModel,
    template: ChatTemplate,
    prompts: Sequence[Sequence[int]],
    pad_id: int,
    max_new_tokens: int,
    decoding: Mapping[str, Any],
) -> list[list[int]]:
    """Go on a few tokens at a time; a reply that has ended leaves the batch and costs no more.

    Returns:
        The new tokens of every prompt, up to the stop token or a little beyond its end.
    """
    ids, mask = (tensor.to(model.device) for tensor in left_pad(prompts, pad_id))
    start, cache = ids.shape[1], None
    replies: list[list[int]] = [[] for _ in prompts]
    open_places = list(range(len(prompts)))
    while open_places and (room := max_new_tokens - ids.shape[1] + start) > 0:
        output = model.generate(  # type: ignore[operator]  # the stub gives Tensor
            input_ids=ids,
            attention_mask=mask,
            past_key_values=cache,
            max_new_tokens=min(STRETCH, room),
            eos_token_id=list(template.stop_ids),
            pad_token_id=pad_id,
            return_dict_in_generate=True,
            **decoding,
        )
        ids, cache = output.sequences, output.past_key_values
        for place, reply in zip(open_places, ids[:, start:].tolist(), strict=True):
            replies[place] = reply
        going = [row for row, place in enumerate(open_places) if not _ended(replies[place], template)]
        kept = torch.tensor(going, dtype=torch.long, device=ids.device)
        if len(going) < len(open_places) and cache is not None:
            cache.batch_select_indices(kept)
        open_places = [open_places[row] for row in going]
        ids, mask = ids[kept], mask[kept]
        mask = torch.cat([mask, mask.new_ones(len(going), ids.shape[1] - mask.shape[1])], dim=1)
    return replies


def _ended(ids: Sequence[int], template: ChatTemplate) -> bool:
    return _finish(list(ids), template).finish_reason != "length"


def _finish(ids: list[int], template: ChatTemplate) -> Generated:
    reason: FinishReason = "length"
    tokens = len(ids)
    for place, token in enumerate(ids):
        if token in template.stop_ids:
            ids, tokens, reason = ids[:place], place + 1, "stop"
            break
    text = str(template.tokenizer.decode(ids, skip_special_tokens=True))
    cut = template.turn_begins(text)
    if cut is not None:
        text, reason = text[:cut], "turn"
    return Generated(text=text.strip(), finish_reason=reason, tokens=tokens)
