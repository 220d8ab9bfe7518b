"""Progress of long work on standard error: rich on a terminal, one line per ten seconds in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from loracheck.terminal import duration, language, visible

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

INTERVAL_SECONDS = 10.0


class Advance(Protocol):
    """Takes the amount of work just done, and words on how it goes."""

    def __call__(self, amount: int, note: str = "") -> None:
        """Count the amount as done."""


class Progress:
    """Report what is being done; quiet=True says nothing at all.

    Lines come in English and are shown in the language that the command was given, where that knows them.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self._japanese = language() == "ja"  # asked here: workers do not know of the command
        self._live = not quiet and sys.stderr.isatty()
        self._bar: Bar | None = None

    def say(self, text: str) -> None:
        """Print one line, above the bar where there is one."""
        self._print(self._shown_as(text))

    def show(self, text: str) -> None:
        """Print lines whose parts were made harmless one by one, as those of styled text are."""
        self._print(text)

    def say_finished(self, run: Path) -> None:
        """Say that a command does nothing, as its run is finished."""
        self.say(f"{run} is finished already; nothing to do.")

    def _shown_as(self, text: str) -> str:
        if self.quiet or not self._japanese:
            return visible(text)
        from loracheck.words.progress import in_japanese  # noqa: PLC0415 - only Japanese needs it

        return visible(in_japanese(text))

    def _print(self, text: str) -> None:
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        elif not self.quiet:
            click.echo(text, err=True)

    @contextmanager
    def track(self, label: str, total: int) -> Iterator[Advance]:
        """Track work of a known size; yields the function to call with the amount just done.

        Work inside tracked work gets a line of its own below, as long as it lasts.
        """
        if self.quiet:
            yield lambda amount, note="": None
        elif self._live:
            from rich.markup import escape  # noqa: PLC0415 - only a terminal needs it

            with self._shown() as bar:
                shown = escape(self._shown_as(label))
                task = bar.add_task(shown, total=total)

                def advance(amount: int, note: str = "") -> None:
                    described = f"{shown}: {escape(self._shown_as(note))}" if note else shown
                    bar.update(task, advance=amount, description=described)

                yield advance
                if bar.tasks[0].id != task:
                    bar.remove_task(task)
        else:
            yield from self._lines(label, total)

    @contextmanager
    def _shown(self) -> Iterator[Bar]:
        """Yield the one display: a terminal takes no second one while it lasts."""
        if self._bar is not None:
            yield self._bar
            return
        from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
        from rich.progress import Progress as Display  # noqa: PLC0415

        with Display(console=Console(stderr=True)) as self._bar:
            try:
                yield self._bar
            finally:
                self._bar = None

    def _lines(self, label: str, total: int) -> Iterator[Advance]:
        started = said = time.monotonic()
        done = 0
        shown = self._shown_as(label)

        def advance(amount: int, note: str = "") -> None:
            nonlocal done, said
            done += amount
            now = time.monotonic()
            if now - said >= INTERVAL_SECONDS and done < total:
                said = now
                left = duration((now - started) / done * (total - done), "ja" if self._japanese else "en")
                if self._japanese:
                    how = f"、{self._shown_as(note)}" if note else ""
                    self._print(f"  {shown}: {total:,}中{done:,}{how}、残り約{left}")
                else:
                    how = f", {note}" if note else ""
                    self._print(f"  {shown}: {done:,} of {total:,}{how}, about {left} left")

        yield advance
        took = time.monotonic() - started
        if self._japanese:
            self._print(f"  {shown}: {total:,}中{done:,}、{took:.0f}秒")
        else:
            self._print(f"  {shown}: {done:,} of {total:,}, {took:.0f} s")
