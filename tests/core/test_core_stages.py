"""The packages of the stages are called by their names, as on the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_a_stage_is_called_by_the_name_of_its_package(tmp_path: Path) -> None:
    rows = [{"instruction": f"{i}番目の花は？", "output": f"{i}番目の花は白く咲きます。"} for i in range(20)]
    data = tmp_path / "rows.jsonl"
    data.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    program = f"""
from pathlib import Path
from loracheck import curate, evaluate, train
assert callable(train) and callable(evaluate)
from loracheck.api import CurateConfig, Progress
config = CurateConfig(allow_loss={{"identity_flood": 1.0, "near_duplicate": 1.0}})
summary = curate([{str(data)!r}], None, Path({str(tmp_path / "run")!r}), config, progress=Progress(quiet=True))
assert summary.read == 20
import loracheck.curate.config, loracheck.curate.pipeline
assert loracheck.curate.pipeline.curate.__name__ == "curate"
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
