"""The same training again gives the same adapter on a GPU too, where PyTorch's fastest kernels add in any order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from loracheck.models.load import training_device

_WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"


@contextmanager
def repeatable() -> Iterator[None]:
    """Let PyTorch take kernels that add in a fixed order, as it does on the CPU by itself.

    An operation that has no such kernel raises a RuntimeError; `is_unrepeatable` knows it, `repeat_roughly` gives up.
    """
    if training_device().type != "cuda":
        yield
        return
    os.environ.setdefault(_WORKSPACE, ":4096:8")  # read when cuBLAS starts
    memory: Any = torch.utils.deterministic  # its switch is no plain attribute
    before, filled = torch.are_deterministic_algorithms_enabled(), memory.fill_uninitialized_memory
    torch.use_deterministic_algorithms(True)
    memory.fill_uninitialized_memory = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
        memory.fill_uninitialized_memory = filled


def is_unrepeatable(error: RuntimeError) -> bool:
    """Tell whether PyTorch refuses an operation that has no kernel with a fixed order."""
    return torch.are_deterministic_algorithms_enabled() and "use_deterministic_algorithms" in str(error)


def repeat_roughly() -> None:
    """Take the fastest kernels for the rest of `repeatable`."""
    torch.use_deterministic_algorithms(False)
