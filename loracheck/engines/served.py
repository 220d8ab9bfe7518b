"""Models on an OpenAI-compatible server as an engine: base and adapters are names of models there.

vLLM serves a base with its adapters this way. Answers come from chat completions, at temperature 0 unless they are
to be drawn, under a seed; likelihoods only where the server gives them (see `promptlogprobs`).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, TypeVar

from loracheck.engines import Ability, Decoding, Generated, Offer, Scored
from loracheck.engines.chatreplies import finish_reason
from loracheck.engines.endpoint import CallFailed, Endpoint, in_parallel
from loracheck.engines.promptlogprobs import PromptLogprobs
from loracheck.errors import EnvironmentFault, UsageError
from loracheck.progress import Progress
from loracheck.records import Message, Probe, ScoredText
from loracheck.templates.chat import ChatTemplate
from loracheck.terminal import visible

T = TypeVar("T")
R = TypeVar("R")

KEY_VARIABLE = "OPENAI_API_KEY"
_MOST_FAILURES = 20
_AT_ONCE = 16
_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """Where models are served, and how it is asked.

    Attributes:
        address: Base address, as "http://localhost:8000/v1".
        key_variable: Environment variable that holds the key; it is read there and written nowhere.
        concurrency: Requests under way at once.
        timeout_seconds: How long one try may take.
        retries: Further tries after a failure that may pass.
        first_wait_seconds: Wait before the first retry; it doubles with each.
    """

    address: str
    key_variable: str = KEY_VARIABLE
    concurrency: int = 8
    timeout_seconds: float = 120.0
    retries: int = 5
    first_wait_seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.concurrency < 1:
            raise UsageError(
                f"--concurrency must be at least 1, not {self.concurrency}.", kind="option_value"
            )


class ServedEngine:
    """The arms of one server.

    Args:
        options: Where it is.
        models: The model's name there, by arm.
        template: Of the base, where its tokenizer is at hand.
        progress: Where to report.

    Raises:
        EnvironmentFault: nothing answers at the address.
        UsageError: the server has no model of some name; says which one comes near.
    """

    def __init__(
        self,
        options: ServerOptions,
        models: Mapping[str, str],
        template: ChatTemplate | None,
        progress: Progress,
    ) -> None:
        self._options = options
        self._template = template
        self._endpoints = {arm: _endpoint(options, model) for arm, model in models.items()}
        first = next(iter(self._endpoints.values()))
        _check_models(first, models, progress)
        self._likelihoods = PromptLogprobs(template)
        self._likelihoods.find_out(first)
        self._continues = _continues(first)
        gives: set[Ability] = {"draws"}
        gives |= {"choices"} if self._likelihoods.scores_replies else set()
        both = self._likelihoods.scores_replies and self._likelihoods.scores_texts
        gives |= {"likelihoods"} if both else set()
        gives |= {"continues"} if self._continues else set()
        self.gives: frozenset[Ability] = frozenset(gives)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return what the server was asked for and does not take, such as a seed."""
        return tuple(sorted({name for endpoint in self._endpoints.values() for name in endpoint.left_out}))

    def complete(
        self, arm: str, probes: Sequence[Probe], decoding: Decoding, done: AbstractSet[int]
    ) -> Iterator[list[tuple[int, Generated]]]:
        """Answer probes, several at once.

        Raises:
            EnvironmentFault: probes stayed without an answer after all retries; names them.
        """
        endpoint = self._endpoints[arm]
        ids = [probe.id for probe in probes]
        yield from self._each(arm, ids, probes, lambda probe: self._answer(endpoint, probe, decoding), done)

    def rank(
        self, arm: str, offers: Sequence[Offer], done: AbstractSet[int]
    ) -> Iterator[list[tuple[int, tuple[float, ...]]]]:
        """Score the replies offered to each probe."""
        endpoint = self._endpoints[arm]

        def ask(offer: Offer) -> tuple[float, ...]:
            messages = offer.probe.messages
            scored = self._likelihoods.replies(endpoint, messages, offer.replies)
            return tuple(sum(one.logprobs) for one in scored)

        yield from self._each(arm, [offer.probe.id for offer in offers], offers, ask, done)

    def score(
        self, arm: str, texts: Sequence[ScoredText], done: AbstractSet[int]
    ) -> Iterator[list[tuple[int, Scored]]]:
        """Score texts token by token."""
        endpoint = self._endpoints[arm]

        def ask(text: ScoredText) -> Scored:
            if text.probe.messages:
                return self._likelihoods.replies(endpoint, text.probe.messages, [text.text])[0]
            return self._likelihoods.text(endpoint, text.text)

        yield from self._each(arm, [text.probe.id for text in texts], texts, ask, done)

    def close(self) -> None:
        """Close the connections."""
        for endpoint in self._endpoints.values():
            endpoint.close()

    def _answer(self, endpoint: Endpoint, probe: Probe, decoding: Decoding) -> Generated:
        further: dict[str, Any] = {"seed": decoding.seed}
        if decoding.temperature > 0:
            further["top_p"] = 1.0
        if probe.messages[-1].role == "assistant":
            further |= {"add_generation_prompt": False, "continue_final_message": True}
        reply = endpoint.complete(
            probe.messages,
            max_tokens=decoding.max_new_tokens,
            temperature=decoding.temperature,
            further=further,
        )
        text, end = (reply.text or reply.refusal).strip(), finish_reason(reply.finish_reason)
        cut = self._template.turn_begins(text) if self._template else None
        if cut is not None:
            text, end = text[:cut].strip(), "turn"
        return Generated(text=text, finish_reason=end, tokens=reply.completion_tokens)

    def _each(
        self,
        arm: str,
        ids: Sequence[str],
        items: Sequence[T],
        ask: Callable[[T], R],
        done: AbstractSet[int],
    ) -> Iterator[list[tuple[int, R]]]:
        """Ask for each item, some at once; what fails for good is told at the end, the rest is kept."""
        failed: dict[int, CallFailed] = {}
        ready: list[tuple[int, R]] = []

        def tried(item: T) -> R | CallFailed:
            try:
                return ask(item)
            except CallFailed as failure:
                return failure

        waiting = (
            (i, item) for i, item in enumerate(items) if i not in done and len(failed) < _MOST_FAILURES
        )
        for place, outcome in in_parallel(tried, waiting, self._options.concurrency):
            if isinstance(outcome, CallFailed):
                failed[place] = outcome
                continue
            ready.append((place, outcome))
            if len(ready) >= _AT_ONCE:
                yield ready
                ready = []
        if ready:
            yield ready
        if failed:
            named = [ids[place] for place in sorted(failed)]
            more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
            raise EnvironmentFault(
                f"{arm}: no answer to {', '.join(named[:_NAMED])}{more}: {failed[min(failed)]}",
                kind="answers_failed",
                hint="What was answered is kept: the same command asks for the rest.",
            )


