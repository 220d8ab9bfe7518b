"""Tracks on a chart of points: the path of checkpoints, the curve of strengths and the points of a sweep.

Every track has a line of its own kind and a mark of its own, so that colour is never needed; a key below the chart
names them. Labels stand where there is room, the table holds all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from loracheck.records import Estimate
from loracheck.reports import figures
from loracheck.reports.html import element
from loracheck.reports.strings.frame import Both, UiLanguage

from .geometry import Box, Scale, around, leaves, meet, rounded

KEY_ROW = 20.0
_DASHES = (None, "7 3", "2 3", "9 3 2 3")
_LABELLED = {"checkpoints": 3, "strengths": 4, "sweep": 12}
"""At most so many stops of a track are named in the chart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A place on a track, and whether it was safe."""

    label: Both
    across: Estimate
    up: Estimate
    safe: bool

    @property
    def place(self) -> tuple[float, float]:
        """Return both values."""
        return self.across.value or 0.0, self.up.value or 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """Stops in their order; `kind` is "checkpoints", "strengths" or "sweep", `shape` the arm's, 0 for no arm."""

    name: Both
    kind: str
    shape: int
    stops: tuple[Stop, ...]

    @property
    def mark(self) -> str:
        """Return the kind of its marks."""
        return {"checkpoints": "stop-dot", "strengths": "stop-square"}.get(self.kind, "stop-ring")


def draw(tracks: Sequence[Track], x: Scale, y: Scale) -> Iterator[Markup]:
    """Draw every track: its line, where it is one, an arrow along it, and its stops."""
    for index, track in enumerate(tracks):
        places = [(x(stop.place[0]), y(stop.place[1])) for stop in track.stops]
        parts: list[Markup] = []
        if track.kind != "sweep":
            points = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
            parts.append(element("polyline", class_="track", points=points, stroke_dasharray=_dash(index)))
            parts += _arrow(places)
        for stop, (a, b) in zip(track.stops, places, strict=True):
            parts.append(
                element(
                    "g",
                    _mark(track.mark, a, b, safe=stop.safe),
                    data_across=stop.across.value,
                    data_up=stop.up.value,
                    data_safe="yes" if stop.safe else "no",
                )
            )
        yield element("g", Markup("").join(parts), data_track=track.kind, data_name=track.name.en)


def labels(
    tracks: Sequence[Track], x: Scale, y: Scale, taken: list[Box], area: Box, language: UiLanguage
) -> Iterator[Markup]:
    """Write the names of a few stops of each track where nothing else stands."""
    for track in tracks:
        for stop in _named(track):
            at, level = x(stop.place[0]), y(stop.place[1])
            wide = (
                7.0
                * max(len(stop.label.en), 1.8 * len(stop.label.ja) if stop.label.ja != stop.label.en else 0)
                + 4
            )
            aside = wide / 2 + 8
            for shift_x, shift_y in ((0, -13), (0, 15), (aside, -9), (-aside, -9), (aside, 9), (-aside, 9)):
                box = around(at + shift_x, level + shift_y, wide, 14)
                if not leaves(box, area) and not any(meet(box, other) for other in taken):
                    taken.append(box)
                    yield element(
                        "text",
                        stop.label,
                        language,
                        class_="stop-name",
                        x=rounded(at + shift_x),
                        y=rounded(level + shift_y + 4),
                        text_anchor="middle",
                    )
                    break


def covered(tracks: Sequence[Track], x: Scale, y: Scale) -> list[Box]:
    """Return the areas of stops and lines, which no name may lie on."""
    boxes: list[Box] = []
    for track in tracks:
        places = [(x(a), y(b)) for a, b in (stop.place for stop in track.stops)]
        boxes += [around(a, b, 8, 8) for a, b in places]
        for (a, b), (c, d) in pairwise(places) if track.kind != "sweep" else ():
            parts = int(math.dist((a, b), (c, d)) // 6)
            for part in range(1, parts):
                boxes.append(around(a + (c - a) * part / parts, b + (d - b) * part / parts, 2, 2))
    return boxes


def key(
    tracks: Sequence[Track], top: float, sign: Callable[[int, float, float], Markup], language: UiLanguage
) -> Iterator[Markup]:
    """Draw the key: the arm's own mark, the line with the track's mark, and the name.

    Args:
        tracks: The tracks.
        top: Where it begins.
        sign: Draws the mark of an arm by its shape.
        language: Of the names.
    """
    for index, track in enumerate(tracks):
        row = top + KEY_ROW * index
        if track.shape:
            yield sign(track.shape, 8, row)
        if track.kind != "sweep":
            yield element("line", class_="track", x1=22, x2=58, y1=row, y2=row, stroke_dasharray=_dash(index))
        yield _mark(track.mark, 40, row, safe=True)
        yield element("text", figures.cut(track.name, 46), language, class_="key-name", x=68, y=row + 4)


def _named(track: Track) -> list[Stop]:
    """Return the stops that are worth a name: the last, the last safe one before harm, and some between."""
    if track.kind == "sweep":
        return list(track.stops) if len(track.stops) <= _LABELLED["sweep"] else []
    own = list(track.stops[1:])
    first_unsafe = next((place for place, stop in enumerate(own) if not stop.safe), None)
    chosen = [own[-1]]
    if first_unsafe:
        chosen.append(own[first_unsafe - 1])
    step = max(1, len(own) // _LABELLED[track.kind])
    return list(dict.fromkeys([*chosen, *own[step - 1 :: step]]))[: _LABELLED[track.kind]]


def _mark(name: str, x: float, y: float, *, safe: bool) -> Markup:
    """Draw a stop: a dot, a square or a ring; where it was not safe, an open one with a cross."""
    x, y = rounded(x), rounded(y)
    reach = (2.5 if name == "stop-dot" else 3.0) if safe else 4.0
    if name == "stop-square":
        shape = element(
            "path", class_=name, d=f"M{x - reach} {y - reach}h{2 * reach}v{2 * reach}h{-2 * reach}Z"
        )
    else:
        shape = element("circle", class_=name, cx=x, cy=y, r=3.5 if safe and name == "stop-ring" else reach)
    if safe:
        return shape
    cross = element("path", class_="stop-cross", d=f"M{x - 2.5} {y - 2.5}l5 5m0-5l-5 5")
    return cross if name == "stop-dot" else element("g", shape, class_="stop-unsafe") + cross


def _arrow(places: Sequence[tuple[float, float]]) -> Iterator[Markup]:
    """Draw an arrow head in the middle of the longest stretch."""
    stretches = list(pairwise(places))
    (a, b), (c, d) = max(stretches, key=lambda pair: math.dist(*pair))
    long = math.dist((a, b), (c, d))
    if long < 14:
        return
    along, across = (c - a) / long, (d - b) / long
    tip = (a + c) / 2 + 4 * along, (b + d) / 2 + 4 * across
    wings = [
        (tip[0] - 7 * along + side * 3.5 * across, tip[1] - 7 * across - side * 3.5 * along)
        for side in (1, -1)
    ]
    points = " ".join(f"{p:.1f},{q:.1f}" for p, q in (wings[0], tip, wings[1]))
    yield element("polyline", class_="track", points=points)


def _dash(index: int) -> str | None:
    return _DASHES[index % len(_DASHES)]
