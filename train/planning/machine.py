"""What this machine has and how fast it is: memory, matrix products, bytes moved, calls."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from bitsandbytes.functional import dequantize_4bit, quantize_4bit
from torch.nn import functional
from transformers.activations import ACT2FN

from loracheck.models.attention import attend
from loracheck.models.head import HeadForm, TiledHead
from loracheck.models.load import packed_dtype
from loracheck.train.config import TrainConfig

from .architecture import Architecture

_SECONDS = 0.12
"""Time for each of the measurements, which are about eight."""
_TOKENS = 512
_VOCABULARY = 32_768
"""Part of a head that is measured: large enough that neither it nor a tile fits a cache."""
_BEYOND_CACHES = 96_000_000
_CHAINED = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How fast a machine is on the operations of one base.

    Attributes:
        products: Floating-point operations a second of matrix products, by type; "thin" ones are low-rank.
        attention: Those of attention, forward and backward together.
        curved: Bytes a second that the activation function reads and writes.
        moved: Bytes a second that other elementwise operations read and write, caches cold.
        call: Seconds of a call of torch on next to nothing.
        ahead: Whether calls run ahead of the work, as on a GPU: then a training takes the longer of both.
        head: Seconds for one trained token and one entry of the vocabulary, loss and gradient.
        unpacking: Weights a second that a 4-bit layer unpacks; None where nothing is packed.
    """

    products: dict[str, float]
    attention: float
    curved: float
    moved: float
    call: float
    head: float
    unpacking: float | None = None
    ahead: bool = False


def measure_rates(
    architecture: Architecture,
    config: TrainConfig,
    device: torch.device,
    *,
    rows: int = 4,
    longest: int = 128,
) -> Rates:
    """Measure for about a second, on the shapes of this base.

    Args:
        architecture: The base.
        config: Rank of the adapter, quantisation.
        device: Where to measure.
        rows: Of the micro-batch that attention is measured on.
        longest: Tokens of each of its rows.
    """
    hidden, dtype = architecture.hidden, architecture.dtype
    wide = max((layer.outputs for layer in architecture.linears if not layer.head), default=4 * hidden)
    types = {dtype, torch.float32} | ({packed_dtype()} if config.quantization != "none" else set())
    products = {_name(t): _products(hidden, wide, t, device) for t in types}
    for t in types:
        products[f"{_name(t)} thin"] = _products(hidden, config.lora_r, t, device)
    return Rates(
        products=products,
        attention=_attention(architecture, rows, longest, device),
        curved=_curved(architecture, device),
        moved=_moved(hidden, device),
        call=_call(device),
        head=_head(architecture, device),
        unpacking=_unpacking(hidden, wide, config.quantization, device),
        ahead=_runs_ahead(device),
    )


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _products(hidden: int, width: int, dtype: torch.dtype, device: torch.device) -> float:
    inputs = torch.randn(_TOKENS, hidden, device=device).to(dtype)
    weight = torch.randn(width, hidden, device=device).to(dtype)
    outer = torch.randn(_TOKENS, width, device=device).to(dtype)

    def both_ways() -> None:
        torch.mm(inputs, weight.t())
        torch.mm(outer, weight)

    return _rate(both_ways, 4.0 * _TOKENS * hidden * width, device)


def _call(device: torch.device) -> float:
    """Return the seconds of a call; of one that autograd follows, where nothing but calls holds up the work."""
    small = torch.ones(16, device=device, requires_grad=_runs_ahead(device))
    if not small.requires_grad:
        return 1 / _rate(lambda: small + small, 1, device)

    def chain() -> None:
        result = small
        for _ in range(_CHAINED):
            result = functional.silu(result)
        torch.autograd.backward(result, torch.ones_like(result))

    return 1 / _rate(chain, 2.0 * _CHAINED, device)


def _attention(architecture: Architecture, rows: int, longest: int, device: torch.device) -> float:
    text = architecture.config.get_text_config()
    heads = int(getattr(text, "num_attention_heads", 0) or 1)
    width = int(getattr(text, "head_dim", 0) or architecture.hidden // heads)
    shared = int(getattr(text, "num_key_value_heads", 0) or heads)
    layer = torch.nn.Module()
    layer.num_key_value_groups = heads // shared  # type: ignore[assignment]
    query, key, value = (
        torch.randn((rows, n, longest, width), device=device).to(architecture.dtype).requires_grad_()
        for n in (heads, shared, shared)
    )
    mask = torch.ones((rows, 1, longest, longest), dtype=torch.bool, device=device).tril()

    def both_ways() -> None:
        result, _ = attend(layer, query, key, value, mask)
        torch.autograd.backward(result, result)

    return _rate(both_ways, 14.0 * rows * heads * longest * longest * width, device)


def _curved(architecture: Architecture, device: torch.device) -> float:
    text = architecture.config.get_text_config()
    named = getattr(text, "hidden_activation", None) or getattr(text, "hidden_act", None) or "silu"
    function = ACT2FN[named if named in ACT2FN else "silu"]
    inputs = torch.randn(_TOKENS, architecture.hidden, device=device).to(architecture.dtype).requires_grad_()

    def both_ways() -> None:
        result = function(inputs)
        torch.autograd.backward(result, result)

    return _rate(both_ways, 5.0 * inputs.numel() * inputs.element_size(), device)


def _moved(hidden: int, device: torch.device) -> float:
    one = torch.randn(_TOKENS, hidden, device=device)
    held = [torch.randn_like(one) for _ in range(max(2, _BEYOND_CACHES // (4 * one.numel())))]
    turn = itertools.cycle(held)
    return _rate(lambda: next(turn) * next(turn), 12.0 * one.numel(), device)


def _head(architecture: Architecture, device: torch.device) -> float:
    vocabulary = min(architecture.vocabulary, _VOCABULARY)
    layer = torch.nn.Linear(
        architecture.hidden, vocabulary, bias=False, dtype=architecture.dtype, device=device
    )
    layer.requires_grad_(False)
    tiles = TiledHead(layer, HeadForm())
    rows = len(tiles.tile)
    hidden = torch.randn(rows, architecture.hidden, device=device).to(architecture.dtype)
    targets = torch.zeros(rows, dtype=torch.long, device=device)
    return 1 / _rate(lambda: tiles.loss_and_gradient(hidden, targets), float(rows * vocabulary), device)


def _unpacking(hidden: int, wide: int, quantization: str, device: torch.device) -> float | None:
    if quantization not in ("nf4", "fp4"):
        return None
    weight = torch.randn(wide, hidden, device=device).to(torch.bfloat16)
    packed, state = quantize_4bit(weight, quant_type=quantization, compress_statistics=True)
    return _rate(lambda: dequantize_4bit(packed, state), float(weight.numel()), device)


def _rate(work: Callable[[], object], amount: float, device: torch.device) -> float:
    """Return the amount of work a second, the first call left out."""
    work()
    _wait(device)
    started = time.perf_counter()
    done, passed = 0, 0.0
    while passed < _SECONDS:
        work()
        done += 1
        passed = time.perf_counter() - started
    _wait(device)
    return done * amount / (time.perf_counter() - started)


def _runs_ahead(device: torch.device) -> bool:
    return device.type != "cpu"


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
