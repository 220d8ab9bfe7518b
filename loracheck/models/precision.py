"""The type in which a base computes: that of its weights, or float32 where the processor is slow in 16 bits."""

from __future__ import annotations

import itertools

import torch

SIXTEEN_BITS = (torch.bfloat16, torch.float16)


def multiplies_in_bfloat16() -> bool:
    """Tell whether torch has fast products in bfloat16 on this processor, as with AVX-512.

    Elsewhere it multiplies number by number: on an AVX2 processor 114 times more slowly than in float32.
    """
    supported = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)
    return supported is not None and bool(supported())


def computing_dtype(stored: torch.dtype, device: torch.device) -> torch.dtype:
    """Return the type in which weights of a type compute on a device; no processor is fast in float16."""
    if device.type != "cpu" or stored not in SIXTEEN_BITS:
        return stored
    return torch.bfloat16 if multiplies_in_bfloat16() else torch.float32


def bytes_in_float32(model: torch.nn.Module) -> int:
    """Return the bytes that a model's 16-bit weights take in float32; tied ones count once."""
    return sum(4 * weight.numel() for weight in model.parameters() if weight.dtype in SIXTEEN_BITS)


def compute_in(model: torch.nn.Module, dtype: torch.dtype) -> None:
    """Turn the 16-bit weights of a model into another type, and have quantised layers compute in it."""
    for tensor in itertools.chain(model.parameters(), model.buffers()):
        if tensor.dtype in SIXTEEN_BITS:
            tensor.data = tensor.data.to(dtype)
    for module in model.modules():
        if getattr(module, "compute_dtype", None) in SIXTEEN_BITS:
            setattr(module, "compute_dtype", dtype)  # noqa: B010 - a plain attribute of Linear4bit
