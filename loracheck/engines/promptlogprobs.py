"""Likelihoods of given texts from a server: only where it really gives those of a prompt's own tokens.

Few servers do. vLLM takes `prompt_logprobs` with chat and plain completions; some take `echo` with plain ones, for
which the base's tokenizer must be at hand. A first request finds out; without a way there are no likelihoods.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from loracheck import jsonl
from loracheck.engines import Scored
from loracheck.engines.endpoint import CallFailed, Endpoint
from loracheck.errors import UsageError
from loracheck.records import Message
from loracheck.templates.chat import IGNORED, ChatTemplate, EncodedRow

_TRIED = (Message(role="user", content="2 + 2 ="), Message(role="assistant", content="4"))


class _Logprob(msgspec.Struct):
    logprob: float
    decoded_token: str | None = None


_Prompt = list[dict[str, _Logprob] | None]


class _Echoed(msgspec.Struct):
    tokens: list[str]
    token_logprobs: list[float | None]


class _Choice(msgspec.Struct):
    prompt_logprobs: _Prompt | None = None
    logprobs: _Echoed | None = None


class _Body(msgspec.Struct):
    choices: list[_Choice]
    prompt_logprobs: _Prompt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    """A token of a prompt: what tells it from others, its text, and its log-likelihood; None for the first one."""

    key: str
    text: str
    logprob: float | None


class PromptLogprobs:
    """The ways in which one server gives likelihoods.

    Args:
        template: Of the base, where its tokenizer is at hand: prompts then go as tokens, and nothing is guessed.

    Attributes:
        scores_replies: Whether a reply to a conversation can be scored.
        scores_texts: Whether a text as it stands can be scored.
    """

    def __init__(self, template: ChatTemplate | None) -> None:
        self._template = template
        self._plain: str = ""
        self.scores_replies = self.scores_texts = False

    def find_out(self, endpoint: Endpoint) -> None:
        """Ask the server once in each way."""
        probe: str | list[int] = "The sky is blue."
        if self._template is not None:
            probe = list(self._template.encode_text(str(probe)).ids)
        for way in ("prompt_logprobs", "echo"):
            if _works(lambda way=way: self._completion(endpoint, probe, way)):
                self._plain = way
                break
        self.scores_texts = bool(self._plain)
        self.scores_replies = (
            _works(lambda: self.replies(endpoint, _TRIED[:1], [_TRIED[1].content])[0])
            if self._template is None
            else self.scores_texts
        )

    def replies(
        self, endpoint: Endpoint, messages: Sequence[Message], replies: Sequence[str]
    ) -> list[Scored]:
        """Score replies to one conversation, the stop token of each included."""
        if self._template is not None:
            return [self._row(endpoint, self._template.encode_reply(messages, reply)) for reply in replies]
        prompt = self._conversation(endpoint, messages, begins=True)
        wholes = [
            self._conversation(endpoint, (*messages, Message(role="assistant", content=reply)), begins=False)
            for reply in replies
        ]
        return [_after(prompt, whole) for whole in wholes]

    def text(self, endpoint: Endpoint, text: str) -> Scored:
        """Score a text as it stands, but for its first token."""
        if self._template is not None:
            return self._row(endpoint, self._template.encode_text(text))
        return _scored(self._completion(endpoint, text, self._plain)[1:])

    def _row(self, endpoint: Endpoint, row: EncodedRow) -> Scored:
        assert self._template is not None
        tokens = self._completion(endpoint, list(row.ids), self._plain)
        if len(tokens) != len(row.ids):
            raise CallFailed(f"log-probabilities of {len(tokens)} tokens came back for {len(row.ids)}")
        wanted = [token for token, label in zip(tokens, row.labels, strict=True) if label != IGNORED]
        scored = _scored(wanted)
        return Scored(pieces=self._template.pieces(row), logprobs=scored.logprobs)

    def _conversation(self, endpoint: Endpoint, messages: Sequence[Message], *, begins: bool) -> list[_Token]:
        body = _read(
            endpoint.post(
                "chat/completions",
                {
                    "messages": [{"role": m.role, "content": m.content} for m in messages],
                    "add_generation_prompt": begins,
                    "prompt_logprobs": 0,
                    "temperature": 0,
                    "max_tokens": 1,
                },
            )
        )
        return _prompt_tokens(body.prompt_logprobs)

    def _completion(self, endpoint: Endpoint, prompt: str | list[int], way: str) -> list[_Token]:
        asked: dict[str, Any] = (
            {"prompt_logprobs": 0, "max_tokens": 1}
            if way == "prompt_logprobs"
            else {"echo": True, "logprobs": 1, "max_tokens": 0}
        )
        body = _read(endpoint.post("completions", {"prompt": prompt, "temperature": 0, **asked}))
        choice = body.choices[0]
        if way == "prompt_logprobs":
            return _prompt_tokens(choice.prompt_logprobs or body.prompt_logprobs)
        if choice.logprobs is None:
            raise CallFailed("the server gives no log-probabilities of a prompt")
        echoed = zip(choice.logprobs.tokens, choice.logprobs.token_logprobs, strict=True)
        return [_Token(key=text, text=text, logprob=logprob) for text, logprob in echoed]


def _works(ask: Any) -> bool:  # noqa: ANN401 - a call without arguments
    """Tell whether a request comes back with log-probabilities that are such: numbers, and none above 0."""
    try:
        found = ask()
    except (CallFailed, UsageError, ValueError):
        return False
    logprobs = found.logprobs if isinstance(found, Scored) else [token.logprob for token in found[1:]]
    return bool(logprobs) and all(p is not None and math.isfinite(p) and p <= 1e-6 for p in logprobs)


def _read(content: bytes) -> _Body:
    try:
        body = jsonl.decode(content, _Body)
    except msgspec.MsgspecError as error:
        raise CallFailed(f"no completion came back: {error}") from None
    if not body.choices:
        raise CallFailed("the server answered without a choice")
    return body


def _prompt_tokens(prompt: _Prompt | None) -> list[_Token]:
    if not prompt:
        raise CallFailed("the server gives no log-probabilities of a prompt")
    tokens = []
    for entry in prompt:
        # The first entry is the prompt's own token; the likeliest ones may follow it.
        key, found = next(iter(entry.items())) if entry else ("", None)
        tokens.append(
            _Token(
                key=key,
                text=(found.decoded_token or "") if found else "",
                logprob=found.logprob if found else None,
            )
        )
    return tokens


def _after(prompt: Sequence[_Token], whole: Sequence[_Token]) -> Scored:
    """Score what stands in a conversation after its prompt, up to what the template writes behind the stop token."""
    pairs = enumerate(zip(prompt, whole, strict=False))
    apart = (place for place, (one, other) in pairs if one.key != other.key)
    reply = whole[next(apart, min(len(prompt), len(whole))) :]
    while reply and not reply[-1].text.strip():
        reply = reply[:-1]
    return _scored(reply)


def _scored(tokens: Sequence[_Token]) -> Scored:
    logprobs = tuple(token.logprob for token in tokens if token.logprob is not None)
    if not tokens or len(logprobs) < len(tokens):
        raise CallFailed("the server gives no log-probability of some token")
    return Scored(pieces=tuple(token.text for token in tokens), logprobs=logprobs)
