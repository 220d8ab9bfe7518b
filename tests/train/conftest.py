"""Trainings of tests are not planned unless a test asks for it: a plan measures the machine for seconds."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def unplanned(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the plan out of `train`, but for tests that take the fixture `planned`."""
    if "planned" not in request.fixturenames:
        monkeypatch.setattr("loracheck.train.pipeline.plan_encoded", lambda *_, **__: None)


@pytest.fixture
def planned() -> None:
    """Have the training planned."""
