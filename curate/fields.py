"""The parts of a row that are compared each for itself: what is given, what is asked, what is replied."""

from __future__ import annotations

from typing import NamedTuple

from loracheck.records import Example
from loracheck.text import normalise


class Fields(NamedTuple):
    """The text of one row, as it stands in the data."""

    context: str
    question: str
    reply: str


def fields_of(example: Example) -> Fields:
    """Split a row: the last user turn asks; earlier turns and a passage given with the question are context."""
    *earlier, asked = [m for m in example.messages[:-1] if m.role != "system"] or example.messages[:1]
    passage = str(example.metadata.get("context", ""))
    question = asked.content.removesuffix(passage).rstrip() if passage else asked.content
    context = "\n".join([*(message.content for message in earlier), passage]).strip()
    return Fields(context=context, question=question, reply=example.reply)


def folded(fields: Fields) -> Fields:
    """Return the fields in their form for comparison."""
    return Fields(*map(normalise, fields))
