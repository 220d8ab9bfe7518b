"""Chat completions of an OpenAI-compatible server: vLLM, ollama, the llama.cpp server, or a hosted one.

Servers support different parts of the interface. What is optional (log-probabilities, a JSON schema, a fixed
temperature) is asked for, and left out for good once the server refuses it.
"""

from __future__ import annotations

import email.utils
import math
import os
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2
import msgspec

from loracheck.errors import EnvironmentFault, UsageError
from loracheck.records import Message

T = TypeVar("T")
R = TypeVar("R")

ALTERNATIVES = 10
"""Log-probabilities asked for at each token."""

_LONGEST_BODY = 4 << 20
_LONGEST_WAIT_SECONDS = 60.0
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_OPTIONAL = ("logprobs", "response_format", "temperature")


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


class CallFailed(Exception):
    """One request failed for good after its retries; others may succeed."""


class Endpoint:
    """A server and a model on it. Safe to use from several threads.

    Args:
        address: Base address, as "http://localhost:8000/v1".
        model: The model's name there.
        key_variable: Environment variable that holds the key; one that is not set sends none.
        timeout_seconds: How long one try may take.
        retries: Further tries after a failure that may pass: no connection, 429, 5xx.
        first_wait_seconds: Wait before the first retry; doubles with each, unless the server names a time.

    Attributes:
        requests: Tries so far.
    """

    def __init__(
        self,
        address: str,
        model: str,
        *,
        key_variable: str = "",
        timeout_seconds: float = 60.0,
        retries: int = 4,
        first_wait_seconds: float = 1.0,
    ) -> None:
        check_address(address)
        self.address = address.rstrip("/")
        self.model = model
        self.requests = 0
        self._retries = retries
        self._first_wait = first_wait_seconds
        self._refused: set[str] = set()
        self._length_name = "max_tokens"
        self._lock = threading.Lock()
        self._key_variable = key_variable
        key = os.environ.get(key_variable, "") if key_variable else ""
        self._client = httpx2.Client(
            timeout=timeout_seconds, headers={"Authorization": f"Bearer {key}"} if key else {}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def complete(
        self, messages: Sequence[Message], *, max_tokens: int, schema: dict[str, Any] | None = None
    ) -> ChatReply:
        """Ask for a reply, at temperature 0.

        Args:
            messages: The conversation.
            max_tokens: Longest reply.
            schema: JSON schema that the reply is to follow; log-probabilities are asked for then, too.

        Raises:
            CallFailed: this request failed after its retries, or was answered by something unreadable.
            UsageError: the key, the model's name or the address is wrong, so every request would fail.
            EnvironmentFault: nothing answers at the address.
        """
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "temperature": 0,
        }
        if schema is not None:
            named = {"name": "answer", "strict": True, "schema": schema}
            body |= {
                "logprobs": True,
                "top_logprobs": ALTERNATIVES,
                "response_format": {"type": "json_schema", "json_schema": named},
            }
        attempt = 0
        while True:
            content = self._send(self._within_reach(body, max_tokens), attempt)
            if isinstance(content, ChatReply):
                return content
            attempt += content

    def _within_reach(self, body: dict[str, Any], max_tokens: int) -> dict[str, Any]:
        gone = self._refused | ({"top_logprobs"} if "logprobs" in self._refused else set())
        return {k: v for k, v in body.items() if k not in gone} | {self._length_name: max_tokens}

    def _send(self, body: dict[str, Any], attempt: int) -> ChatReply | int:
        """Try once; returns the reply, or by how much to count up the tries before the next one."""
        with self._lock:
            self.requests += 1
        try:
            with self._client.stream("POST", f"{self.address}/chat/completions", json=body) as response:
                content = _limited(response)
                status, headers = response.status_code, response.headers
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            if attempt >= self._retries:
                raise EnvironmentFault(
                    f"nothing answers at {self.address}: {error}",
                    hint="Start the server, or correct the address; what was answered before is kept.",
                ) from None
            return self._wait(attempt, None)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            if attempt >= self._retries:
                raise CallFailed(f"{type(error).__name__}: {error}") from None
            return self._wait(attempt, None)
        if status == 200:
            return _read(content)
        told = content[:300].decode("utf-8", "replace")
        if status in _PASSING and attempt < self._retries:
            return self._wait(attempt, headers.get("retry-after"))
        if status in (400, 422) and self._do_without(told, body):
            return 0
        raise self._fault(status, told)

    def _fault(self, status: int, told: str) -> Exception:
        if status in (401, 403):
            return UsageError(
                f"{self.address} refuses the key (HTTP {status}): {told}",
                hint=f"Put a valid key into the environment variable {self._key_variable or 'of the key'}.",
            )
        if status == 404:
            return UsageError(
                f"{self.address} knows no model {self.model!r} or no such address (HTTP 404): {told}",
                hint="Look up the model's name on the server; the address usually ends in /v1.",
            )
        return CallFailed(f"HTTP {status}: {told}")

    def _do_without(self, told: str, body: dict[str, Any]) -> bool:
        """Leave out what the server does not take; tells whether there is something left to leave out."""
        with self._lock:
            if "max_completion_tokens" in told and "max_tokens" in body:
                self._length_name = "max_completion_tokens"
                return True
            asked = [name for name in _OPTIONAL if name in body]
            named = [name for name in asked if name in told]
            self._refused |= set(named or asked[:1])
            return bool(asked)

    def _wait(self, attempt: int, told: str | None) -> int:
        seconds = _seconds(told)
        if seconds is None:
            seconds = self._first_wait * 2.0**attempt * random.uniform(0.75, 1.25)
        time.sleep(min(_LONGEST_WAIT_SECONDS, seconds))
        return 1


