"""Log finished runs to MLflow, Weights & Biases or TensorBoard; none is imported unless it is asked for.

A run is logged once under its own id: the same command again goes on with the same entry. What is logged is what the
report shows: each estimate with the bounds of its interval and its n, verdicts, the hash of the policy, the page.
"""

from __future__ import annotations

import hashlib
import importlib.util
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loracheck.errors import EnvironmentFault, UsageError, first_line
from loracheck.progress import Progress
from loracheck.redaction import redacted

if TYPE_CHECKING:
    from loracheck.records import Estimate, EvaluationContext, EvaluationResult, Manifest
    from loracheck.records.comparison import RunComparison
    from loracheck.records.curation import CurationSummary

PROJECT = "loracheck"
"""Experiment of MLflow and project of Weights & Biases, where their own variables name no other."""
# The packages of which one must be there; the first is the one to install.
TRACKERS: dict[str, tuple[str, ...]] = {
    "mlflow": ("mlflow",),
    "wandb": ("wandb",),
    "tensorboard": ("tensorboardX",),
}
_INSTALL = {"mlflow": "mlflow-skinny"}
_LONGEST_VALUE, _LONGEST_KEY = 500, 240
_NOT_IN_KEYS = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A run as trackers take it.

    Attributes:
        id: What tells it from others; the same run has the same one.
        kind: Of the run: "eval", "gate", "curate", "compare".
        params: What it was made with.
        tags: What came out, in words: verdicts, statuses.
        metrics: What was measured: below the name of each estimate its value, ci_low, ci_high and n.
        files: The report first.
    """

    id: str
    kind: str
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    files: tuple[Path, ...] = ()


def check_packages(names: Sequence[str], known: Mapping[str, tuple[str, ...]] = TRACKERS) -> None:
    """Refuse a tracker that is unknown or not installed, before any work is done.

    Raises:
        UsageError: there is no such tracker.
        EnvironmentFault: its package is missing.
    """
    for name in names:
        if name not in known:
            raise UsageError(f"--report-to {name}: there are {', '.join(known)}.", kind="unknown_name")
        if not any(importlib.util.find_spec(package) for package in known[name]):
            raise EnvironmentFault(
                f"--report-to {name} needs a package that is not installed.",
                kind="package_missing",
                hint=f"pip install {_INSTALL.get(name, known[name][0])}",
            )


def log_run(names: Sequence[str], logged: Logged, folder: Path, progress: Progress) -> None:
    """Hand a finished run to trackers. One that fails is told of; the run and its exit code stand all the same.

    Args:
        names: Of TRACKERS; see `check_packages`.
        logged: What is handed over.
        folder: Where TensorBoard's files go, where TENSORBOARD_LOGGING_DIR names no other place.
        progress: Where to say it.
    """
    for name in names:
        send: Callable[[Logged, Path], str] = {
            "mlflow": _mlflow,
            "wandb": _wandb,
            "tensorboard": _tensorboard,
        }[name]
        try:
            progress.say(f"logged to {name}: {send(logged, folder)}")
        except Exception as error:  # whatever a tracker, its server or the network may raise
            Progress().say(
                f"--report-to {name}: not logged: {redacted(first_line(error))}; the run itself is whole"
            )


def of_evaluation(
    result: EvaluationResult,
    context: EvaluationContext,
    manifest: Manifest,
    files: Iterable[Path],
    *,
    kind: str = "eval",
) -> Logged:
    """Return what is logged of an eval run, or of a gate over one.

    A gate by another policy than the run's has an id of its own.
    """
    policies = sorted({verdict.policy_sha256 for verdict in result.verdicts})
    first = result.verdicts[0] if result.verdicts else None
    params = {
        "base": context.base,
        "quantization": context.quantization,
        "tier": context.tier,
        "template_sha256": context.template_sha256,
        "training_data": context.training_data,
        "policy": first.policy if first else None,
        "policy_sha256": ",".join(policies),
        "alpha": first.alpha if first else None,
        "post_hoc": first.post_hoc if first else None,
        **{f"adapter/{arm.name}/sha256": arm.sha256 for arm in context.arms if arm.sha256},
        **_made_with(manifest),
    }
    tags: dict[str, str] = {}
    metrics: dict[str, float] = {}
    for verdict in result.verdicts:
        tags[f"verdict/{verdict.adapter}"] = verdict.status
        if verdict.deciding:
            tags[f"deciding/{verdict.adapter}"] = ", ".join(verdict.deciding)
        metrics[f"{verdict.adapter}/ship"] = float(verdict.status == "ship")
        for finding in verdict.findings:
            name = f"{verdict.adapter}/{finding.check}"
            tags[f"status/{name}"] = finding.status
            for estimate in finding.estimates:
                metrics |= _numbers(f"{name}/{estimate.name}", estimate)
            if finding.threshold is not None:
                metrics[f"{name}/limit"] = float(finding.threshold)
    for compared in result.comparisons:
        name = f"{compared.second}-{compared.first}/{compared.measure}"
        metrics |= _numbers(name, compared.difference)
    own = manifest.run_id if kind == "eval" else f"{manifest.run_id}-{kind}-{''.join(policies)[:8]}"
    return _logged(own, kind, params, tags, metrics, files)


def of_curation(summary: CurationSummary, manifest: Manifest, files: Iterable[Path]) -> Logged:
    """Return what is logged of a curate run."""
    metrics = {
        f"rows/{name}": float(getattr(summary, name))
        for name in ("read", "kept", "heldout", "dropped", "quarantined", "masked", "unscored")
    }
    for step in summary.steps:
        metrics[f"steps/{step.stage}/{step.reason}/{step.outcome}"] = float(step.rows)
    metrics |= {f"languages/{name}": float(count) for name, count in summary.languages.items()}
    return _logged(
        manifest.run_id, "curate", {**_flat(manifest.config), **_made_with(manifest)}, {}, metrics, files
    )


def of_comparison(found: RunComparison, made_of: Sequence[str], files: Iterable[Path]) -> Logged:
    """Return what is logged of a comparison; `made_of` names the runs."""
    metrics: dict[str, float] = {}
    tags: dict[str, str] = {}
    for one in found.differences:
        name = f"{one.check}/{one.measure}"
        metrics |= _numbers(name, one.estimate)
        metrics |= {f"{name}/first": one.first.share, f"{name}/second": one.second.share}
        tags[f"label/{name}"] = one.label
    for side in found.sides:
        tags[f"verdict/{side.label}"] = side.standing
    if found.conclusion is not None:
        tags |= {"preferred": found.conclusion.preferred or "neither", "ground": found.conclusion.ground}
    own = hashlib.sha256("\n".join(made_of).encode()).hexdigest()[:12]
    return _logged(f"compare-{own}", "compare", {"runs": ", ".join(made_of)}, tags, metrics, files)


def _made_with(manifest: Manifest) -> dict[str, Any]:
    return {
        "run_id": manifest.run_id,
        "seed": manifest.seed,
        "loracheck": manifest.loracheck,
        "commit": manifest.commit,
        "identity": manifest.identity,
    }


def _numbers(name: str, estimate: Estimate) -> dict[str, float]:
    """Return a number with its bounds and n; nothing where it could not be measured.

    No name is the beginning of another: MLflow keeps metrics as files, whose folder it would have to be.
    """
    if estimate.value is None:
        return {}
    found = {
        f"{name}/value": estimate.value,
        f"{name}/ci_low": estimate.ci_low,
        f"{name}/ci_high": estimate.ci_high,
    }
    return {key: float(value) for key, value in found.items() if value is not None} | {
        f"{name}/n": float(estimate.n)
    }


def _logged(
    own: str,
    kind: str,
    params: Mapping[str, Any],
    tags: Mapping[str, str],
    metrics: Mapping[str, float],
    files: Iterable[Path],
) -> Logged:
    said = {key: str(value) for key, value in params.items() if value is not None and value != ""}
    return Logged(
        id=_NOT_IN_KEYS.sub("_", own).lstrip(".") or "_",  # it stands in folders and in MLflow's filters
        kind=kind,
        params={_key(key): redacted(value)[:_LONGEST_VALUE] for key, value in said.items()},
        tags={_key(key): redacted(value)[:_LONGEST_VALUE] for key, value in tags.items()},
        metrics={_key(key): value for key, value in metrics.items() if math.isfinite(value)},
        files=tuple(file for file in files if file.is_file()),
    )


def _key(name: str) -> str:
    """Return a name that every tracker takes: no other signs than letters, digits and -._/, no step out of itself."""
    parts = [_NOT_IN_KEYS.sub("_", part).strip(".") or "_" for part in name.split("/")]
    return "/".join(parts)[:_LONGEST_KEY]


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{before}{key}.")
        else:
            found[f"{before}{key}"] = value
    return found


def _mlflow(logged: Logged, _: Path) -> str:
    import mlflow  # noqa: PLC0415 - only on request
    from mlflow.tracking import MlflowClient  # noqa: PLC0415

    if not (os.environ.get("MLFLOW_EXPERIMENT_NAME") or os.environ.get("MLFLOW_EXPERIMENT_ID")):
        mlflow.set_experiment(PROJECT)
    with mlflow.start_run(run_id=_known_to_mlflow(mlflow, MlflowClient(), logged), run_name=logged.id) as run:
        mlflow.set_tags({"loracheck.run": logged.id, "loracheck.kind": logged.kind, **logged.tags})
        mlflow.log_params(logged.params)
        mlflow.log_metrics(logged.metrics)
        for file in logged.files:
            mlflow.log_artifact(str(file))
        return f"run {run.info.run_id}"


def _known_to_mlflow(mlflow: Any, client: Any, logged: Logged) -> str | None:  # noqa: ANN401
    """Return the entry of an earlier call for the same run; None where there is none."""
    if os.environ.get("MLFLOW_RUN_ID") or mlflow.active_run():
        return None  # the user has opened one to log into
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME", PROJECT)
    experiment = os.environ.get("MLFLOW_EXPERIMENT_ID")
    if experiment is None:
        found = client.get_experiment_by_name(name)
        if found is None:
            return None
        experiment = found.experiment_id
    runs = client.search_runs(
        [experiment], filter_string=f"tags.`loracheck.run` = '{logged.id}'", max_results=1
    )
    return str(runs[0].info.run_id) if runs else None


def _wandb(logged: Logged, _: Path) -> str:
    import wandb  # noqa: PLC0415 - only on request

    run = wandb.init(
        project=os.environ.get("WANDB_PROJECT", PROJECT),
        id=re.sub(r"[^\w-]", "-", logged.id)[:128],
        name=logged.id,
        job_type=logged.kind,
        config=logged.params,
        resume="allow",
        settings=wandb.Settings(silent=True, console="off"),
    )
    try:
        run.log(dict(logged.metrics))
        run.summary.update(dict(logged.tags))
        if logged.files:
            files = wandb.Artifact(re.sub(r"[^\w.-]", "-", logged.id)[:128], type=f"loracheck-{logged.kind}")
            for file in logged.files:
                files.add_file(str(file))
            run.log_artifact(files)
    finally:
        run.finish()
    return f"run {run.id}"


def _tensorboard(logged: Logged, folder: Path) -> str:
    from tensorboardX import SummaryWriter  # noqa: PLC0415 - only on request

    place = Path(os.environ.get("TENSORBOARD_LOGGING_DIR") or folder / "tensorboard")
    for old in (place / logged.id).glob("events.out.tfevents.*"):
        old.unlink()  # of an earlier call for the same run
    with SummaryWriter(str(place / logged.id)) as writer:
        for name, value in logged.metrics.items():
            writer.add_scalar(name, value, 0)
        for heading, values in (("params", logged.params), ("tags", logged.tags)):
            writer.add_text(heading, "\n".join(_table(values)), 0)
        if logged.files:
            writer.add_text("report", f"`{redacted(str(logged.files[0]))}`", 0)
    return str(place / logged.id)


def _table(values: Mapping[str, str]) -> Iterator[str]:
    """Yield a Markdown table in which no value is anything but text."""
    yield from ("| name | value |", "| --- | --- |")
    for name, value in values.items():
        shown = value.replace("`", "'").replace("|", "/").replace("\n", " ")
        yield f"| `{name}` | `{shown}` |"
