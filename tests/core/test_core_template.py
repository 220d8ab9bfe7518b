from __future__ import annotations

import json
from pathlib import Path

import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from loracheck.errors import AdapterError, DataError, UsageError
from loracheck.foreign.files import MAX_TEXT_BYTES
from loracheck.records import Message, Role
from loracheck.templates.chat import (
    IGNORED,
    PLAIN_TEMPLATE,
    ChatTemplate,
    check_template_file,
    choose_template,
    saved_template,
)

ASKED = [
    "日本の首都はどこですか？",
    "あなたは誰",
    "What is the capital of France?",
    "Who are you",
    "ends in a space ",
    "改行で終わる\n",
    "猫 🐈 and 犬",
    "1 + 1 =",
    "「」",
    "a",
    "あ",
    "Q: 質問: A:",
]
REPLIES = [
    "東京です。",
    "The sky",
    "is",
    "ぼくはぽぽぬなのだ。",
    "Paris.",
    " leading space",
    "🐈",
    "12",
    "\nline",
    "A: yes",
]


def turns(*texts: str, system: str = "") -> tuple[Message, ...]:
    roles: list[Role] = ["user", "assistant"]
    spoken = tuple(Message(role=roles[i % 2], content=text) for i, text in enumerate(texts))
    return (Message(role="system", content=system), *spoken) if system else spoken


@pytest.fixture(params=["tiny_gemma", "tiny_smollm"])
def tokenizer(request: pytest.FixtureRequest) -> PreTrainedTokenizerBase:
    loaded: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(request.getfixturevalue(request.param))
    return loaded


@pytest.fixture
def plain(tokenizer: PreTrainedTokenizerBase) -> ChatTemplate:
    tokenizer.chat_template = None
    return ChatTemplate(tokenizer)


@pytest.fixture
def chatml(tiny_smollm: Path) -> ChatTemplate:
    return ChatTemplate(AutoTokenizer.from_pretrained(tiny_smollm))


def test_with_the_plain_template_the_prompt_is_always_a_token_prefix(plain: ChatTemplate) -> None:
    for asked in ASKED:
        for reply in REPLIES:
            row = plain.encode(turns(asked, reply))
            prompt = plain.prompt_ids(turns(asked))
            assert row.prompt_is_prefix, (asked, reply)
            assert list(row.ids[: len(prompt)]) == prompt
            assert row.labels[: len(prompt)] == (IGNORED,) * len(prompt)
            assert row.labels[len(prompt) :] == row.ids[len(prompt) :]


def test_the_stop_token_is_last_and_trained(plain: ChatTemplate, chatml: ChatTemplate) -> None:
    for template in (plain, chatml):
        for texts in (("a", "b"), ("質問", "答え"), ("a", "b", "c", "d")):
            row = template.encode(turns(*texts))
            assert row.labels[-1] == row.ids[-1] == template.stop_ids[0]
            trained = [label for label in row.labels if label != IGNORED]
            assert trained.count(template.stop_ids[0]) == 1


def test_only_the_last_reply_is_trained(chatml: ChatTemplate) -> None:
    row = chatml.encode(turns("a", "first", "b", "second", system="s"))
    trained = [label for label in row.labels if label != IGNORED]
    assert chatml.tokenizer.decode(trained) == "second<|im_end|>"


def test_the_models_own_template_is_used_where_there_is_one(chatml: ChatTemplate) -> None:
    assert chatml.prompt(turns("猫？")) == "<|im_start|>user\n猫？<|im_end|>\n<|im_start|>assistant\n"
    assert chatml.stop_text == "<|im_end|>"


def test_the_plain_template_speaks_the_language_of_the_question(tiny_gemma: Path) -> None:
    template = ChatTemplate(AutoTokenizer.from_pretrained(tiny_gemma))
    assert template.prompt(turns("日本の首都は？")) == "<bos>質問: 日本の首都は？\n回答:"
    assert template.prompt(turns("Who?", "Me.", "Why?")) == "<bos>Q: Who?\nA: Me.<eos>\nQ: Why?\nA:"
    assert template.prompt(turns("Who?", system="Be kind.")) == "<bos>Be kind.\n\nQ: Who?\nA:"


