"""Places and areas in a chart, in its own units: axes, boxes and whether they meet."""

from __future__ import annotations

import math
from collections.abc import Callable

Scale = Callable[[float], float]
"""From a number to its place along an axis."""
Box = tuple[float, float, float, float]
"""Left, top, right and bottom of an area."""


def linear(low: float, high: float, start: float, end: float) -> Scale:
    """Return the map of an axis from numbers to places."""
    span = high - low or 1.0
    return lambda number: start + (number - low) / span * (end - start)


def ticks(low: float, high: float, most: int) -> list[float]:
    """Return the multiples of a round step between the ends of an axis, at most so many steps; 0 for an empty one."""
    if high <= low:
        return [0.0]
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999)
    first, last = math.ceil(low / step - 0.0001), math.floor(high / step * 1.0001)
    return [round(step * place, 10) + 0.0 for place in range(first, last + 1)]


def rounded(place: float) -> float:
    """Return a place as it is written: to a tenth, which no eye tells from the exact one, and whole where it is."""
    place = round(float(place), 1)
    return int(place) if place.is_integer() else place


def around(x: float, y: float, width: float, height: float) -> Box:
    """Return the box with this middle."""
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def meet(one: Box, other: Box) -> bool:
    """Tell whether two boxes overlap; one without width or height, such as a line, meets what it runs through."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def overlap(one: Box, other: Box) -> float:
    """Return the area that two boxes have in common."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, wide) * max(0.0, high)


def leaves(box: Box, area: Box) -> bool:
    """Tell whether a box lies partly outside an area."""
    return box[0] < area[0] or box[1] < area[1] or box[2] > area[2] or box[3] > area[3]
