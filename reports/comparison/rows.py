"""Every probe of a comparison with the answers of all columns, those that flipped first, as the list of the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loracheck import jsonl
from loracheck.records import BASE_ARM, Probe
from loracheck.records.comparison import ANSWERS, PROBES, ComparedAnswer, RunComparison
from loracheck.reports.parts.listing import languages, probe_list, probe_row, suites
from loracheck.reports.strings.frame import Both, both, text
from loracheck.words.comparison import measure_name, short_measure

_LOST, _WON, _FLIPPED, _TEXT, _ALIKE = range(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A measure that a probe was won or lost on; `required` where the policy decides by its check."""

    check: str
    measure: str
    won: bool
    required: bool

    @property
    def name(self) -> str:
        """Return the name of its set."""
        return f"{'won' if self.won else 'lost'} {self.check} {self.measure}"

    @property
    def chip(self) -> str:
        """Return the class that it is shown by: a tick, a cross, or neither where it decides nothing."""
        return "s-info" if not self.required else "s-pass" if self.won else "s-fail"


def view(run: Path, found: RunComparison) -> dict[str, Any]:
    """Return the list of the page."""
    probes = list(jsonl.read(run / PROBES, Probe))
    answers: dict[str, list[ComparedAnswer]] = {}
    for answer in jsonl.read(run / ANSWERS, ComparedAnswer):
        answers.setdefault(answer.probe_id, []).append(answer)
    arms = [BASE_ARM, *(side.label for side in found.sides)]
    flips, order = _flips(found)
    sets = _sets(found)
    places = {name: str(place) for place, (name, _) in enumerate(sets)}
    rows = [
        _row(probe, arms, _by_arm(answers.get(probe.id, []), arms), flips.get(probe.id, []), places)
        for probe in probes
    ]
    rows.sort(key=lambda row: (row["group"], order.get(row["id"], len(order))))
    held = {place for row in rows for place in row["sets"]}
    filters = {
        "check": [(places[name], label) for name, label in sets if places[name] in held],
        "suite": suites(probes),
        "language": languages(probe.language for probe in probes),
    }
    listed = probe_list(rows, arms, found.markers, filters, file=ANSWERS, held="held_compared")
    # Column by column the one whose words it is held against: first and second arm, or day and day.
    pairs = {place: place + (1 if place % 2 else -1) for place in range(1, len(arms))}
    return listed | {"data": listed["data"] | {"pairs": pairs}}


def measure_both(check: str, measure: str) -> Both:
    """Return the name of a measure with its check."""
    return both(lambda language: measure_name(check, measure, language))


def short_both(measure: str) -> Both:
    """Return the name of a measure."""
    return both(lambda language: short_measure(measure, language))


def _flips(found: RunComparison) -> tuple[dict[str, list[Flip]], dict[str, int]]:
    """Return what was won and lost on each probe, and the place of a probe among those that flipped."""
    required = {
        finding.check
        for side in found.sides
        for verdict in side.verdicts
        for finding in verdict.findings
        if finding.required
    }
    flips: dict[str, list[Flip]] = {}
    for one in found.repetition.examples if found.repetition else ():
        flip = Flip(check=one.check, measure=one.measure, won=one.after, required=one.check in required)
        flips.setdefault(one.probe_id, []).append(flip)
    for difference in found.differences:
        check, measure = difference.check, difference.measure
        for won, ids in ((False, difference.lost), (True, difference.won)):
            flip = Flip(check=check, measure=measure, won=won, required=difference.required)
            for probe_id in ids:
                flips.setdefault(probe_id, []).append(flip)
    # Most measures that decide first; among equals as the comparison has them, the clearest first.
    ranked = sorted(flips, key=lambda probe_id: -sum(flip.required for flip in flips[probe_id]))
    return flips, {probe_id: place for place, probe_id in enumerate(ranked)}


def _sets(found: RunComparison) -> list[tuple[str, Both]]:
    """Return the named sets of probes that the list can be filtered by."""
    pairs = [(one.check, one.measure) for one in found.differences]
    pairs += [(one.check, one.measure) for one in (found.repetition.measures if found.repetition else ())]
    sets = [("lost", text("set_any_lost")), ("won", text("set_any_won"))]
    for check, measure in dict.fromkeys(pairs):
        for what in ("lost", "won"):
            label = text("set_of", measure=measure_both(check, measure), what=text(f"col_{what}"))
            sets.append((f"{what} {check} {measure}", label))
    return [*sets, ("text", text("set_text")), ("alike", text("set_alike"))]


def _by_arm(given: Sequence[ComparedAnswer], arms: Sequence[str]) -> list[list[ComparedAnswer]]:
    return [sorted((one for one in given if one.label == arm), key=lambda one: one.seed) for arm in arms]


def _row(
    probe: Probe,
    arms: Sequence[str],
    given: Sequence[Sequence[ComparedAnswer]],
    flips: Sequence[Flip],
    places: dict[str, str],
) -> dict[str, Any]:
    said = [[one.text for one in replies] for replies in given]
    differ = any(said[place] != said[place + 1] for place in range(1, len(arms) - 1, 2))
    names = set(_memberships(flips, differ))
    return probe_row(
        probe,
        sets=[place for name, place in places.items() if name in names],
        outcomes=[_outcome(replies) for replies in given],
        answers=[
            [[one.text, one.finish_reason, one.tokens, one.seed + 1, one.outcome] for one in replies]
            for replies in given
        ],
        said=[texts or None for texts in said],
    ) | {
        "flips": [
            [flip.chip, text("chip_won" if flip.won else "chip_lost", measure=short_both(flip.measure))]
            for flip in sorted(flips, key=lambda flip: (not flip.required, flip.won))
        ],
        "group": _group(flips, differ),
    }


def _group(flips: Sequence[Flip], differ: bool) -> int:
    """Return the place of a probe in the list: what counts as lost, as won, what else flipped, other words, alike."""
    counted = {flip.won for flip in flips if flip.required}
    if counted:
        return _LOST if False in counted else _WON
    return _FLIPPED if flips else _TEXT if differ else _ALIKE


def _memberships(flips: Sequence[Flip], differ: bool) -> Iterator[str]:
    for flip in flips:
        yield "won" if flip.won else "lost"
        yield flip.name
    if not flips:
        yield "text" if differ else "alike"


def _outcome(replies: Sequence[ComparedAnswer]) -> str | None:
    """Return the outcome that all trainings of a column have in common; the page shows differing ones apart."""
    found = {one.outcome for one in replies}
    return found.pop() if len(found) == 1 else None
