"""Log-likelihood of replies, with the vocabulary head applied at the labelled positions only.

A 262k vocabulary makes the head half of the work; prompts and padding need no logits. Training loss, IFD and
choice scoring share this one path.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from loracheck.template import IGNORED, EncodedRow

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# Config fields by which architectures scale their logits; where it is known how, whether they multiply or divide.
_HEAD_SCALES = ("logit_scale", "lm_head_multiplier", "logits_scaling", "logits_scale")
_KNOWN_SCALES = {
    "cohere": ("logit_scale", 1),
    "cohere2": ("logit_scale", 1),
    "falcon_h1": ("lm_head_multiplier", 1),
    "granite": ("logits_scaling", -1),
    "granitemoe": ("logits_scaling", -1),
    "granitemoeshared": ("logits_scaling", -1),
    "granitemoehybrid": ("logits_scaling", -1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadForm:
    """What an architecture does with its head's logits: logits * scale, then softcap * tanh(logits / softcap)."""

    scale: float = 1.0
    softcap: float | None = None

    def apply(self, logits: torch.Tensor) -> torch.Tensor:
        """Return the logits as the architecture gives them."""
        logits = logits if self.scale == 1.0 else logits * self.scale
        return torch.tanh(logits / self.softcap) * self.softcap if self.softcap else logits


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


def head_form(model: PreTrainedModel) -> HeadForm | None:
    """Return how the head may be applied apart from the hidden states; None where it is no plain linear layer."""
    config = model.config.get_text_config()
    if type(model.get_output_embeddings()) is not torch.nn.Linear:
        return None  # none at all, or one that an adapter or a quantisation has replaced
    field, power = _KNOWN_SCALES.get(config.model_type, ("", 1))
    others = (getattr(config, name, None) for name in _HEAD_SCALES if name != field)
    if any(value not in (None, 1) for value in others):
        return None
    scale = float(getattr(config, field)) ** power if field else 1.0
    return HeadForm(scale=scale, softcap=getattr(config, "final_logit_softcapping", None))


def logits_at(
    model: PreTrainedModel, batch: dict[str, torch.Tensor], rows: torch.Tensor, columns: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Run a padded batch, with the head at some positions only.

    Returns:
        The logits at those positions (positions, vocabulary), and the last hidden states (rows, longest, hidden).
    """
    inputs = {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"]}
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
    model: PreTrainedModel, batch: dict[str, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Run a padded batch and take the loss at labelled positions.

    Returns:
        Negative log-likelihood per labelled token in nats (labelled,), the row of each such token (labelled,),
        and the last hidden states (rows, longest, hidden).
    """
    targets = batch["labels"][:, 1:]
    rows, columns = torch.nonzero(targets != IGNORED, as_tuple=True)
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
    for indices in length_batches([len(row.ids) for row in rows], batch_tokens):
        if done >= set(indices):
            continue
        batch = {k: v.to(model.device) for k, v in pad([rows[i] for i in indices], pad_id).items()}
        with torch.inference_mode():
            nll, owners, hidden = token_nll(model, batch)
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
