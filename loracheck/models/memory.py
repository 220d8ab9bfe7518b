"""How much memory there is where a model is put. The doctor reads it, too, where torch may be missing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def memory_bytes(device: torch.device) -> int | None:
    """Return the memory of the device, or of the machine within its control group; None where it is unknown."""
    if device.type == "cuda":
        import torch  # noqa: PLC0415 - see above

        return int(torch.cuda.mem_get_info(device)[1])
    total, limit = machine_bytes(), container_bytes()
    return total if total is None or limit is None else min(total, limit)


def machine_bytes() -> int | None:
    """Return the memory of the machine; None on Windows, which does not say it so."""
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", {}):
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def container_bytes() -> int | None:
    """Return the memory that the control group, such as a container, may use; None where nothing limits it."""
    try:
        text = _CGROUP_LIMIT.read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None
