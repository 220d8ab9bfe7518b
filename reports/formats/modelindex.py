"""The section of a Hugging Face model card about the evaluation: `model-index` results, and the verdict in words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from loracheck.records import EvaluationContext, EvaluationResult, UiLanguage, Verdict
from loracheck.words import Pair
from loracheck.words.findings import check_name

from .markdown import markdown

_HEADING: Pair = {"en": "Evaluation by loracheck", "ja": "loracheckによる評価"}
_HUB_ID = re.compile(r"[\w-][\w.-]*(?:/[\w.-]+)?", re.ASCII)


def model_index(
    result: EvaluationResult, context: EvaluationContext, adapter: str, name: str
) -> dict[str, Any]:
    """Return the card's metadata: a result for each check that has a number; a base by its hub id, never its path.

    Raises:
        KeyError: the run has no such adapter.
    """
    verdict = _of(result, adapter)
    metrics = [
        {
            "type": f"loracheck_{finding.check}",
            "name": f"{check_name(finding.check)} ({first.name}, {finding.status})",
            "value": first.value,
            "confidence_interval": [first.ci_low, first.ci_high],
            "n": first.n,
        }
        for finding in verdict.findings
        for first in finding.estimates[:1]
        if first.value is not None
    ]
    dataset = {
        "type": "loracheck-probes",
        "name": "loracheck probes",
        "args": {"suites": dict(context.probes), "policy_sha256": verdict.policy_sha256},
    }
    task = {"type": "text-generation", "name": "Text generation"}
    on_hub = _HUB_ID.fullmatch(context.base) and not Path(context.base).exists()
    return {
        **({"base_model": context.base} if on_hub else {}),
        "model-index": [
            {"name": name, "results": [{"task": task, "dataset": dataset, "metrics": metrics}]},
        ],
    }


def card_section(
    result: EvaluationResult,
    context: EvaluationContext,
    adapter: str,
    name: str,
    language: UiLanguage = "en",
) -> str:
    """Return a README with the metadata in front and the verdict below, to be merged into a model's own card.

    The metadata is in English in any language: the hub shows it beside that of other models.
    """
    front = yaml.safe_dump(model_index(result, context, adapter, name), allow_unicode=True, sort_keys=False)
    only = EvaluationResult(
        verdicts=(_of(result, adapter),), comparisons=(), markers=result.markers, arms=result.arms
    )
    return f"---\n{front}---\n\n# {_HEADING[language]}\n\n{markdown(only, language=language)}"


def _of(result: EvaluationResult, adapter: str) -> Verdict:
    return next(verdict for verdict in result.verdicts if verdict.adapter == adapter)
