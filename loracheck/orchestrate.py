"""The whole loop from one file: curate, train, evaluate, compare, report; only what changed is done again.

Every stage keeps its own run directory and knows by its inputs and options whether it is done, half done or another
run. A directory that holds another run is moved to `replaced/`, so that nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from loracheck import jsonl
from loracheck.curate.config import CurateConfig
from loracheck.curate.presets import config_from as curate_config
from loracheck.curated import given_rows
from loracheck.errors import OtherRunError, UsageError
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.policy import Policy, load_policy
from loracheck.loading.examples import load_examples, without_held_out
from loracheck.loading.sources import is_hub_id, resolve_source
from loracheck.models.basespec import refuse_missing_base
from loracheck.pipelinefile import PipelineFile, pipeline_file, read_pipeline
from loracheck.progress import Progress
from loracheck.records import EvaluationResult
from loracheck.runs import is_run, read_manifest
from loracheck.settings import build
from loracheck.settings.yamllines import naming_lines
from loracheck.train.config import TrainConfig
from loracheck.train.config import config_from as train_config

T = TypeVar("T")
REPLACED, COMPARE = "replaced", "compare"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of a pipeline and how far it is: "finished", "begun" or "to do"."""

    name: str
    path: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineResult:
    """The verdicts of each seed, and where the reports lie."""

    evaluations: dict[int, EvaluationResult]
    reports: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOptions:
    """The options of every stage; trainings and evaluations by their seed."""

    curation: CurateConfig
    trainings: dict[int, TrainConfig]
    evals: dict[int, EvalConfig]
    policy: Policy


def open_pipeline(path: Path) -> PipelineFile:
    """Read a pipeline to run it: the options of its stages are right, and what it names on this machine is there.

    Raises:
        UsageError: see `read_pipeline` and `stage_options`; or a base or a file is not there.
    """
    path = pipeline_file(path)
    given = read_pipeline(path)
    with naming_lines(path):
        stage_options(given, str(path))
        refuse_missing_base(given.base)
        for name in ("data", "heldout"):
            for spec in getattr(given, name):
                _refuse_missing(spec, f"{path}: {name}")
    return given


def stage_options(given: PipelineFile, where: str = "pipeline") -> StageOptions:
    """Return the options of every stage.

    Raises:
        UsageError: an unknown key or an impossible value; names stage and key.
    """
    return StageOptions(
        curation=curate_config(given.curate, f"{where}, curate"),
        trainings={s: train_config({**given.train, "seed": s}, f"{where}, train") for s in given.seeds},
        evals={s: build(EvalConfig, {**given.eval, "seed": s}, f"{where}, eval") for s in given.seeds},
        policy=load_policy(given.policy),
    )


def stages(given: PipelineFile) -> list[Stage]:
    """Return the steps in their order, and how far each is; whether inputs changed shows when it runs."""
    out = Path(given.out)
    names = ["curated"] if "curated" in given.arms else []
    for seed in given.seeds:
        names += [f"train-{arm}-{seed}" for arm in given.arms]
        names.append(f"eval-{seed}")
    names += [COMPARE] if _compared(given) else []
    return [Stage(name=name, path=str(out / name), state=_state(out / name)) for name in names]


def run_pipeline(given: PipelineFile, progress: Progress) -> PipelineResult:
    """Do every step of a pipeline that is not done yet.

    Raises:
        LoracheckError: what a stage raises.
    """
    # The stages are heavy; a dry run needs none of them.
    from loracheck.curate.pipeline import curate  # noqa: PLC0415
    from loracheck.evaluate.comparison.pipeline import write_comparison  # noqa: PLC0415
    from loracheck.evaluate.pipeline import evaluate  # noqa: PLC0415
    from loracheck.reports.pipeline import write_report  # noqa: PLC0415
    from loracheck.train.inputs import TrainInputs  # noqa: PLC0415
    from loracheck.train.pipeline import train  # noqa: PLC0415

    out = Path(given.out)
    heldout = [Path(path) for path in given.heldout]
    options = stage_options(given)

    curated = out / "curated"
    related = []
    if "curated" in given.arms:
        curation_stage = partial(curate, given.data, given.base, curated, options.curation, progress=progress)
        _again(curated, curation_stage, progress)
        write_report(curated, language=given.language)
        own = given_rows(curated).heldout
        heldout += [own] if own else []
        related.append(curated)
    data = {"raw": _raw_rows(given.data, heldout, out / "data"), "curated": curated}

    results: dict[int, EvaluationResult] = {}
    reports: list[Path] = []
    for seed in given.seeds:
        trained: dict[str, Path] = {arm: out / f"train-{arm}-{seed}" for arm in given.arms}
        for arm, path in trained.items():
            inputs = TrainInputs(base=given.base, heldout=heldout[0] if heldout else None)
            training = partial(train, data[arm], path, options.trainings[seed], inputs, progress=progress)
            _again(path, training, progress)
            write_report(path, language=given.language)
        path = out / f"eval-{seed}"
        evaluation = partial(
            evaluate,
            given.base,
            trained,
            path,
            options.evals[seed],
            options.policy,
            data=[data["raw"]],
            in_domain=heldout,
            progress=progress,
        )
        results[seed] = _again(path, evaluation, progress)
        shown = [*related, *trained.values()]
        reports.append(write_report(path, related=shown, language=given.language))
    if first_and_second := _compared(given):
        path, runs = out / COMPARE, [out / f"eval-{seed}" for seed in given.seeds]
        first, second = ([arm] for arm in first_and_second)
        _again(path, partial(write_comparison, runs, path, first=first, second=second), progress)
        reports.append(write_report(path, language=given.language))
    return PipelineResult(evaluations=results, reports=tuple(reports))


def _refuse_missing(spec: str, where: str) -> None:
    if is_hub_id(spec):
        return
    try:
        resolve_source(spec)
    except UsageError as error:
        raise UsageError(f"{where}: {error.message}", kind=error.kind, hint=error.hint) from None


def _compared(given: PipelineFile) -> tuple[str, str] | None:
    """Return the arms that are held against one another; None where there is one alone."""
    return ("raw", "curated") if {"raw", "curated"} <= set(given.arms) else None


def _raw_rows(sources: Sequence[str], heldout: Sequence[Path], folder: Path) -> Path:
    """Write the rows of all sources but those held out into one file: no arm trains on what it is asked."""
    rows = [row for source in sources for row in load_examples(resolve_source(source).files)]
    folder.mkdir(parents=True, exist_ok=True)
    jsonl.write(folder / "raw.jsonl", without_held_out(rows, load_examples(heldout) if heldout else []))
    return folder / "raw.jsonl"


def _again(path: Path, stage: Callable[[], T], progress: Progress) -> T:
    """Run a stage; if its directory holds a run of other inputs or options, move that aside and run it anew."""
    try:
        return stage()
    except OtherRunError:
        old = read_manifest(path)
        aside = path.parent / REPLACED / f"{path.name}-{old.run_id}"
        aside.parent.mkdir(exist_ok=True)
        path.rename(aside)
        progress.say(f"{path.name}: inputs or options changed; the old run is kept in {aside}.")
        return stage()


def _state(path: Path) -> str:
    if not is_run(path):
        return "to do"
    return "finished" if read_manifest(path).status == "complete" else "begun"
