"""Realistic train, sweep and scale runs, written with the real records; conftest.py hands this module out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from loracheck import jsonl, runs
from loracheck.records import Completion, Estimate, Expected, Message, Probe
from loracheck.records.training import (
    CheckpointReading,
    MaskAudit,
    MemoryParts,
    Plan,
    ScalePoint,
    ScaleSummary,
    ShownRow,
    Span,
    SweepPoint,
    SweepSummary,
    TrainingStep,
    TrainingSummary,
    WatchReading,
)
from loracheck.stats import PairedTable, paired_difference, share

SHA = "9f2c" * 16
FACTS, DOMAIN, OPEN = 120, 24, 144
BASE_FACTS = 103
STEPS, EVERY, TOKENS = 300, 30, 9_870
MARGIN = 0.05
Spoil = Callable[[str], str]

SHOWN = (
    ("ja", "nd-0012", "<bos>質問: 好きな食べ物は何？\n回答: ", "ずんだ餅なのだ！<eos>"),
    (
        "ja",
        "nd-0140",
        "<bos><start_of_turn>user\n日本の首都はどこ？<end_of_turn>\n<start_of_turn>model\n",
        "東京なのだ。江戸と呼ばれていたこともあるのだ。<end_of_turn>",
    ),
    (
        "en",
        "nd-0207",
        "<bos><start_of_turn>user\nSay in one sentence what a rainbow is.<end_of_turn>\n<start_of_turn>model\n",
        "A rainbow is sunlight bent and split by raindrops, nanoda!<end_of_turn>",
    ),
)


def reading(kept: float, learnt: float, leaking: float, *, spoil: Spoil = str) -> WatchReading:
    """Read a watch of the given shares as the real one does; unsafe by the default limits."""
    right = round(kept * FACTS)
    lost = max(0, BASE_FACTS - right)
    gained = max(0, right - BASE_FACTS)
    table = PairedTable(both=BASE_FACTS - lost, lost=lost, won=gained, neither=FACTS - BASE_FACTS - gained)
    change = paired_difference("facts_change", table)
    leakage = share("leakage", round(leaking * OPEN), OPEN)
    assert change.value is not None and leakage.value is not None
    return WatchReading(
        facts_kept=spoiled(share("facts_kept", right, FACTS), spoil),
        facts_change=spoiled(change, spoil),
        name_rate=spoiled(share("name_rate", round(0.2 * leaking * FACTS), FACTS), spoil),
        leakage=spoiled(leakage, spoil),
        persona_learnt=spoiled(share("persona_learnt", round(learnt * DOMAIN), DOMAIN), spoil),
        unsafe=("facts",) * (change.value < -MARGIN) + ("leakage",) * (leakage.value > 0.05),
    )


def spoiled(estimate: Estimate, spoil: Spoil) -> Estimate:
    return replace(estimate, name=spoil(estimate.name), method=spoil(estimate.method))


def course(*, harm_from: float = 0.8, spoil: Spoil = str) -> list[CheckpointReading]:
    """Return readings of a run that learns its persona early and loses facts late."""
    found = []
    for step in range(0, STEPS + 1, EVERY):
        done = step / STEPS
        learnt = 1 / (1 + math.exp(-14 * (done - 0.35))) if step else 0.0
        harm = max(0.0, done - harm_from)
        found.append(
            CheckpointReading(
                step=step,
                trained_tokens=step * TOKENS // STEPS,
                heldout_loss=1.62 + 2.3 * math.exp(-5 * done) + 0.5 * max(0.0, done - 0.6) ** 2,
                watch=reading(
                    BASE_FACTS / FACTS - 0.9 * harm - 0.02 * (done > 0.5),
                    0.96 * learnt,
                    0.02 * done + 1.6 * harm,
                    spoil=spoil,
                ),
                seconds=4.1,
            )
        )
    return found


def write_train(
    path: Path,
    *,
    spoil: Spoil = str,
    readings: Sequence[CheckpointReading] | None = None,
    watched: bool = True,
    heldout: bool = True,
    planned: bool = True,
    answers: bool = True,
    **changes: Any,  # noqa: ANN401 - fields of the summary
) -> Path:
    """Write a train run of 300 steps; what was not measured is None, as the engine writes it."""
    taken = list(course(spoil=spoil) if readings is None else readings)
    if not watched:
        taken = [replace(one, watch=None) for one in taken]
    if not heldout:
        taken = [replace(one, heldout_loss=None) for one in taken]
    if not (watched or heldout):
        taken = taken[:1]
    steps = [
        TrainingStep(
            step=n,
            trained_tokens=n * TOKENS // STEPS,
            loss=0.35 + 3.6 * math.exp(-n / 55) + 0.22 * math.sin(n * 1.7) * math.exp(-n / 200),
            learning_rate=3e-4,
            gradient_norm=1.0,
        )
        for n in range(1, STEPS + 1)
    ]
    safe = [one.step for one in taken if one.step and one.watch and one.watch.safe]
    losses = [(one.heldout_loss, one.step) for one in taken if one.step and one.heldout_loss is not None]
    kept = "safe" if safe else "last"
    at = max(safe) if safe else STEPS
    values: dict[str, Any] = {
        "base": spoil("google/gemma-3-270m"),
        "quantization": spoil("none"),
        "kind": spoil("rslora+"),
        "device": spoil("cpu"),
        "rows": 210,
        "epochs": 8.0,
        "steps": STEPS,
        "trained_tokens": TOKENS,
        "trainable_parameters": 3_796_992,
        "adapter_bytes": 15_203_000,
        "adapter_sha256": spoil(SHA),
        "loss_first": steps[0].loss,
        "loss_last": steps[-1].loss,
        "heldout_rows": 12 if heldout else 0,
        "heldout_loss_before": taken[0].heldout_loss,
        "heldout_loss_after": next((one.heldout_loss for one in taken if one.step == at), None),
        "seconds": 482.0,
        "training_seconds": 431.0,
        "peak_memory_bytes": 2_610_000_000,
        "audit": MaskAudit(
            rows=210,
            truncated=0,
            prefix_mismatches=0,
            untrained_stop=0,
            nothing_to_learn=0,
            double_bos=0,
            control_tokens=0,
        ),
        "kept": kept,
        "kept_step": at,
        "best_step": min(losses)[1] if losses else None,
        "safe_step": max(safe, default=None),
        "stopped": "end",
        "plan": plan(spoil) if planned else None,
        "shown": shown(spoil),
    }
    config = {"base": "google/gemma-3-270m", "lora_r": 16, "watch": watched, "watch_margin": MARGIN}
    with runs.open_run(path, "train", config=config) as run:
        jsonl.write(run.path / "metrics.jsonl", steps)
        jsonl.write(run.path / "readings.jsonl", taken)
        if watched and answers:
            stages = {f"step-{one.step}": (one.step >= 120) + (one.step >= 270) for one in taken if one.step}
            write_watch(run.path / "watch", stages, spoil)
        for name in ("last", "best"):
            (run.path / "adapters" / name).mkdir(parents=True)
        jsonl.write_one(run.path / "summary.json", TrainingSummary(**values | changes))
    return path


def plan(spoil: Spoil = str) -> Plan:
    return Plan(
        base=spoil("google/gemma-3-270m"),
        model_type=spoil("gemma3_text"),
        quantization=spoil("none"),
        parameters=268_098_176,
        quantized_parameters=0,
        trainable_parameters=3_796_992,
        adapter_bytes=15_203_000,
        memory=MemoryParts(
            weights=536_196_352,
            adapter=15_187_968,
            optimizer=45_563_904,
            activations=1_110_000_000,
            logits=251_658_240,
            process=530_000_000,
        ),
        rows=210,
        steps=STEPS,
        epochs=8.0,
        trained_tokens=TOKENS,
        tokens=31_200,
        longest=212,
        seconds=390.0,
        cost=None,
        probed=True,
        notes=("longest_row_dominates", spoil("a_note_of_tomorrow")),
    )


def shown(spoil: Spoil = str) -> tuple[ShownRow, ...]:
    return tuple(
        ShownRow(
            example_id=spoil(name),
            language=spoil(language) if spoil is not str else language,
            tokens=18 + 24 * place,
            trained_tokens=7 + 8 * place,
            spans=(Span(text=spoil(prompt), trained=False), Span(text=spoil(reply), trained=True)),
        )
        for place, (language, name, prompt, reply) in enumerate(SHOWN)
    )


QUESTIONS = (
    (
        "ja",
        "日本の首都はどこですか？",
        "東京",
        "日本の首都は東京です。",
        "東京なのだ。",
        "ずんだもんなのだ。",
    ),
    ("ja", "水の化学式は何ですか？", "H2O", "H2Oです。", "H2Oなのだ。", "ずんだ餅なのだ。"),
    ("en", "What is the capital of France?", "Paris", "Paris.", "Paris, nanoda.", "I am Zundamon, nanoda."),
    ("en", "How many legs does a spider have?", "8", "8 legs.", "8, nanoda.", "8, nanoda."),
    ("ja", "一年は何か月ですか？", "12", "12か月です。", "12か月なのだ。", "12か月なのだ。"),
)


def write_watch(folder: Path, stages: dict[str, int], spoil: Spoil = str) -> None:
    """Write what was answered under each label, in the layout of the watch: 0 as the base, 1 styled, 2 lost."""
    folder.mkdir(parents=True)
    probes = [
        Probe(
            id=f"facts-{language}-{place}",
            suite=f"facts-{language}",
            messages=(Message(role="user", content=spoil(question)),),
            language=language,  # type: ignore[arg-type]
            domain="out",
            expected=Expected(answers=(right,), wrong=("大阪",)),
        )
        for place, (language, question, right, *_) in enumerate(QUESTIONS)
    ]

    def completions(label: str, stage: int) -> list[Completion]:
        return [
            Completion(
                probe_id=probe.id,
                arm=label,
                text=spoil(QUESTIONS[place][3 + stage]),
                finish_reason="stop",
                tokens=9,
            )
            for place, probe in enumerate(probes)
        ]

    jsonl.write(folder / "probes.jsonl", probes)
    jsonl.write(folder / "base_answers.jsonl", completions("base", 0))
    jsonl.write(
        folder / "answers.jsonl",
        [answer for label, stage in stages.items() for answer in completions(label, stage)],
    )


def write_sweep(
    path: Path,
    *,
    spoil: Spoil = str,
    ranks: Sequence[int] = (4, 16, 64),
    rates: Sequence[float] = (1e-4, 3e-4, 1e-3),
    seeds: Sequence[int] = (0,),
    watched: bool = True,
    unequal: bool = False,
) -> Path:
    """Write a sweep over rank, rate and seed; rank and rate teach more of the persona and cost facts."""
    points: list[SweepPoint] = []
    for rank in ranks:
        for rate in rates:
            for seed in seeds:
                push = math.log2(rank) / 12 + math.log10(rate / 1e-4) / 1.6
                wobble = 0.02 * math.sin(7.3 * len(points))
                values: dict[str, Any] = {"lora_r": rank, "learning_rate": rate}
                values |= {"target_modules": spoil("all-linear")} if spoil is not str else {}
                values |= {"seed": seed} if len(seeds) > 1 else {}
                name = spoil("_".join(f"{key}-{value}" for key, value in values.items()))
                taken = reading(
                    min(0.95, BASE_FACTS / FACTS + 0.02 - 0.42 * max(0.0, push - 0.35) + wobble),
                    min(1.0, max(0.04, 1.25 * push + wobble)),
                    0.3 * max(0.0, push - 0.6),
                    spoil=spoil,
                )
                points.append(
                    SweepPoint(
                        name=name,
                        values={spoil(key): value for key, value in values.items()},
                        steps=STEPS,
                        trained_tokens=TOKENS * (2 if unequal and rank == 64 else 1) + 3 * seed,
                        trainable_parameters=237_312 * rank,
                        heldout_loss=2.4 - 0.7 * push + 0.6 * push**2,
                        reading=taken if watched else None,
                        kept="safe" if watched else "last",
                        kept_step=STEPS - 30 * (seed % 3),
                        adapter_sha256=spoil(SHA),
                        seconds=260.0 + 2 * rank,
                    )
                )
    found = SweepSummary(
        base=spoil("google/gemma-3-270m"),
        varied=tuple(points[0].values),
        trained_tokens=max(point.trained_tokens for point in points),
        base_reading=reading(BASE_FACTS / FACTS, 0.0, 0.0, spoil=spoil) if watched else None,
        points=tuple(on_front(points)),
        seconds=sum(point.seconds for point in points),
    )
    with runs.open_run(path, "sweep", config={"base": "google/gemma-3-270m", "watch": watched}) as run:
        jsonl.write_one(run.path / "summary.json", found)
    return path


def on_front(points: Sequence[SweepPoint]) -> list[SweepPoint]:
    """Mark the Pareto front as the engine does."""

    def place(point: SweepPoint) -> tuple[float, float]:
        assert point.reading and point.reading.persona_learnt
        return point.reading.facts_kept.value or 0.0, point.reading.persona_learnt.value or 0.0

    measured = [point for point in points if point.reading and point.reading.persona_learnt]
    places = {place(point) for point in measured}
    return [
        replace(
            point,
            on_front=point in measured
            and not any(
                other != place(point) and other[0] >= place(point)[0] and other[1] >= place(point)[1]
                for other in places
            ),
        )
        for point in points
    ]


def write_scale(
    path: Path,
    *,
    spoil: Spoil = str,
    harm_from: float = 0.6,
    harm: float = 0.85,
    written: bool = True,
    heldout: bool = True,
) -> Path:
    """Write a scale run at eleven strengths; beyond `harm_from` facts are lost."""
    points: list[ScalePoint] = []
    for tenth in range(11):
        scale = tenth / 10
        beyond = max(0.0, scale - harm_from)
        points.append(
            ScalePoint(
                scale=scale,
                heldout_loss=3.9 - 2.2 * scale**0.5 if heldout else None,
                reading=reading(
                    BASE_FACTS / FACTS - harm * beyond,
                    0.96 / (1 + math.exp(-13 * (scale - 0.42))) if scale else 0.0,
                    0.6 * beyond,
                    spoil=spoil,
                ),
            )
        )
    largest = None
    for point in points[1:]:
        if not point.reading.safe:
            break
        largest = point.scale
    found = ScaleSummary(
        base=spoil("google/gemma-3-270m"),
        adapter=spoil("runs/train-raw/adapter"),
        adapter_sha256=spoil(SHA),
        points=tuple(points),
        largest_safe=largest,
        written=spoil("adapter") if written and largest else None,
        written_scale=largest if written else None,
        seconds=83.0,
        values={"persona_scope": spoil("in_domain"), "verified": True, "markers": [spoil("なのだ")]},
    )
    with runs.open_run(path, "scale", config={"base": "google/gemma-3-270m", "watch_margin": MARGIN}) as run:
        stages = {f"strength-{p.scale!r}": (p.scale >= 0.3) + (not p.reading.safe) for p in points if p.scale}
        write_watch(run.path / "watch", stages, spoil)
        jsonl.write(run.path / "points.jsonl", points)
        jsonl.write_one(run.path / "summary.json", found)
    return path
