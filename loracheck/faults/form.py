"""The form of an entry in the catalogue of errors."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    """What the catalogue says of one kind of error in one language.

    Attributes:
        title: The heading of the printed error, in a few words.
        meaning: What has happened.
        causes: What usually brings it about, the likeliest first.
        mending: What to do.
    """

    title: str
    meaning: str
    causes: tuple[str, ...]
    mending: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One kind of error in both languages.

    Attributes:
        command: What to type, where a command mends or shows more; several lines if need be.
        exit_code: 2 where the input is wrong, 4 where the machine lacks something.
    """

    en: Says
    ja: Says
    command: str = ""
    exit_code: int = 2
