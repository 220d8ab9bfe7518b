from __future__ import annotations

import contextlib
import email.utils
import gzip
import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from loracheck.engines.chatreplies import ChatReply, read_models
from loracheck.engines.endpoint import BudgetSpent, CallFailed, Endpoint, _seconds, check_address
from loracheck.errors import EnvironmentFault, UsageError
from loracheck.records import Message

ASKED = (Message(role="user", content="日本の首都は？"),)
SCHEMA = {"type": "object"}
Server = Any


def body(text: str | None = "東京です。", **choice: Any) -> dict[str, Any]:  # noqa: ANN401
    message = {"role": "assistant", "content": text, **choice.pop("message", {})}
    return {
        "choices": [{"message": message, "finish_reason": "stop", **choice}],
        "usage": {"prompt_tokens": 7},
    }


def endpoint(server: Server, **options: Any) -> Endpoint:  # noqa: ANN401
    return Endpoint(server.address, "m", **{"retries": 2, "first_wait_seconds": 0.001, **options})


def ask(server: Server, schema: dict[str, Any] | None = SCHEMA, **options: Any) -> ChatReply:  # noqa: ANN401
    with endpoint(server, **options) as one:
        return one.complete(ASKED, max_tokens=50, schema=schema)


def test_a_reply_comes_back_with_its_tokens_and_what_it_took(
    chat_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "secret")
    top = [{"token": "4", "logprob": -0.5}, {"token": "5", "logprob": -1.0}, {"token": "x", "logprob": None}]
    tokens = {"content": [{"token": "4", "logprob": -0.5, "top_logprobs": top}, {"token": "。"}]}
    chat_server.respond = lambda _: (200, body(logprobs=tokens), {})
    reply = ask(chat_server, key_variable="A_KEY")
    assert (reply.text, reply.finish_reason, reply.refusal) == ("東京です。", "stop", "")
    assert reply.tokens[0].alternatives == {"4": -0.5, "5": -1.0}
    assert reply.tokens[1].alternatives == {}
    assert (reply.prompt_tokens, reply.completion_tokens) == (7, 5)  # the second is guessed from bytes
    assert chat_server.keys == ["Bearer secret"]
    (sent,) = chat_server.bodies
    assert sent["messages"] == [{"role": "user", "content": "日本の首都は？"}]
    assert (sent["temperature"], sent["max_tokens"], sent["logprobs"]) == (0, 50, True)
    assert sent["response_format"]["json_schema"]["schema"] == SCHEMA


def test_without_a_schema_nothing_optional_is_asked_and_without_a_key_none_is_sent(
    chat_server: Server,
) -> None:
    chat_server.respond = lambda _: (200, body(), {})
    ask(chat_server, schema=None)
    assert set(chat_server.bodies[0]) == {"model", "messages", "temperature", "max_tokens"}
    assert chat_server.keys == [None]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_tried_again(chat_server: Server, status: int) -> None:
    answers = [(status, {}, {"Retry-After": "0"}), (status, {}, {}), (200, body(), {})]
    chat_server.respond = lambda _: answers.pop(0)
    with endpoint(chat_server) as one:
        assert one.complete(ASKED, max_tokens=5).text == "東京です。"
        assert one.requests == 3


def test_what_does_not_pass_fails_that_one_call(chat_server: Server) -> None:
    chat_server.respond = lambda _: (503, b"overloaded", {})
    with pytest.raises(CallFailed, match="503: overloaded"):
        ask(chat_server)
    assert len(chat_server.bodies) == 3


