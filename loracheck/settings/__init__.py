"""Configuration from YAML into frozen dataclasses: an unknown key is refused with the nearest name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import msgspec
import yaml

from loracheck.errors import UsageError
from loracheck.regularfiles import read_text
from loracheck.settings.illtyped import misfit_in
from loracheck.settings.yamltext import PlainLoader, load

T = TypeVar("T")


class _Loader(PlainLoader):
    """YAML 1.1 but for floats, which may be written as 2e-4, as YAML 1.2 and people do, and keys, which stand once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and (before := lines.get(key.value)):
                raise yaml.constructor.ConstructorError(
                    problem=f"{key.value} stands in line {before} already", problem_mark=key.start_mark
                )
            lines[key.value if isinstance(key, yaml.ScalarNode) else ""] = key.start_mark.line + 1
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+\Z"), list("-+.0123456789")
)


def read_value(text: str) -> Any:  # noqa: ANN401 - whatever stands there
    """Read one value as YAML would: 4, 2e-4, true, null or words.

    Raises:
        YAMLError: it is none.
    """
    return load(text, _Loader)


def read_yaml(text: str, where: str) -> dict[str, Any]:
    """Parse a YAML mapping.

    Raises:
        UsageError: it is no YAML, or no mapping.
    """
    try:
        value = read_value(text)
    except yaml.YAMLError as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
        if mark is None or not problem:
            raise UsageError(
                f"{where}: broken YAML: {' '.join(str(error).split())}", kind="config_unreadable"
            ) from None
        raise UsageError(
            f"{where}: broken YAML in line {mark.line + 1}, column {mark.column + 1}: {problem}",
            kind="config_unreadable",
        ) from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UsageError(
            f"{where}: a mapping of keys is wanted, not {type(value).__name__}.", kind="config_unreadable"
        )
    return value


def read_yaml_file(path: Path) -> dict[str, Any]:
    """Read a YAML mapping from a file; see `read_yaml`."""
    try:
        return read_yaml(read_text(path), str(path))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {error}", kind="config_unreadable") from None


def merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a second nested mapping over a first one."""
    result = dict(first)
    for key, value in second.items():
        old = result.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        result[key] = merged(old, value) if both else value  # type: ignore[arg-type]
    return result


def over_preset(
    values: Mapping[str, Any],
    presets: Collection[str],
    read: Callable[[str], Mapping[str, Any]],
    where: str,
) -> dict[str, Any]:
    """Lay values over the preset that they may name under `preset`.

    Args:
        values: A nested mapping.
        presets: The names there are.
        read: Returns what a preset sets.
        where: The file, for a message.

    Raises:
        UsageError: there is no such preset.
    """
    own = dict(values)
    name = own.pop("preset", None)
    if name is None:
        return own
    if name not in list(presets):
        raise UsageError(f"{where}, preset {name}: there are {', '.join(presets)}.", kind="unknown_name")
    return merged(read(name), own)


def build(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    """Make a dataclass, with dataclasses inside, of a nested mapping.

    Raises:
        UsageError: an unknown key, or a value of the wrong type; names the key.
    """
    _check_keys(kind, values, where, "")
    try:
        return msgspec.convert(dict(values), kind)
    except msgspec.ValidationError as error:
        raise UsageError(misfit_in(where, error, kind), kind="config_value") from None


def _check_keys(kind: type[Any], values: Mapping[str, Any], where: str, prefix: str) -> None:
    hints = get_type_hints(kind)
    known = [item.name for item in fields(kind)]
    for key, value in values.items():
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            raise UsageError(
                f"{where}: unknown key {prefix}{key}.",
                kind="config_key",
                hint=f"Did you mean {prefix}{near[0]}?" if near else f"Known keys: {', '.join(known)}",
            )
        if is_dataclass(hints[key]):
            if not isinstance(value, Mapping):
                raise UsageError(
                    f"{where}: {prefix}{key} is a group of keys, not {value!r}.", kind="config_value"
                )
            _check_keys(hints[key], value, where, f"{prefix}{key}.")
