from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from loracheck.errors import DataError, UsageError
from loracheck.records import Example, Message, Source
from loracheck.records.training import MaskAudit
from loracheck.templates.chat import IGNORED, ChatTemplate, EncodedRow
from loracheck.text import language_of
from loracheck.train.batches.encode import audit_mask, encode_rows, in_colour, refuse_unsound, shown_rows
from loracheck.train.batches.order import Step, micro_batches, training_steps
from loracheck.train.config import TrainConfig, configure, with_replay
from loracheck.train.presets import PRESETS

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
    found, encoded = audit(template, rows)
    assert found == MaskAudit(
        rows=3,
        truncated=0,
        prefix_mismatches=0,
        untrained_stop=0,
        nothing_to_learn=0,
        double_bos=0,
        control_tokens=0,
    )
    refuse_unsound(found, template, rows, encoded, 512)


def test_a_reply_that_is_longer_than_the_limit_is_refused(template: ChatTemplate) -> None:
    rows = examples(*SOUND, ("長い？", "光が空気の中で散らばるからなのだ。" * 10))
    found, encoded = audit(template, rows, 32)
    assert found.untrained_stop == 1
    with pytest.raises(
        DataError, match=r"1 of 4 rows the stop token would not be trained.*line 4\)"
    ) as caught:
        refuse_unsound(found, template, rows, encoded, 32)
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
    assert found.truncated_rows == ("data.jsonl, line 1",)
    assert len(encoded[0].ids) == 64
    refuse_unsound(found, template, rows, encoded, 64)


def test_an_empty_reply_is_refused(template: ChatTemplate) -> None:
    rows = examples(*SOUND, ("誰？", ""))
    found, encoded = audit(template, rows)
    assert found.nothing_to_learn == 1
    with pytest.raises(DataError, match=r"the reply is empty.*line 4\)"):
        refuse_unsound(found, template, rows, encoded, 512)


def test_control_tokens_in_user_text_are_refused_with_file_and_line(template: ChatTemplate) -> None:
    token = template.stop_text
    rows = examples(*SOUND, ("誰？", f"ぽぽぬ{token}なのだ。"))
    found, encoded = audit(template, rows)
    assert found.control_tokens == 1
    with pytest.raises(DataError, match=r"control tokens .*\(first: data\.jsonl, line 4\)"):
        refuse_unsound(found, template, rows, encoded, 512)


def test_a_template_without_separator_is_refused(tiny_gemma: Path) -> None:
    template = ChatTemplate(AutoTokenizer.from_pretrained(tiny_gemma), NO_SEPARATOR)
    rows = examples(("日本の", "首都は東京です。"))
    found, encoded = audit(template, rows)
    assert found.prefix_mismatches == 1
    with pytest.raises(DataError, match="no prefix of the row's"):
        refuse_unsound(found, template, rows, encoded, 512)


def test_two_bos_tokens_are_refused(tiny_gemma: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_gemma)
    template = ChatTemplate(tokenizer, "{{ bos_token }}" + ChatTemplate(tokenizer).source)
    rows = examples(*SOUND)
    found, encoded = audit(template, rows)
    assert found.double_bos == 3
    with pytest.raises(DataError, match="two BOS"):
        refuse_unsound(found, template, rows, encoded, 512)


@pytest.mark.parametrize("budget", [1, 7, 50, 333])
def test_a_budget_is_met_to_the_token_and_every_stop_token_is_trained(
    template: ChatTemplate, budget: int
) -> None:
    rows = encode_rows(template, examples(*SOUND), 512)
    order = flat(training_steps(rows, batch_size=2, epochs=1, max_trained_tokens=budget, seed=0))
    assert sum(row.trained_tokens for row in order) == budget
    assert all(row.labels[-1] in template.stop_ids for row in order)


def flat(steps: list[Step]) -> list[EncodedRow]:
    return [row for step in steps for row in step]


def test_raw_and_curated_data_are_trained_on_equally_many_tokens(template: ChatTemplate) -> None:
    raw = encode_rows(template, examples(*SOUND * 5), 512)
    curated = encode_rows(template, examples(SOUND[1]), 512)
    totals = {
        sum(
            row.trained_tokens
            for row in flat(training_steps(rows, batch_size=4, epochs=3, max_trained_tokens=101, seed=0))
        )
        for rows in (raw, curated)
    }
    assert totals == {101}


def numbered(template: ChatTemplate, count: int) -> list[EncodedRow]:
    return encode_rows(template, examples(*((f"質問{n}は？", "答え" * (n + 1)) for n in range(count))), 512)


def test_the_order_depends_on_the_seed_alone(template: ChatTemplate) -> None:
    rows = numbered(template, 20)
    orders = [
        training_steps(rows, batch_size=4, epochs=2, max_trained_tokens=None, seed=seed) for seed in (3, 3, 4)
    ]
    assert orders[0] == orders[1] != orders[2]
    assert orders[0][:5] != orders[0][5:]


