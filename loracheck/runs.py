"""Run directories: the only hand-over between stages.

`manifest.json` is written first with status "running" and replaced at the end, with the size and hash of
every file. A directory without a completed manifest is not a result. The same command on the same directory
resumes; on a finished one it does nothing. A lock keeps a second writer out.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import re
import shlex
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import loracheck
from loracheck import jsonl
from loracheck.errors import EnvironmentFault, OtherRunError, RunError, UsageError
from loracheck.records import FileEntry, Manifest

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
LOCK = ".lock"
WORK = "work"
"""What a stage lays out to work on, and nobody reads."""
SUMMARY = "summary.json"
"""What a run found, in numbers; an eval run has its verdict instead."""
REPORT = "report.html"
"""Drawn from the other files, and drawn again at will; it proves nothing and is not hashed."""
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
PACKAGES = ("torch", "transformers", "peft", "bitsandbytes", "accelerate", "datasets", "scikit-learn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """An open run directory that this process may write to."""

    path: Path
    manifest: Manifest
    complete: bool
    """True when the directory already holds the finished result of this very command."""


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_entry(path: Path, root: Path | None = None) -> FileEntry:
    """Describe a file by size and hash; its path is given relative to root where there is one."""
    name = path.relative_to(root).as_posix() if root else str(path)
    return FileEntry(path=name, bytes=path.stat().st_size, sha256=hash_file(path))


def input_entries(paths: Sequence[Path]) -> tuple[FileEntry, ...]:
    """Describe input files and folders; of a folder, every file in it."""
    files = [
        file
        for path in paths
        for file in (sorted(path.rglob("*")) if path.is_dir() else [path])
        if file.is_file() and file.name != LOCK
    ]
    return tuple(file_entry(file) for file in files)


def identity(kind: str, config: dict[str, Any], inputs: Sequence[FileEntry]) -> str:
    """Return what tells one run from another: its kind, its configuration and the content of its inputs."""
    parts = [kind, config, [[entry.bytes, entry.sha256] for entry in inputs]]
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def open_run(
    path: Path, kind: str, *, config: dict[str, Any], inputs: Sequence[Path] = (), seed: int = 0
) -> Iterator[Run]:
    """Open a run directory for writing; it is completed when the block ends without an error.

    A run that an error of the input, or a base that cannot be had, ends before it has any result is taken back: the
    mended command is another run and finds its place free.

    Raises:
        RunError: the directory holds another run, something else, or is being written by a live process.
        EnvironmentFault: the directory cannot be made or written.
    """
    entries = input_entries(inputs)
    wanted = identity(kind, config, entries)
    begun, there = is_run(path), path.exists()
    try:
        _check_foreign(path, kind, wanted)
        path.mkdir(parents=True, exist_ok=True)
        with _lock(path):
            manifest = _start(path, kind, config, entries, wanted, seed)
            run = Run(path=path, manifest=manifest, complete=manifest.status == "complete")
            yield run
            if not run.complete:
                _finish(path, manifest)
    except (UsageError, EnvironmentFault) as error:
        if not begun and not isinstance(error, RunError) and error.kind != "loss_alarm":
            _take_back(path, folder=not there, work=isinstance(error, UsageError))
        raise
    except OSError as error:
        where = error.filename or path
        raise EnvironmentFault(
            f"cannot write {where}: {error.strerror or error}",
            kind="cannot_write",
            hint="Free disk space or choose another folder with -o; the same command then resumes.",
        ) from error


def _take_back(path: Path, *, folder: bool, work: bool) -> None:
    """Remove a run that is no more than its manifest, and its folder if it made it.

    Args:
        path: The run.
        folder: Whether the folder is the run's own.
        work: Whether what was laid out to work on goes with it; else it keeps the run.
    """
    spared = {MANIFEST, LOCK, WORK} if work else {MANIFEST, LOCK}
    with suppress(OSError):  # the error is what counts
        if {entry.name for entry in path.iterdir()} <= spared:
            shutil.rmtree(path / WORK, ignore_errors=True)
            (path / MANIFEST).unlink(missing_ok=True)
            (path / LOCK).unlink(missing_ok=True)
            if folder:
                path.rmdir()


def read_run(path: Path, kind: str | None = None) -> Manifest:
    """Read the manifest of a finished run and verify every file against it.

    Args:
        path: The run.
        kind: Which it has to be; None takes any.

    Raises:
        RunError: there is no such run of that kind, or a file was changed since it was finished.
    """
    manifest = read_manifest(path)
    if kind and manifest.kind != kind:
        raise RunError(
            f"{path} holds a {manifest.kind} run; this command reads a {kind} run.", kind="run_kind"
        )
    if manifest.status != "complete":
        raise RunError(
            f"{path} is not finished: it ended with an error, was interrupted or is still going on.",
            kind="run_unfinished",
            hint="Run it again: it resumes, or says what is to be mended. "
            f"{shlex.join(('loracheck', *manifest.argv[1:]))}",
        )
    links = [file for file in path.rglob("*") if file.is_symlink()]
    for file in (*(path / entry.path for entry in manifest.files), *links):
        if not located(str(file)).is_relative_to(located(str(path))):
            raise RunError(
                f"{file} leads out of the run's folder; the run cannot be trusted.",
                kind="run_altered",
                hint="Make the run again.",
            )
    for entry in manifest.files:
        _verify(path / entry.path, entry)
    return manifest


def read_manifest(path: Path) -> Manifest:
    """Read the manifest of a run, finished or not; it has to be of one piece.

    Raises:
        RunError: there is none, or it is not the one that the run was begun with.
    """
    if not is_run(path):
        raise RunError(
            f"{path} is not a run directory: it has no {MANIFEST}.",
            kind="not_a_run",
            hint="Name the folder that was given to -o; a run that ended with an error at once leaves none.",
        )
    manifest = jsonl.read_one(path / MANIFEST, Manifest)
    if manifest.schema_version != SCHEMA_VERSION:
        raise RunError(
            f"{path} was written with run schema {manifest.schema_version}; this version reads {SCHEMA_VERSION}.",
            kind="run_version",
            hint=f"Use loracheck {manifest.loracheck}, or make the run again.",
        )
    known = identity(manifest.kind, manifest.config, manifest.inputs)
    if manifest.identity != known or not _RUN_ID.fullmatch(manifest.run_id):
        raise RunError(
            f"{path / MANIFEST} was changed after the run began; the run cannot be trusted.",
            kind="run_altered",
            hint="Restore the file, or make the run again in a new directory.",
        )
    return manifest


def _verify(file: Path, entry: FileEntry) -> None:
    if not file.is_file():
        raise RunError(
            f"{file} is missing; the run cannot be trusted.",
            kind="run_altered",
            hint="Make the run again.",
        )
    if file.stat().st_size != entry.bytes or hash_file(file) != entry.sha256:
        raise RunError(
            f"{file} was changed after the run ended; the run cannot be trusted.",
            kind="run_altered",
            hint="Restore the file, or make the run again in a new directory.",
        )


def still_as_read(file: Path, manifest: Manifest) -> bool:
    """Tell whether a run read a file that lies there unaltered; any other one that it names is not opened."""
    entry = next((entry for entry in manifest.inputs if entry.path == str(file)), None)
    return entry is not None and file.is_file() and file_entry(file) == entry


def is_run(path: Path) -> bool:
    """Tell whether a path is a run directory, finished or not."""
    return (path / MANIFEST).is_file()


def located(stored: str) -> Path:
    """Return where a path leads that a file of a run names; one that no file can have stays as it stands."""
    try:
        return Path(stored).resolve()
    except (OSError, ValueError, RuntimeError):  # too long, a null byte, links in a circle
        return Path(stored)


def _check_foreign(path: Path, kind: str, wanted: str) -> None:
    if path.exists() and not path.is_dir():
        raise RunError(
            f"{path} is a file; -o names a directory.",
            kind="foreign_folder",
            hint="Choose another directory with -o.",
        )
    if is_run(path):
        found = read_manifest(path)
        if found.identity != wanted:
            what = f"another {kind} run" if found.kind == kind else f"a {found.kind} run"
            raise OtherRunError(
                f"{path} holds {what}, with other inputs or options; nothing was changed.",
                kind="run_of_other_inputs",
                hint=f"Choose another directory with -o, or remove {path} first.",
            )
        if link := next((entry for entry in path.rglob("*") if entry.is_symlink()), None):
            raise RunError(
                f"{link} is a link; a run writes to no place outside its directory.",
                kind="foreign_folder",
                hint="Remove the link, or choose another directory with -o.",
            )
    elif path.is_dir() and any(entry.name != LOCK for entry in path.iterdir()):
        raise RunError(
            f"{path} is not empty and holds no run; nothing was changed.",
            kind="foreign_folder",
            hint="Choose an empty or a new directory with -o.",
        )


def _start(
    path: Path, kind: str, config: dict[str, Any], inputs: tuple[FileEntry, ...], wanted: str, seed: int
) -> Manifest:
    if is_run(path):
        manifest = read_manifest(path)
        return read_run(path) if manifest.status == "complete" else manifest
    now = datetime.now(UTC)
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        run_id=f"{kind}-{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}",
        kind=kind,
        status="running",
        created=now.isoformat(timespec="seconds"),
        finished=None,
        argv=("loracheck", *sys.argv[1:]),
        config=config,
        inputs=inputs,
        identity=wanted,
        seed=seed,
        loracheck=loracheck.__version__,
        commit=_commit(),
        packages={name: version for name in PACKAGES if (version := _version(name))},
        hardware={
            "machine": platform.machine(),
            "system": platform.system(),
            "python": platform.python_version(),
            "cpus": os.cpu_count(),
        },
    )
    jsonl.write_one(path / MANIFEST, manifest)
    return manifest


def _finish(path: Path, manifest: Manifest) -> None:
    for scrap in path.rglob(".*.tmp"):  # of a killed process that was writing
        scrap.unlink()
    left_out = (MANIFEST, LOCK, REPORT)
    files = sorted(file for file in path.rglob("*") if file.is_file() and file.name not in left_out)
    jsonl.write_one(
        path / MANIFEST,
        replace(
            manifest,
            status="complete",
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            files=tuple(file_entry(file, path) for file in files),
        ),
    )


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    lock = path / LOCK
    owner = {"pid": os.getpid(), "host": socket.gethostname(), "started": datetime.now(UTC).isoformat()}
    while True:
        try:
            descriptor = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
            break
        except FileExistsError:
            _clear_stale(lock, path)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(owner, file)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _clear_stale(lock: Path, path: Path) -> None:
    """Remove the lock of a process that is gone; refuse when its process lives, or may live elsewhere."""
    try:
        owner = jsonl.parse(lock.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except ValueError:
        owner = {}
    owner = owner if isinstance(owner, dict) else {}
    pid = owner.get("pid")
    if owner.get("host") == socket.gethostname() and isinstance(pid, int) and not is_alive(pid):
        lock.unlink(missing_ok=True)
        return
    raise RunError(
        f"{path} is being written by process {owner.get('pid', '?')} on {owner.get('host', '?')} "
        f"since {owner.get('started', '?')}.",
        kind="run_in_use",
        hint=f"Wait for it to end; if it is gone, remove {lock}.",
    )


def is_alive(pid: int) -> bool:
    """Tell whether a process of this machine lives."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    """Return the commit of the source tree loracheck runs from, when it is one."""
    root = Path(__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
            timeout=5,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
