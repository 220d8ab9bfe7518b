"""Chat templates are rendered as transformers renders them; those that would harm end in one message."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from loracheck.cli import cli
from loracheck.errors import DataError, EnvironmentFault, LoracheckError, UsageError
from loracheck.templates import rendering
from loracheck.templates.chat import PLAIN_TEMPLATE, ChatTemplate
from loracheck.templates.rendering import render
from tests.conftest import CHATML

TURNS = [
    {"role": "user", "content": "日本の首都は？ 🐈 <|im_end|>\n\n \ud83d"},
    {"role": "assistant", "content": " 東京です。\n"},
]
LANGUAGE = """\
    {%- set ns = namespace(seen=0, last='') %}
{%- macro shown(message) %}[{{ message['role'] | upper }}] {{ message.content | trim }}{% endmacro %}
{% for message in messages recursive %}
    {% if message.role == 'system' %}{% continue %}{% endif %}
    {%- set ns.seen = ns.seen + 1 %}
{{ shown(message) }}{{ loop.index }}/{{ loop.length }}
{% generation %}{{ message | tojson }}{{ dict(a=1).a }}{% endgeneration %}
{% if loop.last %}{% break %}{% endif %}
{% endfor %}
{{ ns.seen }} {{ tools }} {{ documents }} {{ bos_token }}{{ pad_token }}{{ [1, 2] | tojson(indent=2) }}
{{ strftime_now('%Y') | length }}{{ ('a' ~ 'b') * 3 }}{% if add_generation_prompt %}?{% endif %}
"""


@pytest.fixture
def tokenizer(tiny_smollm: Path) -> PreTrainedTokenizerBase:
    loaded: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(tiny_smollm)
    return loaded


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a template take a moment only."""
    monkeypatch.setattr(rendering, "SECONDS", 0.3)
    rendering._process.cache_clear()
    yield
    rendering._process.cache_clear()


@pytest.mark.parametrize("source", [PLAIN_TEMPLATE, CHATML, LANGUAGE], ids=["plain", "chatml", "language"])
@pytest.mark.parametrize("generation", [True, False])
def test_a_template_writes_what_transformers_makes_of_it(
    source: str, generation: bool, tokenizer: PreTrainedTokenizerBase
) -> None:
    given = {"messages": TURNS, "tools": None, "documents": None, "add_generation_prompt": generation}
    assert render(source, given | tokenizer.special_tokens_map) == tokenizer.apply_chat_template(
        TURNS, chat_template=source, tokenize=False, add_generation_prompt=generation
    )


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{{ 9 ** (9 ** 9) % 7 }}",
        "{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{{ 'a' * 10 ** 12 }}",
        "{{ 'a' | center(10 ** 11) }}",
        "{% set x = 'ab' * 90000 %}{{ (x | list | batch(1) | list | sum(start=[])) | length }}",
    ],
)
@pytest.mark.usefixtures("hasty")
def test_a_template_that_does_not_end_or_fills_the_memory_is_refused(source: str) -> None:
    with pytest.raises((UsageError, DataError), match=r"does not end|MemoryError") as refused:
        render("{% set ns = namespace(s='a') %}" + source, {"messages": TURNS})
    assert refused.value.kind == "template_fails"
    assert render("{{ messages[1].content }}", {"messages": TURNS}) == " 東京です。\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{{ 1 + 'a' }}", "TypeError"),
        ("{{ 10.0 ** 999 }}", "OverflowError"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "RecursionError"),
        ("{{ " + "(" * 5000 + "1", "RecursionError"),
        ("{{ nowhere.there }}", "'nowhere' is undefined"),
        ("{{ messages | nofilter }}", "No filter named 'nofilter'"),
        ("{% for %}", "Expected"),
        ("{{ raise_exception('roles must alternate') }}", "roles must alternate"),
        ("{{ range(10 ** 9) }}", "Range too big"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ namespace(__class__=1) }}", "__class__"),
        ("{{ 'a' * 3000000 }}", "3,000,000 characters"),
    ],
)
def test_whatever_a_template_fails_at_is_one_message(source: str, said: str) -> None:
    with pytest.raises(DataError, match="does not take these messages") as refused:
        render(source, {"messages": TURNS})
    assert said in str(refused.value)
    assert len(str(refused.value)) < 500


def test_a_long_conversation_is_no_long_output() -> None:
    text = "猫" * 3_000_000
    assert render("{{ messages[0].content }}", {"messages": [{"role": "user", "content": text}]}) == text


class Interrupted:
    """An output at which whoever waits for it is interrupted."""

    closed = True

    def readline(self) -> bytes:
        raise KeyboardInterrupt


def test_an_interrupted_question_leaves_no_answer_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering._process(), "stdout", Interrupted())
    with pytest.raises(KeyboardInterrupt):
        render("first", {})
    assert render("second", {}) == "second"


def test_a_renderer_that_does_not_start_is_the_machines_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    rendering._process.cache_clear()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(EnvironmentFault, match="does not start"):
        render("a", {})


def test_a_template_that_fails_at_every_message_ends_where_it_is_taken_up(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    with pytest.raises(DataError, match="does not take these messages"):
        ChatTemplate(tokenizer, "{{ 1 / 0 }}")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "does not end"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
    ],
)
@pytest.mark.usefixtures("hasty")
def test_an_evaluation_of_an_adapter_with_such_a_template_ends_in_a_message(
    source: str, told: str, tiny_smollm: Path, tmp_path: Path
) -> None:
    adapter = tmp_path / "adapter"
    model = AutoModelForCausalLM.from_pretrained(tiny_smollm)
    config = LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM")
    get_peft_model(model, config).save_pretrained(str(adapter))
    (adapter / "chat_template.jinja").write_text(source, encoding="utf-8")
    options = ["--base", str(tiny_smollm), "--adapter", f"mine={adapter}", "--assume-base"]
    done = CliRunner().invoke(cli, ["eval", *options, "-o", str(tmp_path / "run")])
    assert isinstance(done.exception, LoracheckError), done.output
    assert done.exception.exit_code == 2
    assert told in str(done.exception)