def test_the_server_is_given_the_time_it_asks_for(
    chat_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    answers = [(429, {}, {"Retry-After": "7"}), (429, {}, {"Retry-After": "9999"}), (200, body(), {})]
    chat_server.respond = lambda _: answers.pop(0)
    ask(chat_server)
    assert [seconds for seconds in waited if seconds >= 1] == [7.0, 60.0]


def test_a_time_may_be_told_as_a_date() -> None:
    soon = email.utils.formatdate(time.time() + 30, usegmt=True)
    assert 25 < (_seconds(soon) or 0) < 31
    assert _seconds("Tue, 01 Jan 2019 00:00:00 GMT") == 0.0
    assert _seconds("soon") is None
    assert _seconds("nan") is None
    assert _seconds("Mon, 01 Jan 99999999999999999999 00:00:00 GMT") is None
    assert _seconds(None) is None


@pytest.mark.parametrize(
    ("status", "told"), [(401, "refuses the key"), (403, "A_KEY"), (404, "no model 'm'")]
)
def test_what_can_never_succeed_ends_at_once_with_what_to_do(
    chat_server: Server, status: int, told: str
) -> None:
    chat_server.respond = lambda _: (status, {"error": "no"}, {})
    with pytest.raises(UsageError) as caught:
        ask(chat_server, key_variable="A_KEY")
    assert told in str(caught.value)
    assert len(chat_server.bodies) == 1


def test_where_nothing_listens_the_address_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        Endpoint(f"http://127.0.0.1:{port}/v1", "m", retries=1, first_wait_seconds=0.001) as one,
        pytest.raises(EnvironmentFault, match=f"nothing answers at http://127.0.0.1:{port}/v1"),
    ):
        one.complete(ASKED, max_tokens=5)
    with pytest.raises(UsageError, match="no web address"):
        Endpoint("localhost:8000", "m")


