"""What a person names as the base: a folder, a GGUF file, or an id of the hub."""

from __future__ import annotations

from pathlib import Path

from loracheck.errors import UsageError


def refuse_missing_base(spec: str) -> None:
    """Look whether a base that is named by its path is there; an id of the hub is not looked up.

    Raises:
        UsageError: the path does not exist or holds no model.
    """
    if spec.endswith(".gguf"):
        if not Path(spec).is_file():
            raise UsageError(f"--base {spec}: there is no such file.", kind="no_base")
    elif _looks_local(spec) and not (Path(spec) / "config.json").is_file():
        raise UsageError(
            f"--base {spec}: no model folder (it has no config.json).",
            kind="no_base",
            hint="Pass a Hugging Face id, a folder with config.json, or a .gguf file.",
        )


def is_there(name: str) -> bool:
    """Tell whether a stranger's name is that of a file or folder here; none is as long, or holds what no name may."""
    try:
        return Path(name).exists()
    except (OSError, ValueError):
        return False


def is_folder(named: str, source: str) -> bool:
    """Tell whether a stranger's name is the very folder that the user named; no other one is looked into."""
    try:
        return bool(named) and Path(named).samefile(source)
    except (OSError, ValueError):
        return False


def _looks_local(spec: str) -> bool:
    return is_there(spec) or spec.startswith((".", "/", "~")) or spec.count("/") > 1
