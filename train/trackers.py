"""Trackers of experiments through transformers' own callbacks; none is imported unless it is asked for."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from loracheck.errors import EnvironmentFault, UsageError

FOLDER = "tensorboard"
# The packages of which one must be there; the first is the one to install.
_PACKAGES = {
    "clearml": ("clearml",),
    "comet_ml": ("comet_ml",),
    "mlflow": ("mlflow",),
    "swanlab": ("swanlab",),
    "tensorboard": ("tensorboard", "tensorboardX"),
    "trackio": ("trackio",),
    "wandb": ("wandb",),
}


def check_trackers(names: Sequence[str]) -> None:
    """Refuse a tracker that is unknown or not installed, before any work is done.

    Raises:
        UsageError: there is no such tracker.
        EnvironmentFault: its package is missing.
    """
    for name in names:
        if name not in _PACKAGES:
            raise UsageError(f"--report-to {name}: there are {', '.join(_PACKAGES)}.", kind="unknown_name")
        if not any(importlib.util.find_spec(package) for package in _PACKAGES[name]):
            raise EnvironmentFault(
                f"--report-to {name} needs a package that is not installed.",
                kind="package_missing",
                hint=f"pip install {_PACKAGES[name][0]}",
            )


@contextmanager
def tracked(names: Sequence[str], out: Path) -> Iterator[None]:
    """Let TensorBoard's files lie in the run, where the user names no other place; checkpoints do not stay."""
    variable = "TENSORBOARD_LOGGING_DIR"
    if "tensorboard" not in names or variable in os.environ:
        yield
        return
    os.environ[variable] = str(out / FOLDER)
    try:
        yield
    finally:
        del os.environ[variable]
