"""Decide whether a LoRA fine-tune may go to production: curate, train, evaluate, report.

`loracheck.load` opens a finished run. The stages `curate`, `train` and `evaluate` can be called; `loracheck.api` has
them with their types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loracheck.stages import open_stages

if TYPE_CHECKING:
    from loracheck.loaded import load as load

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Import what a script asks for only then: the command line starts without it."""
    if name == "load":
        from loracheck.loaded import load  # noqa: PLC0415

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


open_stages(__name__)
