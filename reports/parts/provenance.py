"""What went into a run and what made it: the last table of every page."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from typing import Any

from loracheck.records import EvaluationContext, EvaluationResult, Manifest
from loracheck.reports import figures
from loracheck.reports.strings.frame import Both, text

Line = tuple[Both, Sequence[str | Both]]
INPUTS_SHOWN = 40


def view(manifest: Manifest, extra: Sequence[Line] = ()) -> dict[str, Any]:
    """Return the lines of the table, the input files and the command that repeats the run."""
    lines: list[Line] = [
        (text("prov_run"), [manifest.run_id]),
        (text("prov_created"), [manifest.created]),
        *([(text("prov_finished"), [manifest.finished])] if manifest.finished else []),
        *extra,
        (text("prov_seed"), [str(manifest.seed)]),
        (text("prov_code"), [manifest.loracheck + (f" ({manifest.commit})" if manifest.commit else "")]),
        (text("prov_packages"), [f"{name} {version}" for name, version in manifest.packages.items()]),
        (text("prov_hardware"), _pairs(manifest.hardware)),
        (text("prov_config"), _pairs(manifest.config)),
        (text("prov_files"), [f"{entry.path} · sha256 {entry.sha256}" for entry in manifest.files]),
    ]
    return {
        "lines": [(label, values) for label, values in lines if values],
        "inputs": [
            {"path": entry.path, "size": figures.size(entry.bytes), "sha256": entry.sha256}
            for entry in manifest.inputs[:INPUTS_SHOWN]
        ],
        "inputs_left": max(0, len(manifest.inputs) - INPUTS_SHOWN),
        "command": shlex.join(manifest.argv),
    }


def of_evaluation(context: EvaluationContext, result: EvaluationResult) -> list[Line]:
    """Return the lines that only an evaluation has: base, template, adapters, probes and policy."""
    lines: list[Line] = [
        (text("prov_base"), [context.base]),
        (text("prov_quantization"), [context.quantization]),
        (text("prov_computed"), [context.computed_on] if context.computed_on else []),
        (text("prov_fingerprint"), _pairs(context.fingerprint)),
        (text("prov_template"), [context.template, f"sha256 {context.template_sha256}"]),
        (text("prov_data"), [context.training_data] if context.training_data else []),
        (text("prov_tier"), [context.tier]),
        (text("prov_after"), [context.after] if context.after else []),
    ]
    for arm in context.arms:
        if arm.path is not None:
            change = None if arm.logit_change is None else f"{arm.logit_change:.3g}"
            lines.append(
                (
                    text("prov_adapter", name=arm.name),
                    [
                        arm.path,
                        text("prov_engine", engine=arm.engine),
                        *([f"sha256 {arm.sha256}"] if arm.sha256 else []),
                        *([text("prov_logits", value=change)] if change else []),
                        *_pairs(arm.config),
                    ],
                )
            )
    policies = {(verdict.policy, verdict.policy_sha256, verdict.alpha) for verdict in result.verdicts}
    for policy, sha256, alpha in sorted(policies):
        lines += [(text("prov_policy"), [policy, f"sha256 {sha256}"]), (text("prov_alpha"), [f"{alpha:g}"])]
    lines.append((text("prov_probes"), [f"{suite} {count}" for suite, count in context.probes.items()]))
    lines.append(
        (
            text("prov_suites"),
            [
                f"{suite.name} · {suite.source} · {suite.asked or 0}/{suite.probes} · sha256 {suite.sha256}"
                for suite in context.suites
            ],
        )
    )
    return lines


def _pairs(values: dict[str, Any]) -> list[str]:
    return [
        f"{key} {value if isinstance(value, str) else json.dumps(_given(value), ensure_ascii=False)}"
        for key, value in values.items()
    ]


def _given(value: Any) -> Any:  # noqa: ANN401 - JSON values have no narrower type
    """Leave out of nested options those that are not set: a policy has six of them for every check."""
    if isinstance(value, dict):
        return {name: _given(one) for name, one in value.items() if one is not None}
    return value
