"""YAML of strangers: plain values, of a bounded size, and one kind of error for whatever is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import yaml

T = TypeVar("T")

MAX_BYTES = 1 << 20
"""The longest card on the hub has a third of it; each kilobyte takes milliseconds to parse."""
_MOST_NODES = 200_000
"""With what is repeated by name (&a, *a, <<): a file of the longest length has no more without."""


class PlainLoader(yaml.SafeLoader):
    """Reads plain values; what is repeated by name counts as often as it stands there."""

    def get_single_node(self) -> yaml.Node | None:
        """Return the root of the document.

        Raises:
            YAMLError: it is larger than any honest one once its repeats are written out.
        """
        node: yaml.Node | None = super().get_single_node()
        if node is not None:
            _count(node, {})
        return node


def load(text: str, loader: type[PlainLoader] = PlainLoader) -> Any:  # noqa: ANN401 - whatever stands there
    """Read a document.

    Raises:
        YAMLError: it is none, or too large.
    """
    return _plainly(text, lambda: yaml.load(text, loader))


def compose(text: str) -> yaml.Node | None:
    """Read a document as nodes, which know their lines.

    Raises:
        YAMLError: it is none, or too large.
    """
    return _plainly(text, lambda: yaml.compose(text, PlainLoader))


def _plainly(text: str, read: Callable[[], T]) -> T:
    if len(text) > MAX_BYTES:
        raise yaml.YAMLError(f"longer than {MAX_BYTES >> 20} MiB")
    try:
        return read()
    except RecursionError:
        raise yaml.YAMLError("nested too deeply") from None
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
        # A date that is none, a number of thousands of digits, a tag that its text does not fit.
        raise yaml.YAMLError(f"a value cannot be read: {error}") from None


def _count(node: yaml.Node, counted: dict[int, int]) -> int:
    """Return how many nodes there are under one, itself included; each is counted once and added as often as named."""
    found = counted.get(id(node))
    if found is None:
        counted[id(node)] = _MOST_NODES + 1  # what holds itself has no end
        children = (
            [child for pair in node.value for child in pair]
            if isinstance(node, yaml.MappingNode)
            else node.value
        )
        plain = isinstance(node, yaml.ScalarNode)
        found = counted[id(node)] = 1 if plain else 1 + sum(_count(child, counted) for child in children)
    if found > _MOST_NODES:
        raise yaml.YAMLError("it repeats itself to more than any file needs")
    return found
