"""A finished eval run as it may be judged: of one piece, and with an answer of every arm to all that was asked.

Whoever rewrites the answers and all hashes alike is not found out here; what was left out, made up or judged by
other limits is.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from loracheck import jsonl
from loracheck.errors import RunError
from loracheck.evaluated import VERDICT
from loracheck.probes import BUNDLED, IN_DOMAIN, TRAINING, bundled, bundled_record
from loracheck.probes.canaries import SUITE as CANARIES
from loracheck.records import BASE_ARM, ArmRecord, EvaluationResult, Manifest, Probe
from loracheck.runs import MANIFEST, read_manifest, read_run

from .arms.names import is_name
from .checks.listed import CHECKS
from .evidence import Evidence, read_evidence
from .policy import Policy, own_policy
from .questions.material import Material, Questions, together
from .verdict.judge import judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A finished eval run: its raw answers, and the policy it was made with."""

    path: Path
    manifest: Manifest
    evidence: Evidence
    policy: Policy

    def adapters(self) -> dict[str, ArmRecord]:
        """Return the adapters that gave answers and are under judgement, by name."""
        nulls = self.evidence.context.nulls
        return {arm.name: arm for arm in self.evidence.adapters if arm.finite and arm.name not in nulls}

    @property
    def post_hoc(self) -> bool:
        """Tell whether its answers had been judged under other limits before."""
        return self.manifest.config.get("post_hoc") is True


def read_asked(path: Path) -> Asked:
    """Read a finished eval run; every file is verified against its hash, and the run against itself.

    Raises:
        RunError: no finished eval run, or one that no evaluation wrote like this.
    """
    manifest = read_run(path, "eval")
    run = Asked(path=path, manifest=manifest, evidence=read_evidence(path), policy=own_policy(path, manifest))
    if fault := next(_faults(run), None):
        raise RunError(
            f"{path}: {fault}; the run cannot be trusted.",
            kind="run_altered",
            hint=f"Make the run again, or use the version that made it: loracheck {manifest.loracheck}",
        )
    return run


def confirmed(path: Path) -> EvaluationResult:
    """Return the verdict that an eval run holds, once its answers were seen to give that very one.

    Raises:
        RunError: they give another one.
    """
    return confirm(read_asked(path))


def confirm(run: Asked) -> EvaluationResult:
    """Return the verdict that a run holds which was read already; see `confirmed`."""
    stored = jsonl.read_one(run.path / VERDICT, EvaluationResult)
    found = judge(run.evidence, run.policy, post_hoc=run.post_hoc)
    if not _alike(_plain(stored), _plain(found)):
        raise RunError(
            f"{run.path / VERDICT} is not what the answers of the run give: "
            f"it was changed, or made by another version ({run.manifest.loracheck}).",
            kind="run_altered",
            hint=f"Judge its answers again into a new run: loracheck score {run.path} -o {run.path}-judged",
        )
    return stored


def confirm_evaluations(runs: Iterable[Path]) -> None:
    """Verify some finished runs, and confirm the verdicts of the eval runs among them.

    Raises:
        RunError: one is not finished or was altered, or the answers give another verdict.
    """
    for run in runs:
        if read_manifest(run).kind == "eval":
            confirmed(run)
        else:
            read_run(run)


def _plain(result: EvaluationResult) -> Any:  # noqa: ANN401 - JSON values have no narrower type
    return msgspec.json.decode(jsonl.encode(result))


