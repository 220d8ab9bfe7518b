"""The files of an adapter as peft saves it and of a merged model: where they lie, and how a stranger's are read."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

from loracheck import jsonl

ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
ADAPTER = "adapter"
"""The folder of a train or scale run that holds its adapter."""
SHIPPED_FORM = "shipped_form.json"
"""What a merge says of the model beside it."""
MAX_JSON_BYTES = 8 * 2**20


def adapter_folder(path: Path) -> Path:
    """Return where the files of an adapter lie: of a train or scale run inside it, else in the folder itself."""
    inside = path / ADAPTER
    return inside if (inside / ADAPTER_CONFIG).is_file() else path


class Unread(Exception):
    """A file is there and is not read; says why in a few words."""


def read_bytes(file: Path, limit: int) -> bytes:
    """Read a file of a stranger's folder: a plain one, of that folder, and not too large.

    Raises:
        Unread: it is another one, or cannot be read.
    """
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            raise Unread("not a plain file")
        if not _is_own(file):
            raise Unread("a link out of its folder")
        with file.open("rb") as opened:
            content = opened.read(limit + 1)
    except OSError as error:
        raise Unread(error.strerror or type(error).__name__) from None
    if len(content) > limit:
        raise Unread(f"larger than {limit >> 10:,} kB")
    return content


def read_text(file: Path, limit: int) -> str:
    """Read a text of a stranger's folder.

    Raises:
        Unread: it is no text, or not to be read.
    """
    try:
        text = read_bytes(file, limit).decode("utf-8")
    except UnicodeDecodeError:
        raise Unread("not a text in UTF-8") from None
    if "\0" in text:
        raise Unread("not a text, as it holds NUL")
    return text


def parse_json(text: str | bytes) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """Read JSON of a stranger; None for what is too long, too deep or broken."""
    if len(text) > MAX_JSON_BYTES:
        return None
    try:
        return _whole_characters(jsonl.parse(text))
    except (ValueError, RecursionError):
        return None


def _whole_characters(value: Any) -> Any:  # noqa: ANN401
    """Replace halves of surrogate pairs, which JSON can spell and UTF-8 cannot."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_whole_characters(entry) for entry in value]
    if isinstance(value, dict):
        return {_whole_characters(key): _whole_characters(entry) for key, entry in value.items()}
    return value


def _is_own(file: Path) -> bool:
    """Tell whether no link leads out of a file's folder; the hub's cache keeps files as links to blobs beside it."""
    folder = file.parent.resolve()
    blobs = [parent.parent / "blobs" for parent in folder.parents if parent.name == "snapshots"]
    return any(file.resolve().is_relative_to(place) for place in (folder, *blobs))
