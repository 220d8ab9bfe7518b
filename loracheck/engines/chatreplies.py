"""What a server answers, read: a chat completion with its tokens and what it took, or the list of its models."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from loracheck import jsonl
from loracheck.records import FinishReason

T = TypeVar("T")

_BYTES_A_TOKEN = 3
"""What a token is taken for where the server does not count: a Japanese character, three Latin letters."""

_ENDS: dict[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "content_filter": "stop",
    "turn": "turn",
    "length": "length",
    "max_tokens": "length",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A generated token: its text, and the log-probability in nats of each text that could stand there."""

    text: str
    alternatives: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatReply:
    """What the server answered; `refusal` is its own word for not answering, empty otherwise."""

    text: str
    finish_reason: str
    refusal: str
    tokens: tuple[Token, ...]
    prompt_tokens: int
    completion_tokens: int


_NOTHING = msgspec.Raw(b"null")


class _Alternative(msgspec.Struct):
    token: str
    logprob: float | None = None


class _Position(msgspec.Struct):
    token: str
    logprob: float | None = None
    top_logprobs: list[_Alternative] | None = None


class _Logprobs(msgspec.Struct):
    content: list[_Position] | None = None


class _Message(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None
    logprobs: msgspec.Raw = _NOTHING


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Model(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Model]


class _Body(msgspec.Struct):
    choices: list[_Choice]
    usage: msgspec.Raw = _NOTHING


def read_reply(content: bytes, prompt_bytes: int) -> ChatReply:
    """Read a completion; what only comes with it (log-probabilities, usage) may be missing or malformed.

    Raises:
        ValueError: it is none.
    """
    try:
        body = jsonl.decode(content, _Body)
    except msgspec.MsgspecError as error:
        told = content[:200].decode("utf-8", "replace")
        raise ValueError(f"no chat completion came back ({error}): {told}") from None
    if not body.choices:
        raise ValueError("the server answered without a choice")
    choice = body.choices[0]
    text = choice.message.content or ""
    usage = _lenient(body.usage, _Usage) or _Usage()
    logprobs = _lenient(choice.logprobs, _Logprobs)
    counted = usage.prompt_tokens, usage.completion_tokens
    guessed = prompt_bytes // _BYTES_A_TOKEN, len(text.encode("utf-8", "replace")) // _BYTES_A_TOKEN
    prompt, completion = (max(0, g if n is None else n) for n, g in zip(counted, guessed, strict=True))
    return ChatReply(
        text=text,
        finish_reason=choice.finish_reason or "",
        refusal=choice.message.refusal
        or ("content filter" if choice.finish_reason == "content_filter" else ""),
        tokens=tuple(
            Token(text=position.token, alternatives=_alternatives(position))
            for position in (logprobs.content if logprobs else None) or ()
        ),
        prompt_tokens=prompt,
        completion_tokens=completion,
    )


def finish_reason(told: str | None) -> FinishReason:
    """Map a server's word for why a reply ended; one that is not known stays unknown."""
    return _ENDS.get(told or "", "unknown")


def read_models(content: bytes) -> tuple[str, ...] | None:
    """Read a list of models; None where it is none."""
    found = _lenient(content, _Models)
    return tuple(entry.id for entry in found.data) if found else None


def _lenient(raw: bytes | msgspec.Raw, kind: type[T]) -> T | None:
    try:
        return jsonl.decode(raw, kind)
    except msgspec.MsgspecError:
        return None


def _alternatives(position: _Position) -> dict[str, float]:
    found = [(a.token, a.logprob) for a in position.top_logprobs or ()]
    found.append((position.token, position.logprob))
    return {text: logprob for text, logprob in found if logprob is not None and not math.isnan(logprob)}
