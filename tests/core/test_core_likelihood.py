from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
import torch

from loracheck.models.generation import generate, pad_token_id
from loracheck.models.head import head_form
from loracheck.models.likelihood import length_batches, pad, score_groups, score_rows, score_tokens, token_nll
from loracheck.models.load import Base, load_base
from loracheck.records import Message
from loracheck.templates.chat import IGNORED, ChatTemplate, EncodedRow

ASKED = [
    "日本の首都はどこですか？",
    "Who are you?",
    "あ",
    "Why is the sky blue? Please say it in one line.",
    "空は？",
]


@pytest.fixture(scope="module", params=["tiny_gemma", "tiny_smollm"])
def base(request: pytest.FixtureRequest) -> Base:
    return load_base(str(request.getfixturevalue(request.param)))


def rows_of(base: Base) -> list[EncodedRow]:
    template = ChatTemplate(base.tokenizer)
    return [
        template.encode_reply((Message(role="user", content=asked),), reply)
        for asked, reply in zip(
            ASKED, ["東京です。", "I am the captain.", "い", "Light.", "青いのだ。"], strict=True
        )
    ]


def test_token_nll_is_the_stock_loss_of_transformers(base: Base) -> None:
    batch = pad(rows_of(base), pad_token_id(ChatTemplate(base.tokenizer)))
    with torch.inference_mode():
        nll, _, _ = token_nll(base.model, batch)
        stock = base.model(**batch).loss
    assert head_form(base.model)
    assert float(nll.mean()) == pytest.approx(float(stock), abs=1e-4)
    assert len(nll) == int((batch["labels"] != IGNORED).sum())


@pytest.mark.parametrize("softcap", [None, 5.0])
def test_a_softcapped_head_gives_the_stock_loss_too(tiny_gemma: Path, softcap: float | None) -> None:
    base = load_base(str(tiny_gemma))
    base.model.config.final_logit_softcapping = softcap
    batch = pad(rows_of(base), 0)
    with torch.inference_mode():
        nll, _, _ = token_nll(base.model, batch)
        assert float(nll.mean()) == pytest.approx(float(base.model(**batch).loss), abs=1e-4)


