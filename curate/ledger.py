"""Where every row ends up: exactly one state each, and an alarm when one rule takes too much of one kind of row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loracheck.errors import DataError
from loracheck.records.curation import Outcome
from loracheck.words.decisions import reason_name

from .config import CurateConfig

_LENGTH_EDGES = (32, 128, 512, 2048)
_LENGTH_NAMES = ("under 32", "32 to 127", "128 to 511", "512 to 2,047", "2,048 and more")
LEAST_STRATUM = 20
"""Rows from which a language, source or length bin is large enough for the loss alarm."""
_SHOWN = 4
"""Rows that an alarm shows of those removed."""
_NO_LOSS = ("exact_duplicate", "over_budget", "family_cap")
"""Rules that lose no text, or that the user asked for by number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The state of one row; `related` is the place of the row that stands for it."""

    outcome: Outcome
    stage: str
    reason: str
    values: Mapping[str, Any]
    related: int | None


class Ledger:
    """The decisions by place.

    Args:
        strata: Per kind ("language", "source", "length") the name of every row's stratum. The lists may grow
            while rows are still being read or made.
        show: Returns a row in a few words, by its place, for the alarm.
    """

    def __init__(
        self,
        strata: Mapping[str, Sequence[str]],
        config: CurateConfig,
        show: Callable[[int], str] = "row {}".format,
    ) -> None:
        self._entries: dict[int, Entry] = {}
        self._plain: dict[tuple[Outcome, str, str], Entry] = {}  # most rows end alike, and share one entry
        self._strata = strata
        self._config = config
        self._show = show

    @property
    def rows(self) -> int:
        """Return the number of rows, ended or not."""
        return len(next(iter(self._strata.values())))

    @property
    def left(self) -> NDArray[np.int64]:
        """Return the places of the rows that are still in, ascending."""
        inside = np.ones(self.rows, dtype=bool)
        inside[np.fromiter(self._entries, dtype=np.int64, count=len(self._entries))] = False
        return np.flatnonzero(inside)

    def decide(
        self,
        place: int,
        outcome: Outcome,
        stage: str,
        reason: str,
        values: Mapping[str, Any] | None = None,
        related: int | None = None,
    ) -> None:
        """Record where a row ends up.

        Raises:
            ValueError: the row has ended already.
        """
        if place in self._entries:
            raise ValueError(f"row {place} has two ends: {self._entries[place].reason} and {reason}")
        plain = (outcome, stage, reason)
        if values or related is not None:
            entry = Entry(outcome=outcome, stage=stage, reason=reason, values=values or {}, related=related)
        elif plain in self._plain:
            entry = self._plain[plain]
        else:
            entry = Entry(outcome=outcome, stage=stage, reason=reason, values={}, related=None)
            self._plain[plain] = entry
        self._entries[place] = entry

    def check_losses(self) -> None:
        """Stop when one rule removed more of a language, source or length bin than the configuration allows.

        Raises:
            DataError: names the rule, the stratum, the share and the setting that allows it.
        """
        removed = [(p, e) for p, e in self._entries.items() if e.outcome in ("dropped", "quarantined")]
        for kind, names in self._strata.items():
            sizes = Counter(names)
            counts = Counter((entry.reason, names[place]) for place, entry in removed)
            for (reason, name), rows in sorted(counts.items()):
                of = sizes[name]
                limit = self._config.allow_loss.get(reason, self._config.max_loss)
                if reason not in _NO_LOSS and of >= LEAST_STRATUM and rows > limit * of:
                    places = sorted(p for p, e in removed if (e.reason, names[p]) == (reason, name))
                    raise DataError(
                        f"loss alarm: the rule {reason} ({reason_name(reason)}) removes {rows:,} of {of:,} rows "
                        f"({rows / of:.0%}) with {kind} {name}; the limit is {limit:.0%}.",
                        kind="loss_alarm",
                        hint=f"Rows that it removes:\n{self._some(places)}\nIf they are as bad as that, allow it: "
                        f"--allow-loss {reason}={min(1.0, rows / of + 0.05):.2f}",
                    )

    def _some(self, places: Sequence[int]) -> str:
        spread = np.linspace(0, len(places) - 1, min(_SHOWN, len(places))).astype(int)
        return "\n".join(f"  {self._show(places[at])}" for at in spread)

    def close(self) -> list[Entry]:
        """Return the entry of every row, by place.

        Raises:
            ValueError: a row has no end.
        """
        missing = self.rows - len(self._entries)
        if missing:
            raise ValueError(f"{missing} rows have no end")
        return [self._entries[place] for place in range(self.rows)]

    def reasons(self) -> Counter[tuple[str, str, Outcome]]:
        """Count the rows by stage, reason and outcome."""
        return Counter((e.stage, e.reason, e.outcome) for e in self._entries.values())


def length_bin(characters: int) -> str:
    """Return the name of the bin of a reply's length."""
    return _LENGTH_NAMES[sum(characters >= edge for edge in _LENGTH_EDGES)]
