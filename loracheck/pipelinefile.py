"""pipeline.yaml: the whole loop in one file, from data to verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from loracheck.errors import UsageError
from loracheck.settings import build, read_yaml_file
from loracheck.settings.yamllines import naming_lines

PIPELINE = "pipeline.yaml"
ARMS: tuple[Literal["raw", "curated"], ...] = ("raw", "curated")


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineFile:
    """What `loracheck run` does. Paths are relative to the file.

    Attributes:
        base: Hub id, model folder or GGUF file.
        data: The training data: files, folders or hub ids.
        heldout: Rows of the same domain that are not trained on.
        out: Folder of the runs, one for each stage.
        arms: What is fine-tuned: "raw" data, "curated" data or both.
        seeds: Each arm is trained and evaluated once for each.
        curate, train, eval: Options of the stages, by the names of the command line without dashes; curate takes
            its groups as its YAML file does.
        policy: A preset or a policy file.
        language: Of the reports.
    """

    base: str
    data: tuple[str, ...]
    heldout: tuple[str, ...] = ()
    out: str = "runs"
    arms: tuple[Literal["raw", "curated"], ...] = ARMS
    seeds: tuple[int, ...] = (0,)
    curate: dict[str, Any] = field(default_factory=dict)
    train: dict[str, Any] = field(default_factory=dict)
    eval: dict[str, Any] = field(default_factory=dict)
    policy: str = "default"
    language: Literal["en", "ja"] = "en"

    def __post_init__(self) -> None:
        for name in ("data", "arms", "seeds"):
            values = getattr(self, name)
            if not values:
                raise UsageError(f"pipeline: {name} names nothing.", kind="config_value")
            if len(set(values)) < len(values):
                raise UsageError(f"pipeline: {name} names something twice.", kind="config_value")
        for stage in ("train", "eval"):
            if "seed" in getattr(self, stage):
                raise UsageError(
                    f"pipeline: {stage}.seed is set by seeds.",
                    kind="config_value",
                    hint="Remove it, and list seeds.",
                )


def read_pipeline(path: Path) -> PipelineFile:
    """Read a pipeline, or that of a folder; one value may stand for a list of one.

    Raises:
        UsageError: no such file, no YAML, an unknown key, or a value that cannot be.
    """
    path = pipeline_file(path)
    if not path.is_file():
        raise UsageError(
            f"{path}: there is no such file.", kind="no_such_file", hint="loracheck init writes one."
        )
    with naming_lines(path):
        values = {name: _listed(name, value) for name, value in read_yaml_file(path).items()}
        for name in ("base", "data"):
            if name not in values:
                policy = (
                    "A policy is named in the pipeline, under policy."
                    if {"gates", "intent"} & values.keys()
                    else ""
                )
                raise UsageError(f"{path}: {name} is missing.", kind="config_value", hint=policy)
        return _relative(build(PipelineFile, values, str(path)), path.parent)


def pipeline_file(path: Path) -> Path:
    """Return the file that a path names: itself, or that in a folder."""
    return path / PIPELINE if path.is_dir() else path


def _listed(name: str, value: Any) -> Any:  # noqa: ANN401 - as YAML gives it
    many = name in ("data", "heldout", "arms", "seeds")
    return [value] if many and isinstance(value, str | int) else value


def _relative(given: PipelineFile, folder: Path) -> PipelineFile:
    """Take paths from the file's own folder; what is there in neither place may be the name of something on a hub."""

    def path(text: str) -> str:
        here = folder / text
        return str(here) if not Path(text).is_absolute() and here.exists() else text

    changed: Mapping[str, Any] = {
        "base": path(given.base),
        "data": tuple(path(text) for text in given.data),
        "heldout": tuple(path(text) for text in given.heldout),
        "policy": path(given.policy),
        "out": str(folder / given.out),
    }
    return replace(given, **changed)
