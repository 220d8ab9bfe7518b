"""The packages of the stages as functions: `from loracheck import curate, train, evaluate`, then `curate(...)`."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class Stage(ModuleType):
    """A package that is called as the function of its own name in its pipeline."""

    def __call__(self, *given: Any, **options: Any) -> Any:  # noqa: ANN401 - as the function's own
        """Run the stage; see `loracheck.api` for what it takes and returns."""
        name = self.__name__.rpartition(".")[2]
        return getattr(import_module(f"{self.__name__}.pipeline"), name)(*given, **options)


def callable_package(name: str) -> None:
    """Let a stage's package be called; its modules are imported only then."""
    sys.modules[name].__class__ = Stage
