"""Chat completions of an OpenAI-compatible server: vLLM, ollama, the llama.cpp server, or a hosted one.

Servers support different parts of the interface. What is optional (log-probabilities, a JSON schema, a fixed
temperature) is asked for, and left out for good once the server refuses it by name or takes the same request without
it. What it once took is never left out: then it is the request that is wrong, for instance too long.
"""

from __future__ import annotations

import asyncio
import email.utils
import math
import os
import random
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2

from loracheck.engines.chatreplies import ChatReply, read_models, read_reply
from loracheck.errors import EnvironmentFault, UsageError
from loracheck.records import Message

T = TypeVar("T")
R = TypeVar("R")

ALTERNATIVES = 10
"""Log-probabilities asked for at each token."""

_LONGEST_BODY = 4 << 20
_LONGEST_WAIT_SECONDS = 60.0
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_OPTIONAL = ("logprobs", "response_format", "temperature", "seed")
# Left out one after the other where a server refuses a request and does not say for what.
_TRIALS = (
    frozenset({"logprobs"}),
    frozenset({"response_format"}),
    frozenset({"logprobs", "response_format"}),
)
_SHORTEST_SECRET = 8


class CallFailed(Exception):
    """One request failed for good after its retries; others may succeed."""


class BudgetSpent(Exception):
    """The budget of requests or tokens is used up; nothing was sent."""


