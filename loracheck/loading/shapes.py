"""One row of data, in any of the shapes people keep it in, to a conversation and what is known about it.

Known are OpenAI messages, ShareGPT conversations in both dialects, Alpaca, dolly, prompt and completion, question
and answer, and any columns that are named. Nothing is left out in silence: a turn that is no plain text of system,
user or assistant is an error.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from loracheck import jsonl
from loracheck.errors import UsageError
from loracheck.records import Message, Role

Row = dict[str, Any]

METADATA_CHARACTERS = 200
METADATA_COLUMNS = 32
_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "model": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
}
_TOOL_ROLES = ("tool", "function", "function_call", "function_response", "observation", "ipython")
_TOOL_KEYS = ("tool_calls", "function_call")
_PASSAGES = ("input", "context")
_SYSTEMS = ("system", "system_prompt")
_QUESTIONS = ("instruction", "question", "prompt")
_REPLIES = ("output", "response", "answer", "completion")
_NAMED = (*_QUESTIONS, *_REPLIES, *_PASSAGES, "system", "history", "messages", "conversations")
_ABOUT = ("source", "licence", "license", "category", "id")


class ShapeError(Exception):
    """A row has no known shape, or a field of the wrong type.

    Args:
        message: What is wrong.
        field: Which field, empty for the row as a whole.
        hint: What would mend it.
    """

    def __init__(self, message: str, *, field: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message, self.field, self.hint = message, field, hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Columns that make a shape, and how its turns are read; `passages` are given along with the question."""

    columns: frozenset[str]
    turns: Callable[[Row], Iterator[Message]]
    passages: tuple[str, ...] = ()


def column_names(columns: Mapping[str, str] | None) -> frozenset[str]:
    """Return every column name that means something, which tells a header from other text."""
    return frozenset((*_NAMED, *_ABOUT, *(columns or {}).values()))


def check_columns(columns: Mapping[str, str]) -> None:
    """Refuse a mapping to names that mean nothing here.

    Raises:
        UsageError: names the key, and the nearest one.
    """
    for name in columns:
        if name not in _NAMED and name not in (*_ABOUT, *_SYSTEMS):
            near = difflib.get_close_matches(name, (*_NAMED, *_ABOUT), n=1)
            meant = f"Did you mean {near[0]!r}? " if near else ""
            raise UsageError(
                f"columns: {name!r} is no field of loracheck.",
                kind="config_value",
                hint=f"{meant}Fields: {', '.join((*_NAMED, *_ABOUT))}.",
            )


def renamed(row: Row, columns: Mapping[str, str]) -> Row:
    """Return the row under loracheck's names.

    Columns that were mapped alone decide the shape, should the row hold others of a known name.

    Raises:
        ShapeError: the row lacks a mapped column; names it and those that are near.
    """
    for name, column in columns.items():
        if column not in row:
            near = difflib.get_close_matches(column, map(str, row), n=3)
            others = ", ".join(map(str, near or list(row)[:8])) or "none"
            raise ShapeError(
                f"there is no column {column!r}, which is mapped to {name}.",
                hint=f"{'Near' if near else 'Columns'}: {others}.",
            )
    mapped = {name: row[column] for name, column in columns.items()}
    taken = set(columns.values())
    rest = {name: value for name, value in row.items() if name not in taken and name not in mapped}
    if any(shape.columns <= mapped.keys() for shape in _SHAPES):
        rest = {name: value for name, value in rest.items() if name not in _NAMED}
    return {**mapped, **rest}


def shape_of(row: Row) -> Shape:
    """Return the shape of a row by its columns.

    Raises:
        ShapeError: the columns are of no known shape.
    """
    keys = row.keys()
    for shape in _SHAPES:
        if shape.columns <= keys:
            return shape
    asked = next((name for name in _QUESTIONS if name in keys), None)
    if asked and keys <= {*_NAMED, *_ABOUT} and not keys & set(_REPLIES):
        raise ShapeError(
            f"there is {asked} but no reply.",
            hint=f"A row needs one of these as well: {', '.join(_REPLIES)}.",
        )
    raise ShapeError(
        f"unknown columns: {', '.join(sorted(map(str, row))) or 'none'}.",
        hint=_other_form(row) or _columns_hint(row),
    )