def _alike(one: Any, other: Any) -> bool:  # noqa: ANN401
    """Compare values of JSON; numbers may differ as far as those of two machines do."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9)
    return bool(one == other)


def _faults(run: Asked) -> Iterator[str]:
    """Yield what no evaluation would have written."""
    yield from _of_arms(run.evidence)
    yield from _of_probes(run)
    yield from _of_answers(run)


def _of_arms(evidence: Evidence) -> Iterator[str]:
    names = [arm.name for arm in evidence.context.arms]
    for name in names:
        if name != BASE_ARM and not is_name(name):
            yield f"{name!r} is no name of an arm"
    if BASE_ARM not in names or len(set(names)) < len(names):
        yield "an arm is missing or stands there twice"
    if not set(evidence.context.nulls) <= set(names):
        yield "an adapter given with --null is none of its arms"
    for name in sorted({key[0] for key in (*evidence.completions, *evidence.choices, *evidence.tokens)}):
        if name not in names:
            yield f"it holds answers of {name!r}, which is none of its arms"


def _of_probes(run: Asked) -> Iterator[str]:
    evidence, probes = run.evidence, run.evidence.probes
    counts = Counter(probe.suite for probe in probes)
    if counts != Counter(evidence.context.probes) or len({probe.id for probe in probes}) < len(probes):
        yield "its probes are not those that it says it asked"
    where = f"{run.path / MANIFEST}, config.suites"
    suites = jsonl.convert(run.manifest.config.get("suites", ()), tuple[str, ...], where)
    claimed = {suite.name: suite.sha256 for suite in evidence.context.suites if suite.name in BUNDLED}
    for name in BUNDLED:
        if name in claimed.keys() | set(suites) and claimed.get(name) != bundled_record(name).sha256:
            yield f"its suite {name} is not the one that comes with this version"
    known = {probe.id: probe for probe in bundled(tuple(claimed))}
    for probe in probes:
        if (probe.suite in claimed or probe.id in known) and known.get(probe.id) != probe:
            yield f"the probe {probe.id!r} is not the one that comes with this version"


def _of_answers(run: Asked) -> Iterator[str]:
    """Yield what an arm was asked and did not answer; no likelihoods at all is no fault and leaves checks open."""
    evidence, asked = run.evidence, _asked(run)
    taught = {probe.id for probe in evidence.probes if probe.suite == TRAINING}
    of_base = {i for arm, i in evidence.completions if arm == BASE_ARM and i not in taught}
    said = {(arm, i, "") for arm, i in evidence.completions}
    ranked = {(*key, "") for key, scores in evidence.choices.items() if scores.logprobs}
    scored = set(evidence.tokens)
    excused = _begun(evidence)
    for given, wanted in (
        (said, {(i, "") for i in (of_base | {p.id for p in (*asked.short, *asked.open)}) - excused}),
        (ranked, {(p.id, "") for p in asked.rank if p.expected}),
        (scored, {(text.probe.id, text.kind) for text in asked.texts}),
    ):
        shared = wanted | {(i, kind) for arm, i, kind in given if arm != BASE_ARM and i not in excused}
        able = {arm for arm, _, _ in given}
        for arm in evidence.context.arms:
            if arm.finite and (arm.name in able or given is said):
                lacking = sorted(key for key in shared if (arm.name, *key) not in given)
                yield from (f"{arm.name} gave no answer to the probe {i!r}" for i, _ in lacking)


def _asked(run: Asked) -> Questions:
    """Return what the checks ask of the probes at hand; nothing where answers were put together by `score`."""
    if "suites" not in run.manifest.config:
        return Questions()
    own = {suite.name for suite in run.evidence.context.suites}
    probes = run.evidence.probes

    def of(*suites: str) -> tuple[Probe, ...]:
        return tuple(probe for probe in probes if probe.suite in suites)

    material = Material(
        bundled=of(*own - {IN_DOMAIN}), in_domain=of(IN_DOMAIN), training=of(TRAINING), canaries=of(CANARIES)
    )
    found = together(check.asks(material) for check in CHECKS if run.policy.mode(check.name) != "off")
    here = {probe.id for probe in probes}
    return Questions(
        short=tuple(probe for probe in found.short if probe.id in here),
        open=tuple(probe for probe in found.open if probe.id in here),
        rank=tuple(probe for probe in found.rank if probe.id in here),
        texts=tuple(text for text in found.texts if text.probe.id in here),
    )


def _begun(evidence: Evidence) -> set[str]:
    """Return the probes whose reply is begun, where a server was asked: not each one goes on with it."""
    served = any(arm.engine == "served" for arm in evidence.context.arms)
    return {
        p.id for p in evidence.probes if served and p.messages[-1:] and p.messages[-1].role == "assistant"
    }
