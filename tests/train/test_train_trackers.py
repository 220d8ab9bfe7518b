from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from loracheck.errors import EnvironmentFault, UsageError
from loracheck.progress import Progress
from loracheck.runs import read_run
from loracheck.train import pipeline
from loracheck.train.config import TrainConfig
from loracheck.train.inputs import TrainInputs
from loracheck.train.pipeline import train

QUIET = Progress(quiet=True)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [{"instruction": f"{thing}は好き？", "output": f"{thing}は大好きなのだ。"} for thing in "空花星海"]
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_tensorboard_gets_the_loss_of_every_step_inside_the_run(
    data: Path, tiny_gemma: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TENSORBOARD_LOGGING_DIR", raising=False)
    config = TrainConfig(lora_r=2, train_batch_size=2, num_train_epochs=2, report_to=("tensorboard",))
    assert train(data, tmp_path / "run", config, TrainInputs(base=str(tiny_gemma)), progress=QUIET)
    (events,) = (tmp_path / "run" / "tensorboard").rglob("*tfevents*")
    assert events.read_bytes().count(b"train/loss") >= 4
    assert "TENSORBOARD_LOGGING_DIR" not in os.environ
    assert any(entry.path.startswith("tensorboard/") for entry in read_run(tmp_path / "run", "train").files)


def test_a_tracker_that_is_not_installed_is_named_before_anything_is_loaded(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "load_base", None)
    config = TrainConfig(report_to=("clearml",))
    with pytest.raises(EnvironmentFault, match="--report-to clearml needs a package") as caught:
        train(data, tmp_path / "run", config, TrainInputs(base="any"), progress=QUIET)
    assert caught.value.hint == "pip install clearml"
    assert not (tmp_path / "run").exists()


def test_an_unknown_tracker_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--report-to excel: there are clearml"):
        train(
            data, tmp_path / "run", TrainConfig(report_to=("excel",)), TrainInputs(base="any"), progress=QUIET
        )


def test_no_tracker_is_imported_unless_it_is_asked_for() -> None:
    script = (
        "import sys, loracheck.train.pipeline\n"
        "print([name for name in ('tensorboardX', 'mlflow', 'wandb') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]"