def messages_of(row: Row, shape: Shape) -> tuple[Message, ...]:
    """Return the turns of a row.

    Raises:
        ShapeError: a field has the wrong type, or the turns are no question with its reply.
    """
    messages = tuple(shape.turns(row))
    if len(messages) < 2 or messages[-1].role != "assistant":
        raise ShapeError("a conversation needs a question and ends with the assistant's reply.")
    return messages


def metadata_of(row: Row, shape: Shape) -> dict[str, Any]:
    """Return what is known about a row besides its turns.

    Kept are numbers, truth values and texts of at most 200 characters, at most 32 of them, those of a "metadata"
    or "meta" object too. "context" is the passage that was given with the question, as it stands in the user's turn.
    """
    kept: dict[str, Any] = {}
    if len(row) > len(shape.columns):
        nested = [value for name in ("metadata", "meta") if isinstance(value := row.get(name), dict)]
        for columns in (row, *nested):
            for name, value in columns.items():
                if name in shape.columns or name in _PASSAGES or name in kept or not _is_short_scalar(value):
                    continue
                if len(kept) < METADATA_COLUMNS or name in _ABOUT:
                    kept[str(name)] = value
        if passage := _passage(row, shape):
            kept["context"] = passage
    return kept


def _is_short_scalar(value: Any) -> bool:  # noqa: ANN401
    if isinstance(value, str):
        return 0 < len(value) <= METADATA_CHARACTERS
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))


def _passage(row: Row, shape: Shape) -> str:
    return next((str(row[name]) for name in shape.passages if row.get(name)), "")


def _listed(field: str) -> Callable[[Row], Iterator[Message]]:
    def turns(row: Row) -> Iterator[Message]:
        messages = list(_turns(row[field], field))
        if not messages or messages[0].role != "system":
            yield from _system(row)
        yield from messages

    return turns


def _turns(turns: Any, field: str) -> Iterator[Message]:  # noqa: ANN401 - whatever the row holds
    turns = _as_list(turns)
    if not isinstance(turns, list):
        raise ShapeError(f"a list of turns is wanted, not {type(turns).__name__}.", field=field)
    for number, turn in enumerate(turns):
        at = f"{field}[{number}]"
        if not isinstance(turn, dict):
            raise ShapeError(f"an object is wanted, not {type(turn).__name__}.", field=at)
        name = turn.get("role", turn.get("from"))
        role = _ROLES.get(name) if isinstance(name, str) else None
        if role is None:
            tools = " Calls of tools are not trained." if name in _TOOL_ROLES else ""
            raise ShapeError(f"role {name!r} is none of {', '.join(_ROLES)}.{tools}", field=at)
        for key in _TOOL_KEYS:
            if turn.get(key):
                raise ShapeError("calls of tools are not trained.", field=f"{at}.{key}")
        content = "content" if "content" in turn else "value"
        yield Message(role=role, content=_content(turn.get(content), f"{at}.{content}"))


def _as_list(turns: Any) -> Any:  # noqa: ANN401
    """Undo what tables do to lists: JSON in a cell, and an object of lists for a list of objects."""
    if isinstance(turns, str) and turns.lstrip().startswith("["):
        try:
            return jsonl.parse(turns)
        except ValueError:
            return turns
    if isinstance(turns, dict) and turns and all(isinstance(value, list) for value in turns.values()):
        return [dict(zip(turns, values, strict=False)) for values in zip(*turns.values(), strict=False)]
    return turns


def _content(value: Any, field: str) -> str:  # noqa: ANN401
    """Return the text of a turn; parts are joined by line breaks, as vLLM does."""
    if not isinstance(value, list):
        return _text(value, field)
    texts = []
    for number, part in enumerate(value):
        if not isinstance(part, dict) or part.get("type") != "text":
            kind = part.get("type") if isinstance(part, dict) else type(part).__name__
            raise ShapeError(f"only parts of type text are read, not {kind!r}.", field=f"{field}[{number}]")
        texts.append(_text(part.get("text"), f"{field}[{number}].text"))
    return "\n".join(texts)