def test_a_head_of_unknown_scale_takes_the_whole_model(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of(base)
    with torch.inference_mode():
        split, _, _ = token_nll(base.model, pad(rows, 0))
        monkeypatch.setattr(base.model.config.get_text_config(), "logit_scale", 0.5, raising=False)
        assert not head_form(base.model)
        whole, _, _ = token_nll(base.model, pad(rows, 0))
    assert torch.allclose(split, whole, atol=1e-4)


def test_padding_does_not_change_a_rows_likelihood(base: Base) -> None:
    rows = rows_of(base)
    together = {i: s for batch in score_rows(base.model, rows, pad_id=0, embed=True) for i, s in batch}
    for index, row in enumerate(rows):
        ((_, alone),) = next(iter(score_rows(base.model, [row], pad_id=0, embed=True)))
        assert together[index].logprob == pytest.approx(alone.logprob, abs=1e-3)
        assert together[index].tokens == alone.tokens == row.trained_tokens
        assert together[index].embedding == pytest.approx(alone.embedding, abs=1e-3)


@pytest.mark.parametrize("budget", [1, 10, 64, 10_000])
def test_length_batches_hold_every_index_once_within_the_budget_longest_first(budget: int) -> None:
    lengths = [5, 30, 1, 30, 12, 7, 7, 64, 2]
    batches = length_batches(lengths, budget)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    assert batches[0][0] == 7
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= budget


def test_no_rows_make_no_batches() -> None:
    assert length_batches([], 100) == []


def replies(base: Base, prompts: list[list[int]], *, batch_size: int, tokens: int = 12) -> dict[int, str]:
    template = ChatTemplate(base.tokenizer)
    found = generate(base.model, template, prompts, max_new_tokens=tokens, batch_size=batch_size)
    return {index: f"{r.text}|{r.finish_reason}|{r.tokens}" for batch in found for index, r in batch}


def test_answers_in_a_batch_are_those_one_by_one(base: Base) -> None:
    template = ChatTemplate(base.tokenizer)
    prompts = [template.prompt_ids((Message(role="user", content=asked),)) for asked in ASKED]
    together = replies(base, prompts, batch_size=5)
    assert len(together) == 5
    assert len(set(together.values())) > 1
    assert together == {i: replies(base, [prompt], batch_size=1)[0] for i, prompt in enumerate(prompts)}
    assert together == replies(base, prompts, batch_size=2)


def questions(base: Base) -> list[list[EncodedRow]]:
    template = ChatTemplate(base.tokenizer)
    asked = [
        ("日本の首都はどこですか？", ["東京", "大阪なのだ。", "京都"]),
        ("Who are you, and where is the capital of France?", ["I am the captain.", "Paris"]),
        ("空はなぜ青いのですか？", ["光が空気の中で散らばるからです。", "水", "水なのだ。", "空"]),
        ("今日の天気は？", ["晴れ"]),
    ]
    return [
        [template.encode_reply((Message(role="user", content=prompt),), text) for text in texts]
        for prompt, texts in asked
    ]


@pytest.mark.parametrize("batch_tokens", [1, 80, 4096])
def test_choices_that_share_their_question_score_as_each_does_alone(base: Base, batch_tokens: int) -> None:
    groups = questions(base)
    found = {
        i: s
        for batch in score_groups(base.model, groups, pad_id=0, batch_tokens=batch_tokens)
        for i, s in batch
    }
    for index, group in enumerate(groups):
        for place, row in enumerate(group):
            ((_, alone),) = next(iter(score_rows(base.model, [row], pad_id=0)))
            assert found[index][place] == pytest.approx(alone.logprob, abs=2e-3)


def test_a_question_passes_through_the_model_once_for_all_its_choices(
    base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens: list[int] = []
    decoder = base.model.get_decoder()
    original = decoder.forward

    @functools.wraps(original)
    def counted(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        tokens.append(kwargs["input_ids"].numel())
        return original(*args, **kwargs)

    monkeypatch.setattr(decoder, "forward", counted)
    (group,) = questions(base)[2:3]
    list(score_groups(base.model, [group], pad_id=0))
    assert sum(tokens) < 0.7 * sum(len(row.ids) for row in group)


def test_a_model_that_keeps_a_state_is_scored_row_by_row(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = questions(base)
    shared = {i: s for batch in score_groups(base.model, groups, pad_id=0) for i, s in batch}
    monkeypatch.setattr(type(base.model), "_is_stateful", True, raising=False)
    alone = {i: s for batch in score_groups(base.model, groups, pad_id=0, batch_tokens=64) for i, s in batch}
    assert alone.keys() == shared.keys()
    for index, scores in alone.items():
        assert scores == pytest.approx(shared[index], abs=2e-3)


def test_groups_that_are_done_are_left_out_and_batches_stay_as_they_are(base: Base) -> None:
    groups = questions(base)
    batches = [[i for i, _ in batch] for batch in score_groups(base.model, groups, pad_id=0, batch_tokens=60)]
    assert len(batches) > 1
    later = [
        [i for i, _ in batch]
        for batch in score_groups(base.model, groups, pad_id=0, batch_tokens=60, done=set(batches[0]))
    ]
    assert later == batches[1:]


def test_the_scores_of_tokens_add_up_to_the_likelihood_of_their_row(base: Base) -> None:
    rows = rows_of(base)
    pad_id = pad_token_id(ChatTemplate(base.tokenizer))
    whole = {i: row for batch in score_rows(base.model, rows, pad_id=pad_id) for i, row in batch}
    parts = {i: part for batch in score_tokens(base.model, rows, pad_id=pad_id) for i, part in batch}
    for i, row in enumerate(rows):
        assert len(parts[i]) == row.trained_tokens
        assert sum(parts[i]) == pytest.approx(whole[i].logprob, abs=1e-3)
