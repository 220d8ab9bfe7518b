"""The judge's step: rows of known score first, then the words with which rows speak to the judge, then the data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loracheck.curate.config import JudgeConfig
from loracheck.engines.endpoint import Endpoint, check_address
from loracheck.errors import EnvironmentFault, UsageError
from loracheck.progress import Progress
from loracheck.records import Example
from loracheck.records.curation import JudgePlan, JudgeSummary, Score, ScoreState, ThresholdCurve
from loracheck.templates.chat import choose_template
from loracheck.text.tokens import CHARACTERS_A_TOKEN

from .desk import AnswerCache, Desk
from .injection import Canaries, Tried, tries, try_words, words_to_grader
from .judge import Answer, EndpointJudge, Judge, Question, about
from .rubric import BUNDLED, Canary, Rubric, load_rubric

STATES: tuple[ScoreState, ...] = ("scored", "unparsable", "refused", "error", "unscored")
_LEAST_CORRELATED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the judge said: scores by index of row, a row that was not asked about missing.

    `injected` names the rows that speak to the judge in words that buy a score: the rubric, and the score of a bad
    reply without these words and with them.
    """

    scores: dict[int, tuple[Score, ...]] = field(default_factory=dict)
    injected: dict[int, tuple[str, float, float]] = field(default_factory=dict)
    summary: JudgeSummary


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


def rubric_files(config: JudgeConfig) -> list[Path]:
    """Return the files that decide what the judge is asked."""
    return [Path(name) for name in config.rubrics if config.model is not None and name not in BUNDLED]


def plan_judging(
    lengths: Sequence[int],
    rubrics: Sequence[Rubric],
    config: JudgeConfig,
    *,
    japanese: float,
    tries: int = 0,
) -> JudgePlan:
    """Say what judging rows of these lengths in characters would take, before the first request.

    Args:
        lengths: Characters of every row that is left, of which the judge may see a sample.
        rubrics: What it is asked.
        config: Options.
        japanese: Share of rows in Japanese, whose characters make more tokens.
        tries: How often words to a grader are tried.
    """
    rows = min(len(lengths), config.rows or len(lengths))
    a_token = CHARACTERS_A_TOKEN["ja"] * japanese + CHARACTERS_A_TOKEN["en"] * (1 - japanese)
    mean = float(np.mean(lengths)) if len(lengths) else 0.0
    told = sum(len(rubric.ja if japanese > 0.5 else rubric.en) + 500 for rubric in rubrics)
    requests = rows * len(rubrics) + sum(len(rubric.canaries) for rubric in rubrics) + tries
    prompt = round((rows * (told + len(rubrics) * mean) + tries * (told / len(rubrics) + mean)) / a_token)
    completion = requests * min(60, config.reply_tokens) if config.endpoint else 0
    cost = None
    if config.prompt_price is not None or config.completion_price is not None:
        cost = (prompt * (config.prompt_price or 0) + completion * (config.completion_price or 0)) / 1e6
    return JudgePlan(
        rows=rows, requests=requests, prompt_tokens=prompt, completion_tokens=completion, cost=cost
    )