def test_epochs_cover_every_row_once_each_and_steps_hold_no_more_than_they_should(
    template: ChatTemplate,
) -> None:
    rows = numbered(template, 11)
    steps = training_steps(rows, batch_size=4, epochs=3, max_trained_tokens=None, seed=0)
    order = flat(steps)
    assert len(order) == 33
    assert sorted(len(step) for step in steps) == [3, 3, 3, 4, 4, 4, 4, 4, 4]
    assert all(order[n : n + 11].count(row) == 1 for row in rows for n in (0, 11, 22))


def test_replay_rows_make_up_their_share_of_every_epoch_each_in_its_turn(template: ChatTemplate) -> None:
    rows = numbered(template, 18)
    replay = encode_rows(template, examples(*((f"What is {n}?", f"It is {n}.") for n in range(5))), 512)
    steps = training_steps(
        rows, replay, replay_share=0.1, batch_size=4, epochs=5, max_trained_tokens=None, seed=0
    )
    order = flat(steps)
    assert len(order) == 5 * 20
    assert all(order.count(row) == 5 for row in rows)
    assert all(order.count(row) == 2 for row in replay)
    assert all(sum(row in replay for row in order[n : n + 20]) == 2 for n in range(0, 100, 20))


@pytest.mark.parametrize("packing", [False, True])
@pytest.mark.parametrize("budget", [16, 60, 200, 10_000])
def test_parts_of_a_step_hold_every_row_once_within_the_budget(
    template: ChatTemplate, packing: bool, budget: int
) -> None:
    step = numbered(template, 9)
    parts = micro_batches(step, budget, packing=packing)
    assert sorted(flat(parts), key=lambda row: row.ids) == sorted(step, key=lambda row: row.ids)
    for part in parts:
        longest = max(len(row.ids) for row in part)
        tokens = sum(len(row.ids) for row in part) if packing else longest * len(part)
        assert tokens <= budget or len(part) == 1


def several_turns() -> Example:
    turns = (
        ("user", "日本の首都は？"),
        ("assistant", "東京。"),
        ("user", "ドイツの首都は？"),
        ("assistant", "ベルリン。"),
    )
    return Example(
        id="1",
        messages=tuple(Message(role=role, content=text) for role, text in turns),  # type: ignore[arg-type]
        language="ja",
        source=Source(file="data.jsonl", line=1),
    )


def test_loss_is_taken_on_the_last_reply_or_on_every_turn_each_with_its_stop_token(
    template: ChatTemplate,
) -> None:
    messages = several_turns().messages
    last, every = template.encode(messages), template.encode(messages, every_turn=True)
    assert last.ids == every.ids
    assert every.prompt_is_prefix

    def trained(row: EncodedRow) -> str:
        return str(template.tokenizer.decode([label for label in row.labels if label != IGNORED]))

    assert trained(last).strip() == "ベルリン。" + template.stop_text
    assert "".join(trained(every).split()) == f"東京。{template.stop_text}ベルリン。{template.stop_text}"


def test_a_shortened_conversation_keeps_its_last_reply_and_drops_labels_with_their_tokens(
    template: ChatTemplate,
) -> None:
    messages = several_turns().messages
    whole = template.encode(messages, every_turn=True)
    reply = sum(label != IGNORED for label in template.encode(messages).labels)
    short = template.encode(messages, reply + 4, every_turn=True)
    assert len(short.ids) == len(short.labels) == reply + 4
    assert short.ids[-reply:] == whole.ids[-reply:] == short.labels[-reply:]


def test_a_template_that_does_not_end_earlier_replies_is_refused_for_a_loss_on_every_turn(
    tiny_gemma: Path,
) -> None:
    source = (
        "{% for m in messages %}{{ m.role }}: {{ m.content }}"
        "{% if loop.last and m.role == 'assistant' %}{{ eos_token }}{% endif %}{{ '\\n' }}{% endfor %}"
        "{% if add_generation_prompt %}assistant: {% endif %}"
    )
    template = ChatTemplate(AutoTokenizer.from_pretrained(tiny_gemma), source)
    assert template.encode(several_turns().messages).labels[-1] in template.stop_ids
    with pytest.raises(DataError, match="does not end earlier replies"):
        template.encode(several_turns().messages, every_turn=True)


def test_the_rows_shown_are_the_shortest_a_middling_and_the_longest_with_their_trained_spans(
    template: ChatTemplate,
) -> None:
    rows = examples(*((f"質問{n}は？", "答え" * (n + 1)) for n in range(9)))
    shown = shown_rows(template, rows, encode_rows(template, rows, 512))
    assert [row.example_id for row in shown] == ["1", "5", "9"]
    assert [span.trained for span in shown[0].spans] == [False, True]
    assert shown[0].spans[1].text.strip() == "答え" + template.stop_text
    told = in_colour(shown[0])
    assert f"答え{template.stop_text}⟧" in told
    assert told.startswith("  ")
    assert "\x1b[32m⟦" in told


