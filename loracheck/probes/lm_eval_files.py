"""Results that lm-evaluation-harness wrote, as a table to read beside a verdict; they decide nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loracheck import jsonl, stats
from loracheck.errors import DataError
from loracheck.foreign import files as plain
from loracheck.records import Estimate
from loracheck.regularfiles import read_text

_METHOD = "as lm-evaluation-harness gives it: 1.96 standard errors"
_GRADES = ("acc", "acc_norm", "exact_match", "mc1", "f1", "pass@1")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskScore:
    """One metric of one task."""

    task: str
    metric: str
    model: str
    estimate: Estimate


def is_results(path: Path) -> bool:
    """Tell whether a file is a results JSON or a samples JSONL of lm-evaluation-harness."""
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError):
        return False
    for part in (text, text.partition("\n")[0]):
        try:
            value = jsonl.parse(part)
        except ValueError:
            continue
        return isinstance(value, dict) and (_is_whole(value) or _is_sample(value))
    return False


def read_results(path: Path) -> list[TaskScore]:
    """Read the scores of a results file, or count them from a samples file.

    Raises:
        DataError: the file is neither.
    """
    try:
        text = read_text(path)
        whole = jsonl.parse(text)
    except UnicodeDecodeError:
        raise DataError(f"{path}: not UTF-8.", kind="wrong_encoding") from None
    except ValueError:
        return _from_samples(path, _samples(path, text))
    if isinstance(whole, dict) and _is_whole(whole):
        return _from_whole(whole)
    if isinstance(whole, dict) and _is_sample(whole):
        return _from_samples(path, [whole])
    raise DataError(
        f"{path}: no results of lm-evaluation-harness.",
        kind="lm_eval_results",
        hint="Read are results_*.json and samples_*.jsonl, as `lm_eval --output_path DIR --log_samples` writes them.",
    )


def _is_whole(value: dict[str, Any]) -> bool:
    return isinstance(value.get("results"), dict)


def _is_sample(value: dict[str, Any]) -> bool:
    return {"doc_id", "doc", "target"} <= value.keys()


def _from_whole(whole: dict[str, Any]) -> list[TaskScore]:
    model = str(whole.get("model_name") or whole.get("model_source") or "")
    sizes = whole.get("n-samples") if isinstance(whole.get("n-samples"), dict) else {}
    assert isinstance(sizes, dict)
    found: list[TaskScore] = []
    for task, scores in whole["results"].items():
        if not isinstance(scores, dict):
            continue
        size = sizes.get(task)
        n = (plain.whole(size.get("effective")) or 0) if isinstance(size, dict) else 0
        for key, value in scores.items():
            metric, _, rule = str(key).partition(",")
            if not _is_number(value) or metric.endswith("_stderr") or metric == "sample_len":
                continue
            error = scores.get(f"{metric}_stderr,{rule}" if rule else f"{metric}_stderr")
            name = metric if rule in ("", "none") else f"{metric} ({rule})"
            found.append(
                TaskScore(task=str(task), metric=name, model=model, estimate=_estimate(name, value, error, n))
            )
    return found


def _estimate(name: str, value: float, error: Any, n: int) -> Estimate:  # noqa: ANN401 - a JSON value
    half = 1.96 * float(error) if _is_number(error) else None
    return Estimate(
        name=name,
        value=float(value),
        ci_low=None if half is None else value - half,
        ci_high=None if half is None else value + half,
        n=n,
        method=_METHOD if half is not None else "no standard error given",
    )


def _samples(path: Path, text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = jsonl.parse(line)
        except ValueError as error:
            raise DataError(f"{path}, line {number}: broken JSON: {error}", kind="broken_json") from None
        if not isinstance(row, dict) or not _is_sample(row):
            raise DataError(
                f"{path}, line {number}: no sample of lm-evaluation-harness.", kind="lm_eval_results"
            )
        found.append(row)
    return found


def _from_samples(path: Path, rows: Sequence[dict[str, Any]]) -> list[TaskScore]:
    if not rows:
        raise DataError(f"{path}: no rows.", kind="no_rows")
    task = path.name.removeprefix("samples_").rpartition("_")[0] or path.stem
    found: list[TaskScore] = []
    for metric in _GRADES:
        values = [row[metric] for row in rows if _is_number(row.get(metric))]
        if values and all(value in (0, 1) for value in values):
            share = stats.share(metric, int(sum(values)), len(values))
            found.append(TaskScore(task=task, metric=metric, model="", estimate=share))
    return found


def _is_number(value: Any) -> bool:  # noqa: ANN401
    return not isinstance(value, str) and plain.number(value) is not None
