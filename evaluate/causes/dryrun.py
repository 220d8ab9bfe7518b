"""What a causes run would look at, without a model: the failures behind each held verdict, and the rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from loracheck import jsonl
from loracheck.evaluate.evidence import read_evidence
from loracheck.evaluated import VERDICT
from loracheck.foreseen import Foreseen
from loracheck.loading.examples import load_examples
from loracheck.records import EvaluationResult
from loracheck.runs import read_run

from .config import CausesConfig
from .failures import failed, suspects
from .pipeline import training_files


def foresee_causes(
    evaluation: Path,
    config: CausesConfig,
    *,
    data: Sequence[Path] = (),
    base_spec: str | None = None,
    adapters: Sequence[str] = (),
) -> Foreseen:
    """Read the eval run and the rows, and count what would be compared.

    Raises:
        LoracheckError: as `causes`, before a model is loaded.
    """
    manifest = read_run(evaluation, "eval")
    verdicts = suspects(jsonl.read_one(evaluation / VERDICT, EvaluationResult), adapters)
    files = training_files(evaluation, manifest, data)
    rows = load_examples(files)
    evidence = read_evidence(evaluation)
    steps: list[str] = []
    answers = 0
    for verdict in verdicts:
        for one in failed(evidence, verdict, config.max_failures):
            answers += len(one.answers)
            steps.append(
                f"rank {len(rows):,} rows for {len(one.answers)} failures of {verdict.adapter}, {one.finding.check}"
            )
    neural = [method for method in config.methods if method != "overlap"]
    notes = [] if steps else ["no deciding finding lists failed probes, so there is nothing to explain"]
    if neural and base_spec is None:
        notes.append(f"without a base nothing is compared by {' and '.join(neural)}; name it with --base")
    if neural and base_spec is not None and steps:
        steps.insert(0, f"load {base_spec} and read every row and answer by {' and '.join(neural)}")
    return Foreseen(
        steps=tuple(steps),
        numbers={
            "rows": len(rows),
            "failures": answers,
            "methods": len(config.methods),
            "rows_read_by_the_model": len(rows) * len(neural) if base_spec else 0,
        },
        notes=tuple(notes),
    )