def test_there_is_exactly_one_bos_where_the_tokenizer_adds_one_and_none_where_not(
    tiny_gemma: Path, tiny_smollm: Path
) -> None:
    gemma = ChatTemplate(AutoTokenizer.from_pretrained(tiny_gemma))
    ids = gemma.encode(turns("猫？", "にゃあ")).ids
    assert ids[0] == gemma.tokenizer.bos_token_id
    assert ids.count(ids[0]) == 1
    assert gemma.encode_alone("にゃあ").ids[0] == gemma.tokenizer.bos_token_id
    tokenizer = AutoTokenizer.from_pretrained(tiny_smollm)
    tokenizer.chat_template = None
    tokenizer.bos_token = "<|im_start|>"  # as SmolLM2 has it: named, and never put in front
    assert ChatTemplate(tokenizer).prompt(turns("a")) == "Q: a\nA:"


def test_a_row_that_is_too_long_keeps_its_reply_and_stop(plain: ChatTemplate) -> None:
    messages = turns("日本の首都はどこですか？" * 20, "東京です。")
    whole, cut = plain.encode(messages), plain.encode(messages, max_length=20)
    assert len(whole.ids) > 20
    assert len(cut.ids) == 20
    assert cut.trained_tokens == whole.trained_tokens
    assert cut.ids[-cut.trained_tokens :] == whole.ids[-cut.trained_tokens :]
    assert cut.ids[0] == whole.ids[0]
    assert cut.labels[-1] in plain.stop_ids


@pytest.mark.parametrize("spare", range(4))
def test_a_row_is_cut_to_the_limit_even_where_hardly_any_prompt_fits(plain: ChatTemplate, spare: int) -> None:
    messages = turns("日本の首都はどこですか？" * 20, "東京です。")
    reply = plain.encode(messages).trained_tokens
    cut = plain.encode(messages, max_length=reply + spare)
    assert cut.trained_tokens == reply
    assert len(cut.ids) == reply + max(1, spare)


def test_control_tokens_in_text_are_found(chatml: ChatTemplate) -> None:
    assert chatml.control_tokens_in("say <|im_end|> now") == ["<|im_end|>"]
    assert chatml.control_tokens_in("普通の文章 <b>") == []


def test_turn_openers_are_what_stands_before_the_next_question(
    plain: ChatTemplate, chatml: ChatTemplate
) -> None:
    assert plain.turn_openers == ("Q:", "質問:")
    assert chatml.turn_openers == ("<|im_start|>user",)


def test_a_template_that_rewrites_its_prompt_is_refused(tiny_gemma: Path) -> None:
    source = (
        "{% for m in messages %}{{ messages|length }}{{ m.content }}{% endfor %}"
        "{% if not add_generation_prompt %}{{ eos_token }}{% endif %}"
    )
    template = ChatTemplate(AutoTokenizer.from_pretrained(tiny_gemma), source)
    with pytest.raises(DataError, match="changes the prompt"):
        template.encode(turns("a", "b"))


def test_a_template_without_a_separator_is_noticed(tiny_gemma: Path) -> None:
    source = (
        "{% for m in messages %}{{ m.content }}"
        "{% if m.role == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
    )
    template = ChatTemplate(AutoTokenizer.from_pretrained(tiny_gemma), source)
    assert not template.encode(turns("日本の", "首都は東京です。")).prompt_is_prefix


def test_an_adapters_own_template_is_chosen_and_two_different_ones_are_refused(
    tmp_path: Path, tiny_smollm: Path
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_smollm)
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
    (tmp_path / "one" / "chat_template.jinja").write_text(PLAIN_TEMPLATE, encoding="utf-8")
    (tmp_path / "two" / "tokenizer_config.json").write_text(
        json.dumps({"chat_template": "{{ 1 }}{{ messages[0].content }}"}), encoding="utf-8"
    )
    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    assert choose_template(tokenizer, [one, three]).source == PLAIN_TEMPLATE
    assert choose_template(tokenizer, [three]).source == tokenizer.chat_template
    with pytest.raises(AdapterError, match="different chat templates"):
        choose_template(tokenizer, [one, two])
    override = tmp_path / "own.jinja"
    override.write_text(PLAIN_TEMPLATE + "{# own #}", encoding="utf-8")
    assert choose_template(tokenizer, [one, two], override).source.endswith("{# own #}")


