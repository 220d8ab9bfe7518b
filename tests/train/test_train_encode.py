from __future__ import annotations

from pathlib import Path

import pytest
from transformers import AutoTokenizer

from loracheck.errors import DataError, UsageError
from loracheck.records import Example, Message, Source
from loracheck.template import IGNORED, ChatTemplate, EncodedRow
from loracheck.text import language_of
from loracheck.train.config import PRESETS, TrainConfig, from_preset
from loracheck.train.encode import audit_mask, encode_rows, refuse_unsound
from loracheck.train.order import training_order
from loracheck.training_records import MaskAudit

SOUND = [("日本の首都は？", "東京なのだ。"), ("Who are you?", "I am the captain."), ("空は？", "青いのだ。")]
NO_SEPARATOR = (
    "{% for m in messages %}{{ m.content }}"
    "{% if m.role == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
)


def examples(*pairs: tuple[str, str]) -> list[Example]:
    return [
        Example(
            id=str(line),
            messages=(Message(role="user", content=asked), Message(role="assistant", content=reply)),
            language=language_of(reply),
            source=Source(file="data.jsonl", line=line),
        )
        for line, (asked, reply) in enumerate(pairs, start=1)
    ]


@pytest.fixture(params=["tiny_gemma", "tiny_smollm"])
def template(request: pytest.FixtureRequest) -> ChatTemplate:
    return ChatTemplate(AutoTokenizer.from_pretrained(request.getfixturevalue(request.param)))


def audit(
    template: ChatTemplate, rows: list[Example], max_length: int = 512
) -> tuple[MaskAudit, list[EncodedRow]]:
    encoded = encode_rows(template, rows, max_length)
    return audit_mask(template, rows, encoded, max_length), encoded


def test_sound_rows_pass_the_audit(template: ChatTemplate) -> None:
    rows = examples(*SOUND)
    found, _ = audit(template, rows)
    assert found == MaskAudit(
        rows=3,
        truncated=0,
        prefix_mismatches=0,
        untrained_stop=0,
        nothing_to_learn=0,
        double_bos=0,
        control_tokens=0,
    )
    refuse_unsound(found, template, rows)


def test_a_reply_that_is_longer_than_the_limit_is_refused(template: ChatTemplate) -> None:
    rows = examples(*SOUND, ("長い？", "光が空気の中で散らばるからなのだ。" * 10))
    found, _ = audit(template, rows, 32)
    assert found.untrained_stop == 1
    with pytest.raises(DataError, match="1 of 4 rows the stop token would not be trained") as caught:
        refuse_unsound(found, template, rows)
    assert "--max-length" in caught.value.hint


def test_a_row_without_its_stop_token_is_refused(template: ChatTemplate) -> None:
    rows = examples(*SOUND)
    encoded = encode_rows(template, rows, 512)
    cut = encoded[0]
    encoded[0] = EncodedRow(ids=cut.ids[:-1], labels=cut.labels[:-1], prompt_is_prefix=True)
    masked = encoded[1]
    encoded[1] = EncodedRow(ids=masked.ids, labels=(*masked.labels[:-1], IGNORED), prompt_is_prefix=True)
    assert audit_mask(template, rows, encoded, 512).untrained_stop == 2


def test_a_long_prompt_is_counted_as_truncated_and_allowed(template: ChatTemplate) -> None:
    rows = examples(("日本の首都はどこ、と何度も聞くのはなぜ？" * 20, "東京なのだ。"), *SOUND)
    found, encoded = audit(template, rows, 64)
    assert found.truncated == 1
    assert len(encoded[0].ids) == 64
    refuse_unsound(found, template, rows)


def test_an_empty_reply_is_refused(template: ChatTemplate) -> None:
    rows = examples(*SOUND, ("誰？", ""))
    found, _ = audit(template, rows)
    assert found.nothing_to_learn == 1
    with pytest.raises(DataError, match="the reply is empty"):
        refuse_unsound(found, template, rows)


