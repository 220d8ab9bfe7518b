"""Where loracheck keeps what it need not make twice: converted models, the base's answers and scores, speeds."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return loracheck's cache: $LORACHECK_CACHE, else the user's cache folder."""
    if value := os.environ.get("LORACHECK_CACHE"):
        return Path(value)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "loracheck"
