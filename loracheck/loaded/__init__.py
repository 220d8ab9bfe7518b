"""A finished run as typed objects and pandas frames, for notebooks and scripts: `loracheck.load("runs/eval")`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from loracheck import jsonl
from loracheck.adapters.files import ADAPTER, SHIPPED_FORM
from loracheck.curated import DECISIONS, HELDOUT, KEPT, SCORES
from loracheck.errors import RunError
from loracheck.evaluated import CHOICES, COMPLETIONS, CONTEXT, PROBES
from loracheck.loaded.experiments import (
    EXPERIMENTS,
    LoadedCauses,
    LoadedMerge,
    LoadedScale,
    LoadedSweep,
    LoadedSynthesis,
    load_merge,
)
from loracheck.loaded.run import LoadedRun, flat, frame, html_table, reading_columns
from loracheck.records import (
    ChoiceScores,
    Completion,
    EvaluationContext,
    EvaluationResult,
    Example,
    Probe,
    Verdict,
)
from loracheck.records.comparison import ANSWERS, COMPARISON, ComparedAnswer, RunComparison
from loracheck.records.curation import CurationSummary, Decision
from loracheck.records.training import CheckpointReading, TrainingStep, TrainingSummary
from loracheck.runs import SUMMARY, is_run, read_run
from loracheck.trained import METRICS, READINGS
from loracheck.words.comparison import conclusion
from loracheck.words.findings import explain, verdict_word

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LoadedCauses",
    "LoadedComparison",
    "LoadedCuration",
    "LoadedEvaluation",
    "LoadedMerge",
    "LoadedRun",
    "LoadedScale",
    "LoadedSweep",
    "LoadedSynthesis",
    "LoadedTraining",
    "load",
]
_COLOURS = {"ship": "#1d6238", "hold": "#a3281c", "inconclusive": "#7a5200"}


@dataclass(frozen=True, repr=False)
class LoadedEvaluation(LoadedRun):
    """An eval run: verdicts, probes and what every arm answered."""

    @cached_property
    def result(self) -> EvaluationResult:
        """Return verdicts, findings and comparisons, once the answers were seen to give these.

        Raises:
            RunError: they give others.
        """
        from loracheck.evaluate.asked import confirmed  # noqa: PLC0415 - only a verdict needs the checks

        return confirmed(self.path)

    @cached_property
    def context(self) -> EvaluationContext:
        """Return what was asked, of what."""
        return jsonl.read_one(self.path / CONTEXT, EvaluationContext)

    @cached_property
    def probes(self) -> tuple[Probe, ...]:
        """Return the questions."""
        return self._records(PROBES, Probe)

    @cached_property
    def completions(self) -> tuple[Completion, ...]:
        """Return the answers of every arm."""
        return self._records(COMPLETIONS, Completion)

    def verdict(self, adapter: str) -> Verdict:
        """Return the verdict on one adapter.

        Raises:
            KeyError: the run has no such adapter.
        """
        by_name = {verdict.adapter: verdict for verdict in self.result.verdicts}
        return by_name[adapter]

    def findings_frame(self) -> pd.DataFrame:
        """Return a row for each finding, its deciding number first."""
        return frame(
            {
                "adapter": verdict.adapter,
                "verdict": verdict.status,
                "check": finding.check,
                "status": finding.status,
                "required": finding.required,
                "reason": finding.reason,
                "value": finding.estimates[0].value if finding.estimates else None,
                "ci_low": finding.estimates[0].ci_low if finding.estimates else None,
                "ci_high": finding.estimates[0].ci_high if finding.estimates else None,
                "n": finding.estimates[0].n if finding.estimates else 0,
                "limit": finding.threshold,
                "sentence": explain(finding),
            }
            for verdict in self.result.verdicts
            for finding in verdict.findings
        )

    def estimates_frame(self) -> pd.DataFrame:
        """Return a row for each number of each finding, with its bounds, n, unit and method."""
        return frame(
            {"adapter": verdict.adapter, "check": finding.check, **flat(estimate)}
            for verdict in self.result.verdicts
            for finding in verdict.findings
            for estimate in finding.estimates
        )

    def choices_frame(self) -> pd.DataFrame:
        """Return a row for each reply that was offered, with its log-likelihood in nats under each arm."""
        return frame(
            {"probe": scores.probe_id, "arm": scores.arm, "kind": kind, "reply": text, "logprob": logprob}
            for scores in self._records(CHOICES, ChoiceScores)
            for kind, text, logprob in zip(scores.kinds, scores.choices, scores.logprobs, strict=True)
        )

    def answers_frame(self) -> pd.DataFrame:
        """Return a row for each probe, with the answers of the arms side by side."""
        said: dict[str, dict[str, str]] = {}
        for completion in self.completions:
            if completion.seed == 0:
                said.setdefault(completion.probe_id, {})[completion.arm] = completion.text
        return frame(
            {"probe": p.id, "suite": p.suite, "prompt": p.prompt} | said.get(p.id, {}) for p in self.probes
        )

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th style="text-align:left">{escape(verdict.adapter)}</th>'
            f'<td style="color:{_COLOURS[verdict.status]}"><b>{verdict_word(verdict)}</b></td>'
            f'<td style="text-align:left">{escape(_lead(verdict))}</td></tr>'
            for verdict in self.result.verdicts
        )
        return f"{super()._repr_html_()}<table>{rows}</table>"


@dataclass(frozen=True, repr=False)
class LoadedCuration(LoadedRun):
    """A curate run: its summary, the rows that were kept and the decision on every row."""

    @cached_property
    def summary(self) -> CurationSummary:
        """Return the counts."""
        return jsonl.read_one(self.path / SUMMARY, CurationSummary)

    @cached_property
    def kept(self) -> tuple[Example, ...]:
        """Return the kept rows."""
        return self._records(KEPT, Example)

    @cached_property
    def heldout(self) -> tuple[Example, ...]:
        """Return the rows held out for evaluation."""
        return self._records(HELDOUT, Example)

    def scores_frame(self) -> pd.DataFrame:
        """Return a row for each scored row, as scores.parquet holds them."""
        import pandas as pd  # noqa: PLC0415 - only frames need it

        file = self.path / SCORES
        return pd.read_parquet(file) if file.is_file() else pd.DataFrame()

    def decisions_frame(self) -> pd.DataFrame:
        """Return a row for each row of the data: where it ended, and by which rule."""
        return frame(
            {"id": d.example_id, "outcome": d.outcome, "stage": d.stage, "reason": d.reason}
            for d in self._records(DECISIONS, Decision)
        )

    def _repr_html_(self) -> str:
        counts = self.summary
        rows = [
            (name, getattr(counts, name)) for name in ("read", "kept", "heldout", "dropped", "quarantined")
        ]
        steps = [(f"{step.stage}: {step.reason}", step.rows) for step in counts.steps]
        return super()._repr_html_() + html_table(("rows", "number"), [*rows, *steps])


@dataclass(frozen=True, repr=False)
class LoadedTraining(LoadedRun):
    """A train run: its summary, the loss of every step and the readings at its checkpoints."""

    @property
    def adapter(self) -> Path:
        """Return the folder of the adapter, for peft."""
        return self.path / ADAPTER

    @cached_property
    def summary(self) -> TrainingSummary:
        """Return what the training came to."""
        return jsonl.read_one(self.path / SUMMARY, TrainingSummary)

    @cached_property
    def readings(self) -> tuple[CheckpointReading, ...]:
        """Return what was measured at the checkpoints."""
        return self._records(READINGS, CheckpointReading)

    def loss_frame(self) -> pd.DataFrame:
        """Return a row for each step."""
        return frame(flat(step) for step in self._records(METRICS, TrainingStep))

    def readings_frame(self) -> pd.DataFrame:
        """Return a row for each checkpoint that was measured, every number with its bounds and n."""
        return frame(
            {
                "step": reading.step,
                "trained_tokens": reading.trained_tokens,
                "heldout_loss": reading.heldout_loss,
                "seconds": reading.seconds,
            }
            | reading_columns(reading.watch)
            for reading in self.readings
        )

    def _repr_html_(self) -> str:
        found = self.summary
        rows = (
            ("base", found.base),
            ("adapter", f"{found.kind}, {found.trainable_parameters:,} parameters"),
            ("steps", found.steps),
            ("trained tokens", found.trained_tokens),
            ("loss, first", found.loss_first),
            ("loss, last", found.loss_last),
            ("held-out loss", found.heldout_loss_after),
            ("kept", f"{found.kept}, step {found.kept_step}"),
        )
        return super()._repr_html_() + html_table(("", ""), rows)


@dataclass(frozen=True, repr=False)
class LoadedComparison(LoadedRun):
    """A compare run: what was won, lost and unchanged, and every answer."""

    @cached_property
    def comparison(self) -> RunComparison:
        """Return verdicts, differences and the conclusion."""
        return jsonl.read_one(self.path / COMPARISON, RunComparison)

    @cached_property
    def probes(self) -> tuple[Probe, ...]:
        """Return the questions."""
        return self._records(PROBES, Probe)

    @cached_property
    def answers(self) -> tuple[ComparedAnswer, ...]:
        """Return the answers of the base and of every training of every column."""
        return self._records(ANSWERS, ComparedAnswer)

    def differences_frame(self) -> pd.DataFrame:
        """Return a row for each measure: both shares, the paired difference and what it means."""
        return frame(
            {
                "check": one.check,
                "measure": one.measure,
                "label": one.label,
                "first": one.first.share,
                "second": one.second.share,
                "base": one.base,
                "limit": one.limit,
                "difference": one.estimate.value,
                "ci_low": one.estimate.ci_low,
                "ci_high": one.estimate.ci_high,
                "n": one.estimate.n,
                "won": len(one.won),
                "lost": len(one.lost),
                "unchanged": one.unchanged,
            }
            for one in self.comparison.differences
        )

    def _repr_html_(self) -> str:
        return f"{super()._repr_html_()}<p>{escape(conclusion(self.comparison))}</p>"


_KINDS: dict[str, type[LoadedRun]] = {
    "eval": LoadedEvaluation,
    "compare": LoadedComparison,
    "curate": LoadedCuration,
    "train": LoadedTraining,
    **EXPERIMENTS,
}


def load(path: str | Path) -> LoadedRun | LoadedMerge:
    """Load a finished run, or a merged model; its files are verified first.

    Returns:
        A `LoadedEvaluation`, `LoadedComparison`, `LoadedCuration`, `LoadedTraining`, `LoadedCauses`, `LoadedScale`,
        `LoadedSweep` or `LoadedSynthesis`; a `LoadedMerge` of what `loracheck merge` wrote; of another kind what
        all runs have.

    Raises:
        RunError: there is no finished run, or a file was changed since.
    """
    folder = Path(path)
    if not folder.exists():
        raise RunError(f"{folder}: there is no such directory.", kind="not_a_run")
    if not is_run(folder) and (folder / SHIPPED_FORM).is_file():
        return load_merge(folder)
    manifest = read_run(folder)
    return _KINDS.get(manifest.kind, LoadedRun)(folder, manifest)


def _lead(verdict: Verdict) -> str:
    leading = next((f for f in verdict.findings if f.check in verdict.deciding), None)
    return explain(leading) if leading and verdict.status != "ship" else ""
