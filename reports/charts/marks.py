"""The small symbols of the charts of training: told apart by shape, so that colour is never needed."""

from __future__ import annotations

from markupsafe import Markup

from loracheck.reports.html import element

from .geometry import rounded


def symbol(name: str, x: float, y: float, class_: str = "") -> Markup:
    """Draw a symbol around a place.

    "dot", "square" and "wedge" mark curves; "ring" is the base, "point" and "hollow-point" are trainings on the
    front and behind it. The roles of a checkpoint are "kept" or "written"
    (a filled diamond), "safe" or "largest" (a tick in a circle) and "best" (an open triangle); "yes" and "no" are
    the ticks and crosses of the rail.
    """
    x, y = rounded(x), rounded(y)
    given = f"sign {name} {class_}".strip()
    if name == "dot":
        return element("circle", class_=given, cx=x, cy=y, r=3.5)
    if name in ("ring", "point", "hollow-point"):
        return element("circle", class_=given, cx=x, cy=y, r=5.5 if name == "ring" else 4.5)
    if name in ("safe", "largest"):
        circle = element("circle", class_="sign plate", cx=x, cy=y, r=6)
        return circle + element(
            "path", class_="sign tick-in", d=f"M{x - 2.8:.2f} {y + 0.2:.2f}l2 2.2 3.6-4.4"
        )
    shapes = {
        "square": f"M{x - 3:.2f} {y - 3:.2f}h6v6h-6Z",
        "wedge": f"M{x} {y - 3.5:.2f}l3.5 6h-7Z",
        "kept": f"M{x} {y - 6.5:.2f}l5.5 6.5l-5.5 6.5l-5.5-6.5Z",
        "written": f"M{x} {y - 6.5:.2f}l5.5 6.5l-5.5 6.5l-5.5-6.5Z",
        "best": f"M{x - 5.5:.2f} {y - 4.5:.2f}h11l-5.5 9.5Z",
        "yes": f"M{x - 3.4:.2f} {y + 0.4:.2f}l2.4 2.6l4.4-5.6",
        "no": f"M{x - 3:.2f} {y - 3:.2f}l6 6m0-6l-6 6",
    }
    return element("path", class_=given, d=shapes[name])
