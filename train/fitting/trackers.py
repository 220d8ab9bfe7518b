"""Trackers of experiments through transformers' own callbacks; none is imported unless it is asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from loracheck.tracking import check_packages

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
    check_packages(names, _PACKAGES)


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
