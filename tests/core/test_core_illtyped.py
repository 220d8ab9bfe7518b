"""What does not fit is said with its path and without names of types, in both languages."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from loracheck.cli.japanese.usage import in_japanese
from loracheck.errors import UsageError
from loracheck.settings.illtyped import misfit, misfit_at
from loracheck.settings.yamllines import naming_lines


@dataclass
class Part:
    mode: Literal["on", "off"] | None = None
    share: float = 0.5


@dataclass
class Whole:
    name: str
    rows: int = 0
    open: bool = False
    parts: dict[str, Part] = field(default_factory=dict)
    many: tuple[Part, ...] = ()


@pytest.mark.parametrize(
    ("value", "path", "said", "japanese"),
    [
        ({"name": 3}, "name", "text is wanted, not a whole number.", "文字列を書いてください。整数は使えません。"),
        ({"name": "a", "rows": "b"}, "rows", "a whole number is wanted, not text.", "整数を書いてください。"),
        ({"name": "a", "open": 1}, "open", "true or false is wanted, not a whole number.", "trueかfalse"),
        ({"name": "a", "many": {}}, "many", "a list is wanted, not a mapping of keys.", "値を並べてください。"),
        ({"name": "a", "parts": {"x": []}}, "parts[...]", "a mapping of keys is wanted, not a list.", "キーと値"),
        ({"name": "a", "parts": {"x": {"share": None}}}, "parts[...].share", "a number is wanted, not nothing.", "空"),
        (
            {"name": "a", "many": [{}, {"mode": "maybe"}]},
            "many[1].mode",
            "one of on, off is wanted, not 'maybe'.",
            "on, offのいずれかを書いてください。'maybe'は使えません。",
        ),
        ({}, "", "name is missing.", "nameがありません。"),
    ],
)  # fmt: skip
def test_a_misfit_is_said_in_plain_words(value: dict[str, Any], path: str, said: str, japanese: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(value, Whole)
    assert misfit(caught.value, Whole) == (path, said)
    assert japanese in in_japanese(said)
    where = misfit_at("x.jsonl, line 3", caught.value, Whole)
    assert where == (f"x.jsonl, line 3, field {path}: {said}" if path else f"x.jsonl, line 3: {said}")


def test_what_is_no_misfit_is_said_as_it_is() -> None:
    with pytest.raises(msgspec.DecodeError) as caught:
        msgspec.json.decode(b'{"name": "a', type=Whole)
    assert misfit(caught.value, Whole) == ("", "Input data was truncated.")


def raised(path: Path, message: str, *besides: str) -> str:
    with pytest.raises(UsageError) as caught, naming_lines(path, besides):
        raise UsageError(message, kind="config_value", hint="Do.")
    assert (caught.value.kind, caught.value.hint) == ("config_value", "Do.")
    return caught.value.message


def test_the_line_of_a_key_is_named_in_either_language(tmp_path: Path) -> None:
    path = tmp_path / "train.yaml"
    path.write_text("preset: lora-paper\n# a comment\nlora_r: 0\nselect:\n  rows: many\n", encoding="utf-8")
    message = raised(path, f"{path}: select.rows: a whole number is wanted, not text.")
    assert message == f"{path}, line 5: select.rows: a whole number is wanted, not text."
    assert in_japanese(message) == f"{path}、5行目: select.rows: 整数を書いてください。文字列は使えません。"
    option = raised(path, "--lora-r must be at least 1, not 0.")
    assert option == f"{path}, line 3: --lora-r must be at least 1, not 0."


def test_no_line_is_named_where_the_value_does_not_come_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "train.yaml"
    path.write_text("lora_r: 4\n", encoding="utf-8")
    message = "--lora-r must be at least 1, not 0."
    assert raised(path, message, "lora_r") == message
    assert raised(path, "--seed is no number.") == "--seed is no number."
    assert raised(tmp_path / "none.yaml", message) == message