def test_a_hostile_row_is_shown_without_reaching_the_terminal(template: ChatTemplate) -> None:
    rows = examples(("\x1b[31m赤？\r\n二行目\n::error::三行目", "\x1b]0;title\x07はい。"))
    (shown,) = shown_rows(template, rows, encode_rows(template, rows, 512))
    told = in_colour(shown)
    assert "\x1b[31m赤" not in told
    assert "\x1b]0" not in told
    assert "\\u000d\n  二行目\n" in told, "lines stay lines, and nothing but their break acts"
    assert "::error::" not in told


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
        ("replay_share", 1.0),
        ("eval_steps", 0),
        ("early_stopping_patience", 0),
        ("watch_margin", -0.1),
        ("loraplus_lr_ratio", 0.0),
    ],
)
def test_an_impossible_option_is_refused_by_the_name_of_its_flag(option: str, value: object) -> None:
    with pytest.raises(UsageError, match="--" + option.replace("_", "-")):
        configure(None, None, **{option: value})


def test_presets_are_overridden_by_what_is_given_and_alpha_follows_the_rank() -> None:
    assert configure("qlora").quantization == "nf4"
    assert configure("qlora", None, lora_r=8, quantization="none").lora_r == 8
    assert configure("qlora", None, lora_r=8).lora_alpha == 16
    assert configure(None, None, lora_r=4, learning_rate=None) == TrainConfig(lora_r=4, lora_alpha=8)
    assert all(configure(name) for name in PRESETS)
    with pytest.raises(UsageError, match="preset best: there are lora-paper"):
        configure("best")


def test_flags_lie_over_the_yaml_file_and_the_file_over_the_preset(tmp_path: Path) -> None:
    file = tmp_path / "train.yaml"
    file.write_text("lora_r: 8\nlearning_rate: 0.001\nreport_to: [tensorboard]\n", encoding="utf-8")
    config = configure("qlora", file, learning_rate=5e-4)
    assert (config.quantization, config.lora_r, config.lora_alpha) == ("nf4", 8, 16)
    assert (config.learning_rate, config.report_to) == (5e-4, ("tensorboard",))
    file.write_text("preset: minimal\npacking: true\n", encoding="utf-8")
    config = configure(None, file, packing=False)
    assert (config.target_modules, config.packing) == ("q_proj,k_proj,v_proj,o_proj", False)
    assert configure("qlora", file).quantization == "nf4", "a preset on the command line comes first"


def test_an_unknown_key_of_the_file_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    file = tmp_path / "train.yaml"
    file.write_text("lora_rank: 8\nlearnig_rate: 0.1\n", encoding="utf-8")
    with pytest.raises(UsageError, match="unknown key lora_rank") as caught:
        configure(None, file)
    assert "Did you mean lora_" in caught.value.hint


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"peft_type": "loha", "quantization": "nf4"},
            "--peft-type loha cannot be trained on a quantised base",
        ),
        (
            {"peft_type": "lokr", "quantization": "int8"},
            "--peft-type lokr cannot be trained on a quantised base",
        ),
        ({"peft_type": "loha", "use_dora": True}, "--use-dora is for --peft-type lora"),
        ({"peft_type": "lokr", "init_lora_weights": "pissa"}, "--init-lora-weights is for --peft-type lora"),
        ({"init_lora_weights": "pissa", "quantization": "nf4"}, "which nf4 does not allow"),
        ({"init_lora_weights": "loftq"}, "makes up for the error of a 4-bit base"),
        ({"init_lora_weights": "loftq", "quantization": "int8"}, "makes up for the error of a 4-bit base"),
        ({"use_dora": True, "init_lora_weights": "pissa"}, "exclude one another"),
        ({"use_dora": True, "quantization": "int8"}, "cannot be trained on an int8 base"),
        ({"lr_scheduler_type": "reduce_lr_on_plateau"}, "--lr-scheduler-type is one of constant"),
        ({"stop_when_unsafe": True}, "--stop-when-unsafe needs"),
        ({"keep": "safe"}, "--keep safe needs"),
        ({"deepspeed": "ds.json", "watch": True}, "--watch cannot be had with"),
        ({"deepspeed": "ds.json", "keep": "best"}, "--keep best cannot be had with"),
        ({"deepspeed": "ds.json"}, "--deepspeed ds.json: there is no such file"),
        ({"fsdp": "full_shard", "fsdp_config": "f.json"}, "--fsdp-config f.json: there is no such file"),
    ],
)
def test_a_combination_that_cannot_be_is_refused_at_once(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        configure(None, None, **options)


def test_replay_rows_are_a_tenth_unless_a_share_is_named(tmp_path: Path) -> None:
    file = tmp_path / "train.yaml"
    file.write_text("replay_share: 0.3\n", encoding="utf-8")
    assert with_replay(configure(None, file)).replay_share == 0.3
    assert with_replay(configure()).replay_share == 0.1


def test_the_kind_is_told_in_a_word() -> None:
    assert TrainConfig().kind == "lora"
    assert TrainConfig(use_rslora=True, use_dora=True, loraplus_lr_ratio=4.0).kind == "rsdora+"
    assert TrainConfig(init_lora_weights="loftq", quantization="nf4").kind == "loftq-lora"
    assert TrainConfig(peft_type="lokr").kind == "lokr"
