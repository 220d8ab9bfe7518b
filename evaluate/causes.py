"""For each failure of an eval run the training rows behind it: compare, rank, group, hold against chance.

The eval run is read and never written: what comes out is a run of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loracheck import jsonl
from loracheck.cause_records import (
    CAUSES,
    CAUSES_KIND,
    METHODS,
    ROWS,
    SUMMARY,
    BlamedRow,
    CausesSummary,
    FailureCauses,
    FindingCause,
    Method,
    Twins,
)
from loracheck.errors import RunError, UsageError
from loracheck.loading import load_examples
from loracheck.progress import Progress
from loracheck.records import EvaluationContext, EvaluationResult, Example, Manifest, Verdict
from loracheck.runs import MANIFEST, hash_file, is_run, open_run, read_run
from loracheck.stats import share

from . import blame
from .evidence import Evidence, read_evidence
from .failures import Answer, Failed, failed, others, suspects
from .overlap import Replies, held_share, longest_run, twins
from .similarity import Comparer

WORK = "work"
ALIKE = 0.6
"""Cosine of two replies' n-grams from which they count as near-identical."""
COMBINED = "mean of the methods' scores, each in units of its spread over all answers"


@dataclass(frozen=True, slots=True, kw_only=True)
class CausesConfig:
    """What is compared, and how much is shown.

    Attributes:
        methods: "overlap" of the texts, "embedding" by the base's hidden states, "gradient" of the adapter's weights.
        max_failures: Failures looked at of each finding, the worst first.
        min_others: Answers that are no failure, at least; as many as failures where these are more.
        shown_rows: Rows kept of each failure's ranking.
        dimensions: Of the projected gradients.
    """

    methods: tuple[Method, ...] = METHODS
    max_failures: int = 40
    min_others: int = 20
    shown_rows: int = 10
    dimensions: int = 8192
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.methods:
            raise UsageError("--method names none.", hint=f"There are {', '.join(METHODS)}.")
        for method in self.methods:
            if method not in METHODS:
                raise UsageError(f"--method {method}: there are {', '.join(METHODS)}.")
        for name in ("max_failures", "shown_rows", "dimensions"):
            if getattr(self, name) < 1:
                raise UsageError(f"--{name.replace('_', '-')} must be at least 1, not {getattr(self, name)}.")


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
        base_spec: The base, where it lies elsewhere now; None takes that of the eval run.
        adapters: Whose failures; none takes those of the adapters that are held.
        progress: Where to report.

    Raises:
        LoracheckError: no finished eval run, no adapter held, unknown or altered training data.
    """
    manifest = read_run(evaluation, "eval")
    result = jsonl.read_one(evaluation / "verdict.json", EvaluationResult)
    verdicts = suspects(result, adapters)
    files = training_files(evaluation, manifest, data)
    options = {"base": base_spec, "adapters": list(adapters), **asdict(config)}
    inputs = [evaluation / MANIFEST, *files]
    with open_run(out, CAUSES_KIND, config=options, inputs=inputs, seed=config.seed) as run:
        if run.complete:
            progress.say(f"{out} is finished already; nothing to do.")
            return jsonl.read_one(out / SUMMARY, CausesSummary)
        rows = load_examples(files)
        work = out / WORK
        work.mkdir(exist_ok=True)
        evidence = read_evidence(evaluation)
        here = manifest.config["base"] if evidence.context.fingerprint else None
        base = str(base_spec or here) if base_spec or here else None
        looked, left_out = look(evidence, verdicts, rows, work, config, base_spec=base, progress=progress)
        replies = Replies([row.reply for row in rows])
        alike = twins(replies, ALIKE)
        found = [cause for one in looked for cause in _findings(one, rows, alike, config)]
        failures = [line for one in looked for line in _lines(one, rows, config)]
        jsonl.write(out / CAUSES, failures)
        wanted = {row.example_id for line in failures for row in line.rows}
        wanted |= {row for cause in found for row in cause.rows}
        jsonl.write(out / ROWS, (row for row in rows if row.id in wanted))
        summary = CausesSummary(
            evaluation=str(evaluation),
            evaluation_id=manifest.run_id,
            base=base or "",
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
        return [_kept_rows(path) for path in data]
    context = jsonl.read_one(evaluation / "context.json", EvaluationContext)
    if context.training_data is None:
        raise UsageError(
            f"{evaluation} was made without its training data.", hint="Name it with --data FILE or RUN."
        )
    known = {entry.path: entry.sha256 for entry in manifest.inputs}
    files = [_kept_rows(Path(name)) for name in context.training_data.split(", ")]
    for file in files:
        if not file.is_file():
            raise RunError(
                f"{file}, the training data of {evaluation}, is missing.", hint="Name it with --data."
            )
        if str(file) in known and hash_file(file) != known[str(file)]:
            raise RunError(
                f"{file} has changed since {evaluation} was made with it.",
                hint="Restore it, or name the data that the adapter was trained on with --data.",
            )
    return files


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


def _kept_rows(path: Path) -> Path:
    if is_run(path):
        read_run(path, "curate")
        return path / "kept.jsonl"
    return path


def _distinct(findings: Sequence[Failed]) -> list[Answer]:
    """Return the failures of several findings, each probe once."""
    return list({answer.probe.id: answer for one in findings for answer in one.answers}.values())


def _others(
    evidence: Evidence, verdict: Verdict, findings: Sequence[Failed], count: int, seed: int
) -> list[Answer]:
    failing = {probe for one in findings for probe in one.finding.evidence}
    return others(evidence, verdict.adapter, failing, count, seed)


def _findings(
    looked: Looked, rows: Sequence[Example], alike: Sequence[Sequence[int]], config: CausesConfig
) -> Iterator[FindingCause]:
    place = {answer.probe.id: index for index, answer in enumerate(looked.answers[: looked.failures])}
    joined = blame.combined(list(looked.scores.values()))
    other = joined[looked.failures :]
    for one in looked.findings:
        own = [place[answer.probe.id] for answer in one.answers]
        unknown = FindingCause(
            adapter=looked.adapter,
            check=one.finding.check,
            status="too_few",
            failures=len(own),
            of=len(one.finding.evidence),
            silent=one.silent,
        )
        if len(own) < blame.LEAST_FAILURES or len(rows) < blame.LEAST_ROWS:
            yield unknown
            continue
        group = blame.stands_out(joined[own], other, alike, seed=config.seed)
        yield replace(
            unknown,
            status="named" if group.named else "none",
            twins=tuple(_twins(group.places, rows, alike)),
            explained=share("explained", group.explained, len(own)),
            unrelated=share("unrelated", group.unrelated, len(other)),
            by_chance=round(group.by_chance, 4),
            p=round(group.p, 4),
        )


def _twins(places: Sequence[int], rows: Sequence[Example], alike: Sequence[Sequence[int]]) -> Iterator[Twins]:
    inside = set(places)
    first = {place: order for order, place in enumerate(places)}
    for group in sorted((g for g in alike if g[0] in inside), key=lambda g: first[g[0]]):
        yield Twins(rows=tuple(rows[place].id for place in group))


def _lines(looked: Looked, rows: Sequence[Example], config: CausesConfig) -> Iterator[FailureCauses]:
    joined = blame.combined(list(looked.scores.values()))[: looked.failures]
    ranks = blame.ranks(joined)
    by_method = {method: blame.ranks(score[: looked.failures]) for method, score in looked.scores.items()}
    checks: dict[str, list[str]] = {}
    for one in looked.findings:
        for answer in one.answers:
            checks.setdefault(answer.probe.id, []).append(one.finding.check)
    for index, answer in enumerate(looked.answers[: looked.failures]):
        nearest = ranks[index].argsort(kind="stable")[: config.shown_rows].tolist()
        yield FailureCauses(
            adapter=looked.adapter,
            probe_id=answer.probe.id,
            checks=tuple(checks[answer.probe.id]),
            answer=answer.text,
            base_answer=answer.base,
            origin=answer.origin,
            rows=tuple(
                BlamedRow(
                    example_id=rows[place].id,
                    rank=int(ranks[index, place]),
                    ranks={method: int(found[index, place]) for method, found in by_method.items()},
                    scores={
                        method: round(float(score[index, place]), 4)
                        for method, score in looked.scores.items()
                    },
                    share=_rounded(
                        held_share(answer.text, answer.base, answer.probe.prompt, rows[place].reply)
                    ),
                    run=longest_run(answer.text, answer.base, rows[place].reply),
                )
                for place in nearest
            ),
        )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
