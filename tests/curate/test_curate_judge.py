"""The judge against a real server on loopback: states, cache, budget and sample; and a tiny model as judge."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from loracheck.curate.config import JudgeConfig
from loracheck.curate.judging.judge import Question
from loracheck.curate.judging.localjudge import LocalJudge
from loracheck.curate.judging.rubric import load_rubric
from loracheck.curate.judging.step import check_budget, draw_sample, low_score, plan_judging
from loracheck.errors import EnvironmentFault, UsageError
from loracheck.models.load import load_base
from loracheck.templates.chat import ChatTemplate
from tests.curate.judged_rows import ROWS, RUBRIC, Server, answered, example, grading, judge

pytestmark = pytest.mark.usefixtures("fresh_cache")


def test_rows_are_judged_in_their_language_and_the_low_ones_found(chat_server: Server) -> None:
    chat_server.respond = grading()
    judged = judge(chat_server)
    lows = {index for index, scores in judged.scores.items() if low_score(scores, 2.0)}
    assert lows == {8, 10}
    assert set(judged.scores) == set(range(11))
    score = judged.scores[9][0]
    assert (score.name, score.value, score.scorer, score.explanation) == (
        "educational-value",
        4.0,
        "judge:m",
        "so",
    )
    summary = judged.summary
    assert (summary.canaries, summary.canaries_right) == (20, 20)
    assert summary.states == {"scored": 22, "unparsable": 0, "refused": 0, "error": 0, "unscored": 0}
    assert summary.requests == len(chat_server.bodies) == 42
    assert summary.prompt_tokens == 4200
    told = [body["messages"][0]["content"] for body in chat_server.bodies if "雲の中" in str(body)]
    assert all("評価してください" in text for text in told)


def test_a_second_run_asks_only_rows_of_known_score_and_a_changed_row_or_rubric_only_itself(
    chat_server: Server, tmp_path: Path
) -> None:
    chat_server.respond = grading()
    first = judge(chat_server)
    chat_server.bodies.clear()
    again = judge(chat_server)
    assert len(chat_server.bodies) == 20
    assert (again.scores, again.summary.cached, again.summary.requests) == (first.scores, 22, 20)
    changed = [*ROWS[:-1], example(10, "雪とは何ですか？", "空から降る氷の結晶です。", "ja")]
    judge(chat_server, changed)
    assert len(chat_server.bodies) == 20 + 22
    judge(chat_server, model="another")
    assert len(chat_server.bodies) == 20 + 22 + 42
    mine = tmp_path / "mine.yaml"
    mine.write_text("name: mine\nen: a\nja: い\n", encoding="utf-8")
    chat_server.bodies.clear()
    judge(chat_server, rubrics=(str(mine),))
    assert len(chat_server.bodies) == 11


def failing(every: int) -> Callable[[dict[str, Any]], Any]:
    """Return a server that breaks on every so-manieth row of the data."""
    seen = Counter[str]()
    good = grading()

    def respond(body: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
        if "times seven" in str(body):
            seen["row"] += 1
            if seen["row"] % every == 0:
                return 500, {}, {}
        return good(body)  # type: ignore[no-any-return]

    return respond


def test_too_many_rows_without_a_score_stop_the_step_and_the_next_try_asks_only_those(
    chat_server: Server,
) -> None:
    chat_server.respond = failing(4)
    with pytest.raises(EnvironmentFault, match="more than 5% of 22 questions") as caught:
        judge(chat_server, concurrency=1)
    assert "2 error" in caught.value.message
    asked = len(chat_server.bodies)
    chat_server.bodies.clear()
    chat_server.respond = grading()
    judged = judge(chat_server)
    assert judged.summary.states["scored"] == 22
    assert judged.summary.cached >= asked - 20 - 2 - 2 >= 4  # two that failed, two that were under way
    assert len(chat_server.bodies) == 42 - judged.summary.cached


@pytest.mark.parametrize("broken", ["no JSON", "I cannot judge this.", '{"score": 9}'])
def test_an_answer_without_a_score_is_asked_for_again_by_the_next_run(
    chat_server: Server, broken: str
) -> None:
    good = grading()
    chat_server.respond = lambda sent: (
        (200, answered(broken), {}) if "times seven" in str(sent) else good(sent)
    )
    with pytest.raises(EnvironmentFault):
        judge(chat_server)
    chat_server.respond = good
    assert judge(chat_server).summary.states["scored"] == 22


def test_a_model_that_changed_under_its_name_is_found_out(chat_server: Server) -> None:
    chat_server.respond = grading()
    judge(chat_server)
    chat_server.respond = lambda body: (200, answered('{"score": 5}'), {})
    with pytest.raises(UsageError, match="takes 8 of 20 rows of known score rightly"):
        judge(chat_server)


def test_answers_made_without_probabilities_give_way_once_the_server_has_them(chat_server: Server) -> None:
    good = grading()
    chat_server.respond = lambda sent: (400, b"no logprobs", {}) if "logprobs" in sent else good(sent)
    judge(chat_server)
    chat_server.bodies.clear()
    assert judge(chat_server).summary.cached == 22
    chat_server.respond = good
    assert judge(chat_server).summary.cached == 0
    assert judge(chat_server).summary.cached == 22
    chat_server.respond = lambda sent: (400, b"no logprobs", {}) if "logprobs" in sent else good(sent)
    assert judge(chat_server).summary.cached == 22


def test_a_row_that_is_too_long_for_the_judge_costs_the_others_nothing(chat_server: Server) -> None:
    good = grading()
    chat_server.respond = lambda sent: (
        (400, b"maximum context length is 4096 tokens", {}) if "3 times seven" in str(sent) else good(sent)
    )
    judged = judge(chat_server, max_unscored=0.1)
    assert judged.summary.states["error"] == 2
    assert all({"logprobs", "response_format"} <= set(sent) for sent in chat_server.bodies)


def test_a_failed_call_is_a_state_and_never_a_number(chat_server: Server) -> None:
    chat_server.respond = failing(8)
    judged = judge(chat_server, max_unscored=0.1, concurrency=1)
    assert judged.summary.states == {"scored": 20, "unparsable": 0, "refused": 0, "error": 2, "unscored": 0}
    failed = [score for scores in judged.scores.values() for score in scores if score.state == "error"]
    assert [score.value for score in failed] == [None, None]
    assert "HTTP 500" in failed[0].explanation
    assert low_score(failed, 5.0) is None


def test_a_judge_that_is_wrong_on_rows_of_known_score_never_sees_the_data(chat_server: Server) -> None:
    chat_server.respond = lambda body: (200, answered('{"score": 5}'), {})
    with pytest.raises(UsageError, match="takes 8 of 20 rows of known score rightly") as caught:
        judge(chat_server)
    assert "got 5.0" in caught.value.message
    assert len(chat_server.bodies) == 20
    assert judge(chat_server, min_canaries=0.0).summary.canaries_right == 8


def test_a_plan_over_the_budget_stops_before_the_first_request(chat_server: Server) -> None:
    with pytest.raises(UsageError, match="would take 42 requests, the budget is 30") as caught:
        judge(chat_server, max_requests=30)
    assert "--judge-rows 13" in caught.value.hint
    with pytest.raises(UsageError, match="tokens, the budget is 500"):
        judge(chat_server, max_tokens=500)
    assert not chat_server.bodies


def test_known_answers_are_not_counted_against_the_budget(chat_server: Server) -> None:
    chat_server.respond = grading()
    judge(chat_server)
    assert judge(chat_server, max_requests=30).summary.cached == 22


def test_a_budget_that_is_used_up_leaves_the_rest_unscored(chat_server: Server) -> None:
    """Tokens are guessed before the start; a server may count more."""

    def respond(body: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
        status, content, headers = grading()(body)
        content["usage"]["prompt_tokens"] = 1_000
        return status, content, headers

    chat_server.respond = respond
    config: dict[str, Any] = {"rubrics": ("helpfulness",), "concurrency": 1, "max_tokens": 17_000}
    with pytest.raises(EnvironmentFault, match="budget was used up"):
        judge(chat_server, **config)
    chat_server.bodies.clear()
    judged = judge(chat_server, **config)
    assert judged.summary.states["scored"] == 11
    assert 10 < len(chat_server.bodies) < 10 + 11  # the rows of known score, and some of the data


def test_the_estimate_counts_rows_tokens_and_cost() -> None:
    rubrics = [load_rubric(name) for name in ("educational-value", "helpfulness")]
    config = JudgeConfig(model="m", endpoint="http://x/v1", rows=10, prompt_price=2.0, completion_price=8.0)
    plan = plan_judging([300] * 50, rubrics, config, japanese=0.0)
    assert (plan.rows, plan.requests) == (10, 40)
    told = sum(len(rubric.en) + 500 for rubric in rubrics)
    assert plan.prompt_tokens == round(10 * (told + 600) / 4)
    assert plan.cost == pytest.approx((plan.prompt_tokens * 2 + plan.completion_tokens * 8) / 1e6)
    assert (
        plan_judging(
            [300] * 50, rubrics, replace(config, prompt_price=None, completion_price=None), japanese=0
        ).cost
        is None
    )
    check_budget(plan, replace(config, max_requests=40), 2)


def test_a_sample_is_drawn_over_the_strata_and_is_the_same_each_time() -> None:
    strata = [("ja", "a")] * 80 + [("en", "a")] * 15 + [("en", "b")] * 5
    sample = draw_sample(strata, 20, seed=1)
    assert Counter(strata[row] for row in sample) == {("ja", "a"): 16, ("en", "a"): 3, ("en", "b"): 1}
    assert sample.tolist() == draw_sample(strata, 20, seed=1).tolist()
    assert sample.tolist() != draw_sample(strata, 20, seed=2).tolist()
    assert draw_sample(strata, 500, seed=1).tolist() == list(range(100))


def test_a_model_on_this_machine_scores_by_its_probabilities(tiny_smollm: Path, tiny_gemma: Path) -> None:
    for folder in (tiny_smollm, tiny_gemma):
        base = load_base(str(folder))
        local = LocalJudge(base, ChatTemplate(base.tokenizer))
        rows = [RUBRIC.of(row) for row in ROWS]
        questions = [(number, Question(rubric=RUBRIC, messages=told)) for number, told in enumerate(rows)]
        whole = dict(local.answers(questions))
        assert list(whole) == list(range(11))
        assert all(answer.state in ("scored", "unparsable") for answer in whole.values())
        assert all(answer.score is None or 1 <= answer.score <= 5 for answer in whole.values())
        one = dict(local.answers(questions[3:4]))[3]
        assert one.state == whole[3].state
        assert local.requests == 12


def test_the_judge_that_is_loaded_here_reads_the_digit_after_its_opening(tiny_smollm: Path) -> None:
    base = load_base(str(tiny_smollm))
    template = ChatTemplate(base.tokenizer)
    local = LocalJudge(base, template)
    question = Question(rubric=RUBRIC, messages=RUBRIC.of(ROWS[0]))
    opened, digits = local._opened(question)
    text = str(base.tokenizer.decode(opened))
    assert text.endswith('{"score":') or text.endswith('{"score": ')
    assert {score: str(base.tokenizer.decode([token])).strip() for score, token in digits.items()} == {
        n: str(n) for n in range(1, 6)
    }
    with torch.no_grad():
        head = base.model.get_output_embeddings()
        hidden = base.model.get_decoder()(torch.tensor([opened])).last_hidden_state[0, -1]
        head.weight = torch.nn.Parameter(torch.zeros_like(head.weight))  # the embeddings were tied to it
        for score, token in digits.items():
            head.weight[token] = (
                hidden / hidden.norm() ** 2 * (20.0 if score == 4 else 19.0 if score == 5 else 0.0)
            )
    (answer,) = dict(local.answers([(0, question)])).values()
    assert answer.state == "scored"
    assert answer.score == pytest.approx((4 * math.e + 5) / (math.e + 1), abs=0.01)
