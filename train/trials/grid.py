"""The points of a sweep: a grid or a list of option values, seeds and data sets."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from yaml import YAMLError

from loracheck.errors import UsageError
from loracheck.settings import build, read_value, read_yaml_file
from loracheck.settings.yamllines import naming_lines
from loracheck.train.config import TrainConfig, option_names

DATA = "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One training of a sweep."""

    name: str
    values: dict[str, Any]
    data: Path
    config: TrainConfig


def grid(
    config: TrainConfig, data: Sequence[Path], sweep: Sequence[str] = (), seeds: str | None = None
) -> list[Point] | None:
    """Return every training that is asked for, or None when it is a single one.

    Args:
        config: The options that all share.
        data: Data files or curate runs; several are an axis of the grid.
        sweep: KEY=A,B,... or YAML files of {key: [a, b]} or {runs: [{key: a}, ...]}.
        seeds: Numbers with commas, as 0,1,2.

    Raises:
        UsageError: an unknown key, a value that cannot be, or two points alike.
    """
    combinations: list[dict[str, Any]] = [{}]
    for text in sweep:
        options = read_sweep(Path(text)) if "=" not in text else _from_text(text)
        combinations = [{**known, **more} for known in combinations for more in options]
    if seeds is not None:
        combinations = [{**known, "seed": seed} for known in combinations for seed in _seeds(seeds)]
    if len(data) == 1 and combinations == [{}]:
        return None
    names = _data_names(data)
    points = [
        _point(config, values | ({DATA: names[path]} if len(data) > 1 else {}), path)
        for path in data
        for values in combinations
    ]
    if len({point.name for point in points}) < len(points):
        raise UsageError(
            "--sweep: two trainings are the same.",
            kind="name_taken",
            hint="Take out the value that stands twice.",
        )
    return points


def varied(points: Sequence[Point]) -> tuple[str, ...]:
    """Return the names of what differs between the points."""
    return tuple(dict.fromkeys(key for point in points for key in point.values))


def _point(config: TrainConfig, values: dict[str, Any], data: Path) -> Point:
    options = {key: value for key, value in values.items() if key != DATA}
    if "lora_r" in options and "lora_alpha" not in options and isinstance(options["lora_r"], int):
        options["lora_alpha"] = max(1, round(config.lora_alpha / config.lora_r * options["lora_r"]))
    name = "_".join(f"{key}-{value}" for key, value in values.items())
    safe = "".join(c if c.isalnum() or c in "-_.+" else "-" for c in name)
    return Point(
        name=safe,
        values=values,
        data=data,
        config=build(TrainConfig, {**asdict(config), **options}, "--sweep"),
    )


def _from_text(text: str) -> list[dict[str, Any]]:
    key, _, values = text.partition("=")
    _check(key, f"--sweep {text}")
    try:
        read = [read_value(value.strip().replace("+", ",")) for value in values.split(",") if value.strip()]
    except YAMLError:
        read = []
    if not read:
        raise UsageError(
            f"--sweep {text}: KEY=A,B,... is wanted.",
            kind="option_form",
            hint="For instance --sweep lora_r=4,16,64",
        )
    return [{key: value} for value in read]


def read_sweep(path: Path) -> list[dict[str, Any]]:
    """Return the options of every training that a YAML file asks for.

    Raises:
        UsageError: no such file, no YAML, an unknown option, or a value that is no list.
    """
    if not path.is_file():
        raise UsageError(
            f"--sweep {path}: KEY=A,B,... or a YAML file is wanted.",
            kind="option_form",
            hint="As --sweep lora_r=4,16",
        )
    with naming_lines(path):
        return _points(read_yaml_file(path), str(path))


def _points(values: Mapping[str, Any], where: str) -> list[dict[str, Any]]:
    if set(values) == {"runs"}:
        runs = values["runs"]
        if not (isinstance(runs, list) and runs and all(isinstance(run, Mapping) for run in runs)):
            raise UsageError(f"{where}: runs is a list of mappings of options.", kind="config_value")
        for run in runs:
            for key in run:
                _check(key, where)
        return [dict(run) for run in runs]
    for key, value in values.items():
        _check(key, where)
        if not (isinstance(value, list) and value):
            raise UsageError(f"{where}: {key} wants a list of values, not {value!r}.", kind="config_value")
    return [dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values())]


def _check(key: str, where: str) -> None:
    if key in option_names():
        return
    near = difflib.get_close_matches(str(key), option_names(), n=1)
    raise UsageError(
        f"{where}: unknown option {key}.",
        kind="config_key",
        hint=f"Did you mean {near[0]}?" if near else "See loracheck train --help.",
    )


def _seeds(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(
            f"--seeds {text}: numbers with commas are wanted, as 0,1,2.", kind="option_form"
        ) from None


def _data_names(data: Sequence[Path]) -> dict[Path, str]:
    names = {path: path.stem if path.is_file() else path.name for path in data}
    if len(set(names.values())) < len(data):
        raise UsageError(
            "two data sets have the same name.",
            kind="name_taken",
            hint="Rename one; the sweep tells them apart by name.",
        )
    return names
