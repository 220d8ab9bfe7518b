"""Log-likelihood of replies, with the vocabulary head applied at the labelled positions only.

A 262k vocabulary makes the head half of the work; prompts and padding need no logits. Training loss, IFD and
choice scoring share this one path.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from loracheck.models.head import TiledHead, head_form, tiled_head
from loracheck.templates.chat import IGNORED, EncodedRow

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLikelihood:
    """Log-likelihood of one row's labelled tokens, and its mean-pooled last hidden state.

    Attributes:
        logprob: Sum over the labelled tokens, in nats.
        tokens: Number of labelled tokens.
        embedding: Mean of the last hidden states of all tokens, shape (hidden,); empty when not asked for.
    """

    logprob: float
    tokens: int
    embedding: tuple[float, ...] = ()


def pad(rows: Sequence[EncodedRow], pad_id: int) -> dict[str, torch.Tensor]:
    """Stack rows into right-padded tensors input_ids, attention_mask and labels, each (rows, longest)."""
    longest = max(len(row.ids) for row in rows)
    ids = torch.full((len(rows), longest), pad_id, dtype=torch.long)
    labels = torch.full((len(rows), longest), IGNORED, dtype=torch.long)
    mask = torch.zeros((len(rows), longest), dtype=torch.long)
    for i, row in enumerate(rows):
        n = len(row.ids)
        ids[i, :n] = torch.tensor(row.ids)
        labels[i, :n] = torch.tensor(row.labels)
        mask[i, :n] = 1
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def logits_at(
    model: PreTrainedModel, batch: dict[str, torch.Tensor], rows: torch.Tensor, columns: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Run a padded or packed batch, with the head at some positions only.

    Returns:
        The logits at those positions (positions, vocabulary), and the last hidden states (rows, longest, hidden).
    """
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    if form := head_form(model):
        hidden = model.get_decoder()(**inputs, use_cache=False).last_hidden_state
        return form.apply(model.get_output_embeddings()(hidden[rows, columns])), hidden
    output = model(**inputs, use_cache=False, output_hidden_states=True)
    return output.logits[rows, columns], output.hidden_states[-1]


def next_token_logprobs(
    model: PreTrainedModel, prompts: Sequence[Sequence[int]], pad_id: int
) -> torch.Tensor:
    """Return the log-probability in nats of every token after each prompt, (prompts, vocabulary)."""
    rows = [
        EncodedRow(ids=tuple(ids), labels=(IGNORED,) * len(ids), prompt_is_prefix=True) for ids in prompts
    ]
    batch = {k: v.to(model.device) for k, v in pad(rows, pad_id).items()}
    lengths = batch["attention_mask"].sum(dim=1)
    with torch.inference_mode():
        logits, _ = logits_at(model, batch, torch.arange(len(rows), device=lengths.device), lengths - 1)
        return functional.log_softmax(logits.float(), dim=-1).cpu()


