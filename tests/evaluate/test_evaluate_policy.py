"""Policies: presets load, a wrong file is refused with a hint, and the hash covers every limit."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from loracheck.errors import UsageError
from loracheck.evaluate.checks.listed import CHECKS
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.policy import PRESETS, Gate, Persona, load_policy
from loracheck.words import WORDS


def written(folder: Path, text: str) -> str:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("name", "scope", "margin"),
    [("default", "in_domain", 0.05), ("persona", "always", 0.05), ("strict", "in_domain", 0.03)],
)
def test_presets_load(name: str, scope: str, margin: float) -> None:
    policy = load_policy(name)
    assert (policy.name, policy.persona.scope, policy.margin("content_damage"), policy.alpha) == (
        name,
        scope,
        margin,
        0.05,
    )


def test_presets_differ_in_their_hash() -> None:
    assert len({load_policy(name).sha256 for name in PRESETS}) == len(PRESETS)


def test_a_file_sets_what_it_names_and_leaves_the_rest(tmp_path: Path) -> None:
    policy = load_policy(
        written(tmp_path, "alpha: 0.01\npersona:\n  scope: never\ngates:\n  loops: {mode: info}\n")
    )
    default = load_policy("default")
    loops = replace(default.gates["loops"], mode="info")
    assert policy == replace(
        default,
        name="mine",
        alpha=0.01,
        persona=replace(default.persona, scope="never"),
        gates=default.gates | {"loops": loops},
    )


def test_a_bare_off_is_off_though_yaml_reads_it_as_false(tmp_path: Path) -> None:
    assert load_policy(written(tmp_path, "gates: {loops: {mode: off}}")).mode("loops") == "off"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gates: {lops: {}}", "Did you mean loops?"),
        ("gates: {loops: {margn: 0.1}}", "Did you mean margin?"),
        ("gates: {loops: info}", "loops holds keys and values"),
        ("persona:\n  scoop: always", "Did you mean scope?"),
        ("zzz: 1", "Known: name, alpha"),
        ("persona:\n  scope: everywhere", "everywhere"),
        ("gates: {loops: {mode: maybe}}", "gates.loops.mode is required, info or off, not 'maybe'"),
        ("gates: {loops: {mode: true}}", "gates.loops.mode is required, info or off, not True"),
        ("gates: {loops: {margin: lots}}", "gates.loops.margin is a number, not 'lots'"),
        ("alpha: often", "line 1: alpha: a number is wanted, not text"),
        ("alpha: 0.3", "at most 0.2"),
        ("alpha: 0", "between 0 and 1"),
        ("gates: {collapse: {margin: 1.0}}", "gates.collapse.margin lies between 0 and 1"),
        ("gates: {collapse: {margin: -0.05}}", "gates.collapse.margin lies between 0 and 1"),
        ("gates: {missing_stop: {max_rate: .nan}}", "gates.missing_stop.max_rate lies between 0 and 1"),
        ("persona:\n  min_in_domain: 1.5", "persona.min_in_domain lies between 0 and 1"),
        ("- a\n- b", "a mapping of keys is wanted"),
        ("", "keys and values are wanted"),
        ("a: [", "broken YAML in line 1, column 5"),
    ],
)
def test_a_wrong_file_is_refused_with_the_reason(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_policy(written(tmp_path, text))
    assert message in str(caught.value)
    assert "policy" in str(caught.value)


def test_an_unknown_name_lists_the_presets() -> None:
    with pytest.raises(UsageError, match="default, persona, strict"):
        load_policy("lenient")


def other(value: Any) -> Any:  # noqa: ANN401
    return value + 0.01 if isinstance(value, float) else {"in_domain": "never"}[value]


@pytest.mark.parametrize("check", load_policy("default").gates)
@pytest.mark.parametrize("name", [f.name for f in fields(Gate)])
def test_the_hash_changes_with_every_limit_of_a_gate(check: str, name: str) -> None:
    policy = load_policy("default")
    gate = policy.gates[check]
    other_values = {"mode": "info", "margin": 0.123, "max_rate": 0.123, "min_items": 7, "min_headroom": 0.3}
    value = (other_values | {"margin_nats": 0.123, "min_ratio": 0.123})[name]
    if getattr(gate, name) == value:
        value = "off"
    changed = replace(policy, gates=policy.gates | {check: replace(gate, **{name: value})})  # type: ignore[arg-type]
    assert changed.sha256 != policy.sha256


def test_the_hash_changes_with_the_error_rate() -> None:
    policy = load_policy("default")
    assert replace(policy, alpha=0.06).sha256 != policy.sha256


def test_every_check_has_a_gate_and_words_and_every_gate_a_check() -> None:
    names = {check.name for check in CHECKS}
    assert set(load_policy("default").gates) == names
    assert names <= set(WORDS)


def test_a_limit_that_a_check_needs_is_missed_by_name() -> None:
    policy = load_policy("default")
    with pytest.raises(UsageError, match=r"gates\.loops\.max_rate is missing"):
        policy.max_rate("loops")


@pytest.mark.parametrize("name", [f.name for f in fields(Persona)])
def test_the_hash_changes_with_every_limit_of_the_persona(name: str) -> None:
    policy = load_policy("default")
    changed = replace(policy.persona, **{name: other(getattr(policy.persona, name))})
    assert replace(policy, persona=changed).sha256 != policy.sha256


def test_the_same_limits_have_the_same_hash(tmp_path: Path) -> None:
    text = "name: default\npersona:\n  scope: in_domain\nalpha: 0.05\n"
    assert load_policy(written(tmp_path, text)).sha256 == load_policy("default").sha256


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"suites": ("facts-fr",)}, "--suite facts-fr"),
        ({"max_facts": 0}, "--max-facts must be at least 1"),
        ({"max_new_tokens": -1}, "--max-new-tokens must be at least 1"),
        ({"quantization": "int3"}, "--quantization"),
    ],
)
def test_a_config_refuses_what_cannot_be_run(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        EvalConfig(**options)