def check_address(address: str) -> None:
    """Refuse what is no web address.

    Raises:
        UsageError: names it, and how one is written.
    """
    if not address.startswith(("http://", "https://")):
        raise UsageError(
            f"the endpoint {address} is no web address.", hint="Write it as http://localhost:8000/v1"
        )


def in_parallel(
    ask: Callable[[T], R], items: Iterable[tuple[int, T]], concurrency: int
) -> Iterator[tuple[int, R]]:
    """Ask for numbered items, several at once, and yield what comes back as it comes; an error ends it all.

    Items are taken as there is room, so a generator of them may stop when a budget is used up.
    """
    waiting: dict[Future[R], int] = {}
    pool = ThreadPoolExecutor(concurrency)
    try:
        for number, item in items:
            waiting[pool.submit(ask, item)] = number
            if len(waiting) >= 2 * concurrency:
                yield from _finished(waiting)
        while waiting:
            yield from _finished(waiting)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _finished(waiting: dict[Future[R], int]) -> Iterator[tuple[int, R]]:
    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
    for future in sorted(done, key=lambda one: waiting[one]):
        yield waiting.pop(future), future.result()


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
    logprobs: _Logprobs | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Body(msgspec.Struct):
    choices: list[_Choice]
    usage: _Usage | None = None


def _read(content: bytes) -> ChatReply:
    try:
        body = msgspec.json.decode(content, type=_Body)
    except msgspec.MsgspecError as error:
        raise CallFailed(f"no chat completion came back: {error}") from None
    if not body.choices:
        raise CallFailed("the server answered without a choice")
    choice, usage = body.choices[0], body.usage or _Usage()
    positions = (choice.logprobs.content if choice.logprobs else None) or []
    return ChatReply(
        text=choice.message.content or "",
        finish_reason=choice.finish_reason or "",
        refusal=choice.message.refusal
        or ("content filter" if choice.finish_reason == "content_filter" else ""),
        tokens=tuple(
            Token(text=position.token, alternatives=_alternatives(position)) for position in positions
        ),
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
    )


def _alternatives(position: _Position) -> dict[str, float]:
    found = [(a.token, a.logprob) for a in position.top_logprobs or ()]
    found.append((position.token, position.logprob))
    return {text: logprob for text, logprob in found if logprob is not None and not math.isnan(logprob)}


def _limited(response: httpx2.Response) -> bytes:
    """Read a body; a server that sends without end is cut off."""
    parts, size = [], 0
    for part in response.iter_bytes():
        parts.append(part)
        size += len(part)
        if size > _LONGEST_BODY:
            raise CallFailed(f"the server sent more than {_LONGEST_BODY >> 20} MB")
    return b"".join(parts)


def _seconds(told: str | None) -> float | None:
    """Read a Retry-After header: seconds, or a date."""
    if not told:
        return None
    try:
        seconds = float(told)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(told).timestamp() - time.time()
        except ValueError:
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
