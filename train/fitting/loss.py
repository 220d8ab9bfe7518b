"""The training loss with the vocabulary head at trained positions only, its gradient taken in the forward.

The gradient of the hidden states is computed while a tile of logits is at hand, so that backward needs no logits.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Literal, cast

import torch
from torch.nn import functional
from transformers import PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput

from loracheck.models.head import TiledHead, head_form
from loracheck.models.likelihood import pad
from loracheck.templates.chat import IGNORED, EncodedRow

CHECKED_TOKENS = 32
_TOLERANCE = 0.01


class _TiledLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, targets: torch.Tensor, head: TiledHead) -> torch.Tensor:  # noqa: ANN401
        total, gradient = head.loss_and_gradient(hidden, targets)
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    def backward(ctx: Any, *outer: torch.Tensor) -> tuple[torch.Tensor, None, None]:  # noqa: ANN401
        (gradient,) = ctx.saved_tensors
        return gradient * outer[0], None, None  # a scalar: it keeps its own precision


def tiled_loss(hidden: torch.Tensor, targets: torch.Tensor, head: TiledHead) -> torch.Tensor:
    """Return the summed negative log-likelihood of targets, differentiable in the hidden states."""
    return cast(torch.Tensor, _TiledLoss.apply(hidden, targets, head))  # type: ignore[no-untyped-call]


def install_loss(
    model: PreTrainedModel, sample: EncodedRow, *, tiled: bool = True
) -> Literal["tiles", "stock"]:
    """Let a causal language model return the summed loss when it is called with labels.

    The model's own forward is replaced, so that the loss runs inside whatever wraps the model: peft, DDP. Called
    without labels it answers as before. The stock loss, with the head at every position, is taken where the head
    is adapted, quantised or trained, and where a short row shows that the architecture does more with its logits
    than is known here.

    Args:
        model: The model inside peft.
        sample: A row to compare both losses on.
        tiled: False takes the stock loss in any case (sharded weights).
    """
    form, head = head_form(model), model.get_output_embeddings()
    if tiled and form is not None and not any(p.requires_grad for p in head.parameters()):
        tiles = TiledHead(head, form)
        if _agree(model, tiles, sample):
            _replace_forward(model, functools.partial(_by_tiles, model, tiles))
            return "tiles"
    _replace_forward(model, functools.partial(_by_stock, model.forward))
    return "stock"


def _replace_forward(model: PreTrainedModel, loss: Callable[..., torch.Tensor]) -> None:
    original = model.forward

    @functools.wraps(original)
    def forward(*args: Any, labels: torch.Tensor | None = None, **kwargs: Any) -> Any:  # noqa: ANN401
        if labels is None:
            return original(*args, **kwargs)
        return CausalLMOutput(loss=cast(torch.FloatTensor, loss(*args, labels=labels, **kwargs)))

    model.forward = forward


def _by_tiles(
    model: PreTrainedModel,
    head: TiledHead,
    input_ids: torch.Tensor,
    *,
    labels: torch.Tensor,
    **given: Any,  # noqa: ANN401
) -> torch.Tensor:
    inputs = {name: given[name] for name in ("attention_mask", "position_ids") if given.get(name) is not None}
    hidden = model.get_decoder()(input_ids=input_ids, **inputs, use_cache=False).last_hidden_state
    targets = labels[:, 1:]
    rows, columns = torch.nonzero(targets != IGNORED, as_tuple=True)
    return tiled_loss(hidden[rows, columns], targets[rows, columns], head)


def _by_stock(original: Callable[..., Any], *args: Any, labels: torch.Tensor, **given: Any) -> torch.Tensor:  # noqa: ANN401
    logits = original(*args, **given | {"use_cache": False}).logits[:, :-1]
    return functional.cross_entropy(
        logits.flatten(0, 1).float(), labels[:, 1:].flatten(), ignore_index=IGNORED, reduction="sum"
    )


def _agree(model: PreTrainedModel, head: TiledHead, sample: EncodedRow) -> bool:
    """Tell whether both losses are the same on the beginning of a row, all of it taken as trained."""
    ids = sample.ids[:CHECKED_TOKENS]
    row = EncodedRow(ids=ids, labels=ids, prompt_is_prefix=True)
    batch = {name: value.to(model.device) for name, value in pad([row], 0).items()}
    was_training = model.training
    model.eval()
    with torch.no_grad():
        tiled, stock = float(_by_tiles(model, head, **batch)), float(_by_stock(model.forward, **batch))
    model.train(was_training)
    return abs(tiled - stock) <= _TOLERANCE * (abs(stock) + len(ids))
