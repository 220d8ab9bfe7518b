"""The page of an eval run: verdict, measurements, evidence, what went before, limits, provenance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loracheck import jsonl
from loracheck.evaluated import CONTEXT, VERDICT
from loracheck.records import BASE_ARM, EvaluationContext, EvaluationResult, Manifest
from loracheck.reports import figures
from loracheck.reports.parts import curated, provenance, trained, verdicts
from loracheck.reports.strings.frame import Both, same, script_table, text
from loracheck.runs import located

from . import alarms, blamed, checks, evidence, limits, traces

Section = tuple[str, Both]


def view(run: Path, manifest: Manifest, related: Sequence[tuple[Path, Manifest]]) -> dict[str, Any]:
    """Return everything the page shows."""
    context = jsonl.read_one(run / CONTEXT, EvaluationContext)
    result = jsonl.read_one(run / VERDICT, EvaluationResult)
    base = Path(context.base).name or context.base
    ranked = sorted(result.verdicts, key=lambda verdict: verdicts.ORDER[verdict.status])
    blame = blamed.causes_of(manifest, related)
    listed = evidence.view(run, result, blamed.behind_probes(blame))
    curations = [curated.summary(path, index) for index, path in enumerate(_of_kind(related, "curate"))]
    trainings = trained.table([(path, _arm_name(path, context)) for path in _of_kind(related, "train")])
    every_check = checks.view(result)
    picture = traces.traced(checks.picture(result), context, result, manifest, related)
    alone = len(ranked) == 1
    lead = (picture or checks.deciding(result)) if alone else None
    measured = [entry for entry in every_check if entry["measured"]]
    sections: list[Section] = [("checks", text("section_checks")), ("evidence", text("section_evidence"))]
    sections += [("curation", text("section_curation"))] if curations else []
    sections += [("training", text("section_training"))] if trainings else []
    sections += [("limits", text("section_limits")), ("provenance", text("section_provenance"))]
    return {
        "title": text("title_eval", name=base),
        "kicker": text("kicker_eval"),
        "heading": same(f"{base}: {', '.join(arm for arm in result.arms if arm != BASE_ARM)}"),
        "sections": sections,
        "cards": [verdicts.card(verdict) for verdict in ranked],
        "lead_picture": lead,
        "picture": None if alone else picture,
        "checks": measured,
        "unmeasured": [entry["name"] for entry in every_check if entry not in measured],
        "comparisons": [checks.comparison(index, given) for index, given in enumerate(result.comparisons)],
        **listed,
        "causes": blamed.groups(blame),
        "alarms": alarms.view(result),
        "markers": [
            {
                "kind": text(f"kind_{marker.kind}"),
                "text": marker.text,
                "language": marker.language,
                "coverage": figures.percent(marker.coverage),
                "base": figures.percent(marker.base_coverage),
                "z": f"{marker.z:.1f}",
            }
            for marker in result.markers
        ],
        "curations": curations,
        "training": trainings,
        "limits": limits.view(run, manifest, context, result),
        "provenance": provenance.view(manifest, provenance.of_evaluation(context, result)),
        "data": listed["data"] | {"strings": script_table()},
    }


def _of_kind(related: Sequence[tuple[Path, Manifest]], kind: str) -> list[Path]:
    return [path for path, manifest in related if manifest.kind == kind]


def _arm_name(run: Path, context: EvaluationContext) -> str:
    """Return the name under which the adapter of a train run was evaluated, else the name of its directory."""
    for arm in context.arms:
        if arm.path is not None and located(arm.path).is_relative_to(run.resolve()):
            return arm.name
    return run.name
