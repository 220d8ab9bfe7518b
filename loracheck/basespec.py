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


def _looks_local(spec: str) -> bool:
    return Path(spec).exists() or spec.startswith((".", "/", "~")) or spec.count("/") > 1
