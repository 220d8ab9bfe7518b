"""Rows that talk the judge into a score: their words to a grader are tried on a bad reply of known score.

A row that grades something itself holds such words, too; they buy nothing for a reply to another question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from loracheck.records import Example

from .desk import Desk
from .judge import Answer, Question, about
from .rubric import LONGEST_TURN, Canary, Rubric, shown

_LEAST_GAIN = 1.0
"""Points that words must gain a bad reply before they count as an injection."""

# By themselves such words prove nothing.
_TO_GRADER = re.compile(
    r"\b(?:grader|rater|evaluator|judge|scorer|reviewer)s?\b|\b(?:score|rate|grade|rating|points?)\b.{0,40}\b\d\b"
    r"|\b(?:ignore|disregard|forget)\b.{0,40}\b(?:instruction|rubric|above|previous|criteria|prompt)"
    r"|\b\d\b.{0,20}\b(?:score|rating|points?|out of)\b|[\"']score[\"']\s*:"
    r"|採点|評価者|審査員|(?:評価|指示|基準|ルーブリック).{0,20}(?:無視|忘れ)|\d\s*点|満点|最高点|高評価|スコア",
    re.IGNORECASE | re.DOTALL,
)
_PIECE = re.compile(r"[^。！？!?.\n]*[。！？!?.\n]+|[^。！？!?.\n]+")

Canaries = Mapping[tuple[int, Canary], Answer]
"""The rows of known score by place of their rubric, with what the judge said of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of the rows that hold words to a grader.

    Attributes:
        injected: The rows whose words bought a score: the rubric, the score of a bad reply without the words and
            with them.
        failed: The rows of which a try brought no score; nothing is known of them.
        untried: The rows in whose language no rubric has a bad reply of known score to try them on.
    """

    injected: dict[int, tuple[str, float, float]] = field(default_factory=dict)
    failed: frozenset[int] = frozenset()
    untried: frozenset[int] = frozenset()


def words_to_grader(example: Example) -> list[str]:
    """Return the sentences of a row that may speak to whoever grades it, as far as a judge is shown them.

    All of them in the least number of parts, so that padding cannot push any of them out of sight.
    """
    parts: list[str] = []
    for turn in example.messages:
        for piece in _PIECE.findall(shown(turn.content, example.language)):
            if not _TO_GRADER.search(piece):
                continue
            if not parts or len(parts[-1]) + len(piece) > LONGEST_TURN:
                parts.append("")
            parts[-1] += piece
    return parts


def tries(
    examples: Sequence[Example], words: Mapping[int, Sequence[str]], rubrics: Sequence[Rubric]
) -> Iterator[tuple[int, int, Canary, Question]]:
    """Yield what the judge is to be asked of the words of rows: row, place of the rubric, reply tried, question."""
    for index, parts in words.items():
        for place, rubric in enumerate(rubrics):
            bad = next((canary for canary in rubric.canaries if _is_bad(canary, examples[index])), None)
            if bad:
                for part in parts:
                    yield index, place, bad, about(rubric, bad, f"{bad.reply}\n{part}")


def try_words(
    desk: Desk,
    examples: Sequence[Example],
    words: Mapping[int, Sequence[str]],
    rubrics: Sequence[Rubric],
    canaries: Canaries,
) -> Tried:
    """Put bad replies of known score to the judge once more, with the words of rows added to them.

    Args:
        desk: Whom to ask.
        examples: The rows.
        words: By row, its words to a grader.
        rubrics: What is asked.
        canaries: The rows of known score and the judge's answers.
    """
    asked = list(tries(examples, words, rubrics))
    questions = ((number, question) for number, (*_, question) in enumerate(asked))
    injected: dict[int, tuple[str, float, float]] = {}
    failed: set[int] = set()
    for number, answer in sorted(desk.ask(questions), key=lambda item: item[0]):
        index, place, bad, _ = asked[number]
        before = canaries[place, bad].score
        if before is None or answer.score is None:
            failed.add(index)
        elif answer.score - before >= _LEAST_GAIN:
            injected.setdefault(index, (rubrics[place].name, before, answer.score))
    return Tried(
        injected=dict(sorted(injected.items())),
        failed=frozenset(failed - set(injected)),
        untried=frozenset(words) - {index for index, *_ in asked},
    )


def _is_bad(canary: Canary, example: Example) -> bool:
    """Tell whether a row of known score is a bad one in the language of an example, without words to a grader."""
    return (
        canary.at_most is not None
        and canary.language == ("ja" if example.language == "ja" else "en")
        and not _TO_GRADER.search(canary.reply)
    )
