from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer

from loracheck.engines import Generated
from loracheck.models.generation import generate, left_pad
from loracheck.models.load import load_base
from loracheck.templates.chat import ChatTemplate


class Scripted(torch.nn.Module):
    """A model that goes on with given ids, whatever it is asked; each prompt is the number of its reply."""

    device = torch.device("cpu")

    def __init__(self, replies: list[list[int]]) -> None:
        super().__init__()
        self.replies = replies
        self.batches: list[int] = []

    def generate(
        self, input_ids: torch.Tensor, max_new_tokens: int, pad_token_id: int, **_: object
    ) -> SimpleNamespace:
        self.batches.append(len(input_ids))
        begun = input_ids.shape[1] - 1
        padded = [
            (self.replies[number] + [pad_token_id] * 99)[begun : begun + max_new_tokens]
            for number in input_ids[:, 0].tolist()
        ]
        return SimpleNamespace(
            sequences=torch.cat([input_ids, torch.tensor(padded)], dim=1), past_key_values=None
        )


@pytest.fixture
def template(tiny_gemma: Path) -> ChatTemplate:
    return ChatTemplate(AutoTokenizer.from_pretrained(tiny_gemma))


def say(template: ChatTemplate, *replies: str) -> list[Generated]:
    ids = [template.tokenizer(reply, add_special_tokens=False)["input_ids"] for reply in replies]
    scripted: Any = Scripted(ids)
    found: Iterator[list[tuple[int, Generated]]] = generate(
        scripted, template, [[number] for number in range(len(ids))], max_new_tokens=32
    )
    return [reply for batch in found for _, reply in sorted(batch, key=lambda pair: pair[0])]


def test_a_stop_token_ends_the_reply_and_counts_as_a_token(template: ChatTemplate) -> None:
    stopped, longer = say(template, " 東京です。<eos>", " 東京です。" * 3)
    assert (stopped.text, stopped.finish_reason) == ("東京です。", "stop")
    assert stopped.tokens == len(template.tokenizer(" 東京です。", add_special_tokens=False)["input_ids"]) + 1
    assert longer.finish_reason == "length"


def test_a_reply_that_goes_on_as_the_user_is_cut_at_the_turn(template: ChatTemplate) -> None:
    (reply,) = say(template, " 東京です。\n質問: では、次は？\n回答: 大阪。<eos>")
    assert (reply.text, reply.finish_reason) == ("東京です。", "turn")


def test_a_reply_that_opens_with_the_users_turn_is_empty(template: ChatTemplate) -> None:
    (reply,) = say(template, "Q: again?")
    assert (reply.text, reply.finish_reason) == ("", "turn")


def test_the_opener_inside_a_line_is_no_turn(template: ChatTemplate) -> None:
    (reply,) = say(template, " The FAQ: see below<eos>")
    assert reply.finish_reason == "stop"
    assert reply.text == "The FAQ: see below"


def test_prompts_are_padded_on_the_left() -> None:
    ids, mask = left_pad([[1, 2, 3], [4]], 9)
    assert ids.tolist() == [[1, 2, 3], [9, 9, 4]]
    assert mask.tolist() == [[1, 1, 1], [0, 0, 1]]


def test_a_real_model_runs_into_the_length_limit(tiny_gemma: Path, template: ChatTemplate) -> None:
    model = load_base(str(tiny_gemma)).model
    assert model.generation_config is not None
    ((_, reply),) = next(iter(generate(model, template, [[2, 50, 60]], max_new_tokens=3)))
    assert reply.tokens in (1, 2, 3)
    assert list(generate(model, template, [], max_new_tokens=3)) == []


def test_replies_that_ended_leave_the_batch(template: ChatTemplate) -> None:
    model = Scripted(
        [
            template.tokenizer(text, add_special_tokens=False)["input_ids"]
            for text in (" 東京です。<eos>", " 東京です。" * 9)
        ]
    )
    untyped: Any = model
    replies = dict(next(iter(generate(untyped, template, [[0], [1]], max_new_tokens=32))))
    assert [replies[0].finish_reason, replies[1].finish_reason] == ["stop", "length"]
    assert model.batches == [2, 1, 1, 1]


def test_what_a_model_says_in_stretches_is_what_it_says_in_one_go(
    tiny_gemma: Path, template: ChatTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_base(str(tiny_gemma)).model.float()
    prompts = [[2, *range(50 + n, 50 + 2 * n)] for n in range(2, 9)]
    many_stops = (*template.stop_ids, *range(0, model.config.vocab_size, 9))
    monkeypatch.setattr(ChatTemplate, "stop_ids", many_stops)

    def said() -> dict[int, Generated]:
        return dict(next(iter(generate(model, template, prompts, max_new_tokens=40))))

    stretched = said()
    monkeypatch.setattr("loracheck.models.generation.STRETCH", 40)
    assert stretched == said()
    assert {reply.finish_reason for reply in stretched.values()} == {"stop", "length"}
