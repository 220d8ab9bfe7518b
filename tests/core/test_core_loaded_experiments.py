"""Causes, scale, sweep, synthesize, train and curate runs, and merged models, read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import loracheck
from loracheck import jsonl
from loracheck.errors import RunError
from loracheck.loaded import (
    LoadedCauses,
    LoadedCuration,
    LoadedMerge,
    LoadedScale,
    LoadedSweep,
    LoadedSynthesis,
    LoadedTraining,
)
from loracheck.records import Estimate, Example, Message, Source
from loracheck.records.adapter import FormComparison, ShippedForm
from loracheck.records.causes import BlamedRow, CausesSummary, FailureCauses, FindingCause, Twins
from loracheck.records.curation import CurationSummary, StepCount, SynthesisSummary
from loracheck.records.training import (
    CheckpointReading,
    MaskAudit,
    ScalePoint,
    ScaleSummary,
    SweepPoint,
    SweepSummary,
    TrainingStep,
    TrainingSummary,
    WatchReading,
)
from loracheck.runs import hash_file, open_run
from loracheck.stats import paired_difference, paired_table, share

HOSTILE = "<img src=x onerror=alert(1)>"


def reading(kept: int, *unsafe: str) -> WatchReading:
    before, after = [True] * 10, [True] * kept + [False] * (10 - kept)
    return WatchReading(
        facts_kept=share("facts_kept", kept, 10),
        facts_change=paired_difference("facts_change", paired_table(before, after)),
        name_rate=None,
        leakage=share("leakage", 1, 10),
        persona_learnt=share("persona_learnt", 8, 10),
        unsafe=unsafe,
    )


def html_of(run: Any) -> str:  # noqa: ANN401
    shown: str = run._repr_html_()
    assert HOSTILE not in shown
    return shown


def training_summary() -> TrainingSummary:
    audit = MaskAudit(
        rows=4, truncated=0, prefix_mismatches=0, untrained_stop=0, nothing_to_learn=0, double_bos=0,
        control_tokens=0,
    )  # fmt: skip
    return TrainingSummary(
        base=HOSTILE, quantization="none", rows=4, epochs=1.0, steps=2, trained_tokens=40,
        trainable_parameters=1000, adapter_bytes=1, adapter_sha256="a", loss_first=3.0, loss_last=2.0,
        heldout_rows=1, heldout_loss_before=3.0, heldout_loss_after=2.5, audit=audit, seconds=1.0,
        peak_memory_bytes=None, kept_step=2,
    )  # fmt: skip


def test_a_causes_run_is_read_back(tmp_path: Path) -> None:
    blamed = BlamedRow(
        example_id="7", rank=1, ranks={"overlap": 1}, scores={"overlap": 0.9}, share=0.5, run="なのだ"
    )
    failure = FailureCauses(
        adapter=HOSTILE, probe_id="p", checks=("forgetting",), answer="x", base_answer="y", origin="said",
        rows=(blamed,),
    )  # fmt: skip
    cause = FindingCause(
        adapter=HOSTILE, check="forgetting", status="named", failures=6, of=6, silent=0,
        twins=(Twins(rows=("7", "8")),), explained=share("explained", 5, 6), by_chance=0.1, p=0.01,
    )  # fmt: skip
    row = Example(
        id="7",
        messages=(Message(role="user", content="q"), Message(role="assistant", content="なのだ")),
        language="ja",
        source=Source(file="f", line=7),
    )
    summary = CausesSummary(
        evaluation="e", evaluation_id="i", base="b", data=("f",), rows=9, methods=("overlap",), combined="",
        findings=(cause,),
    )  # fmt: skip
    with open_run(tmp_path / "run", "causes", config={}) as run:
        jsonl.write(run.path / "causes.jsonl", [failure])
        jsonl.write(run.path / "rows.jsonl", [row])
        jsonl.write_one(run.path / "summary.json", summary)
    found = loracheck.load(tmp_path / "run")
    assert isinstance(found, LoadedCauses)
    [line] = found.findings_frame().to_dict("records")
    assert (line["status"], line["rows"], line["explained"], line["explained_n"]) == ("named", 2, 5 / 6, 6)
    assert line["explained_ci_low"] < 5 / 6 < line["explained_ci_high"]
    [near] = found.rows_frame().to_dict("records")
    assert (near["row"], near["reply"], near["score_overlap"]) == ("7", "なのだ", 0.9)
    assert "0.8333" in html_of(found)


def test_a_scale_run_is_read_back(tmp_path: Path) -> None:
    points = tuple(
        ScalePoint(scale=s, heldout_loss=2.0 - s, reading=reading(kept, *unsafe))
        for s, kept, unsafe in ((0.0, 10, ()), (0.5, 9, ()), (1.0, 3, ("facts", HOSTILE)))
    )
    summary = ScaleSummary(
        base="b", adapter="a", adapter_sha256="s", points=points, largest_safe=0.5, written="adapter"
    )
    with open_run(tmp_path / "run", "scale", config={}) as run:
        jsonl.write_one(run.path / "summary.json", summary)
    found = loracheck.load(tmp_path / "run")
    assert isinstance(found, LoadedScale)
    assert found.adapter == tmp_path / "run" / "adapter"
    frame = found.points_frame()
    assert list(frame["scale"]) == [0.0, 0.5, 1.0]
    assert list(frame["facts_kept"]) == [1.0, 0.9, 0.3]
    assert list(frame["safe"]) == [True, True, False]
    assert frame["name_rate"].isna().all()
    assert (frame["facts_kept_ci_low"] < frame["facts_kept"]).all()
    assert "no: facts" in html_of(found)


def test_a_sweep_and_its_trainings_are_read_back(tmp_path: Path) -> None:
    point = SweepPoint(
        name="lora_r-4", values={"lora_r": 4, "data": HOSTILE}, steps=2, trained_tokens=40,
        trainable_parameters=1000, heldout_loss=2.5, reading=None, kept="last", kept_step=2, adapter_sha256="a",
        seconds=1.0, on_front=True,
    )  # fmt: skip
    summary = SweepSummary(
        base="b", varied=("lora_r",), trained_tokens=40, base_reading=None, points=(point,), seconds=1.0
    )
    with open_run(tmp_path / "sweep", "sweep", config={}) as run:
        with open_run(run.path / "lora_r-4", "train", config={}) as train:
            jsonl.write_one(train.path / "summary.json", training_summary())
        jsonl.write_one(run.path / "summary.json", summary)
    found = loracheck.load(tmp_path / "sweep")
    assert isinstance(found, LoadedSweep)
    assert found.adapters == {"lora_r-4": tmp_path / "sweep" / "lora_r-4" / "adapter"}
    assert found.training_summary("lora_r-4").loss_last == 2.0
    with pytest.raises(KeyError):
        found.training_summary("other")
    [line] = found.points_frame().to_dict("records")
    assert (line["option_lora_r"], line["heldout_loss"], line["facts_kept"], line["on_front"]) == (
        4,
        2.5,
        None,
        True,
    )
    assert "lora_r-4" in html_of(found)


def test_a_train_run_shows_its_readings(tmp_path: Path) -> None:
    taken = CheckpointReading(step=2, trained_tokens=40, heldout_loss=2.5, watch=reading(9), seconds=1.0)
    with open_run(tmp_path / "run", "train", config={}) as run:
        jsonl.write_one(run.path / "summary.json", training_summary())
        jsonl.write(run.path / "readings.jsonl", [taken])
        jsonl.write(
            run.path / "metrics.jsonl",
            [TrainingStep(step=1, trained_tokens=20, loss=3.0, learning_rate=1e-4)],
        )
    found = loracheck.load(tmp_path / "run")
    assert isinstance(found, LoadedTraining)
    [line] = found.readings_frame().to_dict("records")
    assert (line["step"], line["heldout_loss"], line["facts_kept"], line["facts_kept_n"]) == (2, 2.5, 0.9, 10)
    assert list(found.loss_frame()["loss"]) == [3.0]
    assert "held-out loss" in html_of(found)


def test_a_curate_run_shows_what_each_rule_took(tmp_path: Path) -> None:
    summary = CurationSummary(
        read=10, kept=7, heldout=1, dropped=2, unscored=0, kept_reply_characters=1, read_reply_characters=1,
        steps=(StepCount(stage="filters", reason=HOSTILE, rows=2),),
    )  # fmt: skip
    with open_run(tmp_path / "run", "curate", config={}) as run:
        jsonl.write_one(run.path / "summary.json", summary)
    found = loracheck.load(tmp_path / "run")
    assert isinstance(found, LoadedCuration)
    assert found.scores_frame().empty
    assert found.heldout == ()
    assert "<td>kept</td><td>7</td>" in html_of(found)


def test_a_synthesize_run_is_read_back(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    with open_run(tmp_path / "run", "synthesize", config={}) as run:
        jsonl.write(run.path / "rows.jsonl", [{"messages": turns, "synthetic": "replay", "made_by": "b"}])
        jsonl.write_one(run.path / "summary.json", SynthesisSummary(rows={HOSTILE: 1}, failed={}))
    found = loracheck.load(tmp_path / "run")
    assert isinstance(found, LoadedSynthesis)
    assert found.rows_frame().to_dict("records") == [
        {"prompt": "q", "reply": "a", "kind": "replay", "made_by": "b"}
    ]
    html_of(found)


def test_a_merged_model_is_read_back_and_its_weights_verified(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"weights")
    divergence = Estimate(
        name="divergence", value=0.02, ci_low=0.01, ci_high=0.03, n=9, method="m", unit="nats"
    )
    form = ShippedForm(
        base=HOSTILE, base_verified=True, licence="l", adapter_sha256="a", data_sha256=None, kind="lora",
        dtype="bfloat16", trained="nf4", trained_known=True, onto="original",
        weights_sha256={weights.name: hash_file(weights)}, threshold=0.05, probes=9, seed=0,
        comparisons=(
            FormComparison(
                shipped="merged, bfloat16", divergence=divergence, same_top=None, largest=0.3, tokens=99,
                above_threshold=False,
            ),
        ),
    )  # fmt: skip
    jsonl.write_one(tmp_path / "shipped_form.json", form)
    found = loracheck.load(tmp_path)
    assert isinstance(found, LoadedMerge)
    [line] = found.comparisons_frame().to_dict("records")
    assert (line["divergence"], line["divergence_ci_high"], line["tokens"]) == (0.02, 0.03, 99)
    assert "merged, bfloat16" in html_of(found)
    weights.write_bytes(b"other")
    with pytest.raises(RunError, match="was changed after the merge"):
        loracheck.load(tmp_path)
