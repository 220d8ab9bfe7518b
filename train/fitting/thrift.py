"""Keep less for the backward, and pass over large tensors less often.

A normalisation computes in float32 and leaves such copies of its input; every LoRA layer casts its input to the type
of the adapter and keeps that copy, three times over for q, k and v; a gated MLP keeps its activation besides the two
products that it is made of. Together they are half of what a forward leaves. Here all of them keep what they were
given, and do the cheap part again, to the same bits.

A root mean square norm has its slope by its formula, in a quarter of the time, and a LoRA layer adds to what its base
gives in one product. Both round once where the separate operations round up to three times.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import torch
from peft.tuners.lora.layer import LoraLayer

from loracheck.models.precision import SIXTEEN_BITS


@dataclass(frozen=True, slots=True)
class _NormForm:
    """A root mean square norm: what is added to its weight, which makes its scale, and to its mean."""

    offset: float
    eps: float


_ROUNDING = 0.02
_GATED = ("gate_proj", "up_proj", "down_proj", "act_fn")
_LINEAR = ("Linear", "Linear4bit", "Linear8bitLt")


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


class _RootMeanSquare(torch.autograd.Function):
    """A norm y = x / sqrt(mean(x^2) + eps) * scale; its forward is the model's own, its backward the formula."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        inputs: torch.Tensor,
        function: Callable[..., torch.Tensor],
        weight: torch.Tensor,
        form: _NormForm,
    ) -> torch.Tensor:
        ctx.form = form
        ctx.save_for_backward(inputs, weight)
        return function(inputs)

    @staticmethod
    def backward(ctx: Any, *outer: torch.Tensor) -> tuple[torch.Tensor, None, None, None]:  # noqa: ANN401
        inputs, weight = ctx.saved_tensors
        exact, slope = inputs.float(), outer[0].float() * (weight.float() + ctx.form.offset)
        inverse = _inverse_root(exact, ctx.form.eps)
        along = torch.linalg.vecdot(slope, exact).unsqueeze(-1).mul_(inverse.square()).div_(exact.shape[-1])
        return slope.addcmul_(exact, along, value=-1).mul_(inverse).to(inputs.dtype), None, None, None


def _inverse_root(exact: torch.Tensor, eps: float) -> torch.Tensor:
    length: torch.Tensor = torch.linalg.vector_norm(exact, dim=-1, keepdim=True)
    return length.square_().div_(exact.shape[-1]).add_(eps).rsqrt_()


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


