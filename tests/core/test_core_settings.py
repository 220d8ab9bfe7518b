from __future__ import annotations

from pathlib import Path

import pytest

from loracheck.curate.config import CurateConfig
from loracheck.curate.presets import preset_values
from loracheck.errors import UsageError
from loracheck.settings import build, merged, read_value, read_yaml, read_yaml_file


@pytest.mark.parametrize("name", ["lima", "minimal"])
def test_every_preset_is_a_valid_configuration(name: str) -> None:
    assert isinstance(build(CurateConfig, preset_values(name), name), CurateConfig)


def test_later_values_lie_over_earlier_ones_key_by_key() -> None:
    first = {"select": {"method": "all", "target_rows": 10}, "seed": 1}
    values = merged(first, {"select": {"method": "random"}})
    config = build(CurateConfig, values, "here")
    assert (config.select.method, config.select.target_rows, config.seed) == ("random", 10, 1)
    assert first["select"] == {"method": "all", "target_rows": 10}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("selct: {}", "unknown key selct.*Did you mean select"),
        ("select: {target_row: 3}", "unknown key select.target_row.*Did you mean select.target_rows"),
        ("select: 3", "select is a group of keys"),
        ("select: {target_rows: many}", "select.target_rows: a whole number is wanted, not text"),
        ("select: {method: best}", "select.method: one of .*diverse.* is wanted, not 'best'"),
        ("heldout_share: 2", "heldout_share is a share from 0 to 1"),
        ("select: {target_rows: 3, target_share: 0.5}", "one of target_rows, target_share"),
        ("allow_loss: {echo: 3}", "allow_loss.echo is a share"),
        ("- a", "a mapping of keys is wanted"),
        ("a: [", "broken YAML"),
        ("seed: 1\nselect: {}\nseed: 2", "line 3, column 1: seed stands in line 1 already"),
    ],
)
def test_a_mistake_is_named_with_its_key(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=f"(?s){message}"):
        build(CurateConfig, read_yaml(text, "here"), "here")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nothing\.yaml"):
        read_yaml_file(tmp_path / "nothing.yaml")
    assert read_yaml("", "here") == {}


@pytest.mark.parametrize(
    ("text", "value"), [("2e-4", 2e-4), ("1E3", 1000.0), ("4", 4), ("e4", "e4"), ("1e", "1e")]
)
def test_a_float_may_be_written_without_a_point(text: str, value: object) -> None:
    assert read_value(text) == value
    assert read_yaml(f"rate: {text}", "here") == {"rate": value}


def test_digits_that_only_begin_like_a_float_are_words() -> None:
    assert read_yaml("pin: 4e5f6a7b\nrate: 2e-4\n", "file") == {"pin": "4e5f6a7b", "rate": 2e-4}
