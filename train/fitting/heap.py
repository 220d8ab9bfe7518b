"""The heap of the C library on the CPU: large tensors are given back to the system when they are freed.

By itself glibc takes every tensor of up to 32 MB from one heap. Small objects settle in the holes that freed tensors
leave, and divide them, so that the next tensor does not fit and the heap grows: by a quarter of a training's peak.
"""

from __future__ import annotations

import ctypes

from loracheck.models.load import training_device

_M_MMAP_THRESHOLD = -3
_LOWEST, _HIGHEST = 1_572_864, 32 * 1024 * 1024
"""With 1 MB a training took 8% longer; above 32 MB glibc allows no threshold."""


def large_from(hidden: int, tile: int) -> int:
    """Return the bytes from which on a tensor is worth the time that the system takes to clear its pages.

    Args:
        hidden: Bytes of the hidden states of the largest micro-batch. The many tensors of that size are not.
        tile: Bytes of a tile of logits. What is little beside it is not.
    """
    return min(max(_LOWEST, hidden * 6 // 5, tile // 20), _HIGHEST)


def return_large_tensors(large: int = _LOWEST) -> None:
    """Let a training on the CPU hold no memory of freed large tensors; for glibc, and nothing elsewhere.

    Args:
        large: Bytes from which on a tensor is large.
    """
    if training_device().type != "cpu":
        return
    try:
        library = ctypes.CDLL(None)
        if hasattr(library, "gnu_get_libc_version"):
            library.mallopt(_M_MMAP_THRESHOLD, large)
    except (OSError, TypeError, AttributeError):  # no C library by that way, as on Windows
        return
