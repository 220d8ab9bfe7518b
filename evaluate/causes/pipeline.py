"""For each failure of an eval run the training rows behind it: compare, rank, group, hold against chance.

The eval run is read and never written: what comes out is a run of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from loracheck import jsonl
from loracheck.curated import KEPT, given_rows
from loracheck.errors import RunError, UsageError
from loracheck.evaluate.arms.lineup import arm_files
from loracheck.evaluate.evidence import Evidence, read_evidence
from loracheck.evaluated import CONTEXT, VERDICT
from loracheck.loading.examples import load_examples
from loracheck.progress import Progress
from loracheck.records import EvaluationContext, EvaluationResult, Manifest
from loracheck.records.causes import CAUSES, CAUSES_KIND, ROWS, CausesSummary
from loracheck.runs import MANIFEST, SUMMARY, WORK, open_run, read_run, still_as_read

from .config import CausesConfig
from .explained import explained_failures, explained_findings
from .failures import suspects
from .looked import look
from .overlap import Replies, twins

ALIKE = 0.6
"""Cosine of two replies' n-grams from which they count as near-identical."""
COMBINED = "mean of the methods' scores, each in units of its spread over all answers"


def causes(
    evaluation: Path,
    out: Path,
    config: CausesConfig,
    *,
    data: Sequence[Path] = (),
    base_spec: str | None = None,
    adapters: Sequence[str] = (),
    progress: Progress,
) -> CausesSummary:
    """Find the training rows behind the failures of an eval run, and write a causes run.

    Args:
        evaluation: A finished eval run.
        out: The run directory.
        config: Options.
        data: The training data: curate runs or data files. None takes those that the eval run was given.
        base_spec: Where the base lies, which the eval run names and holds no hash of; None compares without a model.
        adapters: Whose failures; none takes those of the adapters that are held.
        progress: Where to report.

    Raises:
        LoracheckError: no finished eval run, no adapter held, unknown or altered training data.
    """
    manifest = read_run(evaluation, "eval")
    result = jsonl.read_one(evaluation / VERDICT, EvaluationResult)
    verdicts = suspects(result, adapters)
    files = training_files(evaluation, manifest, data)
    options = {"base": base_spec, "adapters": list(adapters), **asdict(config)}
    inputs = [evaluation / MANIFEST, *files]
    with open_run(out, CAUSES_KIND, config=options, inputs=inputs, seed=config.seed) as run:
        if run.complete:
            progress.say_finished(out)
            return jsonl.read_one(out / SUMMARY, CausesSummary)
        rows = load_examples(files)
        work = out / WORK
        work.mkdir(exist_ok=True)
        evidence = read_evidence(evaluation)
        if base_spec and set(config.methods) - {"overlap"}:
            _refuse_other_adapters(evidence, manifest)
        looked, left_out = look(
            evidence, verdicts, rows, work, config, base_spec=base_spec, progress=progress
        )
        replies = Replies([row.reply for row in rows])
        alike = twins(replies, ALIKE)
        found = [cause for one in looked for cause in explained_findings(one, rows, alike, config)]
        failures = [line for one in looked for line in explained_failures(one, rows, config)]
        jsonl.write(out / CAUSES, failures)
        wanted = {row.example_id for line in failures for row in line.rows}
        wanted |= {row for cause in found for row in cause.rows}
        jsonl.write(out / ROWS, (row for row in rows if row.id in wanted))
        summary = CausesSummary(
            evaluation=str(evaluation),
            evaluation_id=manifest.run_id,
            base=base_spec or "",
            data=tuple(str(file) for file in files),
            rows=len(rows),
            methods=config.methods,
            combined=COMBINED,
            findings=tuple(found),
            left_out=left_out,
        )
        jsonl.write_one(out / SUMMARY, summary)
        shutil.rmtree(work)
    return summary


def training_files(evaluation: Path, manifest: Manifest, data: Sequence[Path]) -> list[Path]:
    """Return the files of the training rows: those given, else those that the eval run read, unaltered.

    Raises:
        UsageError: the eval run was not given its training data.
        RunError: a file is missing or has changed since.
    """
    if data:
        return [given_rows(path).training for path in data]
    context = jsonl.read_one(evaluation / CONTEXT, EvaluationContext)
    if context.training_data is None:
        raise UsageError(
            f"{evaluation} was made without its training data.",
            kind="training_data_lost",
            hint="Name it with --data FILE or RUN.",
        )
    read = {entry.path for entry in manifest.inputs}
    whole = context.training_data
    names = (
        [whole] if {whole, str(Path(whole) / KEPT)} & read else whole.split(", ")
    )  # a name may hold a comma
    files = [Path(name) / KEPT if str(Path(name) / KEPT) in read else Path(name) for name in names]
    for file in files:
        if str(file) not in read:
            raise RunError(
                f"{file}, the training data of {evaluation}, is none of the files that it read.",
                kind="training_data_lost",
                hint="Name it with --data.",
            )
        if not file.is_file():
            raise RunError(
                f"{file}, the training data of {evaluation}, is missing.",
                kind="training_data_lost",
                hint="Name it with --data.",
            )
        if not still_as_read(file, manifest):
            raise RunError(
                f"{file} has changed since {evaluation} was made with it.",
                kind="training_data_lost",
                hint="Restore it, or name the data that the adapter was trained on with --data.",
            )
    return files


def _refuse_other_adapters(evidence: Evidence, manifest: Manifest) -> None:
    """Refuse to load an adapter that the eval run names and did not read, or that has changed since."""
    for arm in evidence.adapters:
        if arm.path and arm.engine == "local" and arm.finite:
            files = arm_files(Path(arm.path))
            if not files or not all(still_as_read(file, manifest) for file in files):
                raise RunError(
                    f"adapter {arm.name}: {arm.path} is not the one that was evaluated.",
                    kind="another_adapter",
                    hint="Restore it, or evaluate the new one.",
                )
