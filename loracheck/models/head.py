"""The vocabulary head, applied at chosen positions by tiles in buffers that are made once.

With a vocabulary of 262k the head is half of the work and most of the memory. Prompts and padding need no logits;
the others are taken a tile at a time, so that no logits outlive it (as in Cut Cross-Entropy, arXiv 2411.09009, and
Liger, arXiv 2410.10989). The head itself must be frozen.

On the CPU and in 16 bits, tokens that no position of a tile finds likely are taken together in the gradient, as
Cut Cross-Entropy leaves them out: their mean stands for each. That loses no more than the rounding of 16 bits does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

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


_UNLIKELY = 1e-5
"""Probability below which a token is taken with the others. On Gemma 3 270M a sixth of the vocabulary lies above it
somewhere in a tile, and the gradient then differs by 0.28% from the exact one, against 0.22% by rounding alone."""
_MOST_APART = 0.5
"""Share of the vocabulary from which on gathering the likely tokens takes longer than taking all."""
_ROWS_SUMMED = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadForm:
    """What an architecture does with its head's logits: logits * scale, then softcap * tanh(logits / softcap)."""

    scale: float = 1.0
    softcap: float | None = None

    def apply(self, logits: torch.Tensor) -> torch.Tensor:
        """Return the logits as the architecture gives them."""
        logits = logits if self.scale == 1.0 else logits * self.scale
        return torch.tanh(logits / self.softcap) * self.softcap if self.softcap else logits


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


def tile_rows(device: torch.device) -> int:
    """Return the positions of a tile: more than that only costs memory."""
    return 1024 if device.type == "cuda" else 160


