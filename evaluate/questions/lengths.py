"""How many tokens messages take, and how many the replies of the domain may take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import ceil

from loracheck.records import Message, Probe
from loracheck.templates.chat import ChatTemplate
from loracheck.text import language_of
from loracheck.text.tokens import guessed_tokens

_ROOM = 1.5
_LONG = 0.95
_SPARE = 1.25
MOST_ROOM = 512


def reply_lengths(probes: Sequence[Probe], template: ChatTemplate | None) -> dict[str, int]:
    """Return the tokens of each probe's reference; without a template they are estimated by characters."""
    length = token_counter(template)
    return {
        probe.id: length((*probe.messages, Message(role="assistant", content=probe.reference)))
        - length(probe.messages)
        for probe in probes
        if probe.reference
    }


def reply_room(lengths: Iterable[int], least: int) -> int:
    """Return the tokens an answer in the domain may take: one and a half times a long reference, within 512.

    Args:
        lengths: Of the references.
        least: What any answer may take.
    """
    ordered = sorted(lengths)
    if not ordered:
        return least
    long = ordered[min(len(ordered) - 1, int(_LONG * len(ordered)))]
    return max(least, min(MOST_ROOM, ceil(_ROOM * long)))


def beyond_room(lengths: Mapping[str, int], room: int | None) -> tuple[str, ...]:
    """Return the probes whose reference, and a quarter more, would not fit."""
    return tuple(name for name, tokens in lengths.items() if room is not None and _SPARE * tokens > room)


def token_counter(template: ChatTemplate | None) -> Callable[[tuple[Message, ...]], int]:
    """Return the function that counts the tokens of messages; a text without a question is counted by itself."""
    if template is None:
        return lambda messages: sum(
            guessed_tokens(len(m.content), language_of(m.content)) + 4 for m in messages
        )

    def length(messages: tuple[Message, ...]) -> int:
        if not messages or messages[-1].role != "assistant":
            return len(template.prompt_ids(messages))
        *asked, reply = messages
        if not asked:
            return len(template.encode_text(reply.content).ids)
        return len(template.encode_reply(asked, reply.content).ids)

    return length
