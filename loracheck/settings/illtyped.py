"""What msgspec says of a value that does not fit its type, in words that need no knowledge of types."""

from __future__ import annotations

import re
from typing import Any, Literal, get_args, get_origin, get_type_hints

_EXPECTED = re.compile(r"Expected `([^`]+)`, got `([^`]+)`(?: - at `\$\.?([^`]*)`)?")
_CHOICE = re.compile(r"Invalid enum value (.+?)(?: - at `\$\.?([^`]*)`)?", re.DOTALL)
_LACKING = re.compile(r"Object missing required field `([^`]+)`(?: - at `\$\.?([^`]*)`)?")
_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a mapping of keys",
    "date": "a date",
    "null": "nothing",
}


def misfit(error: Exception, kind: Any) -> tuple[str, str]:  # noqa: ANN401 - a type of any form
    """Return the path of the value and a sentence on it, of an error of msgspec on reading that type."""
    if isinstance(error, UnicodeError):
        return "", "not UTF-8."
    if isinstance(error, RecursionError):
        return "", "nested too deeply."
    said = str(error)
    if found := _EXPECTED.fullmatch(said):
        wanted, got, path = found.groups()
        return path or "", f"{_types(wanted)} is wanted, not {_types(got)}."
    if found := _LACKING.fullmatch(said):
        name, path = found.groups()
        return path or "", f"{name} is missing."
    if found := _CHOICE.fullmatch(said):
        value, path = found.groups()
        choices = _choices(kind, path or "")
        listed = f"one of {', '.join(map(str, choices))}" if choices else "another value"
        return path or "", f"{listed} is wanted, not {value}."
    return "", said if said.endswith(".") else f"{said}."


def misfit_at(where: str, error: Exception, kind: Any) -> str:  # noqa: ANN401
    """Return the message of a misfit in a file or a line, the field named."""
    path, said = misfit(error, kind)
    return f"{where}, field {path}: {said}" if path else f"{where}: {said}"


def misfit_in(where: str, error: Exception, kind: Any) -> str:  # noqa: ANN401
    """Return the message of a misfit in a configuration, the key named."""
    path, said = misfit(error, kind)
    return f"{where}: {path}: {said}" if path else f"{where}: {said}"


def _types(union: str) -> str:
    """Return the types of a union in words; that something may be left out goes without saying."""
    names = union.split(" | ")
    names = [name for name in names if name != "null"] or names
    return " or ".join(_TYPES.get(name, name) for name in names)


def _choices(kind: Any, path: str) -> tuple[Any, ...]:  # noqa: ANN401
    """Return what may stand at a path of keys as msgspec writes it: `a.b`, `[0]` or `[...]` for a member."""
    for key in re.findall(r"\[[^\]]*\]|[^.\[\]]+", path):
        kind = _unless_none(kind)
        if key.startswith("["):
            kind = next((part for part in reversed(get_args(kind)) if part is not Ellipsis), None)
        elif isinstance(kind, type):
            kind = get_type_hints(kind).get(key)
    kind = _unless_none(kind)
    return get_args(kind) if get_origin(kind) is Literal else ()


def _unless_none(kind: Any) -> Any:  # noqa: ANN401
    parts = [part for part in get_args(kind) if part is not type(None)]
    return parts[0] if type(None) in get_args(kind) and len(parts) == 1 else kind
