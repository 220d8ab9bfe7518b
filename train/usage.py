"""How much memory this process holds, and has held at most."""

from __future__ import annotations

import os
import re
import resource
import sys
from pathlib import Path

import torch


def resident_bytes() -> int:
    """Return the memory that this process holds now; its peak so far where the system does not say."""
    statm = Path("/proc/self/statm")
    if statm.is_file():
        return int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return _highest_resident()


def peak_memory() -> int | None:
    """Return the most memory this process has held so far, in bytes: of the GPU where there is one."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    status = Path("/proc/self/status")
    if status.is_file():  # ru_maxrss counts what the parent held when it started this process
        found = re.search(r"^VmHWM:\s*(\d+) kB", status.read_text(encoding="ascii"), re.MULTILINE)
        if found:
            return int(found[1]) * 1024
    return _highest_resident()


def _highest_resident() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
