"""Files that are read to their end: a pipe or a device that stands in place of one would be waited for without end."""

from __future__ import annotations

import stat
from pathlib import Path

from loracheck.errors import UsageError


def refuse_irregular(path: Path) -> None:
    """Refuse a pipe, a device or a socket; what is missing or a folder is told by whoever opens it.

    Raises:
        UsageError: it is one of these.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise UsageError(
            f"{path} is no regular file.", kind="not_data", hint="Write the data to a file first."
        )


def read_text(path: Path) -> str:
    """Read a text in UTF-8.

    Raises:
        UsageError: it is no regular file.
        OSError: it cannot be read.
        UnicodeDecodeError: it is of another encoding.
    """
    refuse_irregular(path)
    return path.read_text(encoding="utf-8")
