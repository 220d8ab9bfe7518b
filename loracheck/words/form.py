"""The form in which a check's words are written down."""

from __future__ import annotations

from dataclasses import dataclass, field

from loracheck.records import UiLanguage

Pair = dict[UiLanguage, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What terminal and report say of one check.

    Attributes:
        name: Its display name.
        sentences: By the name of the deciding estimate: the finding in one sentence. The fields {number} (with
            interval), {share}, {n} and {limit} are filled in, and any of the finding's values by its name.
        measures: By the name of a measure: what its shares are shares of, for the caption of a chart.
        notes: By the name of a value: a further sentence, said where the finding keeps that value and it is not 0.
    """

    name: Pair
    sentences: dict[str, Pair] = field(default_factory=dict)
    measures: dict[str, Pair] = field(default_factory=dict)
    notes: dict[str, Pair] = field(default_factory=dict)