class TiledHead:
    """The frozen head of a model and the buffers of one tile."""

    def __init__(self, head: torch.nn.Linear, form: HeadForm) -> None:
        weight = head.weight
        rows, vocabulary = tile_rows(weight.device), weight.shape[0]
        self.weight = weight
        self.bias = head.bias
        self.form = form
        self.logits = torch.empty(rows, vocabulary, dtype=weight.dtype, device=weight.device)
        self.tile = torch.empty(rows, vocabulary, dtype=torch.float32, device=weight.device)
        gathers = weight.device.type == "cpu" and weight.dtype in (torch.bfloat16, torch.float16)
        self.weight_sum = _sum_of_rows(weight.detach()) if gathers else None
        # Made once, as the system takes its time over fresh pages; only what is used of them takes memory.
        likely = round(_MOST_APART * vocabulary) if gathers else 0
        self.rows = torch.empty(likely, weight.shape[1], dtype=weight.dtype)
        self.part = torch.empty(rows * likely, dtype=torch.float32)

    def nll(self, hidden: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the negative log-likelihood in nats of every target, shape (positions,), without gradient."""
        found = torch.empty(hidden.shape[0], dtype=torch.float32, device=hidden.device)
        for places, tile, _, _ in self._tiles(hidden):
            right = tile.gather(1, targets[places].unsqueeze(1))
            found[places] = (_to_shares(tile) - right).squeeze(1)
        return found

    def loss_and_gradient(
        self, hidden: torch.Tensor, targets: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the summed negative log-likelihood in nats and its gradient.

        Args:
            hidden: Last hidden states, shape (positions, hidden).
            targets: Token ids, shape (positions,).

        Returns:
            A scalar, and the gradient of hidden in its shape and type.
        """
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        gradient = torch.empty_like(hidden)
        for places, tile, logits, slope in self._tiles(hidden):
            wanted = targets[places].unsqueeze(1)
            right = tile.gather(1, wanted)
            total += (_to_shares(tile) - right).sum()
            likely = self._likely(tile, targets[places])
            tile.scatter_(1, wanted, tile.gather(1, wanted) - 1.0)
            if slope is not None:
                tile.mul_(slope)
            if likely is None:
                logits.copy_(tile)
                gradient[places] = logits @ self.weight
            else:
                gradient[places] = self._by_likely(tile, likely)
        return total, gradient

    def _likely(self, shares: torch.Tensor, targets: torch.Tensor) -> torch.Tensor | None:
        """Return the tokens that some position of a tile finds likely; None where all are taken."""
        if self.weight_sum is None:
            return None
        above = shares.amax(dim=0) > _UNLIKELY
        above[targets] = True
        likely = torch.nonzero(above).squeeze(1)
        return likely if len(likely) < _MOST_APART * shares.shape[1] else None

    def _by_likely(self, tile: torch.Tensor, likely: torch.Tensor) -> torch.Tensor:
        """Return tile @ weight with the mean of the other tokens' weights in place of each of them."""
        assert self.weight_sum is not None
        rows, part = self.rows[: len(likely)], self.part[: len(tile) * len(likely)].view(len(tile), -1)
        torch.index_select(self.weight, 0, likely, out=rows)
        torch.index_select(tile, 1, likely, out=part)
        rest = tile.sum(dim=1, keepdim=True) - part.sum(dim=1, keepdim=True)
        rounded = self.logits.flatten()[: part.numel() + len(likely)].view(len(tile) + 1, -1)
        rounded[:-1].copy_(part)
        rounded[-1] = 1  # the sum of the likely rows comes out of the same product
        product = (rounded @ rows).float()
        mean = (self.weight_sum - product[-1:]) / (tile.shape[1] - len(likely))
        return product[:-1].addmm_(rest, mean)

    def _tiles(
        self, hidden: torch.Tensor
    ) -> Iterator[tuple[slice, torch.Tensor, torch.Tensor, torch.Tensor | None]]:
        """Yield the positions of each tile, its logits in float32, a buffer of their type, and their slope."""
        rows = self.tile.shape[0]
        for start in range(0, hidden.shape[0], rows):
            part = hidden[start : start + rows].to(self.weight.dtype)
            logits, tile = self.logits[: len(part)], self.tile[: len(part)]
            torch.mm(part, self.weight.t(), out=logits)
            tile.copy_(logits)
            if self.bias is not None:
                tile += self.bias
            yield slice(start, start + len(part)), tile, logits, self._bend(tile)

    def _bend(self, tile: torch.Tensor) -> torch.Tensor | None:
        """Scale and cap the logits of a tile in place; returns the slope of that, None where it is 1."""
        if self.form.scale != 1.0:
            tile.mul_(self.form.scale)
        if not self.form.softcap:
            return None if self.form.scale == 1.0 else torch.tensor(self.form.scale, device=tile.device)
        tile.div_(self.form.softcap).tanh_()
        slope = (1 - tile.square()) * self.form.scale
        tile.mul_(self.form.softcap)
        return slope


def _to_shares(tile: torch.Tensor) -> torch.Tensor:
    """Turn the logits of a tile into probabilities, in place; returns the logarithm of the sum, shape (positions, 1).

    One pass over a buffer that fits no cache instead of four; the highest logit and its share tell the sum.
    """
    highest = tile.amax(dim=1, keepdim=True)
    torch.softmax(tile, dim=1, out=tile)
    return highest - tile.amax(dim=1, keepdim=True).log()


def _sum_of_rows(weight: torch.Tensor) -> torch.Tensor:
    """Return the sum over the vocabulary in float32, part by part: the whole would be copied to that type first."""
    total = torch.zeros(weight.shape[1], dtype=torch.float32, device=weight.device)
    for start in range(0, len(weight), _ROWS_SUMMED):
        total += weight[start : start + _ROWS_SUMMED].float().sum(dim=0)
    return total


def tiled_head(model: PreTrainedModel) -> TiledHead | None:
    """Return a model's head with buffers for a tile; None where it cannot be applied apart."""
    form = head_form(model)
    return None if form is None else TiledHead(model.get_output_embeddings(), form)
