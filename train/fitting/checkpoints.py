"""Checkpoints that survive a kill at any instant: written aside, hashed, renamed; read only when whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Set
from dataclasses import dataclass
from pathlib import Path

from loracheck import jsonl
from loracheck.errors import DataError
from loracheck.records import FileEntry
from loracheck.runs import file_entry, hash_file

MANIFEST = "manifest.json"
_WRITING = ".writing"
_PREFIX = "checkpoint-"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contents:
    files: tuple[FileEntry, ...]


def checkpoint(checkpoints: Path, step: int) -> Path:
    """Return the folder of a step's checkpoint."""
    return checkpoints / f"{_PREFIX}{step}"


def step_of(folder: Path) -> int:
    """Return the step of a checkpoint."""
    return int(folder.name.removeprefix(_PREFIX))


def writing_folder(checkpoints: Path) -> Path:
    """Return where a checkpoint is written before it gets its name."""
    return checkpoints / _WRITING


def clear_unfinished(checkpoints: Path) -> None:
    """Remove what was left half written."""
    shutil.rmtree(writing_folder(checkpoints), ignore_errors=True)


def publish(checkpoints: Path, step: int) -> None:
    """Give a checkpoint that was written aside its hashes and its name, durably."""
    folder, final = checkpoint(writing_folder(checkpoints), step), checkpoint(checkpoints, step)
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    jsonl.write_one(folder / MANIFEST, _Contents(files=tuple(file_entry(file, folder) for file in files)))
    if final.exists():  # a resumed run that came here once before; it wrote the same
        shutil.rmtree(final)
    folder.replace(final)
    jsonl.sync_folder(checkpoints)


def newest_whole(checkpoints: Path, announce: Callable[[str], None]) -> Path | None:
    """Return the newest checkpoint whose every file is as it was written; a damaged one is set aside and named."""
    for folder in sorted(checkpoints.glob(f"{_PREFIX}*"), key=step_of, reverse=True):
        damage = _damage(folder)
        if damage is None:
            return folder
        announce(f"{folder}: {damage}; the checkpoint before it is used")
        aside = folder.with_name(f"torn-{folder.name}")
        shutil.rmtree(aside, ignore_errors=True)
        folder.rename(aside)
    return None


def remove_old(checkpoints: Path, *, keep: Set[int], newest: int) -> None:
    """Remove checkpoints but for the newest few and those of some steps."""
    folders = sorted(checkpoints.glob(f"{_PREFIX}*"), key=step_of)
    for folder in folders[: max(0, len(folders) - newest)]:
        if step_of(folder) not in keep:
            shutil.rmtree(folder)


def _damage(folder: Path) -> str | None:
    if not (folder / MANIFEST).is_file():
        return f"{MANIFEST} is missing"
    try:
        contents = jsonl.read_one(folder / MANIFEST, _Contents)
    except DataError:
        return f"{MANIFEST} is damaged"
    for entry in contents.files:
        file = folder / entry.path
        if not file.is_file():
            return f"{entry.path} is missing"
        if file.stat().st_size != entry.bytes or hash_file(file) != entry.sha256:
            return f"{entry.path} is damaged"
    return None