def refusing(*names: str) -> Callable[[dict[str, Any]], Any]:
    """Refuse a body that holds one of these fields, naming the first of them."""

    def respond(sent: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
        found = [name for name in names if name in sent]
        told = {"max_tokens": "use max_completion_tokens instead"}
        return (
            (400, {"error": told.get(found[0], f"unknown field {found[0]}")}, {})
            if found
            else (200, body(), {})
        )

    return respond


@pytest.mark.parametrize(
    "names",
    [("logprobs",), ("response_format",), ("temperature",), ("max_tokens",)],
)
def test_what_a_server_does_not_know_is_left_out_for_good(
    chat_server: Server, names: tuple[str, ...]
) -> None:
    chat_server.respond = refusing(*names)
    with endpoint(chat_server) as one:
        for _ in range(2):
            assert one.complete(ASKED, max_tokens=5, schema=SCHEMA).text == "東京です。"
        assert one.requests == 3
    assert not set(names) & set(chat_server.bodies[-1])
    assert ("max_completion_tokens" in chat_server.bodies[-1]) == (names == ("max_tokens",))
    left = {"logprobs", "response_format", "temperature"} - set(names)
    assert left <= set(chat_server.bodies[-1])


def test_a_request_that_is_too_long_fails_alone(chat_server: Server) -> None:
    """Its error names no option, or names one in other words: later requests keep all they asked for."""
    for told in ("maximum context length is 4096 tokens", "max_tokens or max_completion_tokens is too large"):
        seen = len(chat_server.bodies)
        answers: list[Any] = [(200, body(), {}), (400, told.encode(), {}), (200, body(), {})]
        chat_server.respond = lambda _, left=answers: left.pop(0)
        with endpoint(chat_server) as one:
            one.complete(ASKED, max_tokens=5, schema=SCHEMA)
            with pytest.raises(CallFailed, match=told):
                one.complete(ASKED, max_tokens=5, schema=SCHEMA)
            one.complete(ASKED, max_tokens=5, schema=SCHEMA)
            assert one.left_out == ()
        first, _, last = chat_server.bodies[seen:]
        assert first == last


def test_the_first_request_that_is_too_long_costs_no_option(chat_server: Server) -> None:
    chat_server.respond = lambda _: (400, b"maximum context length is 4096 tokens", {})
    with endpoint(chat_server) as one:
        with pytest.raises(CallFailed, match="context length"):
            one.complete(ASKED, max_tokens=5, schema=SCHEMA)
        chat_server.respond = lambda _: (200, body(), {})
        one.complete(ASKED, max_tokens=5, schema=SCHEMA)
    assert {"logprobs", "response_format", "temperature"} <= set(chat_server.bodies[-1])
    assert all("temperature" in sent for sent in chat_server.bodies)


@pytest.mark.parametrize("names", [{"logprobs"}, {"response_format"}, {"logprobs", "response_format"}])
def test_an_option_that_is_refused_without_its_name_is_found_by_trial(
    chat_server: Server, names: set[str]
) -> None:
    chat_server.respond = lambda sent: (400, b"bad", {}) if names & set(sent) else (200, body(), {})
    with endpoint(chat_server) as one:
        for _ in range(2):
            one.complete(ASKED, max_tokens=5, schema=SCHEMA)
        assert set(one.left_out) == names
    assert {"logprobs", "response_format"} - names <= set(chat_server.bodies[-1])


def test_what_rows_say_takes_no_option_away(chat_server: Server) -> None:
    """A server may repeat the row in its error."""
    chat_server.respond = lambda _: (200, body(), {})
    with endpoint(chat_server) as one:
        one.complete(ASKED, max_tokens=5, schema=SCHEMA)
        chat_server.respond = lambda _: (400, b"cannot take: 'set temperature and logprobs'", {})
        with pytest.raises(CallFailed):
            one.complete(ASKED, max_tokens=5, schema=SCHEMA)
        assert one.left_out == ()


def test_retries_count_against_the_budget(chat_server: Server) -> None:
    chat_server.respond = lambda _: (503, b"overloaded", {})
    with endpoint(chat_server, retries=50, max_requests=4) as one, pytest.raises(BudgetSpent):
        one.complete(ASKED, max_tokens=5)
    assert len(chat_server.bodies) == 4


@pytest.mark.parametrize(
    "usage", [{"prompt_tokens": 60, "completion_tokens": 40}, None, {"prompt_tokens": None}]
)
def test_tokens_count_against_the_budget_even_where_the_server_does_not_count(
    chat_server: Server, usage: object
) -> None:
    chat_server.respond = lambda _: (200, {**body("あ" * 90), "usage": usage}, {})
    with endpoint(chat_server, max_tokens=150) as one:
        for _ in range(2):
            one.complete(ASKED, max_tokens=5)
        with pytest.raises(BudgetSpent):
            one.complete(ASKED, max_tokens=5)
        assert 150 <= one.tokens <= 200


def test_what_only_comes_with_a_reply_may_be_malformed(chat_server: Server) -> None:
    for odd in (3, "x", {"content": 5}, {"content": [{"token": 1}]}):
        chat_server.respond = lambda _, odd=odd: (200, {**body(logprobs=odd), "usage": odd}, {})
        assert ask(chat_server).text == "東京です。"
    chat_server.respond = lambda _: (200, {**body(), "usage": {"prompt_tokens": -1_000_000}}, {})
    assert ask(chat_server).prompt_tokens == 0


def test_the_key_is_in_no_message(chat_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "sk-0123456789abcdef"
    monkeypatch.setenv("A_KEY", f" {key}\n")
    chat_server.respond = lambda _: (401, f"bad key {key}".encode(), {})
    with pytest.raises(UsageError) as caught:
        ask(chat_server, key_variable="A_KEY")
    assert chat_server.keys == [f"Bearer {key}"]
    assert key not in str(caught.value)
    assert "***" in str(caught.value)
    chat_server.respond = lambda _: (200, body(f"you said {key}"), {})
    assert ask(chat_server, key_variable="A_KEY").text == "you said ***"


@pytest.mark.parametrize("key", ["sk-\nabc", "鍵-12345678", "a\0b"])
def test_a_key_that_is_none_is_refused_and_not_shown(
    chat_server: Server, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setattr("os.environ", {"A_KEY": key})
    with pytest.raises(UsageError, match="A_KEY holds characters that no key has") as caught:
        ask(chat_server, key_variable="A_KEY")
    assert key not in str(caught.value)


@pytest.mark.parametrize("address", ["http://", "http:///v1", f"http://{'a' * 70}.com/v1", "ftp://x/v1"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="no web address"):
        check_address(address)


@pytest.mark.parametrize(
    "address", ["https://me:word@host/v1", "https://host/v1?key=word", "https://host/v1#word"]
)
def test_an_address_with_a_secret_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(UsageError, match="in its address") as caught:
        check_address(address)
    assert "word@" not in str(caught.value)
    assert "=word" not in str(caught.value)


HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n"


@pytest.mark.parametrize(
    ("begun", "going_on"),
    [(HEAD + b"\r\n", b" "), (HEAD + b"x: ", b"x"), (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n")],
    ids=["body", "head", "hints"],
)
def test_a_server_that_dribbles_is_cut_off(begun: bytes, going_on: bytes) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def dribble() -> None:
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(65536)
                connection.sendall(begun)
                for _ in range(40):
                    connection.sendall(going_on)
                    time.sleep(0.1)

        thread = threading.Thread(target=dribble)
        thread.start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        with (
            Endpoint(address, "m", timeout_seconds=0.3, retries=0) as one,
            pytest.raises(CallFailed, match="took too long"),
        ):
            one.complete(ASKED, max_tokens=5)
        thread.join()


def test_packed_replies_are_not_asked_for_and_not_unpacked(chat_server: Server) -> None:
    chat_server.respond = lambda _: (200, body(), {})
    ask(chat_server)
    assert chat_server.headers[-1]["Accept-Encoding"] == "identity"
    packed = gzip.compress(b" " * (64 << 20))
    chat_server.respond = lambda _: (200, packed, {"Content-Encoding": "gzip"})
    with pytest.raises(CallFailed, match=r"packs its replies \(gzip\)"):
        ask(chat_server, retries=0)


def test_what_is_nested_without_end_is_no_completion_or_left_out_of_one(chat_server: Server) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    for name in ("usage", "logprobs"):
        sent = json.dumps({**body(logprobs="here" if name == "logprobs" else None), "usage": "here"})
        chat_server.respond = lambda _, sent=sent: (200, sent.replace('"here"', deep).encode(), {})
        with contextlib.suppress(CallFailed):
            assert ask(chat_server).text == "東京です。"
    chat_server.respond = lambda _: (200, deep.encode(), {})
    with pytest.raises(CallFailed, match="no chat completion"):
        ask(chat_server)
    assert read_models(deep.encode()) is None


def test_a_server_that_refuses_everything_fails_the_call(chat_server: Server) -> None:
    chat_server.respond = lambda _: (400, b"bad", {})
    with pytest.raises(CallFailed, match="400: bad"):
        ask(chat_server)
    assert len(chat_server.bodies) == 4


def test_a_server_that_takes_too_long_fails_the_call(chat_server: Server) -> None:
    def respond(_: object) -> tuple[int, dict[str, Any], dict[str, str]]:
        time.sleep(0.4)
        return 200, body(), {}

    chat_server.respond = respond
    with pytest.raises(CallFailed, match="Timeout"):
        ask(chat_server, timeout_seconds=0.05, retries=1)
    assert len(chat_server.bodies) == 2


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b'{"choices": [{"message": {"content": "\xff"}}]}',
        b"[]",
        b'{"choices": []}',
        b'{"choices": [{"message": 3}]}',
        json.dumps({"a": "b" * 99}).encode(),
    ],
)
def test_what_is_no_completion_fails_the_call(chat_server: Server, content: bytes) -> None:
    chat_server.respond = lambda _: (200, content, {})
    with pytest.raises(CallFailed):
        ask(chat_server)


def test_a_text_that_cannot_be_sent_fails_that_call(chat_server: Server) -> None:
    with endpoint(chat_server) as one, pytest.raises(CallFailed, match="cannot be sent"):
        one.complete([Message(role="user", content="\ud800")], max_tokens=5)


def test_an_error_that_comes_as_a_success_is_told(chat_server: Server) -> None:
    chat_server.respond = lambda _: (200, {"error": {"message": "model is loading"}}, {})
    with pytest.raises(CallFailed, match="model is loading"):
        ask(chat_server)


def test_a_body_without_end_is_cut_off(chat_server: Server) -> None:
    chat_server.respond = lambda _: (200, b" " * (5 << 20), {})
    with pytest.raises(CallFailed, match="more than 4 MB"):
        ask(chat_server)


def test_a_refusal_is_told_from_an_answer(chat_server: Server) -> None:
    chat_server.respond = lambda _: (200, body(None, message={"refusal": "no"}), {})
    assert ask(chat_server).refusal == "no"
    chat_server.respond = lambda _: (200, body(None, finish_reason="content_filter"), {})
    assert ask(chat_server).refusal == "content filter"
