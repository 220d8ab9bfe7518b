"""The judge's step: rows of known score first, then the data, then the words with which rows speak to the judge.

Answers are kept by content in one cache for all runs, so a run that was cut off or given a larger budget asks only
what it has no answer to.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from loracheck.contentcache import ContentCache
from loracheck.conversion import cache_folder
from loracheck.curation_records import JudgePlan, JudgeSummary, Score, ScoreState, ThresholdCurve
from loracheck.endpoint import Endpoint, check_address
from loracheck.errors import EnvironmentFault, UsageError
from loracheck.models import load_base
from loracheck.progress import Progress
from loracheck.records import Example, Message
from loracheck.template import choose_template

from .config import JudgeConfig
from .judge import VERSION, Answer, EndpointJudge, Judge, Question
from .localjudge import LocalJudge
from .rubric import Canary, Rubric, load_rubric

STATES: tuple[ScoreState, ...] = ("scored", "unparsable", "refused", "error", "unscored")
_LEAST_GAIN = 1.0
"""Points that words must gain a bad reply before they count as an injection."""
_LEAST_CORRELATED = 20
_LONGEST_WORDS = 2000

# Words to whoever grades the row. By themselves they prove nothing: they are tried on a reply of known score.
_TO_GRADER = re.compile(
    r"\b(?:grader|rater|evaluator|judge|scorer|reviewer)s?\b|\b(?:score|rate|grade|rating|points?)\b.{0,40}\b\d\b"
    r"|\b(?:ignore|disregard|forget)\b.{0,40}\b(?:instruction|rubric|above|previous|criteria|prompt)"
    r"|\b\d\b.{0,20}\b(?:score|rating|points?|out of)\b|[\"']score[\"']\s*:"
    r"|採点|評価者|審査員|(?:評価|指示|基準|ルーブリック).{0,20}(?:無視|忘れ)|\d\s*点|満点|最高点|高評価|スコア",
    re.IGNORECASE | re.DOTALL,
)
_PIECE = re.compile(r"[^。！？!?.\n]*[。！？!?.\n]+|[^。！？!?.\n]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the judge said: scores by index of row, a row that was not asked about missing.

    `injected` names the rows that speak to the judge in words that buy a score: the rubric, and the score of a bad
    reply without these words and with them.
    """

    scores: dict[int, tuple[Score, ...]] = field(default_factory=dict)
    injected: dict[int, tuple[str, float, float]] = field(default_factory=dict)
    summary: JudgeSummary


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
            return msgspec.json.decode(body, type=Answer)
        except msgspec.MsgspecError:
            return None


class _Desk:
    """Puts questions to the judge, and keeps count of what was asked, answered and spent."""

    def __init__(self, judge: Judge, cache: AnswerCache, config: JudgeConfig) -> None:
        self.judge = judge
        self.states: Counter[ScoreState] = Counter()
        self.cached = self.prompt_tokens = self.completion_tokens = 0
        self._cache = cache
        self._config = config

    def ask(self, questions: Iterable[tuple[int, Question]]) -> Iterator[tuple[int, Answer]]:
        """Yield an answer for each numbered question, from the cache or the judge."""
        unknown: dict[int, bytes] = {}
        found: list[tuple[int, Answer]] = []
        for number, answer in self.judge.answers(self._known(questions, unknown, found)):
            yield from found
            found.clear()
            self.prompt_tokens += answer.prompt_tokens
            self.completion_tokens += answer.completion_tokens
            if answer.state in ("scored", "unparsable", "refused"):
                self._cache.put({unknown.pop(number): answer})
            yield number, answer
        yield from found

    def _known(
        self,
        questions: Iterable[tuple[int, Question]],
        unknown: dict[int, bytes],
        found: list[tuple[int, Answer]],
    ) -> Iterator[tuple[int, Question]]:
        """Pass on what the cache has no answer to, while the budget lasts; answers go into found."""
        for number, question in questions:
            key = self._key(question)
            known = self._cache.get([key])
            if known:
                self.cached += 1
                found.append((number, known[key]))
            elif self._spent():
                found.append((number, Answer(state="unscored", explanation="the budget was used up")))
            else:
                unknown[number] = key
                yield number, question

    def _spent(self) -> bool:
        requests, tokens = self._config.max_requests, self._config.max_tokens
        return (requests is not None and self.judge.requests >= requests) or (
            tokens is not None and self.prompt_tokens + self.completion_tokens >= tokens
        )

    def _key(self, question: Question) -> bytes:
        turns = [(message.role, message.content) for message in question.messages]
        told = (VERSION, self.judge.identity, question.rubric.sha256, turns)
        return hashlib.sha256(msgspec.json.encode(told)).digest()