def token_nll(
    model: PreTrainedModel, batch: dict[str, torch.Tensor], tiles: TiledHead | None = None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Run a padded or packed batch and take the loss at labelled positions.

    With tiles (see `tiled_head`) the head needs little memory and gives no gradient.

    Returns:
        Negative log-likelihood per labelled token in nats (labelled,), the row of each such token (labelled,),
        and the last hidden states (rows, longest, hidden).
    """
    targets = batch["labels"][:, 1:]
    rows, columns = torch.nonzero(targets != IGNORED, as_tuple=True)
    if tiles is not None:
        inputs = {name: value for name, value in batch.items() if name != "labels"}
        hidden = model.get_decoder()(**inputs, use_cache=False).last_hidden_state
        return tiles.nll(hidden[rows, columns], targets[rows, columns]), rows, hidden
    logits, hidden = logits_at(model, batch, rows, columns)
    nll = functional.cross_entropy(logits.float(), targets[rows, columns], reduction="none")
    return nll, rows, hidden


def score_rows(
    model: PreTrainedModel,
    rows: Sequence[EncodedRow],
    *,
    pad_id: int,
    batch_tokens: int = 2048,
    embed: bool = False,
    done: AbstractSet[int] = frozenset(),
) -> Iterator[list[tuple[int, RowLikelihood]]]:
    """Score rows in batches of similar length; yields (index, likelihood) pairs batch by batch.

    Batches depend on the rows alone; one is left out only when all of it is done.
    """
    tiles = tiled_head(model)
    for indices in length_batches([len(row.ids) for row in rows], batch_tokens):
        if done >= set(indices):
            continue
        batch = {k: v.to(model.device) for k, v in pad([rows[i] for i in indices], pad_id).items()}
        with torch.inference_mode():
            nll, owners, hidden = token_nll(model, batch, tiles)
            sums = torch.zeros(len(indices), device=nll.device).index_add_(0, owners, nll)
            means: list[list[float]] = []
            if embed:
                weights = batch["attention_mask"].unsqueeze(-1)
                means = ((hidden.float() * weights).sum(1) / weights.sum(1)).tolist()
        yield [
            (
                index,
                RowLikelihood(
                    logprob=-float(sums[place]),
                    tokens=rows[index].trained_tokens,
                    embedding=tuple(means[place]) if embed else (),
                ),
            )
            for place, index in enumerate(indices)
        ]


def score_tokens(
    model: PreTrainedModel,
    rows: Sequence[EncodedRow],
    *,
    pad_id: int,
    batch_tokens: int = 2048,
    done: AbstractSet[int] = frozenset(),
) -> Iterator[list[tuple[int, tuple[float, ...]]]]:
    """Score each labelled token of rows; yields (index, log-likelihoods in nats) batch by batch, as `score_rows`."""
    tiles = tiled_head(model)
    for indices in length_batches([len(row.ids) for row in rows], batch_tokens):
        if done >= set(indices):
            continue
        batch = {k: v.to(model.device) for k, v in pad([rows[i] for i in indices], pad_id).items()}
        with torch.inference_mode():
            nll, owners, _ = token_nll(model, batch, tiles)
        values, places = (-nll).tolist(), owners.tolist()
        parts: list[list[float]] = [[] for _ in indices]
        for place, value in zip(places, values, strict=True):
            parts[place].append(value)
        yield [(index, tuple(part)) for index, part in zip(indices, parts, strict=True)]


def score_groups(
    model: PreTrainedModel,
    groups: Sequence[Sequence[EncodedRow]],
    *,
    pad_id: int,
    batch_tokens: int = 2048,
    done: AbstractSet[int] = frozenset(),
) -> Iterator[list[tuple[int, tuple[float, ...]]]]:
    """Score rows that begin alike, such as a question's choices; yields (group, log-likelihoods in nats).

    What a group's rows share passes through the model once, and its keys and values serve them all. Batches depend
    on the groups alone; one is left out only when all of it is done.
    """
    tiles = tiled_head(model)
    if tiles is None or not _shares_prefixes(model):
        yield from _ungrouped(model, groups, pad_id, batch_tokens, done)
        return
    shared = [_common_prompt(group) for group in groups]
    for indices in _batches_alike(groups, shared, batch_tokens):
        if done >= set(indices):
            continue
        with torch.inference_mode():
            sums = _score_batch(
                model, tiles, [groups[i] for i in indices], [shared[i] for i in indices], pad_id
            )
        yield [(index, tuple(part)) for index, part in zip(indices, sums, strict=True)]


def group_batches(
    model: PreTrainedModel, groups: Sequence[Sequence[EncodedRow]], batch_tokens: int
) -> list[list[int]] | None:
    """Return the batches in which `score_groups` takes groups; None where it goes row by row."""
    if tiled_head(model) is None or not _shares_prefixes(model):
        return None
    return _batches_alike(groups, [_common_prompt(group) for group in groups], batch_tokens)


def _shares_prefixes(model: PreTrainedModel) -> bool:
    """Tell whether keys and values can be kept and repeated: no recurrent state, positions that can be given."""
    takes_positions = "position_ids" in inspect.signature(model.get_decoder().forward).parameters
    return takes_positions and not getattr(model, "_is_stateful", False)


def _common_prompt(group: Sequence[EncodedRow]) -> int:
    """Return how many tokens without loss all rows begin with, but for the last, from which they go apart."""
    shortest = min(len(row.ids) for row in group)
    first = group[0].ids
    common = next(
        (
            place
            for place in range(shortest)
            if any(row.ids[place] != first[place] or row.labels[place] != IGNORED for row in group)
        ),
        shortest,
    )
    return max(0, common - 1)


def _batches_alike(
    groups: Sequence[Sequence[EncodedRow]], shared: Sequence[int], batch_tokens: int
) -> list[list[int]]:
    """Batch groups whose longest rests are alike, then what they share, within a number of padded tokens.

    What is shared passes through the model once for a group, the rest once for each row, so the rests come first.
    """
    rests = [max(len(row.ids) for row in group) - cut for group, cut in zip(groups, shared, strict=True)]
    batches: list[list[int]] = []
    widest = rows = 0
    for index in sorted(range(len(groups)), key=lambda i: (-rests[i], -shared[i], i)):
        widest, rows = max(widest, shared[index]), rows + len(groups[index])
        if batches and widest * (len(batches[-1]) + 1) + rests[batches[-1][0]] * rows <= batch_tokens:
            batches[-1].append(index)
        else:
            batches.append([index])
            widest, rows = shared[index], len(groups[index])
    return batches


def _score_batch(
    model: PreTrainedModel,
    tiles: TiledHead,
    groups: Sequence[Sequence[EncodedRow]],
    shared: Sequence[int],
    pad_id: int,
) -> list[list[float]]:
    """Run what each group shares, then the rest of every row behind its group's keys and values."""
    owners = [place for place, group in enumerate(groups) for _ in group]
    rests = [
        EncodedRow(ids=row.ids[cut:], labels=row.labels[cut:], prompt_is_prefix=True)
        for group, cut in zip(groups, shared, strict=True)
        for row in group
    ]
    rest = {name: value.to(model.device) for name, value in pad(rests, pad_id).items()}
    mask, places = rest["attention_mask"], rest["attention_mask"].cumsum(1) - 1
    cache = None
    if width := max(shared):
        ids = torch.full((len(groups), width), pad_id, dtype=torch.long)
        before = torch.zeros_like(ids)
        for row, (group, cut) in enumerate(zip(groups, shared, strict=True)):
            ids[row, width - cut :] = torch.tensor(group[0].ids[:cut])
            before[row, width - cut :] = 1
        ids, before = ids.to(model.device), before.to(model.device)
        cache = model.get_decoder()(
            input_ids=ids,
            attention_mask=before,
            position_ids=(before.cumsum(1) - 1).clamp(min=0),
            use_cache=True,
        ).past_key_values
        chosen = torch.tensor(owners, device=model.device)
        cache.batch_select_indices(chosen)
        mask = torch.cat([before[chosen], mask], dim=1)
        places = places + before.sum(1)[chosen].unsqueeze(1)
    hidden = model.get_decoder()(
        input_ids=rest["input_ids"],
        attention_mask=mask,
        position_ids=places.clamp(min=0),
        past_key_values=cache,
        use_cache=cache is not None,
    ).last_hidden_state
    targets = rest["labels"][:, 1:]
    rows, columns = torch.nonzero(targets != IGNORED, as_tuple=True)
    nll = tiles.nll(hidden[rows, columns], targets[rows, columns])
    sums = iter((-torch.zeros(len(rests), device=nll.device).index_add_(0, rows, nll)).tolist())
    return [[next(sums) for _ in group] for group in groups]


def _ungrouped(
    model: PreTrainedModel,
    groups: Sequence[Sequence[EncodedRow]],
    pad_id: int,
    batch_tokens: int,
    done: AbstractSet[int],
) -> Iterator[list[tuple[int, tuple[float, ...]]]]:
    """Score groups row by row, for models whose keys and values cannot be shared."""
    rows = [row for group in groups for row in group]
    owners = [place for place, group in enumerate(groups) for _ in group]
    starts = [owners.index(place) for place in range(len(groups))]
    finished = {index for index, owner in enumerate(owners) if owner in done}
    waiting: dict[int, dict[int, float]] = {}
    for batch in score_rows(model, rows, pad_id=pad_id, batch_tokens=batch_tokens, done=finished):
        for index, row in batch:
            waiting.setdefault(owners[index], {})[index] = row.logprob
        whole = [owner for owner, found in waiting.items() if len(found) == len(groups[owner])]
        scored = [(owner, waiting.pop(owner)) for owner in whole]
        yield [
            (owner, tuple(found[starts[owner] + i] for i in range(len(groups[owner]))))
            for owner, found in scored
            if owner not in done
        ]


def length_batches(lengths: Sequence[int], batch_tokens: int) -> list[list[int]]:
    """Group indices by length so that a padded batch holds at most batch_tokens tokens; longest first.

    The longest batch comes first so that a run which does not fit in memory fails at once.
    """
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if batches and (len(batches[-1]) + 1) * lengths[batches[-1][0]] <= batch_tokens:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches
