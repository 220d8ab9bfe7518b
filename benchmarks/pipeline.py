"""Time and memory of `loracheck curate` without a model, on made-up rows.

Use: python benchmarks/pipeline.py [ROWS...]
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = (20_000, 200_000, 1_000_000)
CHARACTERS = 400
_JA = "山川海空町村駅道橋森店人物国語数学音楽歴史料理旅行仕事時間言葉季節天気野菜果物動物植物科学技術経済社会"
_EN = (
    "river",
    "market",
    "engine",
    "garden",
    "winter",
    "signal",
    "copper",
    "history",
    "doctor",
    "planet",
    "bridge",
)


def write_rows(path: Path, rows: int, seed: int) -> None:
    """Write bilingual rows of about 400 characters; one in ten repeats an earlier one."""
    draw = random.Random(seed)
    words_ja = ["".join(draw.sample(_JA, 2)) for _ in range(4000)]
    words_en = [
        draw.choice(_EN)[: draw.randint(3, 6)] + draw.choice(_EN)[-draw.randint(2, 5) :] for _ in range(4000)
    ]
    recent: list[str] = []
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            if recent and draw.random() < 0.1:
                line = draw.choice(recent)
            elif number % 2:
                body = "。".join(
                    "と".join(draw.choices(words_ja, k=5)) + "を比べます" for _ in range(CHARACTERS // 22)
                )
                asked = f"{draw.choice(words_ja)}と{draw.choice(words_ja)}の違いは何ですか。"
                line = json.dumps({"instruction": asked, "output": body + "。"}, ensure_ascii=False)
            else:
                body = ". ".join(
                    "The " + " ".join(draw.choices(words_en, k=9)) for _ in range(CHARACTERS // 75)
                )
                asked = f"How do {draw.choice(words_en)} and {draw.choice(words_en)} differ?"
                line = json.dumps({"instruction": asked, "output": body + "."})
            recent = [*recent[-500:], line]
            file.write(line + "\n")


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
                "loracheck.cli",
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
