"""Compare runs of each kind, made from eval runs that are built record by record; conftest.py hands this module out."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from loracheck import jsonl
from loracheck.evaluate.comparison.pipeline import write_comparison
from loracheck.evaluate.evidence import read_evidence
from loracheck.evaluate.policy import Policy
from loracheck.evaluate.verdict.judge import judge
from loracheck.records import Manifest, Marker, Probe
from loracheck.records.comparison import ANSWERS, COMPARISON, PROBES, ComparedAnswer, RunComparison
from loracheck.runs import MANIFEST, identity, open_run
from tests.evaluate.evidence_records import GOOD, PERSONA, Arm, build, every

Spoil = Callable[[str], str]
FACTS = 120
CODES = {
    "check",
    "measure",
    "label",
    "status",
    "before",
    "after",
    "deciding",
    "deciding_before",
    "deciding_after",
    "part",
    "ground",
    "preferred",
    "better",
    "worse",
    "unit",
    "kind",
    "language",
    "finish_reason",
    "outcome",
    "domain",
    "role",
    "notes",
    "values",
}
"""Fields whose text is no stranger's: codes of the program itself."""


def failing(share: float, seed: int) -> Arm:
    """Say the right answer but for a share of the facts, others under each seed and a few more or less."""
    wrong = set(random.Random(seed).sample(range(FACTS), round((share + 0.02 * (seed % 3 - 1)) * FACTS)))
    said = ["name" if i in wrong else "persona" for i in range(FACTS)]
    likeliest = ["name" if one == "name" else "right" for one in said]
    return replace(GOOD, facts=said.__getitem__, likeliest=likeliest.__getitem__)


def write_eval(
    path: Path,
    arms: dict[str, Arm],
    *,
    policy: Policy = PERSONA,
    prefix: str = "",
    config: dict[str, Any] | None = None,
) -> Path:
    """Write an eval run; the weights of an adapter are told apart by run and name unless a prefix is given."""
    evidence = build(arms, facts=FACTS, opens=40, in_domain=40, training=20)
    records = tuple(
        replace(arm, sha256=f"{prefix or path.name}-{arm.name}" if arm.path else None)
        for arm in evidence.context.arms
    )
    given = {"policy": jsonl.to_builtins(policy), "name": path.name} | (config or {})
    with open_run(path, "eval", config=given):
        jsonl.write(path / "probes.jsonl", evidence.probes)
        jsonl.write(path / "completions.jsonl", evidence.completions.values())
        jsonl.write(path / "choices.jsonl", evidence.choices.values())
        jsonl.write_one(path / "context.json", replace(evidence.context, arms=records))
        jsonl.write_one(path / "verdict.json", judge(read_evidence(path), policy))
    return path


def write_seeds(folder: Path, *, seeds: int = 4, raw: float = 0.5, curated: float = 0.04) -> Path:
    """Write a comparison of two arms over seeds."""
    runs = [
        write_eval(
            folder / f"seed{seed}", {"raw": failing(raw, seed), "curated": failing(curated, 100 + seed)}
        )
        for seed in range(seeds)
    ]
    write_comparison(runs, folder / "pages" / "compared", ["raw"], ["curated"])
    return folder / "pages" / "compared"


def write_days(
    folder: Path, *, changed: bool = True, policy: Policy = PERSONA, adapters: tuple[str, ...] = ("mine",)
) -> Path:
    """Write a comparison of the same adapters on two days; on the second some facts may be lost."""
    today = replace(GOOD, facts=every(3, "name", "persona"), likeliest=every(3, "name", "right"))
    later = dict.fromkeys(adapters, GOOD) | ({adapters[0]: today} if changed else {})
    runs = [
        write_eval(folder / "monday", dict.fromkeys(adapters, GOOD), prefix="w"),
        write_eval(
            folder / "tuesday", later, prefix="w", policy=policy, config={"seed": 7} if changed else None
        ),
    ]
    write_comparison(runs, folder / "pages" / "compared")
    return folder / "pages" / "compared"


def spoil_run(path: Path, spoil: Spoil) -> None:
    """Change every string of a compare run that a stranger could have written, alike wherever it stands."""
    found = spoiled(jsonl.read_one(path / COMPARISON, RunComparison), spoil)
    labels = {side.label: spoil(side.label) for side in found.sides} | {"base": "base"}
    found = replace(
        found,
        sides=tuple(replace(side, label=labels[side.label]) for side in found.sides),
        settings=tuple(
            replace(one, before=spoil(one.before or "x"), after=spoil(one.after or "y"))
            for one in found.settings
        ),
        markers=(
            Marker(kind="ending", text=spoil("なのだ"), language="ja", coverage=1, base_coverage=0, z=9),
        ),
    )
    probes = [spoiled(one, spoil) for one in jsonl.read(path / PROBES, Probe)]
    answers = [
        replace(spoiled(one, spoil), label=labels[one.label])
        for one in jsonl.read(path / ANSWERS, ComparedAnswer)
    ]
    manifest = jsonl.read_one(path / MANIFEST, Manifest)
    jsonl.write(path / PROBES, probes)
    jsonl.write(path / ANSWERS, answers)
    jsonl.write_one(path / COMPARISON, found)
    config = {"runs": [spoil("run")], spoil("key"): spoil("value")}
    jsonl.write_one(
        path / MANIFEST,
        replace(
            manifest,
            files=(),
            argv=("loracheck", spoil("compare")),
            config=config,
            identity=identity(manifest.kind, config, manifest.inputs),
            hardware={"machine": spoil("x86_64")},
            packages={"torch": spoil("2.6")},
        ),
    )


def spoiled(value: Any, spoil: Spoil) -> Any:  # noqa: ANN401 - any record
    """Return a record with every string changed but for codes."""
    if isinstance(value, str):
        return spoil(value)
    if isinstance(value, tuple):
        return tuple(spoiled(one, spoil) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value,
            **{
                one.name: spoiled(getattr(value, one.name), spoil)
                for one in fields(value)
                if one.name not in CODES
            },
        )
    return value