def check_judge(config: JudgeConfig) -> None:
    """Refuse a rubric that does not exist or an address that is none, before any work is done.

    Raises:
        UsageError: names it.
    """
    if config.model is not None:
        for name in config.rubrics:
            load_rubric(name)
        if config.endpoint is not None:
            check_address(config.endpoint)


def plan_judging(
    lengths: Sequence[int], rubrics: Sequence[Rubric], config: JudgeConfig, *, japanese: float
) -> JudgePlan:
    """Say what judging rows of these lengths in characters would take, before the first request.

    Args:
        lengths: Characters of every row that is left, of which the judge may see a sample.
        rubrics: What it is asked.
        config: Options.
        japanese: Share of rows in Japanese, whose characters make more tokens.
    """
    rows = min(len(lengths), config.rows or len(lengths))
    a_token = 1.5 * japanese + 4.0 * (1 - japanese)
    mean = float(np.mean(lengths)) if len(lengths) else 0.0
    told = sum(len(rubric.ja if japanese > 0.5 else rubric.en) + 500 for rubric in rubrics)
    requests = rows * len(rubrics) + sum(len(rubric.canaries) for rubric in rubrics)
    prompt = round(rows * (told + len(rubrics) * mean) / a_token)
    completion = requests * min(60, config.reply_tokens) if config.endpoint else 0
    cost = None
    if config.prompt_price is not None or config.completion_price is not None:
        cost = (prompt * (config.prompt_price or 0) + completion * (config.completion_price or 0)) / 1e6
    return JudgePlan(
        rows=rows, requests=requests, prompt_tokens=prompt, completion_tokens=completion, cost=cost
    )