def _endpoint(options: ServerOptions, model: str) -> Endpoint:
    return Endpoint(
        options.address,
        model,
        key_variable=options.key_variable,
        timeout_seconds=options.timeout_seconds,
        retries=options.retries,
        first_wait_seconds=options.first_wait_seconds,
    )


def _check_models(endpoint: Endpoint, models: Mapping[str, str], progress: Progress) -> None:
    """Refuse names that the server does not list, before anything is asked."""
    known = endpoint.models()
    if known is None:
        progress.say(f"{endpoint.address} lists no models, so their names were not checked")
        return
    for arm, model in models.items():
        if model not in known:
            near = difflib.get_close_matches(model, known, n=1, cutoff=0.4)
            listed = ", ".join(visible(name)[:80] for name in known[:_NAMED])
            raise UsageError(
                f"{arm}: {endpoint.address} has no model {model!r}; it has {listed or 'none'}.",
                kind="endpoint_model",
                hint=f"Did you mean {visible(near[0])[:80]}?"
                if near
                else "Pass a name as the server lists it.",
            )


def _continues(endpoint: Endpoint) -> bool:
    """Tell whether a reply that is begun can be gone on with.

    A server that does not know the option ignores it and begins anew. One that knows it refuses it together with
    its contrary, by name.
    """
    contrary = {"add_generation_prompt": True, "continue_final_message": True}
    messages = (Message(role="user", content="2 + 2 ="), Message(role="assistant", content="4"))
    try:
        endpoint.complete(messages, max_tokens=1, further=contrary)
    except CallFailed as refused:
        return "continue_final_message" in str(refused)
    return False
