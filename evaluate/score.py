"""Score answers that are there already, without a model: stored completions, or those of a finished eval run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from loracheck import jsonl
from loracheck.engines import Generated
from loracheck.engines.stored import read_stored, refuse_missing
from loracheck.errors import DataError, UsageError
from loracheck.evaluated import CHOICES, COMPLETIONS, CONTEXT, LIKELIHOODS, PROBES, VERDICT
from loracheck.probes import TRAINING
from loracheck.probes.userfiles import read_probe_file
from loracheck.progress import Progress
from loracheck.records import (
    BASE_ARM,
    ArmRecord,
    Completion,
    EvaluationContext,
    EvaluationResult,
    Probe,
)
from loracheck.runs import is_run, open_run

from .arms.names import check_names, stored_record
from .asked import read_asked
from .evidence import Evidence, read_evidence, write_answers
from .policy import Policy, load_policy
from .verdict.judge import judge
from .verdict.scope import refuse_unfit
from .verdict.waivers import refuse_expired


def score(
    source: Path,
    completions: Mapping[str, Path],
    out: Path,
    policy: Policy | None,
    *,
    base: str = "",
    assume_base: bool = False,
    progress: Progress,
) -> EvaluationResult:
    """Write an eval run of answers that were given before.

    Args:
        source: A finished eval run, whose arms are all scored again, or a file of probes.
        completions: Files of further arms, by name; of a file of probes "base" must be among them.
        out: The run directory to write.
        policy: The limits; None takes those of the eval run, or the default ones.
        base: What the base is called in the report.
        assume_base: Take it on the user's word that the arms were made of the base.
        progress: Where to report.

    Raises:
        LoracheckError: an answer is missing, a file is broken, the run was altered, a waiver is past its day, or the
            policy was written for something else.
    """
    asked = read_asked(source) if is_run(source) else None
    applied = policy or (asked.policy if asked else load_policy("default"))
    post_hoc = asked is not None and (asked.post_hoc or not applied.same_limits(asked.policy))
    refuse_expired(applied.name, applied.waivers)
    evidence = asked.evidence if asked else _bare(source, base)
    answers = {name: read_stored(name, path) for name, path in completions.items()}
    evidence = _with_arms(evidence, answers, completions, assume_base=assume_base)
    refuse_unfit(applied, evidence.context, evidence.probes)
    options: dict[str, Any] = {
        "source": str(source),
        "completions": {name: str(path) for name, path in completions.items()},
        "policy": jsonl.to_builtins(applied),
        "base": base,
        "assume_base": assume_base,
        "seed": asked.manifest.seed if asked else 0,
        "post_hoc": post_hoc,
    }
    inputs = [*_files(source, own=asked is not None), *completions.values()]
    with open_run(out, "eval", config=options, inputs=inputs, seed=options["seed"]) as run:
        if run.complete:
            progress.say_finished(out)
            return jsonl.read_one(out / VERDICT, EvaluationResult)
        _write(out, evidence)
        result = judge(read_evidence(out), applied, post_hoc=post_hoc)
        jsonl.write_one(out / VERDICT, result)
    return result


def _files(source: Path, *, own: bool) -> list[Path]:
    names = (PROBES, COMPLETIONS, CHOICES, LIKELIHOODS, CONTEXT)
    return [source / name for name in names if (source / name).is_file()] if own else [source]


def _bare(file: Path, base: str) -> Evidence:
    probes = _read_probes(file)
    training = any(probe.suite == TRAINING for probe in probes)
    return Evidence(
        context=EvaluationContext(
            base=base or "not named",
            quantization="unknown",
            fingerprint={},
            template="",
            template_sha256="",
            training_data=f"the training prompts in {file}" if training else None,
            max_new_tokens=0,
            probes=dict(Counter(probe.suite for probe in probes)),
            dropped_probes=(),
            arms=(),
        ),
        probes=probes,
        completions={},
        choices={},
    )


def _read_probes(file: Path) -> tuple[Probe, ...]:
    """Read the probes.jsonl of a run, or a file of the user's own probes.

    Raises:
        LoracheckError: there is no such file, or a row is wrong.
    """
    if not file.is_file():
        raise UsageError(
            f"{file}: there is no such file or run.",
            kind="no_such_file",
            hint="Pass a file of probes, or a finished eval run.",
        )
    with file.open("rb") as lines:
        first = next((line for line in lines if line.strip()), b"")
    try:
        jsonl.decode(first, Probe)
    except msgspec.MsgspecError:
        return read_probe_file(file).probes
    probes = tuple(jsonl.read(file, Probe))
    twice = [name for name, count in Counter(probe.id for probe in probes).items() if count > 1]
    if twice:
        raise DataError(f"{file}: the id {twice[0]} stands there twice.", kind="id_taken")
    return probes


def _with_arms(
    evidence: Evidence,
    answers: Mapping[str, Mapping[str, Generated]],
    files: Mapping[str, Path],
    *,
    assume_base: bool,
) -> Evidence:
    """Add arms; each answers every probe, an adapter the training prompts all or not at all.

    Training prompts may be put to the base alone, to tell its style from the data's.
    """
    known = [entry.name for entry in evidence.context.arms]
    if again := [name for name in answers if name in known]:
        raise UsageError(
            f"--completions {again[0]}=...: the run has an arm of this name already.",
            kind="name_taken",
            hint="Give it another name.",
        )
    if BASE_ARM not in (*known, *answers):
        raise UsageError(
            "the base's answers are missing: adapters are held against them.",
            kind="answers_missing",
            hint="Add them with --completions base=FILE",
        )
    check_names([name for name in (*known, *answers) if name != BASE_ARM], option="--completions")
    refuse_missing(answers, {name: _wanted(evidence.probes, name, given) for name, given in answers.items()})
    probes = {probe.id for probe in evidence.probes}
    fresh = {
        (name, i): Completion(
            probe_id=i, arm=name, text=r.text, finish_reason=r.finish_reason, tokens=r.tokens
        )
        for name, given in answers.items()
        for i, r in given.items()
        if i in probes
    }
    records = [
        ArmRecord(name=BASE_ARM, path=None, engine="stored")
        if name == BASE_ARM
        else stored_record(name, files[name], verified=assume_base)
        for name in answers
    ]
    arms = (*evidence.context.arms, *records)
    base_first = sorted(arms, key=lambda entry: entry.name != BASE_ARM)
    return replace(
        evidence,
        context=replace(evidence.context, arms=tuple(base_first)),
        completions=evidence.completions | fresh,
    )


def _wanted(probes: Sequence[Probe], name: str, given: Mapping[str, Generated]) -> list[str]:
    training = [probe.id for probe in probes if probe.suite == TRAINING]
    if name != BASE_ARM and not any(probe in given for probe in training):
        return [probe.id for probe in probes if probe.suite != TRAINING]
    return [probe.id for probe in probes]


def _write(out: Path, evidence: Evidence) -> None:
    """Write raw answers as an evaluation does, in the order of arms and probes."""
    jsonl.write_one(out / CONTEXT, evidence.context)
    jsonl.write(out / PROBES, evidence.probes)
    write_answers(out, evidence, [entry.name for entry in evidence.context.arms], evidence.probes)
    jsonl.write(out / LIKELIHOODS, evidence.tokens.values())
