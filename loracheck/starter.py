"""The files that `loracheck init` writes: a commented pipeline and policy for one's own data."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from loracheck import jsonl
from loracheck.errors import UsageError
from loracheck.words.starter import COMMENTS, POLICY_HEAD
from loracheck.words.starter import PIPELINE as PIPELINES

Scope = Literal["always", "in_domain", "never"]
Intent = Literal["persona", "domain", "format", "none"]
PIPELINE, POLICY = "pipeline.yaml", "policy.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """What is asked of a user who begins; the language is that of the reports, and of the comments in the files."""

    base: str
    data: tuple[str, ...]
    intent: Intent = "persona"
    scope: Scope = "in_domain"
    language: Literal["en", "ja"] = "en"


def write_starter(folder: Path, given: Starter, policy: str) -> tuple[Path, Path]:
    """Write pipeline and policy; returns their paths.

    Args:
        folder: Where to.
        given: What the user said.
        policy: The text of the default policy, which the user's is made of.

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
    rows = "\n".join(f"  - {_quoted(_from(folder, source))}" for source in given.data)
    pipeline = PIPELINES[given.language].format(
        pipeline=paths[0].name,
        base=_quoted(_from(folder, given.base)),
        data=rows,
        policy=paths[1].name,
        language=given.language,
    )
    jsonl.replace(paths[0], pipeline.encode())
    jsonl.replace(paths[1], (POLICY_HEAD[given.language] + _filled(policy, given)).encode())
    return paths


def _from(folder: Path, source: str) -> str:
    """Return the path of what is here as the file's folder sees it: it is read from there, wherever it is run."""
    if Path(source).is_absolute() or not Path(source).exists():
        return source
    return Path(os.path.relpath(source, folder)).as_posix()


def _filled(policy: str, given: Starter) -> str:
    """Return the default policy under its file's name, with the intent and the scope that were given."""
    text = re.sub(r"^name:.*\n", "", policy[policy.index("name:") :], count=1)
    text = re.sub(r"^intent: persona$", f"intent: {given.intent}", text, count=1, flags=re.MULTILINE)
    text = re.sub(r"scope: in_domain( *#)", rf"scope: {given.scope}\1", text, count=1)
    return (
        text if given.language == "en" else re.sub(r"(?<=# )[^#\n]+$", _in_japanese, text, flags=re.MULTILINE)
    )


def _in_japanese(comment: re.Match[str]) -> str:
    return COMMENTS.get(comment[0].strip(), comment[0])


def _quoted(text: str) -> str:
    """Return a YAML string, quoted where it needs to be."""
    plain = (
        text
        and not set(text) & set("#:{}[],&*!|>'\"%@`\n\\")
        and text == text.strip()
        and text[0] not in "-?"
    )
    return text if plain else "'" + text.replace("'", "''") + "'"