class Endpoint:
    """A server and a model on it. Safe to use from several threads.

    Args:
        address: Base address, as "http://localhost:8000/v1".
        model: The model's name there.
        key_variable: Environment variable that holds the key; one that is not set sends none.
        timeout_seconds: How long one try may take, about: never more than twice of it, however a server dawdles.
        retries: Further tries after a failure that may pass: no connection, 429, 5xx.
        first_wait_seconds: Wait before the first retry; doubles with each, unless the server names a time.
        max_requests: Tries after which no further one is made.
        max_tokens: Tokens after which no further request is made; those under way are still answered.

    Attributes:
        requests: Tries so far.
        tokens: Tokens of prompts and replies so far, estimated from the bytes where the server does not count.

    Raises:
        UsageError: the address is none, or the key holds what no key can.
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
        max_requests: int | None = None,
        max_tokens: int | None = None,
    ) -> None:
        check_address(address)
        self.address = address.rstrip("/")
        self.model = model
        self.requests = self.tokens = 0
        self._budget = (
            (math.inf if max_requests is None else max_requests),
            (math.inf if max_tokens is None else max_tokens),
        )
        self._retries = retries
        self._first_wait = first_wait_seconds
        self._timeout = timeout_seconds
        self._refused: set[str] = set()
        self._taken: set[str] = set()
        self._length_name = "max_tokens"
        self._lock = threading.Lock()
        self._key_variable = key_variable
        self._key = _key(key_variable)
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        # Packed replies are not asked for and not unpacked: a small one may hold more than memory does.
        headers["Accept-Encoding"] = "identity"
        self._client = httpx2.AsyncClient(timeout=timeout_seconds, headers=headers)
        self._exchanges = _Exchanges()

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return the optional parts that this server does not take."""
        with self._lock:
            return tuple(sorted(self._refused))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._exchanges.wait(self._client.aclose())
        self._exchanges.close()

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        schema: dict[str, Any] | None = None,
        temperature: float = 0,
        further: dict[str, Any] | None = None,
    ) -> ChatReply:
        """Ask for a reply, at temperature 0 unless told otherwise.

        Args:
            messages: The conversation.
            max_tokens: Longest reply.
            schema: JSON schema that the reply is to follow; log-probabilities are asked for then, too.
            temperature: At which tokens are drawn.
            further: Further fields of the request, such as a seed.

        Raises:
            CallFailed: this request failed after its retries, or was answered by something unreadable.
            BudgetSpent: the budget does not allow this request, or one of its retries.
            UsageError: the key, the model's name or the address is wrong, so every request would fail.
            EnvironmentFault: nothing answers at the address.
        """
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "temperature": temperature,
            **(further or {}),
        }
        if schema is not None:
            named = {"name": "answer", "strict": True, "schema": schema}
            body |= {
                "logprobs": True,
                "top_logprobs": ALTERNATIVES,
                "response_format": {"type": "json_schema", "json_schema": named},
            }
        trials = iter(_TRIALS)
        without: frozenset[str] = frozenset()
        while True:
            sent = self._within_reach(body, max_tokens, without)
            status, content = self._ask("chat/completions", sent)
            if status == 200:
                return self._answered(sent, content, without)
            if status in (400, 422):
                if self._refuses_by_name(_told(content), sent):
                    continue
                with self._lock:
                    untried = frozenset(body) - self._taken - self._refused
                without = next((trial for trial in trials if trial <= untried), frozenset())
                if without:
                    continue
            raise self._fault(status, content)

    def post(self, route: str, body: dict[str, Any]) -> bytes:
        """Send any other request of the interface about this model, with the same retries; returns what comes back.

        Raises:
            CallFailed, BudgetSpent, UsageError, EnvironmentFault: as `complete`.
        """
        status, content = self._ask(route, {"model": self.model, **body})
        if status != 200:
            raise self._fault(status, content)
        return content

    def models(self) -> tuple[str, ...] | None:
        """Return the names of the models that the server has; None where it keeps no list.

        Raises:
            EnvironmentFault: nothing answers at the address.
            UsageError: the server refuses the key.
        """
        status, content = self._ask("models")
        if status in (401, 403):
            raise self._fault(status, content)
        return read_models(content)

    def _within_reach(self, body: dict[str, Any], max_tokens: int, without: frozenset[str]) -> dict[str, Any]:
        with self._lock:
            gone = self._refused | without
            gone |= {"top_logprobs"} if "logprobs" in gone else set()
            return {k: v for k, v in body.items() if k not in gone} | {self._length_name: max_tokens}

    def _ask(self, route: str, body: dict[str, Any] | None = None) -> tuple[int, bytes]:
        """Send a request, and again while its failure may pass; returns the status and the body that came back."""
        attempt = 0
        while True:
            last, come_again = attempt >= self._retries, None
            try:
                with self._lock:
                    if self.requests >= self._budget[0] or self.tokens >= self._budget[1]:
                        raise BudgetSpent("the budget was used up")
                    self.requests += 1
                status, content, come_again = self._exchanges.wait(self._exchange(route, body))
                if last or status not in _PASSING:
                    return status, self._without_key(content)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                if last:
                    raise EnvironmentFault(
                        f"nothing answers at {self.address}: {error}",
                        kind="endpoint_unreachable",
                        hint="Start the server, or correct the address; what was answered before is kept.",
                    ) from None
            except (httpx2.HTTPError, httpx2.InvalidURL) as error:
                if last:
                    raise CallFailed(f"{type(error).__name__}: {error}") from None
            except UnicodeEncodeError:
                raise CallFailed("the text holds characters that cannot be sent") from None
            self._wait(attempt, come_again)
            attempt += 1

    async def _exchange(self, route: str, body: dict[str, Any] | None) -> tuple[int, bytes, str | None]:
        """Try once; returns the status, the body, and when to come again.

        The limits of the client are those of one step, such as a byte that is waited for; all of them together are
        bounded here.
        """
        method, content = "GET" if body is None else "POST", b""
        try:
            async with (
                asyncio.timeout(2 * self._timeout),
                self._client.stream(method, f"{self.address}/{route}", json=body) as response,
            ):
                if (packed := response.headers.get("content-encoding", "identity")) != "identity":
                    raise CallFailed(f"the server packs its replies ({packed}), and was asked not to")
                async for part in response.aiter_raw():
                    content += part
                    if len(content) > _LONGEST_BODY:
                        raise CallFailed(f"the server sent more than {_LONGEST_BODY >> 20} MB")
                return response.status_code, content, response.headers.get("retry-after")
        except TimeoutError:
            raise httpx2.ReadTimeout("the answer took too long") from None

    def _answered(self, sent: dict[str, Any], content: bytes, without: frozenset[str]) -> ChatReply:
        with self._lock:
            self._taken |= set(sent)
            self._refused |= without - self._taken
        asked = sum(len(message["content"].encode("utf-8", "replace")) for message in sent["messages"])
        try:
            reply = read_reply(content, asked)
        except ValueError as error:
            raise CallFailed(str(error)) from None
        with self._lock:
            self.tokens += reply.prompt_tokens + reply.completion_tokens
        return reply

    def _without_key(self, content: bytes) -> bytes:
        """Take the key out of what the server says, since that goes into messages and reports."""
        if len(self._key) < _SHORTEST_SECRET:
            return content
        return content.replace(self._key.encode(), b"***")

    def _fault(self, status: int, content: bytes) -> Exception:
        told = _told(content)
        if status in (401, 403):
            return UsageError(
                f"{self.address} refuses the key (HTTP {status}): {told}",
                kind="endpoint_key",
                hint=f"Put a valid key into the environment variable {self._key_variable or 'of the key'}.",
            )
        if status == 404:
            return UsageError(
                f"{self.address} knows no model {self.model!r} or no such address (HTTP 404): {told}",
                kind="endpoint_model",
                hint="Look up the model's name on the server; the address usually ends in /v1.",
            )
        return CallFailed(f"HTTP {status}: {told}")

    def _refuses_by_name(self, told: str, sent: dict[str, Any]) -> bool:
        """Leave out for good what the server names as not taken; tells whether anything was."""
        with self._lock:
            new = "max_completion_tokens" in told and "max_tokens" in sent and "max_tokens" not in self._taken
            if new:
                self._length_name = "max_completion_tokens"
                return True
            named = {name for name in _OPTIONAL if name in sent and name in told} - self._taken
            self._refused |= named
            return bool(named)

    def _wait(self, attempt: int, told: str | None) -> None:
        seconds = _seconds(told)
        if seconds is None:
            seconds = self._first_wait * 2.0**attempt * random.uniform(0.75, 1.25)
        time.sleep(min(_LONGEST_WAIT_SECONDS, seconds))


