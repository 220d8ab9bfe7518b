"""Datasets on the Hugging Face hub: which files of a repository hold the rows that were asked for."""

from __future__ import annotations

import fnmatch
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from loracheck.errors import EnvironmentFault, UsageError, first_line
from loracheck.loading.sources import DATA_SUFFIXES, DataSource, in_split, is_data_file, kind_of
from loracheck.models.network import settle_for_cache
from loracheck.settings.yamltext import load

_FRONT_MATTER = re.compile(r"\A---[^\S\n]*\n(.*?)\n---[^\S\n]*(?:\n|\Z)", re.DOTALL)


def resolve_hub(spec: str, split: str | None) -> DataSource:
    """Download the data files of a hub id and return them.

    A repository whose card lists its files is read by that list. Of another one the files of the commonest kind are
    read, since the same rows are often kept in two.

    Raises:
        UsageError: there is no such repository, configuration or split, or no data file in it.
        EnvironmentFault: the hub cannot be reached and the files are not in the cache.
    """
    rest, _, config = spec.partition(":")
    repository, _, revision = rest.partition("@")
    folder = _download(repository, revision or None)
    every = sorted(
        file.relative_to(folder)
        for file in folder.rglob("*")
        if is_data_file(file) and ".cache" not in file.parts
    )
    if not every:
        raise UsageError(
            f"{repository}: the repository holds no file of a kind that is read.", kind="not_data"
        )
    listed = _listed(folder, every, repository, config or None, split)
    chosen = listed if listed is not None else _commonest(every)
    if listed is None and split is not None:
        chosen = [file for file in chosen if in_split(file, split)]
        if not chosen:
            names = ", ".join(file.as_posix() for file in every[:8])
            raise UsageError(
                f"{repository}: no file is named after the split {split!r}.", kind="dataset_part", hint=names
            )
    left_out = tuple(file.as_posix() for file in every if file not in chosen)
    return DataSource(name=spec, files=tuple(folder / file for file in chosen), left_out=left_out)


def _download(repository: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - heavy
    from huggingface_hub.errors import (  # noqa: PLC0415
        GatedRepoError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    unreachable = settle_for_cache()
    patterns = ["README.md", *(f"*{suffix}{packed}" for suffix in DATA_SUFFIXES for packed in ("", ".*"))]
    try:
        folder = snapshot_download(
            repository, repo_type="dataset", revision=revision, allow_patterns=patterns
        )
    except GatedRepoError:
        raise UsageError(
            f"{repository}: the dataset is gated.",
            kind="unknown_dataset",
            hint="Accept its terms on the hub, then: hf auth login",
        ) from None
    except (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError):
        raise UsageError(
            f"{repository}: neither a file here nor a dataset on the hub.",
            kind="unknown_dataset",
            hint="Check the name, the revision and, for a private one: hf auth login",
        ) from None
    except (OSError, RuntimeError) as error:
        raise EnvironmentFault(
            f"{repository}: there is no such file here, and the hub cannot be reached: "
            f"{unreachable or first_line(error)}",
            kind="hub_unreachable",
            hint="Go online, or download the dataset elsewhere and pass its folder.",
        ) from None
    return Path(str(folder))


def _listed(
    folder: Path, every: Sequence[Path], repository: str, config: str | None, split: str | None
) -> list[Path] | None:
    """Return the files that the card lists for a configuration and split; None when it lists none."""
    configs = _configs(folder / "README.md")
    if not configs:
        if config:
            raise UsageError(
                f"{repository}: the card names no configuration, so {config!r} is none.", kind="dataset_part"
            )
        return None
    names = [str(entry.get("config_name", "default")) for entry in configs]
    wanted = config or _default(configs, names)
    if wanted not in names:
        raise UsageError(
            f"{repository}: "
            + (f"there is no configuration {config!r}." if config else "several sets in one."),
            kind="dataset_part",
            hint=f"Name one: {', '.join(f'{repository}:{name}' for name in names)}",
        )
    patterns = _patterns(configs[names.index(wanted)].get("data_files"))
    splits = list(patterns)
    if split is not None and split not in splits:
        raise UsageError(
            f"{repository}: there is no split {split!r}.",
            kind="dataset_part",
            hint=f"Splits: {', '.join(splits)}.",
        )
    globs = [glob for name in ([split] if split is not None else splits) for glob in patterns[name]]
    return [file for file in every if any(_matches(file, glob) for glob in globs)]


def _default(configs: Sequence[dict[str, Any]], names: Sequence[str]) -> str | None:
    marked = [name for name, entry in zip(names, configs, strict=True) if entry.get("default")]
    if marked:
        return marked[0]
    return names[0] if len(names) == 1 else next((name for name in names if name == "default"), None)


def _configs(card: Path) -> list[dict[str, Any]]:
    if not card.is_file():
        return []
    found = _FRONT_MATTER.match(card.read_text(encoding="utf-8", errors="replace"))
    try:
        facts = load(found[1]) if found else None
    except yaml.YAMLError:
        return []
    configs = facts.get("configs") if isinstance(facts, dict) else None
    entries = configs if isinstance(configs, list) else []
    return [entry for entry in entries if isinstance(entry, dict) and entry.get("data_files")]


def _patterns(data_files: Any) -> dict[str, list[str]]:  # noqa: ANN401 - a card's YAML
    """Return the patterns of each split; the card may give one text, a list, or a list by split."""
    patterns: dict[str, list[str]] = {}
    for entry in data_files if isinstance(data_files, list) else [data_files]:
        split, path = (
            (entry.get("split", "train"), entry.get("path")) if isinstance(entry, dict) else ("train", entry)
        )
        globs = path if isinstance(path, list) else [path]
        patterns.setdefault(str(split), []).extend(str(glob) for glob in globs)
    return patterns


def _matches(file: Path, glob: str) -> bool:
    name, glob = file.as_posix(), glob.removeprefix("./")
    return fnmatch.fnmatchcase(name, glob) or fnmatch.fnmatchcase(name, glob.replace("**/", ""))


def _commonest(every: Sequence[Path]) -> list[Path]:
    counts = Counter(kind_of(file) for file in every)
    kind = max(counts, key=lambda kind: (counts[kind], -DATA_SUFFIXES.index(kind)))
    return [file for file in every if kind_of(file) == kind]
