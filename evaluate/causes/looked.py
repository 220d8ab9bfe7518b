"""Failures and other answers of each adapter, compared with every training row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loracheck.evaluate.evidence import Evidence
from loracheck.progress import Progress
from loracheck.records import Example, Verdict
from loracheck.records.causes import Method

from .config import CausesConfig
from .failures import Answer, Failed, failed, others
from .similarity import Comparer


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """One adapter's failures and other answers, compared with every row.

    Attributes:
        answers: Each failure once, then the answers that are none.
        scores: By method, (answers, rows).
    """

    adapter: str
    findings: tuple[Failed, ...]
    answers: tuple[Answer, ...]
    failures: int
    scores: dict[Method, NDArray[np.float32]]


def look(
    evidence: Evidence,
    verdicts: Sequence[Verdict],
    rows: Sequence[Example],
    work: Path,
    config: CausesConfig,
    *,
    base_spec: str | None,
    progress: Progress,
) -> tuple[list[Looked], dict[str, str]]:
    """Compare the failures of each adapter with every row; returns why a method was left out, too."""
    arms = [evidence.arm(verdict.adapter) for verdict in verdicts]
    paths = {arm.name: Path(arm.path) for arm in arms if arm.path and arm.engine == "local" and arm.finite}
    comparer = Comparer(evidence.context, base_spec, paths, rows, work, config, progress=progress)
    looked, left_out = [], {}
    for verdict in verdicts:
        findings = failed(evidence, verdict, config.max_failures)
        for one in findings:
            listed = len(one.finding.evidence)
            progress.say(
                f"{verdict.adapter}, {one.finding.check}: {len(one.answers)} of {listed} failures looked at"
            )
        if not (answers := _distinct(findings)):
            continue
        for method, why in comparer.left_out(verdict.adapter).items():
            left_out[f"{verdict.adapter}: {method}"] = why
            progress.say(f"{verdict.adapter}: without {method}: {why}")
        other = _others(evidence, verdict, findings, max(len(answers), config.min_others), config.seed)
        looked.append(
            Looked(
                adapter=verdict.adapter,
                findings=tuple(findings),
                answers=(*answers, *other),
                failures=len(answers),
                scores=comparer.compare(verdict.adapter, [*answers, *other]),
            )
        )
    return looked, left_out


def _distinct(findings: Sequence[Failed]) -> list[Answer]:
    """Return the failures of several findings, each probe once."""
    return list({answer.probe.id: answer for one in findings for answer in one.answers}.values())


def _others(
    evidence: Evidence, verdict: Verdict, findings: Sequence[Failed], count: int, seed: int
) -> list[Answer]:
    failing = {probe for one in findings for probe in one.finding.evidence}
    return others(evidence, verdict.adapter, failing, count, seed)
