"""The files that `loracheck init` writes: a commented pipeline and policy for one's own data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from loracheck.errors import UsageError

Scope = Literal["always", "in_domain", "never"]
Intent = Literal["persona", "domain", "format", "none"]
PIPELINE, POLICY = "pipeline.yaml", "policy.yaml"

_PIPELINE = """\
# The whole loop: `loracheck run {pipeline}` curates, trains, evaluates and reports; it resumes where it stopped and
# does again only what changed.

base: {base}                # hub id, model folder or GGUF file
data:
{data}
heldout: []                 # rows of the same domain that are not trained on; curation holds some out by itself
out: runs                   # a folder for each stage

arms: [raw, curated]        # what is fine-tuned and compared
seeds: [0]                  # three tell a difference of the data from a difference of the seed: [0, 1, 2]

curate: {{}}                  # options by group, for instance select: {{target_rows: 1000}}; loracheck curate --help
train:
  lora_r: 16
  lora_alpha: 32
  learning_rate: 2e-4
  num_train_epochs: 3
  # max_trained_tokens: 9000   trains raw and curated on equally many tokens
  # quantization: nf4
  # watch: true                asks a small probe set at every checkpoint and keeps the last safe one
eval:
  tier: standard            # quick can only say hold or inconclusive

policy: {policy}
language: {language}                # of the reports: en or ja
"""
_POLICY_HEAD = """\
# What decides whether an adapter may ship. Settle it before the first run: a policy that is changed afterwards is
# marked post hoc. Below stands the default policy with your scope; remove what you do not want to change.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """What is asked of a user who begins."""

    base: str
    data: tuple[str, ...]
    intent: Intent = "persona"
    scope: Scope = "in_domain"
    language: Literal["en", "ja"] = "en"


def write_starter(folder: Path, given: Starter) -> tuple[Path, Path]:
    """Write pipeline and policy; returns their paths.

    Raises:
        UsageError: one of them is there already.
    """
    paths = folder / PIPELINE, folder / POLICY
    for path in paths:
        if path.exists():
            raise UsageError(
                f"{path} is there already; nothing was changed.",
                kind="output_exists",
                hint="Remove it, or name another folder.",
            )
    folder.mkdir(parents=True, exist_ok=True)
    rows = "\n".join(f"  - {_quoted(source)}" for source in given.data)
    paths[0].write_text(
        _PIPELINE.format(
            pipeline=paths[0].name,
            base=_quoted(given.base),
            data=rows,
            policy=paths[1].name,
            language=given.language,
        ),
        encoding="utf-8",
    )
    default = (files("loracheck.evaluate") / "policies" / "default.yaml").read_text(encoding="utf-8")
    paths[1].write_text(_POLICY_HEAD + _filled(default, given), encoding="utf-8")
    return paths


def _filled(policy: str, given: Starter) -> str:
    """Return the default policy under its file's name, with the intent and the scope that were given."""
    text = re.sub(r"^name:.*\n", "", policy[policy.index("name:") :], count=1)
    text = re.sub(r"^intent: persona$", f"intent: {given.intent}", text, count=1, flags=re.MULTILINE)
    return re.sub(r"scope: in_domain( *#)", rf"scope: {given.scope}\1", text, count=1)


def _quoted(text: str) -> str:
    """Return a YAML string, quoted where it needs to be."""
    plain = (
        text
        and not set(text) & set("#:{}[],&*!|>'\"%@`\n\\")
        and text == text.strip()
        and text[0] not in "-?"
    )
    return text if plain else "'" + text.replace("'", "''") + "'"
