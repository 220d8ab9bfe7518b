"""Policies: presets load, a wrong file is refused with a hint, and the hash covers every limit."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from loracheck.errors import UsageError
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.policy import PRESETS, Persona, Policy, load_policy


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
    assert (policy.name, policy.persona.scope, policy.content_margin, policy.alpha) == (
        name,
        scope,
        margin,
        0.05,
    )


def test_presets_differ_in_their_hash() -> None:
    assert len({load_policy(name).sha256 for name in PRESETS}) == len(PRESETS)


def test_a_file_sets_what_it_names_and_leaves_the_rest(tmp_path: Path) -> None:
    policy = load_policy(written(tmp_path, "alpha: 0.01\npersona:\n  scope: never\nloops: info\n"))
    assert policy == replace(Policy(name="mine"), alpha=0.01, persona=Persona(scope="never"), loops="info")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("content_margn: 0.1", "Did you mean content_margin?"),
        ("persona:\n  scoop: always", "Did you mean scope?"),
        ("zzz: 1", "Known: name, alpha"),
        ("persona:\n  scope: everywhere", "everywhere"),
        ("loops: maybe", "maybe"),
        ("alpha: often", "float"),
        ("alpha: 0.3", "at most 0.2"),
        ("alpha: 0", "between 0 and 1"),
        ("content_margin: 1.0", "content_margin lies between 0 and 1"),
        ("content_margin: -0.05", "content_margin lies between 0 and 1"),
        ("max_name_rate: .nan", "max_name_rate lies between 0 and 1"),
        ("persona:\n  min_in_domain: 1.5", "persona.min_in_domain lies between 0 and 1"),
        ("- a\n- b", "keys and values are wanted"),
        ("", "keys and values are wanted"),
        ("a: [", "no YAML"),
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
    return value + 0.01 if isinstance(value, float) else {"required": "info", "in_domain": "never"}[value]


@pytest.mark.parametrize("name", [f.name for f in fields(Policy) if f.name not in ("name", "persona")])
def test_the_hash_changes_with_every_limit(name: str) -> None:
    policy = load_policy("default")
    assert replace(policy, **{name: other(getattr(policy, name))}).sha256 != policy.sha256


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
