"""Attention for short sequences on the CPU: plain matrix products instead of a fused kernel.

PyTorch's fused attention for the CPU works in blocks made for thousands of tokens. On rows of instruction data, and for
every new token of an answer, it spends its time on the blocks: plain products take 30% to 85% less. Scores and softmax
are in float32, as in the fused kernel, and are taken again in the backward, so that no more is kept than by it.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "loracheck_short"
_SHORT, _SHORT_WIDE, _WIDE = 256 * 256, 512 * 512, 128
"""Most products of queries and keys, with narrow heads and with wide ones, which are wide from _WIDE on: above, the
fused kernel is faster. Measured forward and backward at widths of 64 and 256."""


def attend_shortly(model: PreTrainedModel) -> None:
    """Let a model on the CPU attend by this module where that is faster, and by the fused kernel elsewhere.

    A model that uses another attention than PyTorch's fused one is left alone.
    """
    if model.device.type == "cpu" and model.config._attn_implementation == "sdpa":
        AttentionInterface.register(NAME, attend)
        AttentionMaskInterface.register(NAME, sdpa_mask)
        model.set_attn_implementation(NAME)


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    is_causal: bool | None = None,
    **more: Any,  # noqa: ANN401
) -> tuple[torch.Tensor, None]:
    """Attend as `transformers`' functions of this kind do.

    Args:
        module: The layer.
        query: Shape (batch, heads, queries, width).
        key: Shape (batch, heads of keys, keys, width).
        value: Shape (batch, heads of keys, keys, width of values).
        attention_mask: True where a query may look, shape (batch, 1 or heads, queries, keys); None for all it may.
        dropout: Share of weights left out.
        scaling: Of the scores; None for the usual one.
        is_causal: Whether a query looks at earlier keys only, where there is no mask; None asks the layer.
        more: What other layers need; with any of it the fused kernel, or its refusal, answers.

    Returns:
        The sums of values, (batch, queries, heads, width of values), and no weights.
    """
    special = any(more.get(name) is not None for name in ("softcap", "position_bias", "cache", "s_aux"))
    if special or dropout or not _is_short(query, key, attention_mask):
        return sdpa_attention_forward(
            module,
            query,
            key,
            value,
            attention_mask,
            dropout=dropout,
            scaling=scaling,
            is_causal=is_causal,
            **more,
        )
    causal = bool(getattr(module, "is_causal", True)) if is_causal is None else is_causal
    if attention_mask is None and causal and query.shape[2] > 1:
        attention_mask = torch.ones(query.shape[2], key.shape[2], dtype=torch.bool).tril()
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    sums: torch.Tensor = _Short.apply(query, key, value, attention_mask, scale)  # type: ignore[no-untyped-call]
    return sums.transpose(1, 2).contiguous(), None


def _is_short(query: torch.Tensor, key: torch.Tensor, mask: torch.Tensor | None) -> bool:
    most = _SHORT_WIDE if query.shape[-1] >= _WIDE else _SHORT
    return (
        query.device.type == "cpu"
        and query.dtype in (torch.bfloat16, torch.float16)
        and query.dtype == key.dtype
        and query.shape[2] * key.shape[2] <= most
        and query.shape[1] % key.shape[1] == 0
        and (mask is None or (mask.dtype == torch.bool and mask.shape[-1] == key.shape[2]))
    )


class _Short(torch.autograd.Function):
    """Attention of which the weights are taken again in the backward; heads that share keys are one product."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        mask: torch.Tensor | None,
        scale: float,
    ) -> torch.Tensor:
        ctx.scale = scale
        ctx.save_for_backward(query, key, value, mask)
        weights = _weights(query, key, mask, scale).to(value.dtype)
        return (weights @ value).view(*query.shape[:-1], value.shape[-1])

    @staticmethod
    def backward(ctx: Any, *outer: torch.Tensor) -> tuple[torch.Tensor | None, ...]:  # noqa: ANN401
        query, key, value, mask = ctx.saved_tensors
        weights = _weights(query, key, mask, ctx.scale)
        gradient, grouped = _grouped(outer[0], key), _grouped(query, key)
        change = (gradient @ value.transpose(2, 3)).float().mul_(weights)
        of_scores = torch.addcmul(change, weights, change.sum(-1, keepdim=True), value=-1).mul_(ctx.scale)
        of_scores = of_scores.to(query.dtype)
        of_query = (of_scores @ key).view(query.shape)
        of_value = weights.to(value.dtype).transpose(2, 3) @ gradient
        return of_query, of_scores.transpose(2, 3) @ grouped, of_value, None, None


def _weights(query: torch.Tensor, key: torch.Tensor, mask: torch.Tensor | None, scale: float) -> torch.Tensor:
    """Return what each query takes of each value: float32, (batch, heads of keys, queries of all their heads, keys)."""
    grouped = _grouped(query, key)
    scores = (grouped.float() @ key.float().transpose(2, 3)).mul_(scale)
    if mask is not None:
        # Not minus infinity: a query of the padding may look nowhere, and must not become NaN.
        scores.view(*query.shape[:-1], -1).masked_fill_(~mask, torch.finfo(torch.float32).min)
    return torch.softmax(scores, -1)


def _grouped(tensor: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    """Put the queries of all heads that share keys behind one another."""
    return tensor.reshape(key.shape[0], key.shape[1], -1, tensor.shape[-1])
