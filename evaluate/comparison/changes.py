"""What two eval runs did not have in common: limits, options, data, adapters, software and machine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from loracheck import jsonl
from loracheck.adapters.files import ADAPTER_CONFIG
from loracheck.evaluate.asked import Asked
from loracheck.records import Manifest
from loracheck.records.comparison import Part, SettingChange
from loracheck.runs import MANIFEST

_CUT = 200
_OF_OTHER_PARTS = {"policy", "adapters", "out", "name"}
"""Keys of a run's configuration that stand in parts of their own, or only say where it was written."""


def changed_settings(before: Asked, after: Asked) -> tuple[SettingChange, ...]:
    """Return every setting that differs between two runs, the limits first."""
    first, second = _settings(before), _settings(after)
    return tuple(
        SettingChange(part=part, name=name, before=first.get((part, name)), after=second.get((part, name)))
        for part, name in dict.fromkeys((*first, *second))
        if first.get((part, name)) != second.get((part, name))
    )


def _settings(run: Asked) -> dict[tuple[Part, str], str]:
    manifest, context = run.manifest, run.evidence.context
    parts: dict[Part, Mapping[str, Any]] = {
        "policy": jsonl.to_builtins(run.policy),
        "options": {k: v for k, v in manifest.config.items() if k not in _OF_OTHER_PARTS}
        | {"tier": context.tier, "template": context.template},
        "data": _data(manifest, run),
        "adapter": {arm.name: arm.sha256 for arm in run.evidence.adapters},
        "software": manifest.packages | {"loracheck": manifest.loracheck, "commit": manifest.commit},
        "machine": manifest.hardware,
    }
    return {(part, name): shown for part, found in parts.items() for name, shown in _flat(found)}


def _data(manifest: Manifest, run: Asked) -> dict[str, Any]:
    """Return the hashes of what was asked and of the data files by name; adapters have a part of their own."""
    found: dict[str, Any] = {f"suite {suite.name}": suite.sha256 for suite in run.evidence.context.suites}
    files: dict[str, list[str]] = {}
    for entry in manifest.inputs:
        name = PurePath(entry.path).name
        if name not in (ADAPTER_CONFIG, MANIFEST) and not name.endswith((".safetensors", ".bin")):
            files.setdefault(name, []).append(entry.sha256)
    shown = {name: ", ".join(sorted(hashes)) for name, hashes in files.items()}
    return found | {"training_data": run.evidence.context.training_data} | shown


def _flat(given: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield each setting by its path: gates.loops.margin; what is not set is left out."""
    for name, value in given.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif value is not None and value not in ([], ()):
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
            yield f"{prefix}{name}", shown[:_CUT]
