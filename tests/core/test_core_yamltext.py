"""YAML of strangers is read as plain values or refused by one kind of error, whatever it does."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from loracheck.errors import UsageError
from loracheck.settings import read_yaml, read_yaml_file, yamltext
from loracheck.settings.yamllines import naming_lines

LAUGHS = "a0: &a0 [lol]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)
MERGES = "a0: &a0 {k0: v}\n" + "".join(f"a{n}: &a{n}\n  <<: [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
HARMFUL = {
    "laughs": LAUGHS,
    "merges": MERGES,
    "holds itself": "a: &a [*a]",
    "holds itself by a merge": "a: &a\n  <<: *a",
    "deep": "[" * 5000,
    "deep lines": "".join(" " * n + "a:\n" for n in range(1200)),
    "long": "a: " + "x" * (1 << 20),
    "no date": "a: 2024-99-99",
    "no date by its tag": "a: !!timestamp soon",
    "no truth value": "a: !!bool perhaps",
    "a large number": "a: " + "9" * 5000,
    "an empty number": "a: !!int ''",
    "no key": "? [a]\n: b",
    "zero": "a: \0",
    "a tag of Python": "a: !!python/object/apply:os.system ['true']",
}


@pytest.mark.parametrize("text", HARMFUL.values(), ids=HARMFUL)
def test_what_does_harm_is_an_error_of_yaml(text: str, tmp_path: Path) -> None:
    with pytest.raises(yaml.YAMLError):
        yamltext.load(text)
    file = tmp_path / "policy.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"policy\.yaml.*: broken YAML"), naming_lines(file):
        read_yaml_file(file)


@pytest.mark.parametrize("text", [LAUGHS, MERGES])
def test_lines_are_looked_up_in_no_file_that_repeats_itself_without_end(text: str) -> None:
    with pytest.raises(yaml.YAMLError, match="repeats itself"):
        yamltext.compose(text)


def test_what_is_repeated_within_measure_is_read() -> None:
    text = (
        "common: &common {lora_r: 8, lora_alpha: 16}\nfirst: *common\nsecond:\n  <<: *common\n  lora_r: 4\n"
    )
    read = read_yaml(text, "here")
    assert read["first"] == {"lora_r": 8, "lora_alpha": 16}
    assert read["second"] == {"lora_r": 4, "lora_alpha": 16}
