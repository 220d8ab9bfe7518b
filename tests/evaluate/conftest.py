"""Modules and fixtures that several test files share; pytest's importlib mode puts no folder of tests on the path."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


def _share(name: str) -> None:
    full = f"tests.evaluate.{name}"
    spec = importlib.util.spec_from_file_location(full, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module
    spec.loader.exec_module(module)


_share("evidence_records")
_share("told_answers")


@pytest.fixture
def few_open_prompts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six open prompts instead of sixty."""
    from loracheck import probes  # noqa: PLC0415
    from loracheck.evaluate import pipeline  # noqa: PLC0415

    monkeypatch.setattr(
        pipeline, "bundled", lambda names: probes.bundled(names)[: 6 if names[0].startswith("open") else None]
    )
