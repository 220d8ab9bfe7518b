"""Near duplicates on planted truth: loracheck beside other tools, one process and one thread each.

Use: python benchmarks/near_duplicates.py [--peers PYTHON] [ROWS...]

PYTHON is an interpreter that has datasketch, rensa, py-data-juicer and datatrove; without it loracheck runs alone.
The other tools run on the first size only. Reading JSON is not timed. Recall and precision are of rows: a copy is found
when all rows of its group but one are gone; a row that is gone is right when another of its group stays.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import planted
from curation_peers import TOOLS

OWN = "loracheck"
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS", "PYTHONHASHSEED"), "1"
)


def main() -> None:
    """Print a table a size."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers")
    parser.add_argument("--own", help=argparse.SUPPRESS)
    parser.add_argument("rows", nargs="*", type=int, default=[20_000, 200_000])
    given = parser.parse_args()
    if given.own:
        print(json.dumps(_own(Path(given.own))))
        return
    speeds: list[tuple[int, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for place, size in enumerate(given.rows):
            rows = planted.planted(size)
            path = Path(folder) / f"{size}.jsonl"
            with path.open("w", encoding="utf-8") as file:
                for row in rows:
                    file.write(
                        json.dumps({"question": row.question, "reply": row.reply}, ensure_ascii=False) + "\n"
                    )
            mean = sum(len(row.question) + len(row.reply) for row in rows) / len(rows)
            print(f"\n{len(rows):,} rows, {mean:.0f} characters on average")
            head = "".join(f"{kind:>11}" for kind in planted.DUPLICATES)
            print(f"{'':38}{'rows/CPU-s':>11}{'KB/row':>8}{'precision':>10}{'traps lost':>11}{head}")
            own = _measured([sys.executable, __file__, "--own", str(path)])
            _print(OWN, own, rows)
            speeds.append((len(rows), own["cpu_seconds"]))
            print(f"{'  floor: normalise and hash':38}{len(rows) / own['floor_seconds']:>11,.0f}")
            print(f"{'  exact duplicates alone':38}{len(rows) / own['exact_seconds']:>11,.0f}")
            print(f"  share of the floor {own['floor_seconds'] / own['cpu_seconds']:.1%}")
            for name in TOOLS if given.peers and not place else ():
                found = _measured(
                    [given.peers, str(Path(__file__).with_name("curation_peers.py")), name, str(path)]
                )
                _print(name, found, rows)
                if "removed" in found:
                    print(f"{'':38}{found['cpu_seconds'] / own['cpu_seconds']:>10.1f}x the time of loracheck")
    for (small, fast), (large, slow) in itertools.pairwise(speeds):
        print(
            f"\ngrowth exponent {small:,} to {large:,}: {math.log(slow / fast) / math.log(large / small):.2f}"
        )


def _own(path: Path) -> dict[str, Any]:
    from loracheck.curate.config import DedupeConfig
    from loracheck.curate.duplicates.dedupe import find_duplicates
    from loracheck.curate.duplicates.sketch import GRAM, digest
    from loracheck.curate.fields import Fields, folded
    from loracheck.text.grams import gram_hashes

    with path.open(encoding="utf-8") as lines:
        rows = [Fields("", row["question"], row["reply"]) for row in map(json.loads, lines)]
    loaded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    before = time.process_time()
    found = find_duplicates(rows, [float(len(row.reply)) for row in rows], DedupeConfig(family_share=1.0))
    seconds = time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    before = time.process_time()
    for row in rows:
        gram_hashes("\x1f".join(folded(row)), GRAM)
    floor = time.process_time() - before
    before = time.process_time()
    seen = {digest(*folded(row)) for row in rows}
    exact = time.process_time() - before
    return {
        "removed": sorted(found.duplicates),
        "cpu_seconds": seconds,
        "peak_kib": peak,
        "loaded_kib": loaded,
        "floor_seconds": floor,
        "exact_seconds": exact,
        "distinct": len(seen),
    }


def _measured(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **_ONE_THREAD}, check=False
    )
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["?"])[-1]}
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def _print(name: str, found: dict[str, Any], rows: list[planted.Row]) -> None:
    if "failed" in found:
        print(f"{name:38} could not run: {found['failed'][:100]}")
        return
    removed = set(found["removed"])
    members: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        members.setdefault(row.group, []).append(place)
    right = wrong = 0
    hits, totals, lost = Counter[str](), Counter[str](), 0
    for group in members.values():
        gone = [place for place in group if place in removed]
        right += min(len(gone), len(group) - 1)
        wrong += max(0, len(gone) - (len(group) - 1))
        kind = next((rows[p].kind for p in group if rows[p].kind in planted.DUPLICATES), rows[group[0]].kind)
        lost += kind in planted.TRAPS and bool(gone)
        if kind in planted.DUPLICATES:
            totals[kind] += 1
            hits[kind] += len(gone) >= len(group) - 1
    memory = (found["peak_kib"] - found.get("loaded_kib", 0)) / len(rows)
    recall = "".join(f"{hits[kind] / max(1, totals[kind]):>11.3f}" for kind in planted.DUPLICATES)
    print(
        f"{name:38}{len(rows) / found['cpu_seconds']:>11,.0f}{memory:>8.1f}"
        f"{right / max(1, right + wrong):>10.4f}{lost:>11,}{recall}"
    )


if __name__ == "__main__":
    main()
