"""Render a finished run as one HTML file that opens anywhere and asks the network for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from loracheck import jsonl, runs
from loracheck.errors import RunError
from loracheck.records import Manifest

from . import comparison, curation, evaluation, scales, sweeps, training
from .html import render

REPORT = "report.html"


def write_report(run: Path, *, related: Sequence[Path] = (), language: Literal["ja", "en"] = "en") -> Path:
    """Write report.html into a run directory and return its path.

    Args:
        run: The run to show.
        related: Curate and train runs whose summaries an eval report shows.
        language: The language that the page opens in; a reader can switch.

    Raises:
        RunError: there is no run, it is of an unknown kind, or a file was changed since it was written.
    """
    manifest = read_manifest(run)
    others = [(path, read_manifest(path)) for path in related]
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


def read_manifest(run: Path) -> Manifest:
    """Read a manifest, and verify the files of a finished run but for its report.

    The report is drawn from the other files and may be drawn again, so it proves nothing. A run that is still
    being written has no hashes yet: its own stage draws the report before the run is completed.
    """
    if not runs.is_run(run):
        raise RunError(f"{run} is not a run directory: it has no {runs.MANIFEST}.", kind="not_a_run")
    manifest = jsonl.read_one(run / runs.MANIFEST, Manifest)
    for entry in manifest.files:
        file = run / entry.path
        if Path(entry.path).suffix in (".json", ".jsonl") and "/" not in entry.path:
            if not file.is_file():
                raise RunError(
                    f"{file} is missing; the run cannot be trusted.",
                    kind="run_altered",
                    hint="Make the run again.",
                )
            if runs.hash_file(file) != entry.sha256:
                raise RunError(
                    f"{file} was changed after the run ended; the run cannot be trusted.",
                    kind="run_altered",
                    hint="Restore the file, or make the run again in a new directory.",
                )
    return manifest
