from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
THINGS = "空花星海月風雨虹雪森山川鳥猫犬魚"
# Where two runs in a row are killed, as shares of all touches of the disk that an unbroken run makes.
INSTANTS = [(0.02, 0.1), (0.2, 0.21), (0.35, 0.5), (0.61, 0.3), (0.8, 0.15), (0.93, 0.2), (0.99, 0.9)]


@pytest.mark.slow
@pytest.mark.parametrize("quantization", ["none", "nf4"])
def test_a_run_that_is_killed_at_any_instant_ends_in_the_very_same_adapter(
    quantization: str, tiny_smollm: Path, tmp_path: Path
) -> None:
    rows = [{"instruction": f"{thing}は好き？", "output": f"{thing}は大好きなのだ。"} for thing in THINGS]
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    (tmp_path / "data.jsonl").write_text("".join(lines), encoding="utf-8")
    # Nothing like the training rows, so that the held-out loss soon rises and the run stops early.
    unlike = {"instruction": "What is the capital of France?", "output": "The capital of France is Paris."}
    (tmp_path / "heldout.jsonl").write_text(json.dumps(unlike) + "\n", encoding="utf-8")
    options = {
        "lora_r": 4,
        "lora_dropout": 0.1,
        "neftune_noise_alpha": 5.0,
        "learning_rate": 0.05,
        "train_batch_size": 4,
        "num_train_epochs": 5,
        "eval_steps": 2,
        "save_steps": 3,
        "early_stopping_patience": 2,
        "quantization": quantization,
    }
    done = subprocess.run(
        [
            sys.executable,
            str(ROOT / "tests" / "train" / "killed_runs.py"),
            str(tiny_smollm),
            str(tmp_path / "data.jsonl"),
            str(tmp_path / "heldout.jsonl"),
            str(tmp_path),
            json.dumps(options),
            json.dumps(INSTANTS),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert found["ended"], done.stderr[-3000:]
    assert found["touches"] > 50
    assert found["whole"]["stopped"] == "early"
    assert found["whole"]["kept"] == "best"
    assert found["whole"]["kept_step"] == found["whole"]["best_step"]
    for instants, broken in zip(INSTANTS, found["broken"], strict=True):
        assert broken["killed"][0], instants
        assert broken["ended"], (instants, done.stderr[-3000:])
        assert broken["hashes"] == found["whole"], instants
