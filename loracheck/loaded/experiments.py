"""Causes, scale, sweep and synthesize runs, and merged models, as typed objects and frames; see `loaded`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from loracheck import jsonl
from loracheck.adapters.files import ADAPTER, SHIPPED_FORM
from loracheck.curated import SYNTHESIZED
from loracheck.errors import RunError
from loracheck.loaded.run import LoadedRun, frame, html_table, numbers, reading_columns
from loracheck.records import Example
from loracheck.records.adapter import ShippedForm
from loracheck.records.causes import CAUSES, ROWS, CausesSummary, FailureCauses
from loracheck.records.curation import SynthesisSummary
from loracheck.records.training import ScaleSummary, SweepSummary, TrainingSummary
from loracheck.runs import SUMMARY, hash_file, read_run
from loracheck.words.findings import check_name

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class LoadedCauses(LoadedRun):
    """A causes run: which training rows stand behind the failures of an eval run."""

    @cached_property
    def summary(self) -> CausesSummary:
        """Return the group of rows behind each finding, where one stands out."""
        return jsonl.read_one(self.path / SUMMARY, CausesSummary)

    @cached_property
    def failures(self) -> tuple[FailureCauses, ...]:
        """Return each failed probe with the rows nearest to what was answered."""
        return self._records(CAUSES, FailureCauses)

    @cached_property
    def rows(self) -> tuple[Example, ...]:
        """Return the training rows that are named anywhere in it."""
        return self._records(ROWS, Example)

    def findings_frame(self) -> pd.DataFrame:
        """Return a row for each finding: how many failures its rows explain, and how many a chance set would."""
        return frame(
            {
                "adapter": one.adapter,
                "check": one.check,
                "status": one.status,
                "failures": one.failures,
                "rows": len(one.rows),
                **numbers("explained", one.explained),
                "unrelated": one.unrelated.value if one.unrelated else None,
                "by_chance": one.by_chance,
                "p": one.p,
            }
            for one in self.summary.findings
        )

    def rows_frame(self) -> pd.DataFrame:
        """Return a row for each training row near a failure, the nearest first."""
        texts = {row.id: row for row in self.rows}
        return frame(
            {
                "adapter": failure.adapter,
                "probe": failure.probe_id,
                "answer": failure.answer,
                "rank": row.rank,
                "row": row.example_id,
                "prompt": texts[row.example_id].prompt if row.example_id in texts else None,
                "reply": texts[row.example_id].reply if row.example_id in texts else None,
                "share": row.share,
                **{f"score_{method}": score for method, score in row.scores.items()},
            }
            for failure in self.failures
            for row in failure.rows
        )

    def _repr_html_(self) -> str:
        table = html_table(
            ("adapter", "check", "status", "failures", "rows", "explained"),
            (
                (
                    one.adapter,
                    check_name(one.check),
                    one.status,
                    one.failures,
                    len(one.rows),
                    one.explained.value if one.explained else None,
                )
                for one in self.summary.findings
            ),
        )
        return super()._repr_html_() + table


@dataclass(frozen=True, repr=False)
class LoadedScale(LoadedRun):
    """A scale run: an adapter at several strengths."""

    @cached_property
    def summary(self) -> ScaleSummary:
        """Return what was measured at each strength."""
        return jsonl.read_one(self.path / SUMMARY, ScaleSummary)

    @property
    def adapter(self) -> Path | None:
        """Return the folder of the weakened adapter; None where none was written."""
        return self.path / self.summary.written if self.summary.written else None

    def points_frame(self) -> pd.DataFrame:
        """Return a row for each strength, every number with its bounds and n."""
        return frame(
            {"scale": point.scale, "heldout_loss": point.heldout_loss, "safe": point.reading.safe}
            | reading_columns(point.reading)
            for point in self.summary.points
        )

    def _repr_html_(self) -> str:
        table = html_table(
            ("scale", "facts kept", "persona learnt", "leakage", "safe"),
            (
                (
                    point.scale,
                    point.reading.facts_kept.value,
                    point.reading.persona_learnt.value if point.reading.persona_learnt else None,
                    point.reading.leakage.value if point.reading.leakage else None,
                    "yes" if point.reading.safe else f"no: {', '.join(point.reading.unsafe)}",
                )
                for point in self.summary.points
            ),
        )
        return super()._repr_html_() + table


@dataclass(frozen=True, repr=False)
class LoadedSweep(LoadedRun):
    """A sweep: one training for each point of a grid, each a train run in a folder of its own."""

    @cached_property
    def summary(self) -> SweepSummary:
        """Return its points."""
        return jsonl.read_one(self.path / SUMMARY, SweepSummary)

    @property
    def adapters(self) -> dict[str, Path]:
        """Return the folder of each point's adapter, by the point's name."""
        return {point.name: self.path / point.name / ADAPTER for point in self.summary.points}

    def training_summary(self, name: str) -> TrainingSummary:
        """Return what one training came to.

        Raises:
            KeyError: the sweep has no such point.
        """
        if name not in self.adapters:
            raise KeyError(name)
        read_run(self.path / name, "train")
        return jsonl.read_one(self.path / name / SUMMARY, TrainingSummary)

    def points_frame(self) -> pd.DataFrame:
        """Return a row for each training: what was varied, then what came out, each number with its bounds."""
        return frame(
            {
                "name": point.name,
                **{f"option_{key}": value for key, value in point.values.items()},
                "steps": point.steps,
                "trained_tokens": point.trained_tokens,
                "trainable_parameters": point.trainable_parameters,
                "heldout_loss": point.heldout_loss,
                "kept": point.kept,
                "kept_step": point.kept_step,
                "on_front": point.on_front,
                "seconds": point.seconds,
            }
            | reading_columns(point.reading)
            for point in self.summary.points
        )

    def _repr_html_(self) -> str:
        table = html_table(
            ("training", "held-out loss", "facts kept", "persona learnt", "on the front"),
            (
                (
                    point.name,
                    point.heldout_loss,
                    point.reading.facts_kept.value if point.reading else None,
                    point.reading.persona_learnt.value
                    if point.reading and point.reading.persona_learnt
                    else None,
                    "yes" if point.on_front else "",
                )
                for point in self.summary.points
            ),
        )
        return super()._repr_html_() + table


@dataclass(frozen=True, repr=False)
class LoadedSynthesis(LoadedRun):
    """A synthesize run: rows that were made."""

    @cached_property
    def summary(self) -> SynthesisSummary:
        """Return how many rows of each kind there are, and how many requests brought none."""
        return jsonl.read_one(self.path / SUMMARY, SynthesisSummary)

    def rows_frame(self) -> pd.DataFrame:
        """Return a row for each row: question, answer, what made it."""
        lines = self._records(SYNTHESIZED, dict)
        return frame(
            {
                "prompt": line["messages"][0]["content"],
                "reply": line["messages"][-1]["content"],
                "kind": line.get("synthetic"),
                "made_by": line.get("made_by"),
            }
            for line in lines
        )

    def _repr_html_(self) -> str:
        return super()._repr_html_() + html_table(("kind", "rows"), self.summary.rows.items())


@dataclass(frozen=True)
class LoadedMerge:
    """A merged model: no run, but a folder that says what was merged and how far it is from what was trained."""

    path: Path
    form: ShippedForm

    def comparisons_frame(self) -> pd.DataFrame:
        """Return a row for each form that ships: its divergence from the trained one, in nats a token."""
        return frame(
            {
                "shipped": one.shipped,
                **numbers("divergence", one.divergence),
                **numbers("same_top", one.same_top),
                "largest": one.largest,
                "tokens": one.tokens,
                "above_threshold": one.above_threshold,
                "reason": one.reason,
            }
            for one in self.form.comparisons
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows of it."""
        form = self.form
        what = f"{self.path}: {form.kind} into {form.base}, {form.dtype}"
        return f"<p><b>merged model</b> {escape(what)}</p>" + html_table(
            ("form", "divergence", "limit"),
            (
                (one.shipped, one.divergence.value if one.divergence else one.reason, form.threshold)
                for one in form.comparisons
            ),
        )


EXPERIMENTS: dict[str, type[LoadedRun]] = {
    "causes": LoadedCauses,
    "scale": LoadedScale,
    "sweep": LoadedSweep,
    "synthesize": LoadedSynthesis,
}


def load_merge(folder: Path) -> LoadedMerge:
    """Load what `loracheck merge` wrote; its weights are verified against their hashes.

    Raises:
        RunError: a file of weights is missing or was changed since.
    """
    form = jsonl.read_one(folder / SHIPPED_FORM, ShippedForm)
    for name, digest in form.weights_sha256.items():
        file = folder / Path(name).name
        if not file.is_file() or hash_file(file) != digest:
            raise RunError(
                f"{file} is missing or was changed after the merge.",
                kind="run_altered",
                hint="Merge again into a new folder.",
            )
    return LoadedMerge(path=folder, form=form)
