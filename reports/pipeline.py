"""Render a finished run as one HTML file that opens anywhere and asks the network for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from loracheck import jsonl
from loracheck.errors import RunError
from loracheck.records import Manifest
from loracheck.runs import REPORT, read_run

from .comparison import page as comparison
from .curation import page as curation
from .evaluation import page as evaluation
from .html import render
from .training import page as training
from .training import scales, sweeps


def write_report(run: Path, *, related: Sequence[Path] = (), language: Literal["ja", "en"] = "en") -> Path:
    """Write report.html into a run directory and return its path.

    Args:
        run: The run to show.
        related: Runs that an eval report shows, too: curate, train, scale, sweep and causes runs.
        language: The language that the page opens in; a reader can switch.

    Raises:
        RunError: there is no run, it is of an unknown kind, or a file was changed since it was written.
    """
    manifest = read_run(run)
    others = [(path, read_run(path)) for path in related]
    template, view = page(run, manifest, others)
    html = render(template, view | {"run": manifest}, language)
    jsonl.replace(run / REPORT, html.encode())
    return run / REPORT


def page(
    run: Path, manifest: Manifest, related: Sequence[tuple[Path, Manifest]]
) -> tuple[str, dict[str, Any]]:
    """Return the template and the view for a run of some kind."""
    if manifest.kind == "eval":
        return "evaluation.html.j2", evaluation.view(run, manifest, related)
    if manifest.kind == "compare":
        return "comparison.html.j2", comparison.view(run, manifest)
    if manifest.kind == "curate":
        return "curation.html.j2", curation.view(run, manifest)
    if manifest.kind == "train":
        return "training.html.j2", training.view(run, manifest)
    if manifest.kind == "sweep":
        return "sweep.html.j2", sweeps.view(run, manifest)
    if manifest.kind == "scale":
        return "scale.html.j2", scales.view(run, manifest)
    raise RunError(
        f"{run} holds a {manifest.kind} run; a report can be drawn of an eval, a compare, a curate, a train, "
        "a sweep or a scale run.",
        kind="run_kind",
        hint="Give the directory that loracheck eval, compare, curate, train or scale wrote.",
    )
