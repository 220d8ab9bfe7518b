"""Time and memory of `loracheck curate` without a model, on made-up rows.

Use: python benchmarks/pipeline.py [ROWS...]
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import planted

SIZES = (20_000, 200_000, 1_000_000)


def write_rows(path: Path, rows: int, seed: int) -> None:
    """Write planted rows of about 380 characters; a tenth are copies, a tenth traps."""
    with path.open("w", encoding="utf-8") as file:
        for row in planted.planted(rows, seed):
            line = {"instruction": row.question, "output": row.reply}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def main(sizes: list[int]) -> None:
    """Print one line a size: wall and CPU seconds, rows a second, peak memory of the largest process."""
    print(
        f"{'rows':>10} {'wall s':>8} {'CPU s':>8} {'rows/wall s':>12} {'peak MB':>8}  {os.cpu_count()} cores"
    )
    for rows in sizes:
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "rows.jsonl"
            write_rows(data, rows, seed=rows)
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            started = time.monotonic()
            command = [
                sys.executable,
                "-m",
                "loracheck",
                "curate",
                str(data),
                "-o",
                f"{folder}/run",
                "--quiet",
            ]
            subprocess.run([*command, "--max-loss", "1"], check=True, stdout=subprocess.DEVNULL)
            wall = time.monotonic() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(
            f"{rows:10,} {wall:8.1f} {cpu:8.1f} {rows / wall:12,.0f} {after.ru_maxrss / 1024:8,.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main([int(text.replace("_", "")) for text in sys.argv[1:]] or list(SIZES))