def check_budget(plan: JudgePlan, config: JudgeConfig, a_row: int, known: int = 0) -> None:
    """Refuse a plan that is over the budget, before anything is spent.

    Args:
        plan: What is to be asked.
        config: Options, of which the budget.
        a_row: Requests that a row takes.
        known: Requests of the plan that are answered already.

    Raises:
        UsageError: names what would be needed, and how many rows would fit.
    """
    requests = plan.requests - known
    tokens = (plan.prompt_tokens + plan.completion_tokens) * requests // max(1, plan.requests)
    over = []
    if config.max_requests is not None and requests > config.max_requests:
        over.append((f"{requests:,} requests", f"{config.max_requests:,}", config.max_requests // a_row))
    if config.max_tokens is not None and tokens > config.max_tokens:
        fitting = plan.rows * config.max_tokens // max(1, tokens)
        over.append((f"about {tokens:,} tokens", f"{config.max_tokens:,}", fitting))
    if over:
        needs, limit, fitting = over[0]
        raise UsageError(
            f"the judge would take {needs}, the budget is {limit}.",
            kind="over_budget",
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
    sample = draw_sample(strata, min(len(examples), config.rows or len(examples)), seed)
    words = {index: found for index in sample.tolist() if (found := words_to_grader(examples[index]))}
    probes = [question for *_, question in tries(examples, words, rubrics)]
    plan = plan_judging(lengths, rubrics, config, japanese=japanese, tries=len(probes))
    progress.say(plan_line(plan, config))
    with ExitStack() as stack:
        cache = stack.enter_context(AnswerCache())
        desk = Desk(_open(config, stack, progress), cache)
        rows = (question for _, question in _questions(examples, sample, rubrics))
        check_budget(plan, config, len(rubrics), desk.known(chain(rows, probes)))
        canaries = _canaries(desk, rubrics, config)
        tried = try_words(desk, examples, words, rubrics, canaries)
        answers = _ask_all(desk, examples, sample, rubrics, tried, config, progress)
    states = Counter(answer.state for answer in answers.values())
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
        injected=tried.injected,
        summary=JudgeSummary(
            model=config.model or "",
            rubrics=tuple(rubric.name for rubric in rubrics),
            rows=len(sample),
            states={state: states[state] for state in STATES},
            requests=desk.judge.requests,
            cached=desk.cached,
            prompt_tokens=desk.prompt_tokens,
            completion_tokens=desk.completion_tokens,
            canaries=len(canaries),
            canaries_right=sum(_right(canary, answer) for (_, canary), answer in canaries.items()),
            flagged=len(words),
            injected=len(tried.injected),
            untested=len(tried.failed | tried.untried),
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
        from loracheck.models.load import load_base  # noqa: PLC0415 - heavy

        from .localjudge import LocalJudge  # noqa: PLC0415 - heavy

        base = load_base(config.model or "", announce=progress.say)
        return LocalJudge(base, choose_template(base.tokenizer, []))
    endpoint = Endpoint(
        config.endpoint,
        config.model or "",
        key_variable=config.api_key_variable,
        timeout_seconds=config.timeout_seconds,
        retries=config.retries,
        max_requests=config.max_requests,
        max_tokens=config.max_tokens,
    )
    stack.enter_context(endpoint)
    return EndpointJudge(endpoint, concurrency=config.concurrency, reply_tokens=config.reply_tokens)


def _canaries(desk: Desk, rubrics: Sequence[Rubric], config: JudgeConfig) -> Canaries:
    """Put the rows of known score to the judge; returns its answers by rubric and row.

    They are asked in every run, since another model may stand under the same name; and first, so that what the
    server does not take is known before the data is asked about.

    Raises:
        UsageError: too few were taken rightly.
    """
    known = [(place, canary) for place, rubric in enumerate(rubrics) for canary in rubric.canaries]
    questions = [about(rubrics[place], canary, canary.reply) for place, canary in known]
    answers = {known[number]: answer for number, answer in desk.ask_afresh(enumerate(questions))}
    wrong = [key for key in known if not _right(key[1], answers[key])]
    if known and len(known) - len(wrong) < config.min_canaries * len(known):
        place, canary = wrong[0]
        answer = answers[wrong[0]]
        got = answer.state if answer.score is None else f"{answer.score:.1f}"
        raise UsageError(
            f"the judge takes {len(known) - len(wrong)} of {len(known)} rows of known score rightly, at least "
            f"{config.min_canaries:.0%} are wanted. For instance under {rubrics[place].name}: {canary.question!r} -> "
            f"{canary.reply[:80]!r} got {got}. {answer.explanation}".strip(),
            kind="judge_unfit",
            hint="Take a stronger judge; or lower judge.min_canaries, if your rubric means it so.",
        )
    return answers


def _right(canary: Canary, answer: Answer) -> bool:
    return answer.score is not None and canary.holds(answer.score)


def _questions(
    examples: Sequence[Example], sample: NDArray[np.int64], rubrics: Sequence[Rubric]
) -> Iterator[tuple[int, Question]]:
    for index in sample.tolist():
        example = examples[index]
        for place, rubric in enumerate(rubrics):
            yield index * len(rubrics) + place, Question(rubric=rubric, messages=rubric.of(example))


def _ask_all(
    desk: Desk,
    examples: Sequence[Example],
    sample: NDArray[np.int64],
    rubrics: Sequence[Rubric],
    tried: Tried,
    config: JudgeConfig,
    progress: Progress,
) -> dict[tuple[int, int], Answer]:
    """Return the answers by row and rubric; rows of whose words nothing is known are not asked about.

    Raises:
        EnvironmentFault: more answers than allowed brought no score; what was answered stays in the cache.
    """
    total = len(sample) * len(rubrics)
    withheld = Answer(state="unscored", explanation="its words to whoever grades it could not be tried")
    answers = {(index, place): withheld for index in tried.failed for place in range(len(rubrics))}
    asked = sample[~np.isin(sample, sorted(tried.failed))]
    failed = Counter[ScoreState]({"unscored": len(answers)})
    with progress.track("judging", total) as advance:
        for number, answer in desk.ask(_questions(examples, asked, rubrics)):
            answers[divmod(number, len(rubrics))] = answer
            advance(1)
            failed[answer.state] += answer.state != "scored"
            if failed.total() > config.max_unscored * total:
                told = ", ".join(f"{failed[state]:,} {state}" for state in STATES if failed[state])
                raise EnvironmentFault(
                    f"the judge left more than {config.max_unscored:.0%} of {total:,} questions without a score "
                    f"({told} so far), the last one: {answer.state}: {answer.explanation}",
                    kind="judge_silent",
                    hint="Mend the judge and run the same command again: the scores it gave are kept.",
                )
    return answers


def _length_correlation(scores: Mapping[int, Sequence[Score]], examples: Sequence[Example]) -> float | None:
    pairs = [
        (float(np.mean(values)), len(examples[index].reply))
        for index, found in scores.items()
        if (values := values_of(found))
    ]
    if len(pairs) < _LEAST_CORRELATED or any(len(set(side)) < 2 for side in zip(*pairs, strict=True)):
        return None
    from scipy.stats import spearmanr  # noqa: PLC0415 - heavy

    return round(float(spearmanr(*zip(*pairs, strict=True)).statistic), 3)
