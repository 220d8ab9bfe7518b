"""Files looked over before anything is run: rows, probes, policies, pipelines and options; no model is loaded.

It is made for a hook that runs at every commit, so it reads what the stages read, by the same readers, and nothing
else. What a pipeline names on this machine (its base and its data) may lie elsewhere and is not looked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

from loracheck.errors import DataError, LoracheckError, UsageError
from loracheck.loading.jsonrows import BadRow
from loracheck.regularfiles import refuse_irregular
from loracheck.settings import build, read_yaml
from loracheck.settings.yamllines import place

FileKind = Literal["rows", "probes", "policy", "pipeline", "curate", "train", "sweep"]
KINDS: tuple[FileKind, ...] = get_args(FileKind)
MOST_PROBLEMS = 1000
_YAML = {".yaml", ".yml"}
_PROBE_FIELDS = {"answers", "wrong", "choices", "expected", "reference", "suite", "domain"}
_PLACE = re.compile(r", (?:line|row) (\d+)(?:, field ([^:]+))?:")
_YAML_LINE = re.compile(r"line (\d+), column \d+(?!.*line \d+, column)")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProblem:
    """One thing that is wrong; `line` is that of a text file or the row's number, None where there is none."""

    line: int | None
    field: str
    message: str
    id: str = ""
    """Of the kind of error, which `loracheck explain` tells more about; empty where it has none."""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFile:
    """A file, what it was taken for (None: nothing known), how many rows it holds, and what is wrong with it."""

    file: str
    kind: FileKind | None
    rows: int | None = None
    problems: tuple[FileProblem, ...] = ()
    more: int = 0
    """Problems beyond the first thousand."""


def validate(
    path: Path, kind: FileKind | None = None, columns: Mapping[str, str] | None = None
) -> CheckedFile:
    """Read one file as the stage would that is given it.

    Args:
        path: The file.
        kind: What it is; None finds out by its ending and content.
        columns: The column of training rows by loracheck's name: {"instruction": "質問", "output": "回答"}.

    Raises:
        UsageError: there is no such file, or columns name no field.
    """
    refuse_irregular(path)
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file.", kind="no_such_file")
    by_ending = path.suffix.casefold() in _YAML if kind is None else kind not in ("rows", "probes")
    return _settings(path, kind) if by_ending else _data(path, kind, columns or {})


def _data(path: Path, kind: FileKind | None, columns: Mapping[str, str]) -> CheckedFile:
    from loracheck.loading.shapes import check_columns  # noqa: PLC0415 - a policy needs no readers

    check_columns(columns)
    try:
        kind = kind or ("rows" if columns else _rows_or_probes(path))
        return _probes(path) if kind == "probes" else _rows(path, columns)
    except LoracheckError as error:
        return CheckedFile(file=str(path), kind=kind, problems=(_problem(error),))


def _rows_or_probes(path: Path) -> FileKind:
    """Tell by the first row; one that could be either is a training row."""
    from loracheck.loading.rowfiles import open_rows  # noqa: PLC0415 - a policy needs none of them
    from loracheck.loading.shapes import ShapeError, column_names, shape_of  # noqa: PLC0415

    names = column_names(None) | _PROBE_FIELDS
    _, row = next(iter(open_rows(path, columns=names, announce=_unheard).rows), (0, None))
    if not isinstance(row, dict):
        return "rows"
    turns = row.get("messages")
    if _PROBE_FIELDS & row.keys() or (isinstance(turns, list) and turns and _asks(turns[-1])):
        return "probes"
    try:
        shape_of(row)
    except ShapeError:
        from loracheck.probes.public_sets import recognise  # noqa: PLC0415
        from loracheck.probes.rows import is_own  # noqa: PLC0415

        return "probes" if is_own(row) or recognise(row) else "rows"
    return "rows"


def _asks(turn: Any) -> bool:  # noqa: ANN401 - whatever the row holds
    return isinstance(turn, dict) and turn.get("role") == "user"


def _rows(path: Path, columns: Mapping[str, str]) -> CheckedFile:
    from loracheck.loading.examples import read_examples  # noqa: PLC0415 - a policy needs no readers

    bad: list[FileProblem] = []
    count = 0

    def add(row: BadRow) -> None:
        nonlocal count
        count += 1
        if count <= MOST_PROBLEMS:
            bad.append(_placed(row.message, row.hint, line=row.source.line))

    rows = sum(1 for _ in read_examples(path, columns=columns, announce=_unheard, on_bad=add))
    if not rows and not bad:
        raise DataError(f"{path}: no rows.", kind="no_rows", hint="Each line should be one JSON object.")
    return CheckedFile(
        file=str(path), kind="rows", rows=rows + count, problems=tuple(bad), more=count - len(bad)
    )