class _Exchanges:
    """A loop of its own thread, in which exchanges are made: only there can one be ended at any point."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def wait(self, exchange: Coroutine[Any, Any, T]) -> T:
        """Return what comes of an exchange, or raise its error."""
        return asyncio.run_coroutine_threadsafe(exchange, self._loop).result()

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def check_address(address: str) -> None:
    """Refuse what is no web address, and one that holds a secret: addresses stand in reports.

    Raises:
        UsageError: names it, and how one is written.
    """
    try:
        url = httpx2.URL(address)
        host = url.host.encode("idna")
    except (httpx2.InvalidURL, UnicodeError):
        host = b""
    if not host or not address.startswith(("http://", "https://")):
        raise UsageError(
            f"the endpoint {address[:200]} is no web address.",
            kind="endpoint_address",
            hint="Write it as http://localhost:8000/v1",
        )
    if url.userinfo or url.query or url.fragment:
        raise UsageError(
            f"the endpoint at {url.host} has a user, a password or a query in its address.",
            kind="endpoint_address",
            hint="Write it as https://host/v1 and put the key into the environment variable of the key.",
        )


def _key(variable: str) -> str:
    key = os.environ.get(variable, "").strip() if variable else ""
    if not (key.isascii() and key.isprintable()):
        raise UsageError(
            f"the environment variable {variable} holds characters that no key has.",
            kind="endpoint_key",
            hint="Copy the key again, without line breaks or quotation marks.",
        )
    return key


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


def _told(content: bytes) -> str:
    return content[:300].decode("utf-8", "replace")


def _seconds(told: str | None) -> float | None:
    """Read a Retry-After header: seconds, or a date."""
    if not told:
        return None
    try:
        seconds = float(told)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(told).timestamp() - time.time()
        except (ValueError, OverflowError, OSError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
