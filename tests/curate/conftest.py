"""A cache of a test's own, for tests of what is kept from run to run."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start with an empty cache."""
    monkeypatch.setenv("LORACHECK_CACHE", str(tmp_path / "cache"))
