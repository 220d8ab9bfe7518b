"""What a server can do of what loracheck asks: models, log-probabilities, seeds, stop strings, likelihoods of a text.

Whatever it lacks is a note, with what that means for an evaluation; only a server that gives no answers is missing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from loracheck.doctor import Check
from loracheck.engines.chatreplies import ChatReply
from loracheck.engines.endpoint import CallFailed, Endpoint
from loracheck.engines.served import ServedEngine, ServerOptions
from loracheck.errors import LoracheckError
from loracheck.progress import Progress
from loracheck.records import Message

_TIMEOUT_SECONDS = 30.0
_LISTED = 12
_COUNT = (Message(role="user", content="Count from 1 to 20, with commas between the numbers."),)
_DRAW = (Message(role="user", content="Write five random words."),)
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"answer": {"type": "integer"}},
    "required": ["answer"],
    "additionalProperties": False,
}


def examine_endpoint(address: str, model: str | None, key_variable: str) -> list[Check]:
    """Ask a server for its models and a few tokens.

    Args:
        address: Base address, as "http://localhost:8000/v1".
        model: Which of its models to try; None takes the first one that it lists.
        key_variable: Environment variable that holds the key.
    """
    try:
        return list(_examined(address, model, key_variable))
    except LoracheckError as error:
        return [Check(name="endpoint", status="missing", detail=error.message, mend=error.hint)]


def _examined(address: str, model: str | None, key_variable: str) -> Iterator[Check]:
    started = time.monotonic()
    with _endpoint(address, model or "", key_variable) as endpoint:
        known = endpoint.models()
    waited = f", answered in {time.monotonic() - started:.1f} s"
    yield Check(name="endpoint", status="ok", detail=f"{address}{waited}")
    listed = (
        ", ".join(known[:_LISTED]) + (f" and {len(known) - _LISTED} more" if len(known) > _LISTED else "")
        if known
        else ""
    )
    if model is None and not known:
        yield Check(
            name="models",
            status="missing",
            detail="it lists no models" if known is None else "it serves none",
            mend="name one with --model NAME" if known is None else "load a model on the server",
        )
        return
    chosen = model or (known or ("",))[0]
    if known is not None and chosen not in known:
        yield Check(
            name="models",
            status="missing",
            detail=f"it has no {chosen}; it has {listed or 'none'}",
            mend="pass a name as the server lists it: --model NAME",
        )
        return
    yield Check(name="models", status="ok", detail=listed or "unknown: it keeps no list")
    with _endpoint(address, chosen, key_variable) as endpoint:
        yield from _abilities(endpoint)
    yield from _likelihoods(address, chosen, key_variable)


def _endpoint(address: str, model: str, key_variable: str) -> Endpoint:
    return Endpoint(
        address,
        model,
        key_variable=key_variable,
        timeout_seconds=_TIMEOUT_SECONDS,
        retries=1,
        first_wait_seconds=0.2,
    )


def _abilities(endpoint: Endpoint) -> Iterator[Check]:
    try:
        plain = endpoint.complete(_COUNT, max_tokens=48)
    except CallFailed as failure:
        yield Check(
            name="chat",
            status="missing",
            detail=f"{endpoint.model} gives no answer: {failure}",
            mend="look at the server's log; a base without a chat template needs one, as vllm --chat-template FILE",
        )
        return
    if not plain.text.strip():
        yield Check(
            name="chat",
            status="note",
            detail=f"{endpoint.model} answers with nothing",
            mend="turn the model's thinking off on the server, or allow it more tokens",
        )
    else:
        yield Check(name="chat", status="ok", detail=f"{endpoint.model} answers")
    yield _logprobs(endpoint)
    yield _seed(endpoint)
    yield _stop(endpoint, plain)


def _logprobs(endpoint: Endpoint) -> Check:
    reply = _tried(lambda: endpoint.complete(_COUNT, max_tokens=16, schema=_SCHEMA))
    if reply is not None and any(len(token.alternatives) > 1 for token in reply.tokens):
        form = "" if "response_format" not in endpoint.left_out else "; it takes no JSON schema"
        return Check(name="logprobs", status="ok", detail=f"given with answers{form}")
    return Check(
        name="logprobs",
        status="note",
        detail="not given: a judge's scores are read from its text alone, as whole numbers",
        mend="ask for them on the server, as vllm --max-logprobs 20",
    )


def _seed(endpoint: Endpoint) -> Check:
    drawn = [_drawn(endpoint, seed) for seed in (7, 7, 8)]
    texts = [None if reply is None else reply.text for reply in drawn]
    if "seed" in endpoint.left_out or None in texts:
        detail = "not taken: drawn answers differ from run to run; greedy ones decide all the same"
    elif texts[0] != texts[1]:
        detail = "taken but not heeded: the same seed gave two answers; greedy ones decide all the same"
    elif texts[0] == texts[2]:
        detail = "unknown: three draws, two of one seed, gave the same answer"
    else:
        return Check(
            name="seeds", status="ok", detail="the same seed gives the same answer, another one another"
        )
    return Check(name="seeds", status="note", detail=detail)


def _drawn(endpoint: Endpoint, seed: int) -> ChatReply | None:
    further = {"seed": seed}
    return _tried(lambda: endpoint.complete(_DRAW, max_tokens=24, temperature=1.0, further=further))


def _stop(endpoint: Endpoint, plain: ChatReply) -> Check:
    """Let an answer that was given be cut at a word of its own."""
    words = plain.text.split()
    if len(words) < 3:
        return Check(name="stop", status="note", detail="unknown: its answer was too short to be cut")
    word = words[len(words) // 2]
    reply = _tried(lambda: endpoint.complete(_COUNT, max_tokens=48, further={"stop": [word]}))
    if reply is not None and word not in reply.text and len(reply.text) < len(plain.text):
        return Check(name="stop", status="ok", detail="answers end at a stop string")
    return Check(
        name="stop",
        status="note",
        detail="not heeded: a base that goes on to the user's next turn is cut here, at the price of its tokens",
    )


def _likelihoods(address: str, model: str, key_variable: str) -> Iterator[Check]:
    """Find out what `eval --endpoint` can ask, in the way in which it does itself."""
    options = ServerOptions(
        address=address,
        key_variable=key_variable,
        timeout_seconds=_TIMEOUT_SECONDS,
        retries=1,
        first_wait_seconds=0.2,
    )
    engine = ServedEngine(options, {"base": model}, None, Progress(quiet=True))
    gives = engine.gives
    engine.close()
    if {"likelihoods", "choices"} <= gives:
        yield Check(name="likelihoods", status="ok", detail="of given texts and of given replies")
    else:
        yield Check(
            name="likelihoods",
            status="note",
            detail=f"{'of given replies only' if 'choices' in gives else 'not given'}: checks that compare the "
            "likelihoods of texts stay unmeasured",
            mend="serve with vLLM, which gives prompt_logprobs, or pass --tokenizer to eval if it has echo",
        )
    if "continues" not in gives:
        yield Check(
            name="begun replies",
            status="note",
            detail="cannot be gone on with: that part of the checks is left out",
        )
    else:
        yield Check(name="begun replies", status="ok", detail="can be gone on with")


def _tried(ask: Callable[[], ChatReply]) -> ChatReply | None:
    try:
        return ask()
    except CallFailed:
        return None
