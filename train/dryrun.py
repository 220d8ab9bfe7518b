"""What `train`, `scale` and `merge` would do, under --dry-run: every refusal that needs no model, then the numbers."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loracheck.foreseen import Foreseen
from loracheck.probes import TRAINING
from loracheck.progress import Progress
from loracheck.records.training import Plan
from loracheck.watch.probes import choose
from loracheck.watch.watcher import FACT_TOKENS, OPEN_TOKENS

from .config import TrainConfig
from .fitting.trackers import check_trackers
from .inputs import TrainInputs, load_data, load_rows
from .merging.merge import NOTHING_MORE, MergeConfig, MergeInputs, prepare
from .planning.architecture import read_architecture
from .planning.plan import PlanOptions, plan
from .trials.grid import Point
from .trials.scale import ScaleConfig, ScaleInputs, checked_folder, quantization_of
from .trials.sweep import on_equal_tokens

_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTraining:
    """One training of a sweep before it is made."""

    name: str
    plan: Plan


def foresee_training(
    data: Sequence[Path],
    points: Sequence[Point] | None,
    config: TrainConfig,
    inputs: TrainInputs,
    progress: Progress,
) -> tuple[PlannedTraining, ...]:
    """Plan a training, or each one of a sweep; nothing is written and no weight is read.

    Raises:
        LoracheckError: whatever would stop it before the base is loaded.
    """
    check_trackers(config.report_to)
    if points is None:
        points = [Point(name="training", values={}, data=data[0], config=config)]
    else:
        points = on_equal_tokens(points, inputs)
    found: list[PlannedTraining] = []
    with progress.track("planning", len(points)) as advance:
        for point in points:
            load_data(point.data, point.config, inputs)
            planned = plan(
                point.data, point.config, inputs, PlanOptions(), progress=Progress(quiet=progress.quiet)
            )
            found.append(PlannedTraining(name=point.name, plan=planned))
            advance(1)
    return tuple(found)


def foresee_scale(adapter: Path, config: ScaleConfig, inputs: ScaleInputs) -> Foreseen:
    """Say what is asked at how many strengths.

    Raises:
        LoracheckError: no adapter there, or rows that cannot be read.
    """
    folder = checked_folder(adapter)
    held = quantization_of(folder, config)
    rows = load_rows(inputs.data, inputs.in_domain)
    probes = choose(rows.examples, rows.heldout, config.watch)
    again = [probe for probe in probes if probe.suite != TRAINING]
    strengths = [strength for strength in config.measured if strength]
    steps = [
        f"load {inputs.base}, held as it is stored, with {folder}"
        if held == "none"
        else f"load {inputs.base}, held in {held}, with {folder}",
        f"let the base answer {len(probes):,} questions and find the style of {len(rows.examples):,} rows",
        f"ask {len(again):,} questions at each strength: {', '.join(f'{one:g}' for one in strengths)}",
    ]
    if config.write is not None:
        which = "the largest safe strength" if config.write == "safe" else f"strength {config.write:g}"
        steps.append(f"save the adapter at {which}")
    asked = [*probes, *(again * len(strengths))]
    return Foreseen(
        steps=tuple(steps),
        numbers={
            "strengths": len(config.measured),
            "answers": len(asked),
            "tokens_generated_at_most": sum(FACT_TOKENS if p.expected else OPEN_TOKENS for p in asked),
            "heldout_rows_scored": len(rows.heldout) * len(config.measured),
        },
    )


def foresee_merge(
    adapter: Path,
    base: str,
    out: Path,
    config: MergeConfig,
    inputs: MergeInputs = NOTHING_MORE,
    *,
    progress: Progress,
) -> Foreseen:
    """Say what a merge would write and compare.

    Raises:
        LoracheckError: whatever would stop it before the base is loaded.
    """
    job, converter, seal = prepare(adapter, base, out, config, inputs, progress=progress)
    architecture = read_architecture(base, progress.say)
    size = architecture.parameters * (_BYTES[config.dtype] if config.dtype else architecture.stored.itemsize)
    place = next(parent for parent in (out, *out.resolve().parents) if parent.exists())
    free = shutil.disk_usage(place).free
    held = "held as it is" if job.trained == "none" else f"in {job.trained}"
    known = "" if job.trained_known else ", assumed: the adapter does not say"
    steps = [
        f"load {base} in its own 16 or 32 bits and merge a {job.anatomy.kind} adapter into it",
        f"write {out}, in {config.dtype or 'the type of the base'}",
        f"let the trained form (base {held}{known}) answer {len(job.prompts)} questions",
        "load what was written again and compare its next-token distributions along these answers",
    ]
    if converter is not None:
        steps.append(f"write a GGUF file of type {converter.kind} and compare it likewise")
    if seal is not None:
        steps.append(f"put the verdict of {inputs.evaluation} into the card: {seal.status}")
    return Foreseen(
        steps=tuple(steps),
        numbers={
            "modules_changed": len(job.anatomy.modules),
            "questions": len(job.prompts),
            "bytes_written": size,
            "bytes_free": free,
        },
        notes=("the disk has no room for it",) if free < size else (),
    )
