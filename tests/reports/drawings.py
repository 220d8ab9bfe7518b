"""What a chart of a report draws, read back from its SVG."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from loracheck.reports.charts.curves import CurveChart
from loracheck.reports.charts.fronts import FrontChart
from loracheck.reports.charts.intervals import PointChart

SVG = "{http://www.w3.org/2000/svg}"


def drawn(chart: CurveChart | FrontChart | PointChart) -> ET.Element:
    root = ET.fromstring(str(chart.svg("ja")))
    assert root.get("role") == "img"
    named = {node.get("id"): node.text for node in root if node.tag in (f"{SVG}title", f"{SVG}desc")}
    assert all(named[name] for name in str(root.get("aria-labelledby")).split())
    return root


def number(node: ET.Element, name: str) -> float | None:
    value = node.get(f"data-{name}")
    return None if value is None else float(value)