def _probes(path: Path) -> CheckedFile:
    from loracheck.probes.check import check_probes  # noqa: PLC0415 - a second to import
    from loracheck.probes.userfiles import read_probe_file  # noqa: PLC0415

    probes = read_probe_file(path).probes
    problems = [
        FileProblem(line=None, field="", message=f"{path}, probe {problem.probe_id}: {problem.message}")
        for problem in check_probes(probes)
        if problem.severe
    ]
    return CheckedFile(
        file=str(path),
        kind="probes",
        rows=len(probes),
        problems=tuple(problems[:MOST_PROBLEMS]),
        more=max(0, len(problems) - MOST_PROBLEMS),
    )


def _settings(path: Path, kind: FileKind | None) -> CheckedFile:
    try:
        text = path.read_text(encoding="utf-8")
        values = read_yaml(text, str(path))
    except (OSError, UnicodeDecodeError) as error:
        problem = FileProblem(line=None, field="", message=f"{path}: {error}")
        return CheckedFile(file=str(path), kind=kind, problems=(problem,))
    except LoracheckError as error:
        return CheckedFile(file=str(path), kind=kind, problems=(_problem(error),))
    kind = kind or _kind_of(values)
    if kind is None:
        problem = FileProblem(
            line=None,
            field="",
            message=f"{path}: neither a policy nor a pipeline, nor options of curate or train, nor a sweep.",
            hint=f"Say what it is: --as {', '.join(KINDS)}.",
        )
        return CheckedFile(file=str(path), kind=None, problems=(problem,))
    problems = []
    for read in _readers(kind, path, values):
        try:
            read()
        except LoracheckError as error:
            problems.append(_in_yaml(error, path))
    return CheckedFile(file=str(path), kind=kind, problems=tuple(problems))


def _kind_of(values: Mapping[str, Any]) -> FileKind | None:
    """Return the kind that knows most of the keys; a sweep has lists where a training has one value."""
    if set(values) == {"runs"}:
        return "sweep"
    found = {kind: len(values.keys() & names) for kind, names in _known_keys().items()}
    best = max(found, key=found.__getitem__)
    if not found[best]:
        return None
    varied = best == "train" and all(isinstance(value, list) for value in values.values())
    return "sweep" if varied else best


def _known_keys() -> dict[FileKind, set[str]]:
    from loracheck.curate.config import CurateConfig  # noqa: PLC0415 - rows need none of them
    from loracheck.evaluate.policy import Policy  # noqa: PLC0415
    from loracheck.pipelinefile import PipelineFile  # noqa: PLC0415
    from loracheck.train.config import TrainConfig  # noqa: PLC0415

    kinds: dict[FileKind, Any] = {
        "pipeline": PipelineFile,
        "policy": Policy,
        "curate": CurateConfig,
        "train": TrainConfig,
    }
    known = {kind: {item.name for item in fields(made)} for kind, made in kinds.items()}
    return known | {kind: known[kind] | {"preset"} for kind in ("curate", "train")}


def _readers(kind: FileKind, path: Path, values: Mapping[str, Any]) -> Iterator[Callable[[], object]]:
    """Yield what reads each part of a settings file and raises where it is wrong."""
    from loracheck.curate.presets import config_from as curate_config  # noqa: PLC0415
    from loracheck.evaluate.config import EvalConfig  # noqa: PLC0415
    from loracheck.evaluate.policy import load_policy, refuse_empty  # noqa: PLC0415
    from loracheck.pipelinefile import read_pipeline  # noqa: PLC0415
    from loracheck.train.config import config_from as train_config  # noqa: PLC0415
    from loracheck.train.trials.grid import read_sweep  # noqa: PLC0415

    if kind == "policy":
        yield lambda: refuse_empty(load_policy(str(path)))
    elif kind == "curate":
        yield lambda: curate_config(values, str(path))
    elif kind == "train":
        yield lambda: train_config(values, str(path))
    elif kind == "sweep":
        yield lambda: [train_config(point, str(path)) for point in read_sweep(path)]
    else:
        yield lambda: read_pipeline(path)
        stages: dict[str, Callable[[Mapping[str, Any], str], object]] = {
            "curate": curate_config,
            "train": train_config,
            "eval": partial(build, EvalConfig),
        }
        for stage, read in stages.items():
            if isinstance(given := values.get(stage), Mapping):
                yield partial(read, given, f"{path}, {stage}")
        if isinstance(policy := values.get("policy"), str):
            beside = path.parent / policy
            yield lambda: refuse_empty(load_policy(str(beside) if beside.is_file() else policy))


def _problem(error: LoracheckError) -> FileProblem:
    return _placed(error.message, error.hint, id=error.id)


def _placed(message: str, hint: str = "", line: int | None = None, id: str = "") -> FileProblem:
    place = _PLACE.search(message) or _YAML_LINE.search(message)
    field = (place[2] or "") if place and place.re is _PLACE else ""
    return FileProblem(
        line=line or (int(place[1]) if place else None), field=field, message=message, id=id, hint=hint
    )


def _in_yaml(error: LoracheckError, file: Path) -> FileProblem:
    line, field = place(error, file)
    message = error.message if str(file) in error.message else f"{file}: {error.message}"
    return FileProblem(line=line, field=field, message=message, id=error.id, hint=error.hint)


def _unheard(_: str) -> None:
    """Take what a reader found out about encodings; `curate` says it when it counts."""