def check_budget(plan: JudgePlan, config: JudgeConfig, a_row: int) -> None:
    """Refuse a plan that is over the budget, before anything is spent.

    Raises:
        UsageError: names what would be needed, and how many rows would fit.
    """
    tokens = plan.prompt_tokens + plan.completion_tokens
    over = []
    if config.max_requests is not None and plan.requests > config.max_requests:
        over.append((f"{plan.requests:,} requests", f"{config.max_requests:,}", config.max_requests // a_row))
    if config.max_tokens is not None and tokens > config.max_tokens:
        fitting = plan.rows * config.max_tokens // max(1, tokens)
        over.append((f"about {tokens:,} tokens", f"{config.max_tokens:,}", fitting))
    if over:
        needs, limit, fitting = over[0]
        raise UsageError(
            f"the judge would take {needs}, the budget is {limit}.",
            hint=f"Raise it, or have a sample judged: --judge-rows {max(1, fitting * 9 // 10)}",
        )


def judge_rows(
    examples: Sequence[Example],
    strata: Sequence[tuple[str, ...]],
    config: JudgeConfig,
    *,
    seed: int,
    progress: Progress,
) -> Judged:
    """Have rows judged.

    Args:
        examples: The rows, read one at a time.
        strata: Per row what the sample is drawn over.
        config: Options; `model` names the judge.
        seed: Draws the sample.
        progress: Where to report.

    Raises:
        UsageError: a rubric is wrong, the budget too small, the judge wrong on rows of known score.
        EnvironmentFault: the judge cannot be reached, or too many rows ended without a score.
    """
    rubrics = [load_rubric(name) for name in config.rubrics]
    lengths = [sum(len(turn.content) for turn in example.messages) for example in examples]
    japanese = float(np.mean([example.language == "ja" for example in examples])) if examples else 0.0
    plan = plan_judging(lengths, rubrics, config, japanese=japanese)
    progress.say(plan_line(plan, config))
    check_budget(plan, config, len(rubrics))
    sample = draw_sample(strata, plan.rows, seed)
    with ExitStack() as stack:
        cache = stack.enter_context(AnswerCache())
        desk = _Desk(_open(config, stack, progress), cache, config)
        canaries = _canaries(desk, rubrics, config)
        answers = _ask_all(desk, examples, sample, rubrics, config, progress)
        flagged, injected = _injections(desk, examples, sample, rubrics, canaries)
    scores = {
        index: tuple(
            Score(
                name=rubric.name,
                value=None if (answer := answers[index, place]).score is None else round(answer.score, 3),
                scorer=desk.judge.name,
                explanation=answer.explanation,
                state=answer.state,
            )
            for place, rubric in enumerate(rubrics)
        )
        for index in sample.tolist()
    }
    return Judged(
        scores=scores,
        injected=injected,
        summary=JudgeSummary(
            model=config.model or "",
            rubrics=tuple(rubric.name for rubric in rubrics),
            rows=len(sample),
            states={state: desk.states[state] for state in STATES},
            requests=desk.judge.requests,
            cached=desk.cached,
            prompt_tokens=desk.prompt_tokens,
            completion_tokens=desk.completion_tokens,
            canaries=len(canaries),
            canaries_right=sum(_right(canary, answer) for (_, canary), answer in canaries.items()),
            flagged=flagged,
            injected=len(injected),
            length_correlation=_length_correlation(scores, examples),
        ),
    )


def values_of(scores: Sequence[Score]) -> list[float]:
    """Return the scores that have a value."""
    return [score.value for score in scores if score.value is not None]


def low_score(scores: Sequence[Score], limit: float | None) -> Score | None:
    """Return the lowest score below the limit, if there is one."""
    low = [score for score in scores if score.value is not None and limit is not None and score.value < limit]
    return min(low, key=lambda score: score.value or 0.0, default=None)


def judge_curves(scores: Mapping[int, Sequence[Score]], config: JudgeConfig) -> list[ThresholdCurve]:
    """Return how many rows another least score would have dropped."""
    lowest = [
        min(values)
        for found in scores.values()
        if (values := [s.value for s in found if s.value is not None])
    ]
    if not lowest:
        return []
    thresholds = tuple(np.arange(1.5, 4.51, 0.5).tolist())
    return [
        ThresholdCurve(
            rule="low_judge_score",
            option="judge.min_score",
            chosen=config.min_score,
            thresholds=thresholds,
            dropped=tuple(sum(score < limit for score in lowest) for limit in thresholds),
        )
    ]


def draw_sample(strata: Sequence[tuple[str, ...]], rows: int, seed: int) -> NDArray[np.int64]:
    """Draw rows so that every stratum gives its share; all of them when there are no more."""
    if rows >= len(strata):
        return np.arange(len(strata), dtype=np.int64)
    members: dict[tuple[str, ...], list[int]] = {}
    for row in np.random.default_rng(seed).permutation(len(strata)).tolist():
        members.setdefault(strata[row], []).append(row)
    queue = [
        ((place + 0.5) / len(inside), stratum, row)
        for stratum, inside in members.items()
        for place, row in enumerate(inside)
    ]
    return np.asarray(sorted(row for _, _, row in sorted(queue)[:rows]), dtype=np.int64)


def plan_line(plan: JudgePlan, config: JudgeConfig) -> str:
    """Say in one line what the judge is about to be asked."""
    where = config.endpoint or "this machine"
    cost = "" if plan.cost is None else f", about {plan.cost:,.2f} at the prices given"
    return (
        f"judge {config.model} at {where}: {plan.rows:,} rows, {plan.requests:,} requests, about "
        f"{plan.prompt_tokens + plan.completion_tokens:,} tokens{cost}; known answers cost nothing"
    )


def _open(config: JudgeConfig, stack: ExitStack, progress: Progress) -> Judge:
    if config.endpoint is None:
        base = load_base(config.model or "", announce=progress.say)
        return LocalJudge(base, choose_template(base.tokenizer, []))
    endpoint = Endpoint(
        config.endpoint,
        config.model or "",
        key_variable=config.api_key_variable,
        timeout_seconds=config.timeout_seconds,
        retries=config.retries,
    )
    stack.enter_context(endpoint)
    return EndpointJudge(endpoint, concurrency=config.concurrency, reply_tokens=config.reply_tokens)


def _canaries(
    desk: _Desk, rubrics: Sequence[Rubric], config: JudgeConfig
) -> dict[tuple[int, Canary], Answer]:
    """Put the rows of known score to the judge; returns its answers by rubric and row.

    Raises:
        UsageError: too few were taken rightly.
    """
    known = [(place, canary) for place, rubric in enumerate(rubrics) for canary in rubric.canaries]
    questions = [_about(rubrics[place], canary, canary.reply) for place, canary in known]
    answers = {known[number]: answer for number, answer in desk.ask(enumerate(questions))}
    wrong = [key for key in known if not _right(key[1], answers[key])]
    if known and len(known) - len(wrong) < config.min_canaries * len(known):
        place, canary = wrong[0]
        answer = answers[wrong[0]]
        got = answer.state if answer.score is None else f"{answer.score:.1f}"
        raise UsageError(
            f"the judge takes {len(known) - len(wrong)} of {len(known)} rows of known score rightly, at least "
            f"{config.min_canaries:.0%} are wanted. For instance under {rubrics[place].name}: {canary.question!r} -> "
            f"{canary.reply[:80]!r} got {got}. {answer.explanation}".strip(),
            hint="Take a stronger judge; or lower judge.min_canaries, if your rubric means it so.",
        )
    return answers


def _right(canary: Canary, answer: Answer) -> bool:
    return answer.score is not None and canary.holds(answer.score)


def _about(rubric: Rubric, canary: Canary, reply: str) -> Question:
    turns = (Message(role="user", content=canary.question), Message(role="assistant", content=reply))
    return Question(rubric=rubric, messages=rubric.messages(turns, canary.language))


def _ask_all(
    desk: _Desk,
    examples: Sequence[Example],
    sample: NDArray[np.int64],
    rubrics: Sequence[Rubric],
    config: JudgeConfig,
    progress: Progress,
) -> dict[tuple[int, int], Answer]:
    """Return the answers by row and rubric.

    Raises:
        EnvironmentFault: more answers than allowed brought no score; what was answered stays in the cache.
    """
    total = len(sample) * len(rubrics)
    answers: dict[tuple[int, int], Answer] = {}

    def questions() -> Iterator[tuple[int, Question]]:
        for index in sample.tolist():
            example = examples[index]
            for place, rubric in enumerate(rubrics):
                yield index * len(rubrics) + place, Question(rubric=rubric, messages=rubric.of(example))

    with progress.track("judging", total) as advance:
        for number, answer in desk.ask(questions()):
            answers[divmod(number, len(rubrics))] = answer
            desk.states[answer.state] += 1
            advance(1)
            failed = len(answers) - desk.states["scored"]
            if failed > config.max_unscored * total:
                told = ", ".join(f"{desk.states[state]:,} {state}" for state in STATES if desk.states[state])
                raise EnvironmentFault(
                    f"the judge left more than {config.max_unscored:.0%} of {total:,} questions without a score "
                    f"({told} so far), the last one: {answer.state}: {answer.explanation}",
                    hint="Mend the judge and run the same command again: what was answered is kept.",
                )
    return answers


def _injections(
    desk: _Desk,
    examples: Sequence[Example],
    sample: NDArray[np.int64],
    rubrics: Sequence[Rubric],
    canaries: Mapping[tuple[int, Canary], Answer],
) -> tuple[int, dict[int, tuple[str, float, float]]]:
    """Try the words with which rows speak to a grader on a bad reply of known score, and see whether they buy any.

    A row that grades something itself holds such words, too; they buy nothing for a reply to another question.
    Returns how many rows were tried, and those whose words gained a point or more.
    """
    tried: list[tuple[int, int, float]] = []
    questions: list[Question] = []
    for index in sample.tolist():
        words = words_to_grader(examples[index])
        for place, rubric in enumerate(rubrics) if words else ():
            bad = next((c for p, c in canaries if p == place and _is_bad(c, examples[index])), None)
            score = canaries[place, bad].score if bad else None
            if bad and score is not None:
                tried.append((index, place, score))
                questions.append(_about(rubric, bad, f"{bad.reply}\n{words}"))
    injected: dict[int, tuple[str, float, float]] = {}
    for number, answer in desk.ask(enumerate(questions)):
        index, place, before = tried[number]
        if answer.score is not None and answer.score - before >= _LEAST_GAIN:
            injected[index] = (rubrics[place].name, before, answer.score)
    return len({index for index, _, _ in tried}), dict(sorted(injected.items()))


def words_to_grader(example: Example) -> str:
    """Return the sentences of a row that may speak to whoever grades it."""
    pieces = (piece for turn in example.messages for piece in _PIECE.findall(turn.content))
    return "".join(piece for piece in pieces if _TO_GRADER.search(piece))[:_LONGEST_WORDS]


def _is_bad(canary: Canary, example: Example) -> bool:
    """Tell whether a row of known score is a bad one in the language of an example, without words to a grader."""
    return (
        canary.at_most is not None
        and canary.language == ("ja" if example.language == "ja" else "en")
        and not _TO_GRADER.search(canary.reply)
    )


def _length_correlation(scores: Mapping[int, Sequence[Score]], examples: Sequence[Example]) -> float | None:
    pairs = [
        (float(np.mean(values)), len(examples[index].reply))
        for index, found in scores.items()
        if (values := values_of(found))
    ]
    if len(pairs) < _LEAST_CORRELATED or len({score for score, _ in pairs}) < 2:
        return None
    return round(float(spearmanr(*zip(*pairs, strict=True)).statistic), 3)
