"""The packages of the stages as functions: `from loracheck import curate, train, evaluate`, then `curate(...)`."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

STAGES = ("curate", "train", "evaluate")


class Stage(ModuleType):
    """A package that is called as the function of its own name in its pipeline."""

    def __call__(self, *given: Any, **options: Any) -> Any:  # noqa: ANN401 - as the function's own
        """Run the stage; see `loracheck.api` for what it takes and returns."""
        name = self.__name__.rpartition(".")[2]
        return getattr(import_module(f"{self.__name__}.pipeline"), name)(*given, **options)


def open_stages(package: str) -> None:
    """Let the stages of a package be called; what is in them is imported only then."""
    for stage in STAGES:
        import_module(f"{package}.{stage}").__class__ = Stage
