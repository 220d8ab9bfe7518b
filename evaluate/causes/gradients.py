"""Which rows pull the adapter the way an answer does: similarity of LoRA gradients (LESS, arXiv 2402.04333).

The gradient of the loss on a text with respect to the adapter's own weights, at the adapter, projected to a few
thousand dimensions. LESS preconditions the rows' gradients with Adam's state at several checkpoints; a foreign
adapter brings neither, so plain gradients at its end are compared here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from numpy.typing import NDArray

from loracheck.models.head import tiled_head
from loracheck.models.likelihood import pad, token_nll
from loracheck.records import Message
from loracheck.templates.chat import IGNORED, ChatTemplate

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

_LONGEST = 1024
"""Tokens of a text; a longer one loses its beginning."""


class Projection:
    """A random projection by signs: every weight is added to one of the dimensions, with a sign of its own.

    Dot products keep their expectation, with a variance of 1 / dimensions of the squared lengths (feature hashing,
    arXiv 0902.2206), at the cost of one addition a weight. Signs and places hang on the seed and the weight's name.
    """

    def __init__(self, named: Sequence[tuple[str, torch.Tensor]], *, dimensions: int, seed: int) -> None:
        self._dimensions = dimensions
        self._places: list[torch.Tensor] = []
        self._signs: list[torch.Tensor] = []
        for name, tensor in named:
            digest = hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()
            generator = torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)
            drawn = torch.randint(0, 2 * dimensions, (tensor.numel(),), generator=generator)
            self._places.append((drawn >> 1).to(tensor.device))
            self._signs.append(((drawn & 1) * 2 - 1).to(device=tensor.device, dtype=torch.int8))

    def __call__(self, tensors: Sequence[torch.Tensor | None]) -> torch.Tensor:
        """Return the projection of weights in the order of their names, (dimensions,); None counts as zeros."""
        total = torch.zeros(self._dimensions)
        for tensor, places, signs in zip(tensors, self._places, self._signs, strict=True):
            if tensor is not None:
                part = torch.zeros(self._dimensions, device=tensor.device)
                total += part.index_add_(0, places, tensor.detach().float().flatten() * signs).cpu()
        return total


class Gradients:
    """Projected gradients of single texts with respect to one adapter's weights, which are given back unchanged."""

    def __init__(
        self, model: PeftModel, template: ChatTemplate, pad_id: int, *, dimensions: int, seed: int
    ) -> None:
        self._model = cast("PreTrainedModel", model.get_base_model())
        self._template = template
        self._pad_id = pad_id
        self._weights = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
        self._project = Projection(self._weights, dimensions=dimensions, seed=seed)
        self._tiles = tiled_head(self._model)
        self.width = dimensions

    def __call__(self, text: tuple[Sequence[Message], str]) -> NDArray[np.float32]:
        """Return the gradient of a reply's mean loss after its messages, (width,)."""
        messages, reply = text
        if messages and messages[-1].role == "assistant":  # a reply that was begun for it
            messages, reply = messages[:-1], messages[-1].content + reply
        whole = (*messages, Message(role="assistant", content=reply))
        row = self._template.encode(whole, _LONGEST)
        batch = {key: value.to(self._model.device) for key, value in pad([row], self._pad_id).items()}
        weights = [weight for _, weight in self._weights]
        with torch.enable_grad():
            if self._tiles is None:
                loss = token_nll(self._model, batch)[0].mean()
                found = torch.autograd.grad(loss, weights, allow_unused=True)
            else:  # the head's own part is taken by tiles, which costs a quarter less in all
                inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
                hidden = self._model.get_decoder()(**inputs, use_cache=False).last_hidden_state
                targets = batch["labels"][:, 1:]
                rows, columns = torch.nonzero(targets != IGNORED, as_tuple=True)
                chosen = hidden[rows, columns]
                _, slope = self._tiles.loss_and_gradient(chosen.detach(), targets[rows, columns])
                found = torch.autograd.grad(chosen, weights, slope / len(rows), allow_unused=True)
        return np.asarray(self._project(found).numpy())


@contextmanager
def trainable(model: PeftModel, name: str) -> Iterator[PeftModel]:
    """Turn one adapter on with its weights open to gradients, and close them again."""
    model.set_adapter(name)
    model.eval()  # no dropout: the same text has one gradient
    try:
        yield model
    finally:
        model.set_adapter(name, inference_mode=True)
