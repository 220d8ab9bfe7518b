"""The index page over a folder of runs: what each is, how far, what came out, and the way to its report."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import loracheck
from loracheck import jsonl
from loracheck.errors import LoracheckError, RunError
from loracheck.evaluated import VERDICT
from loracheck.records import EvaluationResult, Manifest, Verdict
from loracheck.records.causes import CausesSummary
from loracheck.records.curation import CurationSummary
from loracheck.records.training import ScaleSummary, SweepSummary, TrainingSummary
from loracheck.runs import MANIFEST, REPORT, SUMMARY, is_run, read_manifest
from loracheck.words import findings

from . import figures
from .comparison import page as comparison
from .html import render
from .parts.trained import short_names
from .strings.frame import STRINGS, Both, UiLanguage, both, same, text
from .training import scales, sweeps

Outcome = tuple[tuple[Both, str], ...]
INDEX = "index.html"
_DEEPEST = 3
_NOT_ENTERED = {"replaced"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One run of the index.

    Attributes:
        link: Relative address of its report; None where it has none.
        outcome: What came out, and the verdict that gives it its colour, if any.
    """

    name: str
    link: str | None
    kind: Both
    outcome: Outcome
    created: str


def stored(run: Path) -> EvaluationResult:
    """Return the verdict of an eval run as it stands there."""
    return jsonl.read_one(run / VERDICT, EvaluationResult)


def write_index(
    folder: Path,
    *,
    language: UiLanguage = "en",
    confirm: Callable[[Path], EvaluationResult] = stored,
) -> Path:
    """Write index.html over the runs in a folder and below it; returns its path.

    Args:
        folder: The folder.
        language: The language that the page opens in.
        confirm: Reads the verdict of an eval run; what it refuses is shown as refused.

    Raises:
        RunError: there is no run.
    """
    found = (_entry(folder, run, confirm) for run in find_runs(folder))
    entries = sorted(found, key=lambda entry: entry.created)
    if not entries:
        raise RunError(
            f"{folder} is no run and holds none.",
            kind="not_a_run",
            hint="Give a run directory, or a folder of run directories.",
        )
    name = folder.resolve().name
    view = {
        "title": text("title_index", name=name),
        "kicker": text("kicker_index"),
        "heading": same(name),
        "sections": [],
        "entries": entries[::-1],
        "written_now": text(
            "written", date=datetime.now(UTC).isoformat(timespec="seconds"), version=loracheck.__version__
        ),
    }
    jsonl.replace(folder / INDEX, render("index.html.j2", view, language).encode())
    return folder / INDEX


def find_runs(folder: Path) -> list[Path]:
    """Return the run directories in a folder, at most three levels down; a run's own folders are not searched."""
    found: list[Path] = []
    for place, folders, files in os.walk(folder):
        here = Path(place)
        if MANIFEST in files and is_run(here):
            found.append(here)
            folders.clear()
        elif len(here.relative_to(folder).parts) >= _DEEPEST:
            folders.clear()
        folders[:] = sorted(name for name in folders if name not in _NOT_ENTERED and not name.startswith("."))
    return sorted(found)


def _entry(folder: Path, run: Path, confirm: Callable[[Path], EvaluationResult]) -> Entry:
    name = run.relative_to(folder).as_posix()
    try:
        manifest = read_manifest(run)
        outcome = _outcome(run, manifest, confirm)
    except LoracheckError as error:
        return Entry(name=name, link=None, kind=same("?"), outcome=((same(error.message), ""),), created="")
    kind = f"kicker_{manifest.kind}"
    return Entry(
        name=name,
        link=quote(f"{name}/{REPORT}") if (run / REPORT).is_file() else None,
        kind=text(kind) if kind in STRINGS else same(manifest.kind),
        outcome=outcome,
        created=f"{manifest.created[:16].replace('T', ' ')} UTC",
    )


def _outcome(run: Path, manifest: Manifest, confirm: Callable[[Path], EvaluationResult]) -> Outcome:
    if manifest.status != "complete":
        return ((text("index_unfinished"), ""),)
    readers: dict[str, Callable[[Path], Outcome]] = {
        "eval": lambda run: _of_eval(confirm(run).verdicts),
        "causes": _of_causes,
        "curate": _of_curate,
        "train": _of_train,
        "compare": _of_compare,
        "sweep": _of_sweep,
        "scale": _of_scale,
    }
    read = readers.get(manifest.kind)
    return read(run) if read else ()


def _of_eval(verdicts: Sequence[Verdict]) -> Outcome:
    def told(verdict: Verdict, language: UiLanguage) -> str:
        decided = [findings.check_name(check, language) for check in verdict.deciding[:1]]
        return " · ".join([f"{verdict.adapter}: {findings.verdict_word(verdict, language)}", *decided])

    def said(verdict: Verdict) -> Both:
        return both(lambda language: told(verdict, language))

    return tuple((said(one), one.status) for one in verdicts)


def _of_causes(run: Path) -> Outcome:
    found = jsonl.read_one(run / SUMMARY, CausesSummary).findings
    named = [finding for finding in found if finding.status == "named"]
    rows = {row for finding in named for row in finding.rows}
    return ((text("index_causes", rows=figures.whole(len(rows)), named=len(named), of=len(found)), ""),)


def _of_compare(run: Path) -> Outcome:
    return ((comparison.sentence(run), ""),)


def _of_sweep(run: Path) -> Outcome:
    summary = jsonl.read_one(run / SUMMARY, SweepSummary)
    return ((sweeps.headline(summary, short_names(summary.points)), ""),)


def _of_scale(run: Path) -> Outcome:
    return ((scales.headline(jsonl.read_one(run / SUMMARY, ScaleSummary)), ""),)


def _of_curate(run: Path) -> Outcome:
    summary = jsonl.read_one(run / SUMMARY, CurationSummary)
    kept, read = figures.whole(summary.kept), figures.whole(summary.read)
    return ((text("index_kept", kept=kept, read=read), ""),)


def _of_train(run: Path) -> Outcome:
    summary = jsonl.read_one(run / SUMMARY, TrainingSummary)
    tokens = figures.whole(summary.trained_tokens)
    if summary.heldout_loss_after is None or summary.heldout_loss_before is None:
        return ((text("index_trained", tokens=tokens), ""),)
    before, after = (figures.nats(one) for one in (summary.heldout_loss_before, summary.heldout_loss_after))
    return ((text("index_trained_heldout", tokens=tokens, before=before, after=after), ""),)
