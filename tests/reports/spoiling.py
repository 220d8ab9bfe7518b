"""Put a hostile string into every string field of every file of a run, whatever its record is called.

The records say which strings are free: a field typed `str` is, one of a fixed set of words is not. A string that
stands in several places, such as the id of a probe, is spoilt alike everywhere, so that all still find one another.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from loracheck import jsonl
from loracheck.records import (
    ChoiceScores,
    Completion,
    EvaluationContext,
    EvaluationResult,
    Example,
    Manifest,
    Probe,
)
from loracheck.records.causes import CausesSummary, FailureCauses
from loracheck.records.curation import CurationSummary, Decision, DroppedRow, RowGroup
from loracheck.records.training import (
    CheckpointReading,
    ScalePoint,
    ScaleSummary,
    SweepSummary,
    TrainingStep,
    TrainingSummary,
)
from loracheck.runs import identity

RECORDS: dict[str, dict[str, type[Any]]] = {
    "eval": {
        "context.json": EvaluationContext,
        "verdict.json": EvaluationResult,
        "probes.jsonl": Probe,
        "completions.jsonl": Completion,
        "choices.jsonl": ChoiceScores,
    },
    "causes": {"summary.json": CausesSummary, "causes.jsonl": FailureCauses, "rows.jsonl": Example},
    "curate": {
        "summary.json": CurationSummary,
        "decisions.jsonl": Decision,
        "dropped.jsonl": DroppedRow,
        "quarantined.jsonl": DroppedRow,
        "groups.jsonl": RowGroup,
        "kept.jsonl": Example,
        "heldout.jsonl": Example,
    },
    "train": {
        "summary.json": TrainingSummary,
        "metrics.jsonl": TrainingStep,
        "readings.jsonl": CheckpointReading,
    },
    "sweep": {"summary.json": SweepSummary},
    "scale": {"summary.json": ScaleSummary, "points.jsonl": ScalePoint},
}
WATCH: dict[str, type[Any]] = {"probes.jsonl": Probe}
KEPT = frozenset({"base", "eval", "causes", "curate", "train", "sweep", "scale"})
"""The name of the base's arm and the kinds of runs."""
MEANT = frozenset(
    {("Estimate", "name"), ("Finding", "check"), ("FindingCause", "check"), ("Verdict", "deciding")}
)
"""Free strings by which the page finds its words and charts; spoilt in a pass of their own."""


def spoil_run(run: Path, kind: str, spoil: Callable[[str], str], *, meant: bool = False) -> int:
    """Spoil every file of a run in place and return how many string fields were met.

    Args:
        run: The run; its manifest forgets the hashes, as of a run that is still being written.
        kind: Kind of the run.
        spoil: Gives the hostile form of a string.
        meant: Also spoil names of checks and of estimates, which the page then does not know.
    """
    met = 0

    def change(value: str) -> str:
        nonlocal met
        met += 1
        return value if value in KEPT else spoil(value)

    files = [(run / name, record) for name, record in RECORDS[kind].items()]
    files += [(path, record) for name, record in WATCH.items() for path in run.glob(f"watch/{name}")]
    files += [(path, Completion) for path in run.glob("watch/*answers.jsonl")]
    for path, record in files:
        if not path.is_file():
            continue
        if path.suffix == ".json":
            jsonl.write_one(path, _spoilt(jsonl.read_one(path, record), record, change, meant))
        else:
            jsonl.write(path, [_spoilt(row, record, change, meant) for row in list(jsonl.read(path, record))])
    manifest = jsonl.read_one(run / "manifest.json", Manifest)
    spoilt = _spoilt(manifest, Manifest, change, meant)
    own = {"status": manifest.status, "kind": manifest.kind, "run_id": manifest.run_id}  # others are refused
    own["identity"] = identity(manifest.kind, spoilt.config, spoilt.inputs)
    jsonl.write_one(run / "manifest.json", replace(spoilt, files=(), **own))
    return met


def _spoilt(value: Any, kind: Any, change: Callable[[str], str], meant: bool) -> Any:  # noqa: ANN401
    if is_dataclass(value) and not isinstance(value, type):
        hints = get_type_hints(type(value))
        own = type(value).__name__
        return replace(
            value,
            **{
                field.name: _spoilt(getattr(value, field.name), hints[field.name], change, meant)
                for field in fields(value)
                if meant or (own, field.name) not in MEANT
            },
        )
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Literal or value is None:
        return value
    if origin in (Union, types.UnionType):
        fitting: Iterable[Any] = (one for one in inside if one is not type(None))
        return _spoilt(value, next(iter(fitting)), change, meant)
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        key, item = inside if len(inside) == 2 else (typing.Any, typing.Any)
        return {_spoilt(k, key, change, meant): _spoilt(v, item, change, meant) for k, v in value.items()}
    if isinstance(value, list | tuple):
        kinds = inside[:1] * len(value) if not inside or inside[-1] is Ellipsis or origin is list else inside
        kinds = kinds if len(kinds) == len(value) else (typing.Any,) * len(value)
        return type(value)(_spoilt(v, k, change, meant) for v, k in zip(value, kinds, strict=True))
    return value
