"""Write the reference in docs/api.md from the docstrings: `python docs/build_api.py`. A test holds it in step."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

from loracheck import api, loaded

PAGE = Path(__file__).parent / "api.md"
MARK = "<!-- From here on written by docs/build_api.py, from the docstrings. -->"
STAGES = ("curate", "train", "evaluate", "gate", "report", "load", "load_policy")
RECORDS = ("CurateConfig", "TrainConfig", "TrainInputs", "EvalConfig", "Policy", "Progress")
RUNS = tuple(name for name in vars(loaded) if name.startswith("Loaded"))
_SECTION = re.compile(r"^(Args|Attributes|Returns|Raises):\n", re.MULTILINE)
_ITEM = re.compile(r"([\w, ]+): (.*)")


def reference() -> str:
    """Return the part of the page that is written by this script."""
    parts = [MARK, "", "## Functions", "", *(line for name in STAGES for line in _function(name))]
    parts += ["## What `load` returns", "", *(line for name in RUNS for line in _run(getattr(loaded, name)))]
    parts += ["## Options", "", *(line for name in RECORDS for line in _record(getattr(api, name)))]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).rstrip() + "\n"


def page() -> str:
    """Return the page as it should be: what is written by hand, and the reference."""
    by_hand, _, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    return by_hand + reference()


def _function(name: str) -> Iterator[str]:
    made = getattr(api, name)
    yield from (f"### {name}", "", "```py", f"loracheck.api.{_signature(name, made)}", "```", "")
    yield from _docstring(made)


def _record(kind: type[Any]) -> Iterator[str]:
    """Yield a record and, below it, the groups of options that it holds."""
    yield from (f"### {kind.__name__}", "")
    yield from _docstring(kind)
    if not is_dataclass(kind):
        return
    rows = [f"| `{item.name}` | `{_kind(item)}` | {_default(item)} |" for item in fields(kind)]
    yield from ("| field | type | default |", "|---|---|---|", *rows, "")
    for group in get_type_hints(kind).values():
        if isinstance(group, type) and is_dataclass(group):
            yield from _record(group)


def _run(kind: type[Any]) -> Iterator[str]:
    yield from (f"### {kind.__name__}", "")
    yield from _docstring(kind)
    for name, member in vars(kind).items():
        made = getattr(member, "func", None) or getattr(member, "fget", None) or member
        if name.startswith("_") or not inspect.isfunction(made):
            continue
        shown = f"{name}: {made.__annotations__['return']}"
        if made is member:
            shown = _signature(name, made)
        first = (inspect.getdoc(made) or "").partition("\n\n")[0].replace("\n", " ")
        yield f"- `{shown}`: {first.removeprefix('Return ')}"
    yield ""


def _signature(name: str, made: Callable[..., Any]) -> str:
    """Return the call, one parameter a line where it is long; annotations as they stand in the source."""
    signature = inspect.signature(made)
    shown = []
    for parameter in signature.parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in shown:
            shown.append("*")
        given = parameter.default is not parameter.empty
        simple = given and isinstance(parameter.default, str | int | float | bool | tuple | None)
        default = f" = {parameter.default!r}" if simple else " = ..." if given else ""
        shown.append(f"{parameter.name}: {parameter.annotation}{default}")
    line = f"{name}({', '.join(shown)}) -> {signature.return_annotation}"
    if len(line) <= 90:
        return line
    return "\n".join([f"{name}(", *(f"    {text}," for text in shown), f") -> {signature.return_annotation}"])


def _docstring(made: Callable[..., Any]) -> Iterator[str]:
    """Yield a Google docstring as Markdown: its sections as lists."""
    before, *sections = _SECTION.split(inspect.getdoc(made) or "")
    yield from (before.strip(), "")
    for title, body in zip(sections[::2], sections[1::2], strict=True):
        lines = inspect.cleandoc(body).split("\n\n")[0]
        items = re.sub(r"\n +", " ", lines).split("\n")
        if title == "Returns":
            items = [" ".join(items)]
        yield from (f"{title}:", "", *(_item(item) for item in items), "")


def _item(text: str) -> str:
    named = _ITEM.fullmatch(text)
    return f"- `{named[1]}`: {named[2]}" if named else f"- {text}"


def _kind(item: Field[Any]) -> str:
    return str(item.type).replace("|", "\\|")


def _default(item: Field[Any]) -> str:
    if isinstance(item.default, str | int | float | bool | tuple | None):
        return f"`{item.default!r}`"
    if item.default is not MISSING or is_dataclass(item.default_factory):
        return f"[its own](#{str(item.type).casefold()})"
    return "required" if item.default_factory is MISSING else "empty"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
