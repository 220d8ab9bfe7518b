"""Keep less for the backward: what is cheap to compute again is computed again, to the same bits.

A normalisation computes in float32 and leaves such copies of its input; every LoRA layer casts its input to the type
of the adapter and keeps that copy, three times over for q, k and v; a gated MLP keeps its activation besides the two
products that it is made of. Together they are half of what a forward leaves. Here all of them keep what they were
given, and do the cheap part again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import torch
from peft.tuners.lora.layer import LoraLayer
from torch.nn import functional

_GATED = ("gate_proj", "up_proj", "down_proj", "act_fn")


class _Again(torch.autograd.Function):
    """A function of one tensor, run again in the backward."""

    @staticmethod
    def forward(ctx: Any, inputs: torch.Tensor, function: Callable[..., torch.Tensor]) -> torch.Tensor:  # noqa: ANN401
        ctx.function = function
        ctx.save_for_backward(inputs)
        return function(inputs)

    @staticmethod
    def backward(ctx: Any, *outer: torch.Tensor) -> tuple[torch.Tensor, None]:  # noqa: ANN401
        (inputs,) = ctx.saved_tensors
        with torch.enable_grad():
            again = inputs.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(ctx.function(again), again, outer[0])
        return gradient, None


class _Gated(torch.autograd.Function):
    """The activation of one tensor times another; the activation is taken again in the backward."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        gate: torch.Tensor,
        up: torch.Tensor,
        activation: Callable[[torch.Tensor], torch.Tensor],
    ) -> torch.Tensor:
        ctx.activation = activation
        ctx.save_for_backward(gate, up)
        return activation(gate) * up

    @staticmethod
    def backward(ctx: Any, *outer: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None]:  # noqa: ANN401
        gate, up = ctx.saved_tensors
        with torch.enable_grad():
            again = gate.detach().requires_grad_()
            active = ctx.activation(again)
        (of_gate,) = torch.autograd.grad(active, again, outer[0] * up)
        return of_gate, outer[0] * active.detach(), None


class _CastProduct(torch.autograd.Function):
    """A product with a weight of another type; the input is kept in its own and cast again."""

    @staticmethod
    def forward(ctx: Any, inputs: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:  # noqa: ANN401
        ctx.save_for_backward(inputs, weight)
        return functional.linear(inputs.to(weight.dtype), weight)

    @staticmethod
    def backward(ctx: Any, *outer: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor]:  # noqa: ANN401
        inputs, weight = ctx.saved_tensors
        gradient = (outer[0] @ weight).to(inputs.dtype) if ctx.needs_input_grad[0] else None
        flat = inputs.flatten(0, -2).to(weight.dtype)
        return gradient, outer[0].flatten(0, -2).t() @ flat


def keep_little(model: torch.nn.Module) -> None:
    """Let the frozen normalisations, gated MLPs and plain LoRA layers of a model keep their inputs only.

    Layers that do more than is known here (dropout, DoRA, a bias, a trained norm) stay as they are.
    """
    gated: dict[type, bool] = {}
    for module in model.modules():
        if all(hasattr(module, name) for name in _GATED):
            if gated.setdefault(type(module), _is_gated(module)) and "forward" not in vars(module):
                module.forward = partial(_gated, module)
        elif _is_frozen_norm(module):
            module.forward = partial(_norm, module.forward)
        elif isinstance(module, LoraLayer) and _is_plain(module):
            module.cast_input_dtype_enabled = False
            for factor in cast(dict[str, torch.nn.Linear], module.lora_A).values():
                factor.forward = partial(_factor, factor)  # type: ignore[method-assign]


def _norm(
    original: Callable[..., torch.Tensor], inputs: torch.Tensor, *more: object, **named: object
) -> torch.Tensor:
    exact = inputs.dtype in (
        torch.bfloat16,
        torch.float16,
    )  # float32 is not copied, and summed in another order
    if more or named or not exact or not torch.is_grad_enabled() or not inputs.requires_grad:
        return original(inputs, *more, **named)
    return cast(torch.Tensor, _Again.apply(inputs, original))  # type: ignore[no-untyped-call]


def _gated(mlp: Any, inputs: torch.Tensor) -> torch.Tensor:  # noqa: ANN401
    gate, up = mlp.gate_proj(inputs), mlp.up_proj(inputs)
    if torch.is_grad_enabled() and gate.requires_grad and up.requires_grad:
        return cast(torch.Tensor, mlp.down_proj(_Gated.apply(gate, up, mlp.act_fn)))  # type: ignore[no-untyped-call]
    return cast(torch.Tensor, mlp.down_proj(mlp.act_fn(gate) * up))


def _is_gated(mlp: Any) -> bool:  # noqa: ANN401
    """Tell whether an MLP with the usual parts does the usual with them: tried on stand-ins for its parts.

    So no weight is needed, whatever holds it, and a forward that looks at anything else of the MLP is left alone.
    """
    parts = SimpleNamespace(
        gate_proj=lambda given: given * 1.5 + 0.25,
        up_proj=lambda given: given.flip(-1) - 0.75,
        down_proj=lambda given: given.cumsum(-1),
        act_fn=torch.sin,
    )
    inputs = torch.linspace(-1e4, 1e4, 64, dtype=torch.bfloat16).reshape(1, 4, 16)
    trained = isinstance(mlp.act_fn, torch.nn.Module) and any(
        p.requires_grad for p in mlp.act_fn.parameters()
    )
    try:
        return not trained and torch.equal(type(mlp).forward(parts, inputs), _gated(parts, inputs))
    except (AttributeError, TypeError, RuntimeError, ValueError, LookupError):
        return False


def _factor(factor: torch.nn.Linear, inputs: torch.Tensor) -> torch.Tensor:
    return cast(torch.Tensor, _CastProduct.apply(inputs, factor.weight))  # type: ignore[no-untyped-call]


def _is_frozen_norm(module: torch.nn.Module) -> bool:
    return type(module).__name__.endswith(("RMSNorm", "LayerNorm")) and not any(
        parameter.requires_grad for parameter in module.parameters()
    )


def _is_plain(layer: LoraLayer) -> bool:
    factors = list(cast(dict[str, torch.nn.Module], layer.lora_A).values())
    dropouts = cast(dict[str, torch.nn.Module], layer.lora_dropout).values()
    return (
        bool(factors)
        and not getattr(layer, "lora_variant", None)
        and hasattr(layer, "_cast_input_dtype")
        and all(type(factor) is torch.nn.Linear and factor.bias is None for factor in factors)
        and all(isinstance(dropout, torch.nn.Identity) for dropout in dropouts)
    )