def _text(value: Any, field: str) -> str:  # noqa: ANN401
    if not isinstance(value, str):
        raise ShapeError(
            f"text is wanted, not {'null' if value is None else type(value).__name__}.", field=field
        )
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ShapeError("half of a surrogate pair, which no file can store.", field=field) from None
    return value


def _system(row: Row) -> Iterator[Message]:
    for column in _SYSTEMS:
        if row.get(column):
            yield Message(role="system", content=_text(row[column], column))
            return


def _pair(question: str, reply: str, passages: tuple[str, ...]) -> Callable[[Row], Iterator[Message]]:
    def turns(row: Row) -> Iterator[Message]:
        yield from _system(row)
        yield from _history(row)
        asked = _text(row[question], question)
        for column in passages:
            if row.get(column) is not None and (passage := _text(row[column], column)):
                asked = f"{asked}\n{passage}"
                break
        yield Message(role="user", content=asked)
        yield Message(role="assistant", content=_text(row[reply], reply))

    return turns


def _history(row: Row) -> Iterator[Message]:
    """Yield earlier turns as LLaMA-Factory keeps them: pairs of question and reply."""
    history = row.get("history")
    if not isinstance(history, list):
        return
    for number, pair in enumerate(history):
        if not isinstance(pair, list) or len(pair) != 2:
            raise ShapeError("a pair of question and reply is wanted.", field=f"history[{number}]")
        for role, text in zip(("user", "assistant"), pair, strict=True):
            yield Message(role=cast(Role, role), content=_text(text, f"history[{number}]"))


def _completed(row: Row) -> Iterator[Message]:
    """Yield the turns of a prompt and its completion; either is a text or a list of turns."""
    if not isinstance(row["prompt"], list):
        yield from _system(row)
    for role, column in (("user", "prompt"), ("assistant", "completion")):
        if isinstance(row[column], list):
            yield from _turns(row[column], column)
        else:
            yield Message(role=cast(Role, role), content=_text(row[column], column).strip())


def _pair_shape(question: str, reply: str) -> Shape:
    passages = _PASSAGES if question == "instruction" else ("context",)
    return Shape(
        columns=frozenset((question, reply)), turns=_pair(question, reply, passages), passages=passages
    )


_SHAPES = (
    Shape(columns=frozenset(("messages",)), turns=_listed("messages")),
    Shape(columns=frozenset(("conversations",)), turns=_listed("conversations")),
    *(_pair_shape("instruction", reply) for reply in _REPLIES),
    Shape(columns=frozenset(("prompt", "completion")), turns=_completed),
    *(_pair_shape(question, reply) for question in ("question", "prompt") for reply in _REPLIES),
)


def _other_form(row: Row) -> str:
    """Say what mends a row that no mapping of two columns would."""
    for name, value in row.items():
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            if {"role", "from"} & value[0].keys():
                return (
                    f"The turns seem to lie in {name}: --map messages={name} reads them (curate, validate)."
                )
            return (
                f"The rows seem to lie in {name}. Write the list alone, for instance: jq '.[\"{name}\"]' FILE"
            )
    if row.keys() == {"text"}:
        return "Ready-made text does not tell the question from the reply: write them apart, as instruction and output."
    return ""


def _columns_hint(row: Row) -> str:
    if {"chosen", "rejected"} <= row.keys():
        return "These are preference pairs. To train on the chosen reply, map it with columns: output=chosen."
    near = {}
    for name in map(str, row):
        found = difflib.get_close_matches(name.casefold(), _NAMED, n=1)
        if found and found[0] != name:
            near[name] = found[0]
    renames = ", ".join(f"{name} -> {match}" for name, match in near.items())
    shapes = (
        "messages; conversations; instruction, output (input); instruction, response (context); "
        "prompt, completion; question, answer"
    )
    columns = [name for name in map(str, row) if name and name.casefold() not in _NAMED]
    sides = (("instruction", _QUESTIONS), ("output", _REPLIES))
    missing = [field for field, known in sides if not row.keys() & set(known)]
    mapping = " ".join(f"--map {field}={column}" for field, column in zip(missing, columns, strict=False))
    return (
        f"Known shapes: {shapes}; curate and validate read others by --map, as {mapping or '--map output=COLUMN'}, "
        "and the other commands what curate wrote." + (f" Did you mean {renames}?" if renames else "")
    )
