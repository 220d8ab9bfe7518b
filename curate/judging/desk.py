"""Questions to the judge pass over one desk, which keeps the answers and counts what was asked and spent.

Answers are kept by content in one cache for all runs, so a run that was cut off or given a larger budget asks only
what it has no answer to. Only scores are kept: what went wrong once may go well the next time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import msgspec

from loracheck import jsonl
from loracheck.cachefolder import cache_folder
from loracheck.contentcache import ContentCache

from .judge import VERSION, Answer, Judge, Question


class AnswerCache(ContentCache[Answer]):
    """Answers of every judge, by all that decided them."""

    def __init__(self) -> None:
        super().__init__(cache_folder() / "scores" / "judge.sqlite")

    def pack(self, value: Answer) -> bytes:
        """Return an answer as bytes."""
        return msgspec.json.encode(value)

    def unpack(self, body: bytes) -> Answer | None:
        """Return the answer of some bytes; None when they are none."""
        try:
            return jsonl.decode(body, Answer)
        except msgspec.MsgspecError:
            return None


class Desk:
    """Puts questions to a judge, and what it answered before into its place.

    Attributes:
        judge: Who is asked.
        cached: Questions answered from the cache so far.
        prompt_tokens, completion_tokens: What the other answers took.
    """

    def __init__(self, judge: Judge, cache: AnswerCache) -> None:
        self.judge = judge
        self.cached = self.prompt_tokens = self.completion_tokens = 0
        self._cache = cache

    def ask(self, questions: Iterable[tuple[int, Question]]) -> Iterator[tuple[int, Answer]]:
        """Yield an answer for each numbered question, from the cache or the judge."""
        unknown: dict[int, bytes] = {}
        found: list[tuple[int, Answer]] = []
        for number, answer in self._counted(self._unknown(questions, unknown, found)):
            yield from found
            found.clear()
            key = unknown.pop(number)
            if answer.state == "scored":
                self._cache.put({key: answer})
            yield number, answer
        yield from found

    def ask_afresh(self, questions: Iterable[tuple[int, Question]]) -> Iterator[tuple[int, Answer]]:
        """Yield the judge's answers of today, whatever it said before: it may have changed under its name."""
        return self._counted(questions)

    def known(self, questions: Iterable[Question]) -> int:
        """Count the questions that the cache has an answer to."""
        keys = {self._key(question) for question in questions}
        return len(self._cache.get(list(keys)))

    def _counted(self, questions: Iterable[tuple[int, Question]]) -> Iterator[tuple[int, Answer]]:
        for number, answer in self.judge.answers(questions):
            self.prompt_tokens += answer.prompt_tokens
            self.completion_tokens += answer.completion_tokens
            yield number, answer

    def _unknown(
        self,
        questions: Iterable[tuple[int, Question]],
        unknown: dict[int, bytes],
        found: list[tuple[int, Answer]],
    ) -> Iterator[tuple[int, Question]]:
        """Pass on what the cache has no answer to that is as good as one of today; answers go into found."""
        for number, question in questions:
            key = self._key(question)
            known = self._cache.get([key]).get(key)
            if known and set(known.left_out) <= set(self.judge.left_out):
                self.cached += 1
                found.append((number, known))
            else:
                unknown[number] = key
                yield number, question

    def _key(self, question: Question) -> bytes:
        turns = [(message.role, message.content) for message in question.messages]
        told = (VERSION, self.judge.identity, question.rubric.sha256, turns)
        return hashlib.sha256(msgspec.json.encode(told)).digest()