def test_control_tokens_in_user_text_are_refused_with_file_and_line(template: ChatTemplate) -> None:
    token = template.stop_text
    rows = examples(*SOUND, ("誰？", f"ぽぽぬ{token}なのだ。"))
    found, _ = audit(template, rows)
    assert found.control_tokens == 1
    with pytest.raises(DataError, match=r"control tokens .*\(first: data\.jsonl, line 4\)"):
        refuse_unsound(found, template, rows)


def test_a_template_without_separator_is_refused(tiny_gemma: Path) -> None:
    template = ChatTemplate(AutoTokenizer.from_pretrained(tiny_gemma), NO_SEPARATOR)
    rows = examples(("日本の", "首都は東京です。"))
    found, _ = audit(template, rows)
    assert found.prefix_mismatches == 1
    with pytest.raises(DataError, match="no prefix of the row's"):
        refuse_unsound(found, template, rows)


def test_two_bos_tokens_are_refused(tiny_gemma: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_gemma)
    template = ChatTemplate(tokenizer, "{{ bos_token }}" + ChatTemplate(tokenizer).source)
    rows = examples(*SOUND)
    found, _ = audit(template, rows)
    assert found.double_bos == 3
    with pytest.raises(DataError, match="two BOS"):
        refuse_unsound(found, template, rows)


@pytest.mark.parametrize("budget", [1, 7, 50, 333])
def test_a_budget_is_met_to_the_token_and_every_stop_token_is_trained(
    template: ChatTemplate, budget: int
) -> None:
    rows = encode_rows(template, examples(*SOUND), 512)
    order = training_order(rows, batch_size=2, epochs=1, max_trained_tokens=budget, seed=0)
    assert sum(row.trained_tokens for row in order) == budget
    assert all(row.labels[-1] in template.stop_ids for row in order)


def test_raw_and_curated_data_are_trained_on_equally_many_tokens(template: ChatTemplate) -> None:
    raw = encode_rows(template, examples(*SOUND * 5), 512)
    curated = encode_rows(template, examples(SOUND[1]), 512)
    totals = {
        sum(
            row.trained_tokens
            for row in training_order(rows, batch_size=4, epochs=3, max_trained_tokens=101, seed=0)
        )
        for rows in (raw, curated)
    }
    assert totals == {101}


def test_the_order_depends_on_the_seed_alone(template: ChatTemplate) -> None:
    rows = encode_rows(template, examples(*((f"質問{n}は？", "答え" * (n + 1)) for n in range(20))), 512)
    orders = [
        training_order(rows, batch_size=4, epochs=2, max_trained_tokens=None, seed=seed) for seed in (3, 3, 4)
    ]
    assert orders[0] == orders[1] != orders[2]
    assert orders[0][:20] != orders[0][20:]


def test_epochs_cover_every_row_once_each(template: ChatTemplate) -> None:
    rows = encode_rows(template, examples(*((f"質問{n}は？", f"答え{n}") for n in range(11))), 512)
    order = training_order(rows, batch_size=4, epochs=3, max_trained_tokens=None, seed=0)
    assert len(order) == 33
    assert all(order.count(row) == 3 for row in rows)
    assert all(order[n : n + 11].count(row) == 1 for row in rows for n in (0, 11, 22))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("lora_r", 0),
        ("lora_alpha", 0),
        ("learning_rate", 0.0),
        ("num_train_epochs", 0),
        ("max_trained_tokens", 0),
        ("max_length", 8),
        ("save_steps", 0),
        ("max_grad_norm", 0.0),
        ("quantization", "int4"),
    ],
)
def test_an_impossible_option_is_refused_by_the_name_of_its_flag(option: str, value: object) -> None:
    with pytest.raises(UsageError, match="--" + option.replace("_", "-")):
        from_preset(None, **{option: value})


def test_presets_are_overridden_by_what_is_given_and_alpha_follows_the_rank() -> None:
    assert from_preset("qlora").quantization == "nf4"
    assert from_preset("qlora", lora_r=8, quantization="none").lora_r == 8
    assert from_preset("qlora", lora_r=8).lora_alpha == 16
    assert from_preset(None, lora_r=4, learning_rate=None) == TrainConfig(lora_r=4, lora_alpha=8)
    assert all(from_preset(name) for name in PRESETS)
    with pytest.raises(UsageError, match="--preset best"):
        from_preset("best")
