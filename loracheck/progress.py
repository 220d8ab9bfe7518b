"""Progress of long work on standard error: rich on a terminal, one line per ten seconds in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import click

INTERVAL_SECONDS = 10.0


class Advance(Protocol):
    """Takes the amount of work just done, and words on how it goes."""

    def __call__(self, amount: int, note: str = "") -> None:
        """Count the amount as done."""


class Progress:
    """Report what is being done; quiet=True says nothing at all."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self._live = not quiet and sys.stderr.isatty()

    def say(self, text: str) -> None:
        """Print one line."""
        if not self.quiet:
            click.echo(text, err=True)

    @contextmanager
    def track(self, label: str, total: int) -> Iterator[Advance]:
        """Track work of a known size; yields the function to call with the amount just done."""
        if self.quiet:
            yield lambda amount, note="": None
        elif self._live:
            from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
            from rich.progress import Progress as Bar  # noqa: PLC0415

            with Bar(console=Console(stderr=True)) as bar:
                task = bar.add_task(label, total=total)

                def advance(amount: int, note: str = "") -> None:
                    bar.update(task, advance=amount, description=f"{label}: {note}" if note else label)

                yield advance
        else:
            yield from self._lines(label, total)

    def _lines(self, label: str, total: int) -> Iterator[Advance]:
        started = said = time.monotonic()
        done = 0

        def advance(amount: int, note: str = "") -> None:
            nonlocal done, said
            done += amount
            now = time.monotonic()
            if now - said >= INTERVAL_SECONDS and done < total:
                said = now
                left = (now - started) / done * (total - done)
                how = f", {note}" if note else ""
                self.say(f"  {label}: {done:,} of {total:,}{how}, about {left:.0f} s left")

        yield advance
        self.say(f"  {label}: {done:,} of {total:,}, {time.monotonic() - started:.0f} s")