class _LowRank(torch.autograd.Function):
    """What a layer gives and scaling * B A x, added in the adapter's float32 and rounded once."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        given: torch.Tensor,
        inputs: torch.Tensor,
        down: torch.Tensor,
        up: torch.Tensor,
        scaling: float,
    ) -> torch.Tensor:
        ctx.scaling = scaling
        reduced = inputs.flatten(0, -2).to(down.dtype) @ down.t()
        ctx.save_for_backward(inputs, down, up, reduced)
        total = given.flatten(0, -2).to(up.dtype, copy=True).addmm_(reduced, up.t(), alpha=scaling)
        return total.view(given.shape).to(given.dtype)

    @staticmethod
    def backward(ctx: Any, *outer: torch.Tensor) -> tuple[torch.Tensor | None, ...]:  # noqa: ANN401
        inputs, down, up, reduced = ctx.saved_tensors
        slope = outer[0].flatten(0, -2).to(up.dtype)
        of_reduced = (slope @ up).mul_(ctx.scaling)
        of_inputs = (
            (of_reduced @ down).view(inputs.shape).to(inputs.dtype) if ctx.needs_input_grad[1] else None
        )
        of_down = of_reduced.t() @ inputs.flatten(0, -2).to(down.dtype)
        return outer[0], of_inputs, of_down, (slope.t() @ reduced).mul_(ctx.scaling), None


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
            module.forward = partial(_norm, module.forward, module, _norm_form(module))
        elif _is_plain(module):
            module.forward = partial(_low_rank, module, module.forward)


def _norm(
    original: Callable[..., torch.Tensor],
    module: torch.nn.Module,
    form: _NormForm | None,
    inputs: torch.Tensor,
    *more: object,
    **named: object,
) -> torch.Tensor:
    rounded = inputs.dtype in SIXTEEN_BITS  # float32 is not copied, and summed in another order
    if more or named or not rounded or not torch.is_grad_enabled() or not inputs.requires_grad:
        return original(inputs, *more, **named)
    if form is None:
        return cast(torch.Tensor, _Again.apply(inputs, original))  # type: ignore[no-untyped-call]
    weight = module.weight
    return cast(torch.Tensor, _RootMeanSquare.apply(inputs, original, weight, form))  # type: ignore[no-untyped-call]


def _norm_form(module: torch.nn.Module) -> _NormForm | None:
    """Return the form of a root mean square norm, None for any other: tried with a weight of our own.

    One of the rows is so small that its scale is what eps makes it.
    """
    eps = getattr(module, "eps", getattr(module, "variance_epsilon", None))
    if not isinstance(eps, float) or [name for name, _ in module.named_parameters()] != ["weight"]:
        return None
    width = cast(torch.Tensor, module.weight).shape[-1]
    weight, row = torch.linspace(-2, 3, width), torch.linspace(-1, 1.5, width).sin()
    inputs = (row * torch.tensor([[1.0], [300.0], [eps**0.5]])).to(torch.bfloat16)
    stand_in = copy.copy(module)
    stand_in._parameters = {"weight": torch.nn.Parameter(weight.to(torch.bfloat16), requires_grad=False)}
    normed = inputs.float() * _inverse_root(inputs.float(), eps)
    try:
        found = type(module).forward(stand_in, inputs).float()
    except (AttributeError, TypeError, RuntimeError, ValueError, LookupError):
        return None
    for offset in (0.0, 1.0):
        if torch.allclose(found, normed * (weight + offset), rtol=_ROUNDING, atol=_ROUNDING):
            return _NormForm(offset, eps)
    return None


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


def _low_rank(
    layer: Any,  # noqa: ANN401
    original: Callable[..., torch.Tensor],
    inputs: torch.Tensor,
    *more: object,
    **named: object,
) -> torch.Tensor:
    usual = not (more or named or layer.disable_adapters or layer.merged) and len(layer.active_adapters) == 1
    mixed = torch.is_autocast_enabled(inputs.device.type)
    if usual and not mixed and torch.is_grad_enabled() and inputs.dtype in SIXTEEN_BITS:
        (adapter,) = layer.active_adapters
        factors = [by_name[adapter].weight for by_name in (layer.lora_A, layer.lora_B) if adapter in by_name]
        if factors and all(factor.dtype is torch.float32 and factor.requires_grad for factor in factors):
            found = _LowRank.apply(layer.base_layer(inputs), inputs, *factors, layer.scaling[adapter])  # type: ignore[no-untyped-call]
            return cast(torch.Tensor, found)
    return original(inputs, *more, **named)


def _is_frozen_norm(module: torch.nn.Module) -> bool:
    return type(module).__name__.endswith(("RMSNorm", "LayerNorm")) and not any(
        parameter.requires_grad for parameter in module.parameters()
    )


def _is_plain(layer: torch.nn.Module) -> bool:
    """Tell whether a layer is a linear one with LoRA and nothing else: no DoRA, no dropout, no bias."""
    if not isinstance(layer, LoraLayer) or type(layer).__name__ not in _LINEAR:
        return False
    modules = cast(list[dict[str, torch.nn.Module]], [layer.lora_A, layer.lora_B])
    factors = [factor for by_name in modules for factor in by_name.values()]
    dropouts = cast(dict[str, torch.nn.Module], layer.lora_dropout).values()
    return (
        not layer.lora_variant
        and all(type(factor) is torch.nn.Linear and factor.bias is None for factor in factors)
        and all(isinstance(dropout, torch.nn.Identity) for dropout in dropouts)
    )
