"""What a person names as data, to the files it stands for: a file, a folder, a saved dataset, a hub id."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from loracheck import jsonl
from loracheck.curated import KEPT
from loracheck.errors import DataError, UsageError
from loracheck.regularfiles import read_text, refuse_irregular
from loracheck.runs import MANIFEST

_PACKED = {".gz", ".bz2", ".xz", ".zst"}
DATA_SUFFIXES = (".parquet", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".arrow")
_NO_ROWS = {"state.json", "dataset_dict.json", "dataset_info.json", "dataset_infos.json"}
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?(:[\w.-]+)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSource:
    """The files that hold the rows of one input, in order, and names of files beside them that were left out."""

    name: str
    files: tuple[Path, ...]
    left_out: tuple[str, ...] = ()


def resolve_source(spec: str | Path, split: str | None = None) -> DataSource:
    """Return the files that an input stands for; those of a hub id are downloaded.

    Args:
        spec: A file, a folder of data files, a folder written by `Dataset.save_to_disk`, or a hub id
            ("owner/name", with "@revision" and ":config" as needed).
        split: Split of a dataset or folder; None takes all. A single file has none and is taken whole.

    Raises:
        UsageError: there is no such file, folder or split, or the folder holds no data.
        EnvironmentFault: the hub cannot be reached.
    """
    path = Path(spec)
    if path.is_dir():
        return _folder(path, split)
    if path.is_file():
        return DataSource(name=str(path), files=(path,))
    refuse_irregular(path)
    if is_hub_id(str(spec)):
        from loracheck.loading.hub import resolve_hub  # noqa: PLC0415 - only where it is needed

        return resolve_hub(str(spec), split)
    raise UsageError(f"{path}: there is no such file.", kind="no_such_file", hint=_near(path))


def is_hub_id(spec: str) -> bool:
    """Tell a hub id from a path that does not exist: no folder of its owner's name, and no suffix of data."""
    bare = spec.partition(":")[0].partition("@")[0]
    return bool(_HUB_ID.fullmatch(spec)) and not Path(bare).parent.is_dir() and not is_data_file(Path(bare))


def is_data_file(path: Path) -> bool:
    """Tell by the name whether a file in a folder holds rows."""
    if path.name in _NO_ROWS or path.name.startswith((".", "_")):
        return False
    return kind_of(path) in DATA_SUFFIXES


def kind_of(path: Path) -> str:
    """Return the suffix of a file without that of its compression."""
    suffix = path.suffix.casefold()
    return Path(path.stem).suffix.casefold() if suffix in _PACKED else suffix


def in_split(path: Path, split: str) -> bool:
    """Tell whether a file's name, or that of its folder, holds the name of a split as a word of its own."""
    return bool(re.search(rf"(?:^|[-._ /]){re.escape(split)}(?=[-._ /\[]|$)", path.as_posix()))


def _folder(path: Path, split: str | None) -> DataSource:
    if (path / MANIFEST).is_file():
        raise UsageError(
            f"{path} is a directory of a loracheck run.",
            kind="not_data",
            hint=f"Pass a file of it: {path / KEPT}",
        )
    if (path / "dataset_dict.json").is_file():
        return _dataset_dict(path, split)
    left_out: list[str] = []
    files = tuple(_walk(path, left_out))
    if not files:
        raise UsageError(
            f"{path} is a directory, and holds no data files.",
            kind="not_data",
            hint=f"Files that end in {', '.join(DATA_SUFFIXES)} are read, also packed.",
        )
    if split is not None and not (path / "state.json").is_file():
        files = tuple(file for file in files if in_split(file.relative_to(path), split))
        if not files:
            raise UsageError(f"{path}: no file is named after the split {split!r}.", kind="dataset_part")
    return DataSource(name=str(path), files=files, left_out=tuple(left_out))


def _dataset_dict(path: Path, split: str | None) -> DataSource:
    splits = _json_list(path / "dataset_dict.json", "splits")
    if split is not None and split not in splits:
        raise UsageError(
            f"{path}: there is no split {split!r}.", kind="dataset_part", hint=f"Splits: {', '.join(splits)}."
        )
    chosen = [split] if split is not None else splits
    files = tuple(file for name in chosen for file in _saved_dataset(path / Path(name).name))
    return DataSource(name=str(path), files=files)


def _walk(path: Path, left_out: list[str]) -> Iterator[Path]:
    """Yield the data files of a folder and those below, in the order of their names."""
    if (path / "state.json").is_file():
        yield from _saved_dataset(path)
        return
    for entry in sorted(path.iterdir()):
        if entry.is_dir():
            if not entry.name.startswith((".", "_")):
                yield from _walk(entry, left_out)
        elif (
            is_data_file(entry) and entry.is_file()
        ):  # a pipe would be waited for, and a link may lead nowhere
            yield entry
        elif entry.suffix != ".md" and entry.name not in _NO_ROWS and not entry.name.startswith("."):
            left_out.append(str(entry))


def _saved_dataset(path: Path) -> list[Path]:
    """Return the files of a folder written by `Dataset.save_to_disk`; others there are caches."""
    state = path / "state.json"
    files = [path / Path(name).name for name in _json_list(state, "_data_files", "filename")]
    there = {entry for entry in path.iterdir() if entry.is_file()}
    for file in files:
        if file not in there:
            raise DataError(
                f"{state} names {file.name}, which is not there.",
                kind="broken_file",
                hint="Is the folder whole?",
            )
    return files


def _json_list(path: Path, key: str, inner: str | None = None) -> list[str]:
    try:
        items = jsonl.parse(read_text(path))[key]
        return [str(item[inner] if inner else item) for item in items]
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(f"{path}: not written by Dataset.save_to_disk.", kind="broken_file") from None


def _near(path: Path) -> str:
    siblings = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    found = difflib.get_close_matches(path.name, siblings, n=1)
    return f"Did you mean {path.parent / found[0]}?" if found else ""


def announce_left_out(source: DataSource, announce: Callable[[str], None]) -> None:
    """Say which files of a folder are not read."""
    if source.left_out:
        names = ", ".join(source.left_out[:5])
        more = f" and {len(source.left_out) - 5} more" if len(source.left_out) > 5 else ""
        announce(f"{source.name}: not read: {names}{more}.")
