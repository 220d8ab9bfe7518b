"""A judge loaded on this machine: what it would write after the opening of its answer is read off its logits.

Nothing is generated, so nothing can be unparsable for its form: the answer is opened as `{"score": ` and the
probabilities of the digits there give the score.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from loracheck.curate.scoring.scorecache import what_scores
from loracheck.models.generation import pad_token_id
from loracheck.models.likelihood import next_token_logprobs
from loracheck.models.load import Base
from loracheck.templates.chat import ChatTemplate

from .judge import Answer, Question, expected_score
from .rubric import Rubric

_OPENING = '{"score": '
_BATCH_ROWS = 8
_LONGEST_TOKENS = 16_384


class LocalJudge:
    """A Hugging Face model or GGUF file as the judge."""

    def __init__(self, base: Base, template: ChatTemplate) -> None:
        self.name = f"judge:{base.name}"
        self.identity = " ".join(map(str, what_scores(base, template)))
        self.requests = 0
        self.left_out: tuple[str, ...] = ()
        self._base = base
        self._template = template

    def answers(self, questions: Iterable[tuple[int, Question]]) -> Iterator[tuple[int, Answer]]:
        """Yield an answer for each numbered question, a few at a time."""
        pad_id = pad_token_id(self._template)
        left = iter(questions)
        while part := list(islice(left, _BATCH_ROWS)):
            openings = [self._opened(question) for _, question in part]
            fitting = [i for i, (ids, _) in enumerate(openings) if len(ids) <= _LONGEST_TOKENS]
            logprobs = next_token_logprobs(self._base.model, [openings[i][0] for i in fitting], pad_id)
            self.requests += len(fitting)
            for place, (number, question) in enumerate(part):
                ids, digits = openings[place]
                if place not in fitting:
                    yield number, Answer(state="error", explanation=f"{len(ids)} tokens are too many")
                    continue
                found = logprobs[fitting.index(place)]
                told = {str(score): float(found[token]) for score, token in digits.items()}
                score = expected_score(told, question.rubric)
                yield (
                    number,
                    Answer(
                        state="unparsable" if score is None else "scored",
                        score=score,
                        explanation="the model would not write a score" if score is None else "",
                        prompt_tokens=len(ids),
                    ),
                )

    def _opened(self, question: Question) -> tuple[list[int], dict[int, int]]:
        """Return the ids up to where the score stands, and the id of each score there.

        Tokenizers join a digit with what is before it in different ways, so the whole answers are tokenised and
        what they begin with in common is the opening.
        """
        prompt = self._template.prompt(question.messages)
        rubric: Rubric = question.rubric
        answers = {
            score: list(
                self._template.tokenizer(f"{prompt}{_OPENING}{score}", add_special_tokens=False)["input_ids"]
            )
            for score in range(rubric.lowest, rubric.highest + 1)
        }
        first, *others = answers.values()
        shared = next(
            place for place, token in enumerate(first) if any(other[place] != token for other in others)
        )
        return first[:shared], {score: ids[shared] for score, ids in answers.items()}