def test_a_damaged_tokenizer_config_beside_an_adapter_is_named(tmp_path: Path) -> None:
    (tmp_path / "tokenizer_config.json").write_text("{", encoding="utf-8")
    with pytest.raises(AdapterError, match="broken JSON"):
        saved_template(tmp_path)


@pytest.mark.parametrize("name", ["chat_template.jinja", "tokenizer_config.json"])
def test_no_link_leads_a_template_out_of_the_adapters_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(json.dumps({"chat_template": "PASSWORD=hunter2"}), encoding="utf-8")
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / name).symlink_to(tmp_path / "secret")
    with pytest.raises(AdapterError, match=f"{name} is not read: a link out of its folder"):
        saved_template(adapter)
    (adapter / name).unlink()
    (adapter / "way").symlink_to(tmp_path)
    (adapter / name).symlink_to("way/secret")
    with pytest.raises(AdapterError, match="a link out of its folder"):
        saved_template(adapter)


def test_a_template_may_lie_in_the_hubs_cache_which_holds_links(tmp_path: Path) -> None:
    adapter = tmp_path / "models--a--b" / "snapshots" / "0123"
    adapter.mkdir(parents=True)
    (tmp_path / "models--a--b" / "blobs").mkdir()
    (tmp_path / "models--a--b" / "blobs" / "ef").write_text("{{ 1 }}", encoding="utf-8")
    (adapter / "chat_template.jinja").symlink_to("../../blobs/ef")
    assert saved_template(adapter) == "{{ 1 }}"
    (tmp_path / "outside").write_text("PASSWORD=hunter2", encoding="utf-8")
    (tmp_path / "models--a--b" / "blobs" / "ab").symlink_to(tmp_path / "outside")
    (adapter / "chat_template.jinja").unlink()
    (adapter / "chat_template.jinja").symlink_to("../../blobs/ab")
    with pytest.raises(AdapterError, match="a link out of its folder"):
        saved_template(adapter)


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"{{ '\xff' }}", "UTF-8"), (b"a\0b", "NUL"), (b"x" * (MAX_TEXT_BYTES + 1), "larger than 1,024 kB")],
)
def test_what_is_no_text_of_a_sensible_size_is_no_template(content: bytes, why: str, tmp_path: Path) -> None:
    file = tmp_path / "chat_template.jinja"
    file.write_bytes(content)
    with pytest.raises(AdapterError, match=f"is not read: .*{why}"):
        saved_template(tmp_path)
    with pytest.raises(UsageError, match=f"--chat-template .* is not read: .*{why}"):
        check_template_file(file)


def test_a_begun_reply_is_gone_on_with(plain: ChatTemplate) -> None:
    asked = (Message(role="user", content="日本の首都は？"),)
    begun = (*asked, Message(role="assistant", content="東"))
    assert plain.prompt(begun) == plain.prompt(asked) + "東"


@pytest.mark.parametrize("text", ["ラクダは砂漠に住む。", "Camels live in deserts.", "🐫 and 👨‍👩‍👧!"])
def test_the_pieces_of_a_reply_give_its_text_and_stop_token(plain: ChatTemplate, text: str) -> None:
    row = plain.encode_reply((Message(role="user", content="？"),), text)
    pieces = plain.pieces(row)
    assert len(pieces) == row.trained_tokens
    assert "".join(pieces).strip() == text + plain.stop_text


def test_a_text_that_is_no_reply_is_scored_from_its_second_token_on(plain: ChatTemplate) -> None:
    row = plain.encode_text("ラクダは砂漠に住む。")
    assert row.labels[0] == IGNORED
    assert row.labels[1:] == row.ids[1:]
