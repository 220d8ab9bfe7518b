from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from loracheck import jsonl
from loracheck.records.training import CheckpointReading, TrainingStep, TrainingSummary
from loracheck.runs import read_run

THINGS = "空花星海月風雨虹雪森山川鳥猫犬魚鹿"


def run(launcher: list[str], arguments: list[str]) -> None:
    done = subprocess.run(
        [*launcher, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]


LATE = """
import os, sys, time
import transformers.trainer as trainer
from loracheck.cli import main

look = trainer.sort_checkpoints
def look_late(output_dir, **options):
    if os.environ["RANK"] == "1":
        time.sleep(3)
    os.listdir(output_dir)
    return look(output_dir, **options)

trainer.sort_checkpoints = look_late
main()
"""


@pytest.mark.slow
def test_no_process_clears_a_folder_that_another_still_looks_into(tiny_gemma: Path, tmp_path: Path) -> None:
    data, late = tmp_path / "data.jsonl", tmp_path / "late.py"
    rows = [{"instruction": f"{thing}は好き？", "output": "大好きなのだ。"} for thing in THINGS]
    data.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    late.write_text(LATE, encoding="utf-8")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", str(late)]
    arguments = [str(data), "--base", str(tiny_gemma), "--quiet", "--lora-r", "4", "--train-batch-size", "8"]
    run(torchrun, ["train", *arguments, "-o", str(tmp_path / "run")])
    read_run(tmp_path / "run", "train")


@pytest.mark.parametrize("further", [[], pytest.param(["--packing"], marks=pytest.mark.slow)])
def test_two_processes_train_as_one_does(further: list[str], tiny_gemma: Path, tmp_path: Path) -> None:
    rows = [
        {"instruction": f"{thing}は好き？", "output": f"{thing}は大好きなのだ。" + "とても。" * (place % 4)}
        for place, thing in enumerate(THINGS)
    ]
    data, heldout = tmp_path / "data.jsonl", tmp_path / "heldout.jsonl"
    data.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    other = rows[0] | {"instruction": "夜は好き？"}
    heldout.write_text(json.dumps(other, ensure_ascii=False) + "\n", encoding="utf-8")
    arguments = [
        *(str(data), "--base", str(tiny_gemma), "--heldout", str(heldout), "--quiet", *further),
        *("--lora-r", "4", "--learning-rate", "5e-3", "--train-batch-size", "4", "--num-train-epochs", "2"),
        *("--eval-steps", "3", "--early-stopping-patience", "9"),
    ]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    torchrun += ["-m", "loracheck", "train"]
    run([sys.executable, "-m", "loracheck", "train"], [*arguments, "-o", str(tmp_path / "one")])
    run(torchrun, [*arguments, "-o", str(tmp_path / "two")])

    steps = [list(jsonl.read(tmp_path / name / "metrics.jsonl", TrainingStep)) for name in ("one", "two")]
    # Seventeen rows in steps of four: the last step of an epoch has one row, and the second process none.
    assert len(steps[0]) == len(steps[1]) == 10
    for one, two in zip(*steps, strict=True):
        assert two.loss == pytest.approx(one.loss, abs=1e-4)
        assert two.trained_tokens == one.trained_tokens
        assert two.gradient_norm == pytest.approx(one.gradient_norm, rel=1e-2)
    readings = [
        list(jsonl.read(tmp_path / name / "readings.jsonl", CheckpointReading)) for name in ("one", "two")
    ]
    assert [r.step for r in readings[1]] == [0, 3, 6, 9, 10]
    for one, two in zip(*readings, strict=True):
        assert two.heldout_loss == pytest.approx(one.heldout_loss, abs=1e-3)
    read_run(tmp_path / "two", "train")
    summaries = [jsonl.read_one(tmp_path / name / "summary.json", TrainingSummary) for name in ("one", "two")]
    assert summaries[0].trained_tokens == summaries[1].trained_tokens
    assert summaries[0].kept_step == summaries[1].kept_step
