"""A judge behind one interface: a server (here) or a model loaded on this machine (`localjudge.py`).

A score is the expectation over the score tokens where the judge gives log-probabilities (as G-Eval does, arXiv
2303.16634), else the number it wrote. A call that brings no score is a state of its own and never a number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import msgspec

from loracheck import jsonl
from loracheck.curate.filters.remnants import refusal
from loracheck.engines.chatreplies import ChatReply, Token
from loracheck.engines.endpoint import BudgetSpent, CallFailed, Endpoint, in_parallel
from loracheck.records import Message
from loracheck.records.curation import ScoreState

from .rubric import Canary, Rubric

T = TypeVar("T")

VERSION = "2"
"""Changed whenever the judge is told in another way, or its reply would be read in another."""

_LEAST_MASS = 0.5
_LONGEST_REASON = 300
_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_FENCED = re.compile(r"\A\s*```(?:json)?[^\S\n]*\n(.*)\n[^\S\n]*```\s*\Z", re.DOTALL)
_SCORE_AT = re.compile(r'"score"\s*:\s*(?=(\d))')


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One row put to the judge under one rubric."""

    rubric: Rubric
    messages: tuple[Message, ...]


def about(rubric: Rubric, canary: Canary, reply: str) -> Question:
    """Return a question about a reply to what a row of known score asks."""
    turns = (Message(role="user", content=canary.question), Message(role="assistant", content=reply))
    return Question(rubric=rubric, messages=rubric.messages(turns, canary.language))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the judge made of a question; `score` is None unless `state` is "scored".

    `left_out` names what was not asked of it because it does not take it, as log-probabilities.
    """

    state: ScoreState
    score: float | None = None
    explanation: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    left_out: tuple[str, ...] = ()


class Judge(Protocol):
    """Scores rows by a rubric.

    Attributes:
        name: The judge as it stands beside its scores.
        identity: All that decides its answer to a question, for the cache.
    """

    name: str
    identity: str

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return what is not asked of it because it does not take it."""
        ...

    @property
    def requests(self) -> int:
        """Return how many requests were made so far."""
        ...

    def answers(self, questions: Iterable[tuple[int, Question]]) -> Iterator[tuple[int, Answer]]:
        """Yield an answer for each numbered question, in any order."""
        ...


class EndpointJudge:
    """A judge on an OpenAI-compatible server, asked several questions at once.

    Args:
        endpoint: The server and the model.
        concurrency: Requests under way at once.
        reply_tokens: Longest answer of the judge.
    """

    def __init__(self, endpoint: Endpoint, *, concurrency: int, reply_tokens: int) -> None:
        self.name = f"judge:{endpoint.model}"
        self.identity = f"{endpoint.address} {endpoint.model} {reply_tokens}"
        self._endpoint = endpoint
        self._concurrency = concurrency
        self._reply_tokens = reply_tokens

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return what the server does not take."""
        return self._endpoint.left_out

    @property
    def requests(self) -> int:
        """Return how many requests were made so far, retries included."""
        return self._endpoint.requests

    def answers(self, questions: Iterable[tuple[int, Question]]) -> Iterator[tuple[int, Answer]]:
        """Yield an answer for each numbered question as it comes in.

        Raises:
            LoracheckError: no request can succeed: no server, wrong key, wrong model.
        """
        return in_parallel(self._ask, questions, self._concurrency)

    def _ask(self, question: Question) -> Answer:
        try:
            reply = self._endpoint.complete(
                question.messages, max_tokens=self._reply_tokens, schema=question.rubric.schema()
            )
        except CallFailed as error:
            return Answer(state="error", explanation=str(error)[:_LONGEST_REASON])
        except BudgetSpent as error:
            return Answer(state="unscored", explanation=str(error))
        return replace(read_answer(reply, question.rubric), left_out=self.left_out)


class _Written(msgspec.Struct):
    score: int
    reason: str = ""


def read_answer(reply: ChatReply, rubric: Rubric) -> Answer:
    """Read a judge's reply strictly: one JSON object with a score on the scale, or no score at all.

    A block of thoughts before it and a code fence around it are taken off; numbers in prose are not fished for.
    """
    state, score, explanation = _state_of(reply, rubric)
    return Answer(
        state=state,
        score=score,
        explanation=" ".join(explanation.split())[:_LONGEST_REASON],
        prompt_tokens=reply.prompt_tokens,
        completion_tokens=reply.completion_tokens,
    )


def _state_of(reply: ChatReply, rubric: Rubric) -> tuple[ScoreState, float | None, str]:
    if reply.refusal:
        return "refused", None, reply.refusal
    written = json_object(reply.text, _Written)
    if written is None:
        text = _THOUGHT.sub("", reply.text, count=1)
        if refusal("", text):
            return "refused", None, text
        cut = " (cut off at its longest)" if reply.finish_reason == "length" else ""
        return "unparsable", None, f"no JSON object with a whole score{cut}: {text[:120]}"
    if not rubric.lowest <= written.score <= rubric.highest:
        return (
            "unparsable",
            None,
            f"the score {written.score} is outside {rubric.lowest} to {rubric.highest}",
        )
    expected = _expectation(reply.tokens, written.score, rubric)
    return "scored", float(written.score) if expected is None else expected, written.reason


def json_object(text: str, kind: type[T]) -> T | None:
    """Return the one JSON object that a reply consists of, without thoughts before it and a fence around it."""
    text = _THOUGHT.sub("", text, count=1)
    fenced = _FENCED.match(text)
    try:
        return jsonl.decode(fenced.group(1) if fenced else text, kind)
    except msgspec.MsgspecError:
        return None


def _expectation(tokens: Sequence[Token], written: int, rubric: Rubric) -> float | None:
    """Return the mean of the scale under the probabilities of the token that holds the score.

    None when there are none, when the token cannot be found, or when less than half of the probability lies on the
    scale.
    """
    text = "".join(token.text for token in tokens)
    thought = _THOUGHT.match(text)
    found = _SCORE_AT.search(text, thought.end() if thought else 0)
    if found is None or int(found.group(1)) != written:
        return None
    place = 0
    for token in tokens:
        if place <= found.end() < place + len(token.text):
            return expected_score(token.alternatives, rubric) if token.text.strip() == str(written) else None
        place += len(token.text)
    return None


def expected_score(logprobs: dict[str, float], rubric: Rubric) -> float | None:
    """Return the mean of the scale under the probabilities of its digits; None if they hold less than half."""
    weights = dict.fromkeys(range(rubric.lowest, rubric.highest + 1), 0.0)
    for text, logprob in logprobs.items():
        if text.strip().isdecimal() and int(text) in weights:
            weights[int(text)] += math.exp(min(0.0, logprob))
    mass = sum(weights.values())
    return sum(score * weight for score, weight in weights.items()) / mass if mass >= _LEAST_MASS else None
