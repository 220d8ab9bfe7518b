"""Read a safetensors file of a stranger: bounded, tensor by tensor, and never anything that can run code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from loracheck.errors import AdapterError
from loracheck.terminal import visible

MAX_HEADER_BYTES = 32 * 2**20
"""Names, shapes and metadata of a large image adapter with all its tags take 3 MB."""
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
_PICKLE_STARTS = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorInfo:
    """A tensor as the header declares it."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def numel(self) -> int:
        """Return the number of its elements."""
        product = 1
        for size in self.shape:
            product *= size
        return product


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorFile:
    """An open safetensors file."""

    metadata: dict[str, str]
    tensors: tuple[TensorInfo, ...]
    read: Callable[[str], torch.Tensor]


@contextmanager
def open_tensors(path: Path) -> Iterator[TensorFile]:
    """Open a safetensors file whose header was checked first.

    Raises:
        AdapterError: a pickle, a cut-off or malformed file, or a header larger than any real one.
    """
    _check_header(path)
    try:
        with safe_open(str(path), framework="pt") as file:
            infos = []
            for name in file.keys():  # noqa: SIM118 - not a dict
                part = file.get_slice(name)
                infos.append(TensorInfo(name=name, dtype=part.get_dtype(), shape=tuple(part.get_shape())))
            yield TensorFile(
                metadata=dict(file.metadata() or {}),
                tensors=tuple(infos),
                read=lambda name: _real(file, name),
            )
    except SafetensorError as error:
        raise AdapterError(
            f"{path} is damaged: {visible(str(error))[:300]}",
            kind="adapter_damaged",
            hint="Download or save it again.",
        ) from None


def _check_header(path: Path) -> None:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise AdapterError(
            f"{path} cannot be read: {error.strerror or error}", kind="adapter_damaged"
        ) from None
    length = int.from_bytes(start, "little")
    impossible = len(start) < 8 or length > size - 8
    # A pickle's first bytes may be those of a length, too, but then of one that no such file has.
    if path.suffix in _PICKLES or (impossible and start.startswith(_PICKLE_STARTS)):
        raise AdapterError(
            f"{path} is a pickle, which can run code when it is read; it was not opened.",
            kind="pickle_refused",
            hint="Ask for the .safetensors file, or convert it where you trust it.",
        )
    if impossible:
        raise AdapterError(
            f"{path} is no whole safetensors file: its header would be {length:,} bytes long, the file is {size:,}.",
            kind="adapter_damaged",
            hint="Download or save it again.",
        )
    if length > MAX_HEADER_BYTES:
        raise AdapterError(
            f"{path} has a header of {length:,} bytes; {MAX_HEADER_BYTES:,} are read at most.",
            kind="adapter_damaged",
        )


def _real(file: Any, name: str) -> torch.Tensor:  # noqa: ANN401 - safetensors has no type for it
    """Return a tensor in a precision that every operation knows: 8-bit and 16-bit floats as 32-bit."""
    tensor: torch.Tensor = file.get_tensor(name)
    if tensor.is_complex():
        return torch.view_as_real(tensor)
    return tensor if tensor.dtype == torch.float64 else tensor.float()
