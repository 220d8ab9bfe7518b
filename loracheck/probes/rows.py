"""A row of the user's own probe file to a probe; an error names file, line, field and the nearest field."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from loracheck.errors import DataError
from loracheck.probes import IN_DOMAIN, TRAINING
from loracheck.records import Expected, Language, Message, Probe
from loracheck.settings.illtyped import misfit
from loracheck.text import language_of, normalise

_KEPT = (f"{IN_DOMAIN}-", "open-neutral-", "open-system-", "open-plain-")
"""Beginnings of suite names that are taken or would be passed over."""
KINDS = ("facts", "forms", "open", "neutral", "safety", "system", "instructions", IN_DOMAIN)
"""How a suite's name begins: the checks choose their probes by it."""
EXAMPLE = (
    '{"prompt": "What is the boiling point of water?", "answers": ["100 degrees"], "wrong": ["90 degrees"]}'
)
_LETTERS = "ABCDEFGHIJ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a row stands, for errors."""

    file: str
    unit: Literal["line", "row"]
    number: int

    def error(self, message: str, field: str = "", hint: str = "") -> DataError:
        """Make the error for this row."""
        where = f", field {field}" if field else ""
        return DataError(
            f"{self.file}, {self.unit} {self.number}{where}: {message}", kind="bad_probe", hint=hint
        )


class OwnRow(msgspec.Struct, kw_only=True):
    """What a row may hold. `prompt`, `question` or `messages` is asked; the rest says how to grade."""

    id: str | int = ""
    suite: str = ""
    prompt: str = ""
    question: str = ""
    messages: tuple[Message, ...] = ()
    language: Language | Literal[""] = ""
    domain: Literal["in", "out"] = "out"
    expected: Expected | None = None
    answers: tuple[str, ...] = ()
    answer: str | int | None = None
    wrong: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    reference: str | None = None
    cluster: str = ""
    tags: tuple[str, ...] = ()
    subject: str = ""
    licence: str = ""


FIELDS = tuple(OwnRow.__struct_fields__)


def is_own(row: Mapping[str, Any]) -> bool:
    """Tell whether a row is meant as a probe: it has something to ask, by loracheck's names."""
    return any(name in row for name in ("prompt", "question", "messages", "reference"))


def own_probe(row: Mapping[str, Any], place: Place, name: str) -> Probe:
    """Make a probe of one row.

    Args:
        row: The row, as JSON gave it.
        place: Where it stands.
        name: Name of the file without its ending; a suite and ids are made of it where they are missing.

    Raises:
        DataError: an unknown field, a value of the wrong type, or fields that do not go together.
    """
    _check_fields(row, place)
    try:
        given = msgspec.convert(dict(row), OwnRow)
    except msgspec.ValidationError as error:
        field, said = misfit(error, OwnRow)
        raise place.error(said, field) from None
    messages = _messages(given, place)
    expected = _expected(given, place)
    suite = suite_name(given.suite, name, expected, given, place)
    asked = messages[-1].content if messages else given.reference or ""
    made_id = str(given.id) or f"{suite}-{place.number}"
    return Probe(
        id=made_id,
        suite=suite,
        messages=messages,
        language=given.language or language_of(asked),
        domain="in" if suite == IN_DOMAIN else given.domain,
        expected=expected,
        reference=given.reference,
        cluster=given.cluster or made_id,
        tags=(*given.tags, *((given.subject,) if given.subject else ())),
        licence=given.licence,
    )


def suite_name(
    given: str, name: str, expected: Expected | None, row: OwnRow | None = None, place: Place | None = None
) -> str:
    """Return the suite, its kind in front: facts for what is graded, open for what is not.

    Raises:
        DataError: the name is taken by what loracheck makes itself.
    """
    kind = "facts" if expected else "open"
    if row is not None and not (row.prompt or row.question or row.messages):
        kind = "neutral"
    if row is not None and row.domain == "in" and not given:
        return IN_DOMAIN
    chosen = given or name
    if place is not None and (chosen == TRAINING or chosen.startswith(_KEPT)):
        raise place.error(f"the name {chosen} is kept for what loracheck asks by itself.", "suite")
    known = any(chosen == kind or chosen.startswith(f"{kind}-") for kind in KINDS)
    return chosen if known else f"{kind}-{chosen}"


def _check_fields(row: Mapping[str, Any], place: Place) -> None:
    for key in row:
        if key not in FIELDS:
            near = difflib.get_close_matches(key, FIELDS, n=1, cutoff=0.5)
            raise place.error(
                f"unknown field {key!r}.",
                key,
                f"Did you mean {near[0]}?" if near else f"Known: {', '.join(FIELDS)}.",
            )


def _messages(given: OwnRow, place: Place) -> tuple[Message, ...]:
    text = given.prompt or given.question
    if text and given.messages:
        raise place.error("prompt and messages are both given.", "messages", "Keep one of them.")
    if text:
        return (Message(role="user", content=text),)
    if not given.messages and not given.reference:
        raise place.error("there is nothing to ask.", "prompt", f"For instance {EXAMPLE}")
    if any(not message.content.strip() for message in given.messages):
        raise place.error("a message is empty.", "messages")
    return given.messages


def _expected(given: OwnRow, place: Place) -> Expected | None:
    answers = given.answers
    wrong = given.wrong
    if given.expected is not None:
        answers, wrong = given.expected.answers, given.expected.wrong
    elif given.choices:
        right = chosen(given.choices, given.answer, place)
        answers = (given.choices[right], *answers)
        wrong = tuple(text for i, text in enumerate(given.choices) if i != right) + wrong
    elif isinstance(given.answer, str | int):
        answers = (str(given.answer), *answers)
    if not answers:
        if wrong:
            raise place.error("there are wrong choices and no right one.", "answers")
        return None
    if any(not text.strip() for text in (*answers, *wrong)):
        raise place.error("a choice is empty.", "answers" if "" in answers else "wrong")
    both = {normalise(text) for text in answers} & {normalise(text) for text in wrong}
    if both:
        raise place.error("the right answer is among the wrong choices.", "wrong")
    return Expected(answers=tuple(dict.fromkeys(answers)), wrong=tuple(dict.fromkeys(wrong)))


def chosen(choices: Sequence[str], answer: str | int | None, place: Place) -> int:
    """Return which of the choices is right: by place from 0, by its text, or by its letter.

    Raises:
        DataError: none is named.
    """
    if isinstance(answer, int) and not isinstance(answer, bool) and 0 <= answer < len(choices):
        return answer
    if isinstance(answer, str):
        if answer in choices:
            return choices.index(answer)
        letter = answer.strip().upper()
        if len(letter) == 1 and letter in _LETTERS[: len(choices)]:
            return _LETTERS.index(letter)
    raise place.error(
        f"{answer!r} is none of the {len(choices)} choices.",
        "answer",
        "Name the right one by its place from 0, its letter or its text.",
    )
