"""A folder and a cache of a test's own, for commands that write beside themselves."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder, with an empty cache in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LORACHECK_CACHE", str(tmp_path / "cache"))
