"""Read small JSON, JSONL and YAML files of strangers: bounded, plain values only, and a reason where one is not read.

Pickles, such as training_args.bin, are never opened.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from loracheck import jsonl
from loracheck.adapters.files import Unread, read_bytes
from loracheck.settings.yamltext import load

MAX_JSON_BYTES = 32 * 2**20
"""A trainer_state.json with a line for each of 100,000 steps has about 15 MB."""
MAX_YAML_BYTES = 256 * 2**10
MAX_TEXT_BYTES = 2**20
_MAX_LINES = 200_000
_LONGEST = 1000
_FRONT_MATTER = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?$", re.DOTALL | re.MULTILINE)


def read_json(file: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        Unread: it is too large, or none.
    """
    try:
        value = jsonl.parse(read_bytes(file, MAX_JSON_BYTES))
    except ValueError:
        raise Unread("broken JSON") from None
    if not isinstance(value, dict):
        raise Unread("no JSON object")
    return value


def read_lines(file: Path) -> list[dict[str, Any]]:
    """Read the objects of a JSONL file; lines that are none, as a torn last one, are passed over.

    Raises:
        Unread: it is too large, or holds no object at all.
    """
    found = []
    for line in read_bytes(file, MAX_JSON_BYTES).splitlines()[:_MAX_LINES]:
        try:
            value = jsonl.parse(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            found.append(value)
    if not found:
        raise Unread("no line of JSON in it")
    return found


def read_yaml(file: Path) -> dict[str, Any]:
    """Read a YAML mapping.

    Raises:
        Unread: it is too large, or none.
    """
    return parse_yaml(read_bytes(file, MAX_YAML_BYTES).decode("utf-8", "replace"))


def parse_yaml(text: str) -> dict[str, Any]:
    """Parse a YAML mapping of plain values.

    Raises:
        Unread: it is too long, or none.
    """
    if len(text) > MAX_YAML_BYTES:
        raise Unread(f"longer than {MAX_YAML_BYTES >> 10} kB")
    try:
        value = load(text)
    except yaml.YAMLError:
        raise Unread("broken YAML, or YAML that names Python objects") from None
    if not isinstance(value, dict):
        raise Unread("no YAML mapping")
    return value


def read_card(file: Path) -> tuple[dict[str, Any], str]:
    """Read a model card: the YAML at its head, empty where there is none, and all of its text.

    Raises:
        Unread: it is too large, or its head is no YAML.
    """
    text = read_bytes(file, MAX_TEXT_BYTES).decode("utf-8", "replace")
    head = _FRONT_MATTER.match(text)
    return (parse_yaml(head[1]) if head else {}), text


def number(value: Any) -> float | None:  # noqa: ANN401 - a stranger's value
    """Return a finite number; YAML reads 2e-4 as text."""
    if isinstance(value, str) and len(value) < 40:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def whole(value: Any) -> int | None:  # noqa: ANN401
    """Return a count: a whole number from 0 on."""
    found = number(value)
    return int(found) if found is not None and found >= 0 and found == int(found) else None


def text_of(value: Any) -> str:  # noqa: ANN401
    """Return a text, shortened; empty for anything else."""
    return value[:_LONGEST] if isinstance(value, str) else ""


def texts_of(values: Iterable[Any]) -> tuple[str, ...]:
    """Return the texts among values, each once, and not too many."""
    return tuple(dict.fromkeys(text for value in values if (text := text_of(value).strip())))[:50]
