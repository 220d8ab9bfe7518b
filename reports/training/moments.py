"""The checkpoints that matter: the base, the last safe one, the best held-out one, the first unsafe one, the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loracheck.adapters.files import ADAPTER
from loracheck.records.training import CheckpointReading, TrainingSummary
from loracheck.reports import figures
from loracheck.reports.parts import ledger
from loracheck.reports.parts.ledger import Cell, Ledger
from loracheck.reports.strings.frame import Both, same, text
from loracheck.trained import OTHERS

from . import watched

DASH = ledger.plain(figures.MISSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A reading, what makes it matter, and the folder of the adapter at that step."""

    reading: CheckpointReading
    reasons: tuple[Both, ...]
    folder: str | None

    @property
    def name(self) -> Both:
        """Return the step, or the base."""
        if not self.reading.step:
            return text("moment_base")
        return text("moment_step", step=figures.whole(self.reading.step))


def kept_step(summary: TrainingSummary) -> int:
    """Return the step that adapter/ holds; runs from before there was a choice hold their last."""
    return summary.kept_step or summary.steps


def marked(run: Path, summary: TrainingSummary, readings: Sequence[CheckpointReading]) -> list[Moment]:
    """Return the moments of a run by step."""
    unsafe = next((one.step for one in readings if one.step and one.watch and not one.watch.safe), None)
    named: dict[int, list[Both]] = {0: [], kept_step(summary): [text("role_kept")]}
    folders: dict[int, str] = {kept_step(summary): f"{ADAPTER}/"}
    for step, reason, folder in (
        (summary.safe_step, text("role_safe"), "safe"),
        (summary.best_step, text("role_best"), "best"),
        (unsafe, text("moment_unsafe"), ""),
        (summary.steps, text("moment_last"), "last"),
    ):
        if step is not None:
            named.setdefault(step, []).append(reason)
            if folder and (run / OTHERS / folder).is_dir():
                folders.setdefault(step, f"{OTHERS}/{folder}/")
    return [
        Moment(reading=one, reasons=tuple(named[one.step]), folder=folders.get(one.step))
        for one in readings
        if one.step in named
    ]


def lay_out(given: Sequence[Moment]) -> Ledger:
    """Lay the moments out as a table."""
    columns = ("checkpoint", "kept", "change", "learnt", "leakage", "heldout", "safe", "folder")
    return Ledger(
        head=tuple(text(f"col_{column}") for column in columns),
        rows=tuple(_row(moment) for moment in given),
        caption=text("moments_caption"),
    )


def _row(moment: Moment) -> tuple[Cell, ...]:
    reading, watch = moment.reading, moment.reading.watch
    first = Cell(value=moment.name, below=ledger.listed(moment.reasons), strong=True)
    folder = ledger.plain(same(moment.folder or figures.MISSING))
    heldout = ledger.plain(watched.loss(reading.heldout_loss))
    if watch is None:
        nothing = ledger.measured(None)
        return first, nothing, nothing, nothing, nothing, heldout, nothing, folder
    return (
        first,
        ledger.measured(watch.facts_kept),
        ledger.measured(watch.facts_change) if reading.step else DASH,
        ledger.measured(watch.persona_learnt),
        ledger.measured(watch.leakage),
        heldout,
        ledger.plain(watched.safety(watch)) if reading.step else DASH,
        folder,
    )
