"""Errors that a user can cause, the kind of each, and its exit code.

LoracheckError            (never raised itself)
├── UsageError            2   the command, its configuration or its input is wrong
│   ├── DataError         2   a row or file of data is wrong; names file, line and field
│   ├── RunError          2   a run directory is in use, foreign, incomplete or altered
│   │   └── OtherRunError 2   it holds a run of other inputs or options
│   └── AdapterError      2   the adapter does not fit the base, or is broken
└── EnvironmentFault      4   the machine lacks something: a package, memory, disk, a model file

Each message says what happened, where, and what mends it; the command line prints it without a traceback, with the
id of its kind, about which `loracheck explain LC-nnn` says more.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from loracheck.faults import IDS, Kind


class LoracheckError(Exception):
    """An error with a cause the user can mend.

    Args:
        message: What happened, and where.
        kind: Its kind in the catalogue, in a word.
        hint: The command or change that mends it.
    """

    exit_code = 2

    def __init__(self, message: str, *, kind: Kind, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.kind: Kind = kind
        self.hint = hint

    @property
    def id(self) -> str:
        """The stable id of its kind."""
        return IDS[self.kind]

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message

    def __reduce__(self) -> tuple[Any, ...]:  # workers hand errors over by pickle, which knows no keywords
        return partial(type(self), kind=self.kind, hint=self.hint), (self.message,)


class UsageError(LoracheckError):
    """The command, its configuration or its input is wrong."""


class DataError(UsageError):
    """A row or a file of data is wrong."""


class RunError(UsageError):
    """A run directory is in use, foreign, incomplete or altered."""


class OtherRunError(RunError):
    """A run directory holds a run of other inputs or options."""


class AdapterError(UsageError):
    """The adapter does not fit the base, or is broken."""


class EnvironmentFault(LoracheckError):
    """The machine lacks something: a package, memory, disk space, a model file."""

    exit_code = 4


def first_line(error: BaseException) -> str:
    """Return the first line of what an error of another library says; its type where it says nothing."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
