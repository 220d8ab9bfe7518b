"""In which line of a YAML file the key stands that a message speaks of."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from loracheck.errors import LoracheckError, UsageError
from loracheck.regularfiles import read_text
from loracheck.settings.yamltext import compose

_KEY = re.compile(r"--([a-z][a-z-]+)|\b([a-z_]+(?:(?:\.[\w-]+)|\[\d+\])*)")
_NAMED = re.compile(r"\bline \d+")


@contextmanager
def naming_lines(path: Path | None, besides: Collection[str] = ()) -> Iterator[None]:
    """Add the line to what is wrong with a file of settings.

    Args:
        path: The file; None where there is none.
        besides: Keys whose value does not come from it, as the command line says otherwise.

    Raises:
        UsageError: what the block raises, its line named.
    """
    try:
        yield
    except UsageError as error:
        line, field = place(error, path) if path else (None, "")
        if line is None or field in besides or _NAMED.search(error.message):
            raise
        where, colon, said = error.message.partition(": ")
        if not (colon and str(path) in where):
            where, said = str(path), error.message
        message = f"{where}, line {line}: {said}"
        raise type(error)(message, kind=error.kind, hint=error.hint) from None


def place(error: LoracheckError, path: Path) -> tuple[int | None, str]:
    """Return the line and the key of which an error speaks: the longest path of keys in it that stands in the file."""
    try:
        lines = dict(_lines_of(compose(read_text(path))))
    except (OSError, ValueError, UsageError, yaml.YAMLError):  # a path with a null byte, too
        return None, ""
    said = [
        found[2] or found[1].replace("-", "_")
        for found in _KEY.finditer(error.message.replace(str(path), ""))
    ]
    told = [key for key in lines if any(key == word or key.endswith(f".{word}") for word in said)]
    field = max(told, key=lambda key: (key.count("."), len(key)), default="")
    return lines.get(field), field


def _lines_of(node: yaml.Node | None, before: str = "") -> Iterator[tuple[str, int]]:
    """Yield every key of a document as a path, `a.b` or `a[0].b`, with its line."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            path = f"{before}{key.value}"
            yield path, key.start_mark.line + 1
            yield from _lines_of(value, f"{path}.")
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _lines_of(item, f"{before.removesuffix('.')}[{number}].")
