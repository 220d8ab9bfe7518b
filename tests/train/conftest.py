"""Adapters that several files merge or inspect, made once; and trainings without a plan.

Trainings of tests are not planned unless a test asks for it: a plan measures the machine for seconds.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.train import inspected_adapters, merged_adapters


@pytest.fixture(autouse=True)
def unplanned(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the plan out of `train`, but for tests that take the fixture `planned`."""
    if "planned" not in request.fixturenames:
        monkeypatch.setattr("loracheck.train.pipeline.plan_encoded", lambda *_, **__: None)


@pytest.fixture
def planned() -> None:
    """Have the training planned."""


@pytest.fixture(scope="session")
def mergeable(tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA with random factors whose card says that its base was not quantised; never changed."""
    folder = tmp_path_factory.mktemp("merge") / "lora"
    merged_adapters.save_adapter(tiny_gemma, folder, quantization="none")
    return folder


@pytest.fixture
def copied(mergeable: Path, tmp_path: Path) -> Path:
    """A copy of the adapter to merge, to change."""
    return Path(shutil.copytree(mergeable, tmp_path / "copied"))


@pytest.fixture(scope="session")
def inspected(tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA with random factors and no card; never changed."""
    folder = tmp_path_factory.mktemp("anatomy") / "lora"
    inspected_adapters.save_kind(tiny_gemma, folder, inspected_adapters.KINDS["lora"][1]())
    return folder


@pytest.fixture
def broken(inspected: Path, tmp_path: Path) -> Path:
    """A copy of the adapter to inspect, to break."""
    return Path(shutil.copytree(inspected, tmp_path / "broken"))
