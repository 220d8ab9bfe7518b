"""How much memory there is where a model is put."""

from __future__ import annotations

import os
from pathlib import Path

import torch


def memory_bytes(device: torch.device) -> int | None:
    """Return the memory of the device, or of the machine within its control group; None where it is unknown."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[1])
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", {}):  # Windows
        return None
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = Path("/sys/fs/cgroup/memory.max")
    text = limit.read_text(encoding="ascii").strip() if limit.is_file() else "max"
    return min(total, int(text)) if text.isdigit() else total
