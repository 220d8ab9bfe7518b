"""The page of an eval run: verdict, measurements, evidence, what went before, limits, provenance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loracheck import jsonl
from loracheck.records import BASE_ARM, EvaluationContext, EvaluationResult, Manifest

from . import alarms, blamed, checks, curation, evidence, figures, provenance, traces, training, verdicts
from .strings import Both, same, script_table, text

Section = tuple[str, Both]


def view(run: Path, manifest: Manifest, related: Sequence[tuple[Path, Manifest]]) -> dict[str, Any]:
    """Return everything the page shows."""
    context = jsonl.read_one(run / "context.json", EvaluationContext)
    result = jsonl.read_one(run / "verdict.json", EvaluationResult)
    base = Path(context.base).name or context.base
    ranked = sorted(result.verdicts, key=lambda verdict: verdicts.ORDER[verdict.status])
    blame = blamed.causes_of(manifest, related)
    listed = evidence.view(run, result, blamed.behind_probes(blame))
    curations = [curation.summary(path, index) for index, path in enumerate(_of_kind(related, "curate"))]
    trained = training.table([(path, _arm_name(path, context)) for path in _of_kind(related, "train")])
    sections: list[Section] = [("checks", text("section_checks")), ("evidence", text("section_evidence"))]
    sections += [("curation", text("section_curation"))] if curations else []
    sections += [("training", text("section_training"))] if trained else []
    sections += [("limits", text("section_limits")), ("provenance", text("section_provenance"))]
    return {
        "title": text("title_eval", name=base),
        "kicker": text("kicker_eval"),
        "heading": same(f"{base}: {', '.join(arm for arm in result.arms if arm != BASE_ARM)}"),
        "sections": sections,
        "cards": [verdicts.card(verdict) for verdict in ranked],
        "picture": traces.traced(checks.picture(result), context, result, related),
        "checks": checks.view(result),
        "comparisons": [checks.comparison(index, given) for index, given in enumerate(result.comparisons)],
        **listed,
        "causes": blamed.groups(blame),
        "alarms": alarms.view(result),
        "markers": [
            {
                "kind": text(f"kind_{marker.kind}"),
                "text": marker.text,
                "language": marker.language,
                "coverage": figures.amount(marker.coverage, "share"),
                "base": figures.amount(marker.base_coverage, "share"),
                "z": f"{marker.z:.1f}",
            }
            for marker in result.markers
        ],
        "curations": curations,
        "training": trained,
        "limits": limits(context, result),
        "dropped_probes": list(context.dropped_probes),
        "provenance": provenance.view(manifest, provenance.of_evaluation(context, result)),
        "data": listed["data"] | {"strings": script_table()},
    }


def limits(context: EvaluationContext, result: EvaluationResult) -> list[dict[str, Any]]:
    """Return what this verdict does not rest on: undecided checks, unverified adapters, missing inputs."""
    found: list[dict[str, Any]] = []
    for verdict in result.verdicts:
        for finding in verdict.findings:
            if finding.status in ("info", "inconclusive"):
                found.append(verdicts.headline(finding) | {"text": None})
    for arm in context.arms:
        flaws = (("unverified", not arm.verified), ("nonfinite", not arm.finite), ("inert", arm.inert))
        found += [
            {"text": text(f"limit_{flaw}", name=arm.name)} for flaw, holds in flaws if holds and arm.path
        ]
    if context.training_data is None:
        found.append({"text": text("limit_no_data")})
    if context.dropped_probes:
        found.append({"text": text("limit_dropped", n=len(context.dropped_probes))})
    found.append({"text": text("limit_greedy", n=context.max_new_tokens)})
    return found


def _of_kind(related: Sequence[tuple[Path, Manifest]], kind: str) -> list[Path]:
    return [path for path, manifest in related if manifest.kind == kind]


def _arm_name(run: Path, context: EvaluationContext) -> str:
    """Return the name under which the adapter of a train run was evaluated, else the name of its directory."""
    for arm in context.arms:
        if arm.path is not None and Path(arm.path).resolve().is_relative_to(run.resolve()):
            return arm.name
    return run.name
